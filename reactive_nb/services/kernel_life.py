"""A notebook's kernel as a process: started, restarted and let go of, one after the other.

Each order makes a new generation; what was begun for an earlier one has nothing to say any more. What the kernel is
given to do, and what it tells, is not known here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from reactive_kernels import KernelConnection, KernelError, KernelEvent, KernelPool
from reactive_nb.models import KernelState
from reactive_nb.services.operations import KernelChanged, Operation

END_LIMIT_S = 5.0
RESTART_GRACE_S = 1.0
"""How long a kernel that is to be replaced may take to end by itself."""


class KernelLife:
    """One connection at a time, or none."""

    def __init__(
        self,
        pool: KernelPool,
        perform: Callable[[Operation], None],
        listener: Callable[[KernelEvent], None],
        *,
        directory: Path | None,
        environment: Mapping[str, str],
        versions_memory_bytes: int = 0,
    ) -> None:
        """`perform` is told how the kernel changed, `listener` what it says.

        `versions_memory_bytes`: what overwritten versions may take in the kernel; 0 leaves that to the kernel.
        """
        self.connection: KernelConnection | None = None
        self._pool = pool
        self._perform = perform
        self._listener = listener
        self._directory = directory
        self._environment = environment
        self._versions_memory_bytes = versions_memory_bytes
        self._generation = 0
        self._changing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def language_of(self, kernel_name: str) -> str | None:
        """The language of a kernelspec, None if it is not installed."""
        specs = await asyncio.to_thread(self._pool.kernelspecs)
        return specs.get(kernel_name, {}).get("language")

    async def start(self, kernel_name: str) -> None:
        """A kernel in place of what there is; how that went is told, unless it is not wanted any more."""
        generation = self._generation
        async with self._changing:
            if generation == self._generation:
                await self._acquire(kernel_name, generation)

    def replace(self, *, start: bool, kernel_name: str) -> asyncio.Task[None]:
        """Let the kernel go, with `start` for a fresh one at once; done when that is."""
        self._generation += 1
        return self.own(self._restart(kernel_name, self._generation) if start else self._release())

    def let_go(self) -> None:
        """It has died, or is given up: it must not keep its place among the kernels that may run."""
        self.own(self._release())

    def own(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something with the kernel beside everything else; it is over when the kernel is closed."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def stop(self) -> None:
        """What is under way has nothing to tell any more."""
        self._generation += 1

    async def close(self) -> None:
        """Shut the kernel down and end all tasks."""
        self.stop()
        if self._tasks:  # a restart that is cancelled half way might leave a process behind
            _, late = await asyncio.wait(self._tasks, timeout=END_LIMIT_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._release()

    async def _acquire(self, kernel_name: str, generation: int, ending: asyncio.Task[None] | None = None) -> None:
        """`ending`: of the kernel before. What it holds (files, ports, memory) is free when the new one is told of."""
        await self._release()
        try:
            connection = await self._pool.acquire(
                kernel_name, cwd=self._directory, env=dict(self._environment), listener=self._listener
            )
            if self._versions_memory_bytes and connection.has_helper:
                await connection.call("limit_memory", size_bytes=self._versions_memory_bytes)
        except KernelError as error:
            self._tell(KernelChanged(KernelState.DEAD, str(error)), generation)
            return
        self.connection = connection
        if ending is not None:
            await asyncio.wait({ending})
        if generation == self._generation:
            idle = KernelChanged(
                KernelState.IDLE,
                language=connection.language or None,
                language_info=connection.language_info,
                batches=connection.takes_batches,
            )
            self._tell(idle, generation)
        else:
            await self._release()  # meanwhile another is wanted, or none

    async def _restart(self, kernel_name: str, generation: int) -> None:
        async with self._changing:
            if generation != self._generation:
                return  # another restart follows
            old, self.connection = self.connection, None
            ending = None
            if old is not None:  # while it ends, the new one, which may be ready already, is made ready
                old.listener = _ignore
                ending = self._pool.discard(old, timeout=RESTART_GRACE_S)
            await self._acquire(kernel_name, generation, ending)

    def _tell(self, change: KernelChanged, generation: int) -> None:
        if generation == self._generation:
            self._perform(change)

    async def _release(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.listener = _ignore
            await self._pool.release(connection)


def _ignore(_: KernelEvent) -> None:
    return
