"""The fork servers of this process: one for each kind of kernels, replaced when it has died, hangs or is out of date.

A server that hangs (stopped, or stuck in the import of a module) is killed: its kernels live on, and of their ends only
the fact will be known. One that never served anybody is not tried again, and one that got stuck before its modules were
imported is replaced by one that imports none of them.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import logging
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from .. import guardian
from ..environment import kernel_environment
from .plan import Launch, ServerKind
from .process import readable
from .server.wire import Message, send

logger = logging.getLogger(__name__)

_PROGRAM = Path(__file__).parent / "server"
_MOST_SERVERS = 4
_ANSWER_S = 5.0
"""How long a server may take to say that it is there. It never works on anything for long, but on imports."""
_ANSWER_IMPORTING_S = 20.0
_IMPORT_S = 60.0
"""How long the trial of a module may take."""
_END_S = 2.0


class ForkUnavailable(Exception):
    """No fork server can start this kernel as it would be if it were started by itself."""


class ForkServer:
    """A fork server's process, and our end of its control socket."""

    def __init__(self, kind: ServerKind, environment: Mapping[str, str], cwd: str, modules: tuple[str, ...]) -> None:
        """Start it. Raises OSError."""
        self.kind = kind
        self.has_served = False
        self.is_prepared = False
        """Whether it is known to have imported all that it shall."""
        self._modules = modules
        self._told: set[str] = set()
        self._sending = threading.Lock()
        own = {**kernel_environment(environment), **dict(kind.environment)}
        if path := own.get("PYTHONPATH"):
            own["PYTHONPATH"] = os.pathsep.join(os.path.join(cwd, entry) for entry in path.split(os.pathsep))
        self._control, far = socket.socketpair()
        self._control.settimeout(_ANSWER_S)
        with far:
            options = {"modules": modules, "import_s": _IMPORT_S}
            command = [kind.interpreter, *kind.flags, str(_PROGRAM), str(far.fileno()), json.dumps(options)]
            self._process = subprocess.Popen(  # noqa: S603
                command,
                env=own,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(far.fileno(),),
                start_new_session=True,
            )
        guardian.guard(self._process.pid)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, message: Message, descriptors: tuple[int, ...]) -> None:
        """Send a request. One that does not arrive is told by the end of its lifeline."""
        try:
            with self._sending:
                send(self._control, message, descriptors)
        except TimeoutError:
            self.kill()  # half a message is worse than none
        except OSError as error:
            logger.debug("The fork server takes no request: %s", error)

    async def answers(self) -> bool:
        """Whether it is at work: whether it says so within the time that it may need."""
        ours, far = socket.socketpair()
        with ours, suppress(TimeoutError):
            with far:
                await asyncio.to_thread(self.send, {"op": "ping"}, (far.fileno(),))
            imports = not self.has_served or (self._modules and not self.is_prepared)
            async with asyncio.timeout(_ANSWER_IMPORTING_S if imports else _ANSWER_S):
                await readable(ours)
            return self.alive
        return False

    def hear(self, prepared: bool, refused: Mapping[str, str]) -> None:
        """Note what it says of itself, now that it has done what was asked of it."""
        self.has_served = True
        self.is_prepared = prepared
        for module in refused.keys() - self._told:
            self._told.add(module)
            logger.warning("%s is not imported before kernels are forked: %s.", module, refused[module])

    def close(self) -> None:
        """Have it end, and end every kernel it has forked."""
        self._control.close()

    def wait(self) -> None:
        """Wait for the end of one that was closed."""
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.kill()
        guardian.forget(self._process.pid)

    def kill(self) -> None:
        """End it at once, but not the kernels that it has forked."""
        if self.alive:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        guardian.forget(self._process.pid)

    def leave_to_parent(self) -> None:
        """In a child of this process."""
        self._control.close()
        self._process.returncode = 0  # not its child: nothing to wait for, nothing to warn of


class ForkServers:
    """Those of this process."""

    def __init__(self) -> None:
        self._current: dict[ServerKind, ForkServer] = {}
        self._retired: list[ForkServer] = []
        self._unusable: set[ServerKind] = set()
        self._stuck_importing: set[ServerKind] = set()
        self._lock = threading.Lock()

    def get(self, launch: Launch) -> ForkServer:
        """The server for a kernel, started if there is none. Raises ForkUnavailable."""
        with self._lock:
            self._bury()
            if launch.kind in self._unusable:
                raise ForkUnavailable("its fork server could not start")
            server = self._current.get(launch.kind)
            if server is None or not server.alive:
                if server is None and len(self._current) >= _MOST_SERVERS:
                    raise ForkUnavailable(f"{_MOST_SERVERS} fork servers with other settings are running")
                server = self._current[launch.kind] = self._start(launch)
            return server

    def _start(self, launch: Launch) -> ForkServer:
        modules = () if launch.kind in self._stuck_importing else launch.kind.preload
        try:
            return ForkServer(launch.kind, launch.environment, launch.cwd, modules)
        except OSError as error:
            raise ForkUnavailable(f"its fork server could not be started: {error}") from error

    def retire(self, server: ForkServer) -> None:
        """Give no more work to a server; it ends with the last of its kernels."""
        with self._lock:
            if self._current.get(server.kind) is server:
                del self._current[server.kind]
                self._retired.append(server)

    def replace(self, server: ForkServer) -> None:
        """A server has died, or hangs: kill it if it has not, and consider how the next is to be started."""
        with self._lock:
            if self._current.get(server.kind) is not server:
                return
            hung = server.alive
            server.kill()
            server.close()
            del self._current[server.kind]
            state = "hung" if hung else "died"
            if not server.has_served:
                logger.warning("The fork server of %s does not start (it %s).", server.kind.interpreter, state)
                self._unusable.add(server.kind)
            elif not server.is_prepared and server.kind.preload and server.kind not in self._stuck_importing:
                modules = ", ".join(server.kind.preload)
                logger.warning("A fork server %s while it imported %s: the next does without.", state, modules)
                self._stuck_importing.add(server.kind)
            else:
                logger.warning("A fork server %s: kernels are forked from another.", state)

    def end(self) -> None:
        """End all servers and their kernels."""
        with self._lock:
            everyone = [*self._current.values(), *self._retired]
            for kinds in (self._current, self._retired, self._unusable, self._stuck_importing):
                kinds.clear()
        for server in everyone:
            server.close()
        for server in everyone:
            server.wait()

    def leave_to_parent(self) -> None:
        """In a child of this process: the servers are not its own."""
        for server in (*self._current.values(), *self._retired):
            server.leave_to_parent()
        self.__init__()  # type: ignore[misc]

    def _bury(self) -> None:
        for server in [server for server in self._retired if not server.alive]:
            server.close()
            server.wait()
            self._retired.remove(server)


SERVERS = ForkServers()
atexit.register(SERVERS.end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=SERVERS.leave_to_parent)
