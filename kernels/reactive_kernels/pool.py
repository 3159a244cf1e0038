"""Ready kernels for whoever needs one: started on demand or in advance, counted, and all ended at the end.

Owns the ZeroMQ context, the private directory for sockets, and every kernel it hands out until that is released. Knows
no users and no notebooks; whose kernel may be asked to do what is decided elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import zmq.asyncio
from jupyter_client.kernelspec import KernelSpecManager

from .connection import KernelConnection, Listener
from .environment import kernel_environment
from .errors import KernelError, KernelLimitError
from .kernel_process import KernelProcess
from .kernelspecs import Forking
from .launch import LaunchRequest, launch, prepare
from .runtime_directory import RuntimeDirectory, remove_abandoned

logger = logging.getLogger(__name__)

_SPARE_SPECS = 2
# Variables that a program looks at only when it starts: setting them later would do nothing.
_START_ONLY = ("PYTHON", "LD_", "DYLD_", "OMP_", "MKL_", "OPENBLAS_", "CUDA_", "CONDA", "JUPYTER", "IPYTHON", "LC_")
_QUIET = {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # otherwise each kernel prints a debugger's warning as it starts


@dataclass(frozen=True)
class PoolLimits:
    """How many kernels there may be, and how long they may take."""

    max_kernels: int = 64
    """Kernels in use, starting and spare, together."""
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
    ) -> None:
        """`environment` is what every kernel gets besides the allowed part of ours (see `environment`).

        `forking` says which kernels are forked, and `preload` names modules that those find imported.
        """
        self.limits = limits or PoolLimits()
        self.default_kernel = default_kernel
        self._environment = dict(environment or {})
        self._forking = forking
        self._preload = tuple(preload)
        self._specs = KernelSpecManager()
        self._context: zmq.asyncio.Context | None = None
        self._directory: RuntimeDirectory | None = None
        self._in_use: dict[str, KernelConnection] = {}
        self._spares: dict[str, list[KernelConnection]] = {}
        self._spare_specs: list[str] = [default_kernel]
        self._starting = 0
        self._turn = asyncio.Semaphore(self.limits.concurrent_starts)
        self._tasks: set[asyncio.Task[None]] = set()
        self._filling: set[str] = set()
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
            self._context = zmq.asyncio.Context()
            self._directory = RuntimeDirectory()
            self._own(self._remove_abandoned(self._directory.path.parent), "removal of abandoned directories")
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
            connection = await self._start(name, cwd, env or {})
        connection.listener = listener
        self._in_use[connection.id] = connection
        self._want_spares_of(name)
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
        specs = {}
        for name, found in self._specs.get_all_specs().items():
            specs[name] = {**found["spec"], "name": name, "default": name == self.default_kernel}
        return specs

    async def aclose(self) -> None:
        """End every kernel and all that the pool started. May be called twice."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        everyone = [*self._in_use.values(), *(kernel for spares in self._spares.values() for kernel in spares)]
        self._in_use.clear()
        self._spares.clear()
        ends = [kernel.shutdown(timeout=self.limits.shutdown_timeout) for kernel in everyone]
        for ended in await asyncio.gather(*ends, *self._ending, return_exceptions=True):
            if isinstance(ended, BaseException):
                logger.error("A kernel could not be shut down.", exc_info=ended)
        if self._context is not None:
            self._context.destroy(linger=0)
            self._context = None
        if self._directory is not None:
            await asyncio.to_thread(self._directory.remove)
            self._directory = None

    @property
    def _count(self) -> int:
        return len(self._in_use) + self._starting + sum(map(len, self._spares.values()))

    async def _take_spare(self, name: str, cwd: Path | None, env: Mapping[str, str]) -> KernelConnection | None:
        if any(variable.startswith(_START_ONLY) for variable in env):
            return None
        while self._spares.get(name):
            spare = self._spares[name].pop(0)
            self._in_use[spare.id] = spare  # counted while it is being set up
            try:
                if not spare.alive or not spare.has_helper:
                    raise KernelError("the spare is gone, or of a kind that cannot be moved")
                await spare.call("setup", cwd=str(cwd) if cwd is not None else None, environ=dict(env))
            except KernelError as error:
                logger.warning("A spare kernel was of no use: %s", error)
                await self._discard(spare)
            except BaseException:
                await self._discard(spare)
                raise
            else:
                spare.relaunch_with(self._launcher(name, cwd, env))
                return spare
        return None

    async def _discard(self, connection: KernelConnection) -> None:
        self._in_use.pop(connection.id, None)
        await connection.shutdown(timeout=0)

    async def _start(self, name: str, cwd: Path | None, env: Mapping[str, str]) -> KernelConnection:
        if self._closed or self._context is None:
            raise KernelError("The kernel pool is closed.")
        if self._count >= self.limits.max_kernels and not await self._give_up_spare():
            raise KernelLimitError(
                f"{self.limits.max_kernels} kernels are running, which is the limit. Shut one down, or raise the limit."
            )
        launcher = self._launcher(name, cwd, env)
        connection = KernelConnection(
            name,
            launcher,
            self._context,
            start_timeout=self.limits.start_timeout,
            silence_timeout=self.limits.silence_timeout,
        )
        start = self._own(self._start_in_turn(connection), f"start of a {name} kernel")
        self._starting += 1
        try:
            await start
        except asyncio.CancelledError:
            if self._closed and start.cancelled():  # by the pool's end, not by who waits for the kernel
                raise KernelError("The kernel pool was closed.") from None
            raise
        finally:
            self._starting -= 1
        return connection

    async def _start_in_turn(self, connection: KernelConnection) -> None:
        async with self._turn:
            await connection.start()

    async def _remove_abandoned(self, base: Path) -> None:
        await asyncio.to_thread(remove_abandoned, base)

    def _own(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _launcher(
        self, name: str, cwd: Path | None, env: Mapping[str, str]
    ) -> Callable[[], Coroutine[Any, Any, KernelProcess]]:
        request = self._request(name, cwd, env)

        async def start_process() -> KernelProcess:
            if self._directory is None:
                raise KernelError("The kernel pool is closed.")
            return await launch(request, self._specs, self._directory.path)

        return start_process

    def _request(self, name: str, cwd: Path | None, env: Mapping[str, str]) -> LaunchRequest:
        environment = kernel_environment(os.environ, {**_QUIET, **self._environment, **env})
        return LaunchRequest(name, cwd, environment, self._forking, self._preload)

    async def _give_up_spare(self) -> bool:
        for spares in self._spares.values():
            if spares:
                await self._discard(spares.pop())
                return True
        return False

    def _want_spares_of(self, name: str) -> None:
        if name in self._spare_specs:
            self._spare_specs.remove(name)
        self._spare_specs.insert(0, name)
        del self._spare_specs[_SPARE_SPECS:]

    def _replenish(self) -> None:
        for name in () if self._closed else self._spare_specs:
            if name not in self._filling and len(self._spares.get(name, ())) < self.limits.spares:
                self._filling.add(name)
                self._own(self._fill(name), f"spare {name} kernels")

    async def _fill(self, name: str) -> None:
        """Start spares of one kernelspec, until there are enough or one fails (then the next `acquire` tries again)."""
        try:
            if self._preload:  # what is forked before would find nothing imported
                await prepare(self._request(name, None, {}), self._specs)
            while len(self._spares.setdefault(name, [])) < self.limits.spares and self._count < self.limits.max_kernels:
                self._spares[name].append(await self._start(name, None, {}))
        except KernelError as error:
            logger.warning("No spare %s kernel: %s", name, error)
        finally:
            self._filling.discard(name)
