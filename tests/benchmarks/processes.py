"""Servers as processes of their own, started as a user would, each in an empty directory.

The environment is ours without what would configure a contestant, so that all run with their defaults. Whatever a
server started is gone when its context is left.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

HOST = "127.0.0.1"
START_LIMIT_S = 60.0
STOP_LIMIT_S = 15.0
QUIET_LIMIT_S = 30.0
_LOOK_S = 0.005
_QUIET_LOOK_S = 0.1
_QUIET_LOOKS = 4
_QUIET_CPU_S = 0.015
_CONFIGURING = ("REACTIVE_NB_", "NOTEBOOK_STORAGE_", "DYNAMODB_", "CLERK_", "JUPYTER", "IPYTHON", "MARIMO", "ALLOWED_")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers."""

    port: int
    pid: int
    start_s: float
    """From just before its process was made to its first answer."""

    @property
    def http(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://{HOST}:{self.port}"


@asynccontextmanager
async def serving(
    module_arguments: Callable[[int, Path], Sequence[str]], health: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Server]:
    """Run `python -m` with the arguments made for a port and an empty directory; yields when `health` answers 200."""
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        port = free_port()
        command = [sys.executable, "-m", *module_arguments(port, directory)]
        log = directory / "server.log"
        began = time.perf_counter()
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=directory,
                env=clean_environment(directory) | dict(environment or {}),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            await _answered(port, health, process, log)
            yield Server(port, process.pid, time.perf_counter() - began)
        finally:
            await _stop(process)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


def clean_environment(directory: Path) -> dict[str, str]:
    """The environment without settings of contestants; what they keep for the user goes into `directory`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_CONFIGURING)}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)  # each start would compile everything anew
    own = ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
    return kept | {name: str(directory / name.lower()) for name in own}


async def quiet(server: Server) -> None:
    """Wait until the server and all that it started do nothing: kernels that were being started are there."""
    deadline = time.monotonic() + QUIET_LIMIT_S
    looks, before = 0, -1.0
    while looks < _QUIET_LOOKS and time.monotonic() < deadline:
        await asyncio.sleep(_QUIET_LOOK_S)
        now = sum(_cpu_s(process) for process in _family(server.pid))
        looks = looks + 1 if abs(now - before) < _QUIET_CPU_S else 0
        before = now


def proportional_bytes(server: Server) -> int:
    """The proportional set size of the server and all that it started: what they share is shared out among them."""
    return sum(_proportional_bytes(process.pid) for process in _family(server.pid))


def _proportional_bytes(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return 0
    raise RuntimeError(f"the system does not tell the proportional set size of process {pid}")


class PeakMemory:
    """The most memory that the server's own process has resident while the context is entered."""

    def __init__(self, server: Server) -> None:
        self._process = Path(f"/proc/{server.pid}")
        self.more_bytes = 0
        """More than it had before; known when the context is left."""

    def __enter__(self) -> PeakMemory:
        (self._process / "clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
        self._before = self._peak()
        return self

    def __exit__(self, *_: object) -> None:
        self.more_bytes = self._peak() - self._before

    def _peak(self) -> int:
        status = (self._process / "status").read_text(encoding="ascii")
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


async def _answered(port: int, path: str, process: asyncio.subprocess.Process, log: Path) -> None:
    try:
        async with asyncio.timeout(START_LIMIT_S):
            while not await _is_ok(port, path):
                if process.returncode is not None:
                    raise RuntimeError(f"it ended with status {process.returncode}: {_tail(log)}")
                await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        raise RuntimeError(f"no answer within {START_LIMIT_S:g} s: {_tail(log)}") from None


async def _is_ok(port: int, path: str) -> bool:
    """Whether a GET is answered with 200."""
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n".encode())
        status = await reader.readline()
        return status.split(b" ")[1:2] == [b"200"]
    except OSError:
        return False
    finally:
        writer.close()


async def _stop(process: asyncio.subprocess.Process) -> None:
    family = _family(process.pid) if process.returncode is None else []  # its number may be somebody else's by now
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_LIMIT_S)
    except TimeoutError:
        process.kill()
        await process.wait()
    for left in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            left.kill()


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-300:].strip()
