"""Ready kernels for whoever needs one: started on demand or in advance, counted, and all ended at the end.

Owns the ZeroMQ context, and every kernel it hands out until that is released. Knows no users and no notebooks; whose
kernel may be asked to do what is decided elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import zmq.asyncio

from .connection import KernelConnection, Listener
from .errors import KernelError, KernelLimitError
from .kernelspecs import Forking
from .launcher import Launcher
from .resource_limits import ResourceLimits
from .spares import Spares
from .turns import Turns

logger = logging.getLogger(__name__)

# Variables that a program looks at only when it starts: setting them later would do nothing.
_START_ONLY = ("PYTHON", "LD_", "DYLD_", "OMP_", "MKL_", "OPENBLAS_", "CUDA_", "CONDA", "JUPYTER", "IPYTHON", "LC_")
_LONG_START_S = 5.0


@dataclass(frozen=True)
class PoolLimits:
    """How many kernels there may be, and how long they may take."""

    max_kernels: int = 64
    """Kernels in use, starting and spare, together."""
    max_kernels_name: str = "it"
    """What whoever sets it calls it, for messages."""
    spares: int = 1
    """Kernels kept ready for each of the kernelspecs used last."""
    start_timeout: float = 30.0
    """Seconds a kernel may take to start, once it is its turn."""
    concurrent_starts: int = max(2, os.cpu_count() or 1)
    """Kernels starting at once: more would only make each of them late."""
    silence_timeout: float = 30.0
    """Seconds after which a kernel on another machine that gives no sign of life counts as dead."""
    shutdown_timeout: float = 5.0
    """Seconds a kernel is given to end by itself."""


class KernelPool:
    """An async context manager: `async with KernelPool() as pool: kernel = await pool.acquire(listener=…)`."""

    def __init__(
        self,
        limits: PoolLimits | None = None,
        *,
        default_kernel: str = "python3",
        environment: Mapping[str, str] | None = None,
        forking: Forking = Forking.AUTO,
        preload: Sequence[str] = (),
        resources: ResourceLimits | None = None,
    ) -> None:
        """`environment` is what every kernel gets besides the allowed part of ours (see `environment`).

        `forking` says which kernels are forked, and `preload` names modules that those find imported. `resources` is
        how much each kernel may use.
        """
        self.limits = limits or PoolLimits()
        self.default_kernel = default_kernel
        self._launcher = Launcher(environment or {}, forking, preload, resources or ResourceLimits())
        self._context: zmq.asyncio.Context | None = None
        self._in_use: dict[str, KernelConnection] = {}
        self._starting: dict[str, KernelConnection] = {}
        self._spares = Spares(self.limits.spares, default_kernel, self._start_spare)
        self._turns = Turns(self.limits.concurrent_starts, _LONG_START_S)
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def running(self) -> int:
        """How many kernels are in use."""
        return len(self._in_use)

    async def open(self) -> None:
        """Make the pool ready for `acquire`, and begin to start spares."""
        if self._context is None and not self._closed:
            self._launcher.open()
            self._context = zmq.asyncio.Context()
            self._own(self._launcher.tidy(), "removal of abandoned directories")
            self._replenish()

    async def ready(self) -> None:
        """Wait until the spares that are being started are there (or have failed)."""
        await self.open()
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def acquire(
        self,
        kernel_name: str | None = None,
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        listener: Listener,
    ) -> KernelConnection:
        """A kernel of that kernelspec (the default one if None), working in `cwd`, with `env` besides the pool's.

        Raises KernelLimitError if there are too many, KernelStartError (NoSuchKernel) if it does not start.
        """
        await self.open()
        name = kernel_name or self.default_kernel
        connection = await self._take_spare(name, cwd, env or {})
        if connection is None:
            connection = await self._start(name, cwd, env or {}, instead_of=self._claim_room())
        connection.listener = listener
        self._in_use[connection.id] = connection
        self._spares.used(name)
        self._replenish()
        return connection

    async def release(self, connection: KernelConnection) -> None:
        """Shut a kernel down and forget it. May be called twice."""
        self._in_use.pop(connection.id, None)
        await connection.shutdown(timeout=self.limits.shutdown_timeout)
        self._replenish()

    def discard(self, connection: KernelConnection, *, timeout: float | None = None) -> asyncio.Task[None]:
        """Begin to release a kernel: another can be had at once in its place. The task is done when it has ended.

        `timeout` is how long it is given to end by itself, if not the pool's `shutdown_timeout`.
        """
        self._in_use.pop(connection.id, None)
        grace_s = self.limits.shutdown_timeout if timeout is None else timeout
        ending = asyncio.create_task(self._end(connection, grace_s), name=f"end of kernel {connection.id}")
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        return ending

    async def _end(self, connection: KernelConnection, grace_s: float) -> None:
        try:
            await connection.shutdown(timeout=grace_s)
        except Exception:
            logger.exception("A kernel could not be shut down.")

    def kernelspecs(self) -> dict[str, dict[str, Any]]:
        """The installed kernelspecs by name: display_name, language, argv, default, and so on. Reads the disk."""
        specs = self._launcher.kernelspecs()
        return {name: {**spec, "default": name == self.default_kernel} for name, spec in specs.items()}

    async def aclose(self) -> None:
        """End every kernel and all that the pool started. May be called twice."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        everyone = [*self._in_use.values(), *self._spares, *self._starting.values()]
        self._in_use.clear()
        self._spares.clear()
        ends = [kernel.shutdown(timeout=self.limits.shutdown_timeout) for kernel in everyone]
        for ended in await asyncio.gather(*ends, *self._ending, return_exceptions=True):
            if isinstance(ended, BaseException):
                logger.error("A kernel could not be shut down.", exc_info=ended)
        if self._context is not None:
            self._context.destroy(linger=0)
            self._context = None
        await self._launcher.close()

    # Room

    def _has_room(self) -> bool:
        return len(self._in_use) + len(self._starting) + len(self._spares) < self.limits.max_kernels

    def _claim_room(self) -> KernelConnection | None:
        """The spare that is to make room for one more kernel, if that is needed. Raises KernelLimitError."""
        if self._has_room():
            return None
        spare = self._spares.give_up()
        if spare is None:
            limit, name = self.limits.max_kernels, self.limits.max_kernels_name
            some = "1 kernel is" if limit == 1 else f"{limit} kernels are"
            raise KernelLimitError(f"{some} running, which is the limit. Shut one down, or raise {name}.")
        return spare

    async def _drop(self, connection: KernelConnection) -> None:
        self._in_use.pop(connection.id, None)
        await connection.shutdown(timeout=0)

    # Starts

    async def _start(
        self,
        name: str,
        cwd: Path | None,
        env: Mapping[str, str],
        *,
        instead_of: KernelConnection | None = None,
        urgent: bool = True,
    ) -> KernelConnection:
        if self._closed or self._context is None:
            raise KernelError("The kernel pool is closed.")
        launch = self._launcher.launch_of(name, cwd, env)
        connection = KernelConnection(
            name,
            launch,
            self._context,
            start_timeout=self.limits.start_timeout,
            silence_timeout=self.limits.silence_timeout,
        )
        self._starting[connection.id] = connection
        start = self._own(self._start_in_turn(connection, instead_of, urgent), f"start of a {name} kernel")
        try:
            await start
        except asyncio.CancelledError:
            if not (self._closed and start.cancelled()):  # by who waits for the kernel, not by the pool's end
                raise
        finally:
            del self._starting[connection.id]
        if self._closed:
            raise KernelError("The kernel pool was closed.")
        return connection

    async def _start_in_turn(
        self, connection: KernelConnection, instead_of: KernelConnection | None, urgent: bool
    ) -> None:
        if instead_of is not None:
            await self._drop(instead_of)
        async with self._turns.turn(urgent=urgent):
            await connection.start()

    def _own(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # Spares

    async def _start_spare(self, name: str) -> KernelConnection | None:
        await self._launcher.prepare(name)
        return await self._start(name, None, {}, urgent=False) if self._has_room() else None

    def _replenish(self) -> None:
        for name in [] if self._closed else self._spares.claim_missing():
            self._own(self._spares.fill(name), f"spare {name} kernels")

    async def _take_spare(self, name: str, cwd: Path | None, env: Mapping[str, str]) -> KernelConnection | None:
        if any(variable.startswith(_START_ONLY) for variable in env):
            return None
        while (spare := self._spares.take(name)) is not None:
            self._in_use[spare.id] = spare  # counted while it is being set up
            try:
                if not spare.alive or not spare.has_helper:
                    raise KernelError("the spare is gone, or of a kind that cannot be moved")
                await spare.call("setup", cwd=str(cwd) if cwd is not None else None, environ=dict(env))
            except KernelError as error:
                logger.warning("A spare kernel was of no use: %s", error)
                await self._drop(spare)
            except BaseException:
                await self._drop(spare)
                raise
            else:
                spare.relaunch_with(self._launcher.launch_of(name, cwd, env))
                return spare
        return None
