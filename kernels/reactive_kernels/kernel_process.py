"""A kernel's process: whether it lives, what it wrote, how to interrupt and end it, whatever started it.

Knows nothing of messages, and starts nothing (`launch` does). A local process is watched by the operating system's own
notice of its end, and what it leaves behind in its process group is ended with it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import subprocess
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from . import guardian
from .confinement import Confinement
from .fork_server import ForkedProcess
from .kernel_log import KernelLog

logger = logging.getLogger(__name__)

_POLL_S = 0.25
_NOTE_BYTES = 64
_TERMINATE_S = 1.0
_KILL_S = 5.0
_GOES_ON_S = 0.5


class KernelProcess:
    """A started kernel process: where it listens, whether it lives, and how to end it."""

    def __init__(
        self,
        manager: AsyncKernelManager,
        provisioner: KernelProvisionerBase,
        directory: Path,
        log: KernelLog,
        confinement: Confinement | None,
    ) -> None:
        """Wrap what `launch` made; not for direct use."""
        self._manager = manager
        self._provisioner = provisioner
        self._directory = directory
        self._log = log
        self._confinement = confinement
        self._watch: asyncio.Task[None] | None = None
        self._end_fd: int | None = None
        self._watched = self._released = False
        self.connection_info: Mapping[str, Any] = {}
        self.exited: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    @property
    def spec(self) -> KernelSpec:
        """The kernelspec it was started from."""
        spec: KernelSpec = self._provisioner.kernel_spec
        return spec

    @property
    def pid(self) -> int | None:
        """The process id, None if it runs on no machine of ours."""
        process = self._local_process
        return process.pid if process is not None else None

    @property
    def _local_process(self) -> subprocess.Popen[bytes] | ForkedProcess | None:
        process = getattr(self._provisioner, "process", None)
        return process if isinstance(process, (subprocess.Popen, ForkedProcess)) else None

    def log_tail(self) -> str:
        """The end of what the process wrote to its standard output and error."""
        return self._log.tail()

    def noted_request(self) -> str | None:
        """The request of a batch that the kernel was last at, as it noted itself (see `kernel_batches`)."""
        try:
            note = os.open(self._directory / "at", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # it may be anything
            try:
                return os.read(note, _NOTE_BYTES).decode(errors="replace").strip() or None
            finally:
                os.close(note)
        except OSError:
            return None

    def explain_error(self, ename: str, evalue: str) -> str | None:
        """A sentence for the user if an error of its code may come of one of its limits."""
        return self._confinement.explain_error(self.pid, ename, evalue) if self._confinement is not None else None

    def explain_end(self) -> str | None:
        """Why it has ended, if that was for one of its limits."""
        code = self.exited.result() if self.exited.done() else None
        return self._confinement.explain_end(code) if self._confinement is not None else None

    async def interrupt(self) -> None:
        """Send SIGINT to the process and its children; one that is stopped goes on, for it would hear nothing.

        Its main thread goes on first: until it has, the system gives the signal to another thread, and what the main
        one sleeps for, or waits for, does not end by that.
        """
        if self.pid is not None and _status(self.pid) == psutil.STATUS_STOPPED:
            await self._provisioner.send_signal(signal.SIGCONT)
            with suppress(TimeoutError):  # it computes: then it looks for signals by itself
                async with asyncio.timeout(_GOES_ON_S):
                    while _status(self.pid) in (psutil.STATUS_STOPPED, psutil.STATUS_RUNNING):  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
        await self._provisioner.send_signal(signal.SIGINT)

    async def stop(self, *, grace_s: float, ask: Callable[[], None]) -> None:
        """End the process: `ask` it to, give it `grace_s`, then terminate, then kill. Frees all it held."""
        if not self.exited.done():
            ask()
            with suppress(Exception):  # a provisioner's own bookkeeping must not keep the process alive
                await self._provisioner.shutdown_requested()
            await self._end_by((grace_s, None), (_TERMINATE_S, self._provisioner.terminate), (_KILL_S, self._kill))
        await self.release()

    async def release(self) -> None:
        """Free what an ended process held: descriptors, ports, its directory. May be called twice."""
        if self._released:
            return
        self._released = True
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        self._forget_end_fd()
        self._log.close()
        if self.pid is not None:
            guardian.forget(self.pid)
        try:
            async with asyncio.timeout(_KILL_S):
                await self._provisioner.wait()
                await self._provisioner.cleanup()
        except Exception:
            logger.warning("The provisioner of kernel %s did not clean up.", self.spec.display_name, exc_info=True)
        if self._confinement is not None:
            await self._confinement.lift()
        self._manager.cleanup_connection_file()
        await asyncio.to_thread(shutil.rmtree, self._directory, ignore_errors=True)

    async def kill(self) -> None:
        """End the process at once and free all it held. Also for what a launch that failed may have left."""
        if self._watched and not self.exited.done():
            await self._end_by((_KILL_S, self._kill))
        elif not self._watched:
            with suppress(Exception):
                async with asyncio.timeout(_KILL_S):
                    await self._kill()
        await self.release()

    async def _end_by(self, *measures: tuple[float, Callable[[], Awaitable[None]] | None]) -> None:
        for wait_s, measure in measures:
            if measure is not None:
                with suppress(ProcessLookupError):
                    await measure()
            await asyncio.wait([self.exited], timeout=wait_s)
            if self.exited.done():
                return
        logger.error("Kernel %s survived being killed (pid %s).", self.spec.display_name, self.pid)

    async def _kill(self) -> None:
        await self._provisioner.kill()

    def start_watching(self) -> None:
        """Begin to watch for the end of the process, by descriptor where the system has them, else by polling."""
        self._watched = True
        process = self._local_process
        if isinstance(process, ForkedProcess):  # whose fork server ends its group
            self._watch = asyncio.create_task(self._await_exit(process), name="kernel process watch")
            return
        if process is not None:
            guardian.guard(process.pid)
            self._end_fd = _end_fd(process)
            if self._end_fd is not None:
                asyncio.get_running_loop().add_reader(self._end_fd, self._local_news, process)
                return
        self._watch = asyncio.create_task(self._poll(), name="kernel process poll")

    def _local_news(self, process: subprocess.Popen[bytes]) -> None:
        if getattr(self._provisioner, "pgid", None) == process.pid:
            # Before the leader is reaped its id cannot be another's: only now is ending its group safe.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        guardian.forget(process.pid)
        self._forget_end_fd()
        self._set_exited(process.poll())

    async def _await_exit(self, process: ForkedProcess) -> None:
        self._set_exited(await process.exit())

    async def _poll(self) -> None:
        while True:
            try:
                code = await self._provisioner.poll()
            except Exception:
                logger.warning("The provisioner of kernel %s cannot be polled.", self.spec.display_name, exc_info=True)
                code = None
            if code is not None:
                self._set_exited(code)
                return
            await asyncio.sleep(_POLL_S)

    def _set_exited(self, code: int | None) -> None:
        if not self.exited.done():
            self.exited.set_result(code)

    def _forget_end_fd(self) -> None:
        if self._end_fd is not None:
            asyncio.get_running_loop().remove_reader(self._end_fd)
            os.close(self._end_fd)
            self._end_fd = None


def _status(pid: int) -> str | None:
    """What the main thread of a process does, in psutil's words; None if there is no such process."""
    with suppress(psutil.Error):
        return psutil.Process(pid).status()
    return None


def _end_fd(process: subprocess.Popen[bytes]) -> int | None:
    """A new descriptor that becomes readable when a process ends; None where the system has no such thing."""
    try:
        return os.pidfd_open(process.pid)
    except (AttributeError, OSError):
        logger.debug("No descriptor for process %s: polling.", process.pid)
        return None
