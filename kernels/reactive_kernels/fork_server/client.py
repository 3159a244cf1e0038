"""The owner's side of fork servers: started when one is needed, replaced when one has died or is out of date.

One serves all kernels of a kind for as long as the process lives. A kernel is asked for again when its server died on
the way, and given up (`ForkUnavailable`) when that does not help: then the ordinary launcher shall serve.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ..environment import kernel_environment
from ..errors import KernelStartError
from .plan import Launch, ServerKind
from .process import ForkedProcess
from .server.wire import Message, receive, send

logger = logging.getLogger(__name__)

_PROGRAM = Path(__file__).parent / "server"
_ATTEMPTS = 3
_MOST_SERVERS = 4
_START_S = 10.0
"""How long a kernel is waited for after its fork. One that takes longer is slow, not lost."""
_END_S = 5.0


class ForkUnavailable(Exception):
    """No fork server can start this kernel as it would be if it were started by itself."""


class _Server:
    """A fork server's process, and our end of its control socket."""

    def __init__(self, kind: ServerKind, environment: Mapping[str, str], cwd: str) -> None:
        self.kind = kind
        self.has_served = False
        self.told: set[str] = set()
        self._sending = threading.Lock()
        own = {**kernel_environment(environment), **dict(kind.environment)}
        if path := own.get("PYTHONPATH"):
            own["PYTHONPATH"] = os.pathsep.join(os.path.join(cwd, entry) for entry in path.split(os.pathsep))
        self.control, far = socket.socketpair()
        with far:
            command = [kind.interpreter, *kind.flags, str(_PROGRAM), str(far.fileno()), json.dumps(kind.preload)]
            self.process = subprocess.Popen(  # noqa: S603
                command,
                env=own,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(far.fileno(),),
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def send(self, message: Message, descriptors: tuple[int, ...]) -> None:
        """Send a request. One that does not arrive is told by the end of its lifeline."""
        with self._sending, suppress(OSError):
            send(self.control, message, descriptors)

    def end(self) -> None:
        """End it, and every kernel it has forked."""
        self.control.close()
        try:
            self.process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class _Servers:
    """The fork servers of this process."""

    def __init__(self) -> None:
        self._current: dict[ServerKind, _Server] = {}
        self._retired: list[_Server] = []
        self._unusable: set[ServerKind] = set()
        self._lock = threading.Lock()

    def get(self, launch: Launch) -> _Server:
        """The server for a kernel, started if there is none. Raises ForkUnavailable."""
        with self._lock:
            self._bury()
            if launch.kind in self._unusable:
                raise ForkUnavailable("its fork server could not start")
            server = self._current.get(launch.kind)
            if server is None or not server.alive:
                if server is None and len(self._current) >= _MOST_SERVERS:
                    raise ForkUnavailable(f"{_MOST_SERVERS} fork servers with other settings are running")
                try:
                    server = _Server(launch.kind, launch.environment, launch.cwd)
                except OSError as error:
                    raise ForkUnavailable(f"its fork server could not be started: {error}") from error
                self._current[launch.kind] = server
            return server

    def retire(self, server: _Server, *, died: bool) -> None:
        """Give no more work to a server; it ends with the last of its kernels."""
        with self._lock:
            if self._current.get(server.kind) is server:
                del self._current[server.kind]
                self._retired.append(server)
                if died and not server.has_served:
                    logger.warning("The fork server of %s does not start.", server.kind.interpreter)
                    self._unusable.add(server.kind)

    def end(self) -> None:
        """End all servers and their kernels."""
        with self._lock:
            everyone = [*self._current.values(), *self._retired]
            self._current.clear()
            self._retired.clear()
            self._unusable.clear()
        for server in everyone:
            server.end()

    def forget(self) -> None:
        """In a child of this process: the servers are not its own."""
        for server in (*self._current.values(), *self._retired):
            server.control.close()
            server.process.returncode = 0  # not its child: nothing to wait for, nothing to warn of
        self.__init__()  # type: ignore[misc]

    def _bury(self) -> None:
        for server in [server for server in self._retired if not server.alive]:
            server.control.close()
            self._retired.remove(server)


_servers = _Servers()
atexit.register(_servers.end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_servers.forget)


async def fork_kernel(launch: Launch) -> ForkedProcess:
    """Start a kernel; returns when its sockets are bound.

    Raises ForkUnavailable if it has to be started by itself, KernelStartError if it failed, with its traceback.
    Cancelling kills what there is of it.
    """
    for _ in range(_ATTEMPTS):
        ours, far = socket.socketpair()
        process = ForkedProcess(ours)
        try:
            output = os.dup(launch.stdout), os.dup(launch.stderr)
            # Shielded, for what it was given must be closed by it, whoever no longer waits.
            server = await asyncio.shield(asyncio.to_thread(_ask, launch, far, output))
            match await process.word():
                case {"event": "forked", "refused": refused}:
                    server.has_served = True
                    _tell_refused(server, refused)
                    await _await_start(process)
                    return process
                case {"event": "failed", "error": error}:
                    raise KernelStartError(f"The kernel could not be forked: {error}")
                case {"event": "exit", "code": code}:
                    raise KernelStartError(f"The kernel ended as it was forked ({code}).")
                case word:
                    _servers.retire(server, died=word is None)
        except BaseException:
            process.release()
            raise
        process.release()
    raise ForkUnavailable("its fork server died, or went out of date, again and again")


async def fork_server_report(launch: Launch) -> Message:
    """What the server of such a kernel has imported, and what it refused to; waits until it has tried everything."""
    ours, far = socket.socketpair()
    with ours:
        with far:
            server = await asyncio.to_thread(_servers.get, launch)
            await asyncio.to_thread(server.send, {"op": "report"}, (far.fileno(),))
        received = await asyncio.to_thread(receive, ours)
    if received is None:
        raise ForkUnavailable("its fork server died")
    report = received[0]
    _tell_refused(server, report["refused"])
    return report


def end_fork_servers() -> None:
    """End every fork server of this process, and every kernel that came from one. Blocks for a moment."""
    _servers.end()


async def _await_start(process: ForkedProcess) -> None:
    """Wait for the kernel to have started, within bounds. Of one that ends meanwhile, its return code tells."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_START_S):
            match await process.word():
                case {"event": "failed", "error": error, "traceback": told}:
                    raise KernelStartError(f"The kernel could not start: {error}\n{told}")
                case {"event": "unsuited", "why": why}:
                    raise ForkUnavailable(why)


def _ask(launch: Launch, lifeline: socket.socket, output: tuple[int, int]) -> _Server:
    """Send the request; closes what it is given, whatever comes of it."""
    try:
        server = _servers.get(launch)
        request = {
            "op": "start",
            "command": launch.command,
            "arguments": launch.arguments,
            "cwd": launch.cwd,
            "env": dict(launch.environment),
            "limits": _limits(),
        }
        server.send(request, (lifeline.fileno(), *output))
        return server
    finally:
        lifeline.close()
        for descriptor in output:
            os.close(descriptor)


def _tell_refused(server: _Server, refused: Mapping[str, str]) -> None:
    for module in refused.keys() - server.told:
        server.told.add(module)
        logger.warning("%s is not imported before kernels are forked: %s.", module, refused[module])


def _limits() -> dict[str, tuple[int, int]]:
    if sys.platform == "win32":
        return {}
    import resource

    names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    return {name: resource.getrlimit(getattr(resource, name)) for name in names}
