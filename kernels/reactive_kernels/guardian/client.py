"""The guarded process's side: tells the guardian which process groups there are."""

from __future__ import annotations

import atexit
import logging
import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from ..environment import kernel_environment

logger = logging.getLogger(__name__)

_PROGRAM = Path(__file__).parent / "program.py"
_END_S = 2.0


class _Guardian:
    """The guardian of this process, and whom it guards us from leaving behind."""

    def __init__(self) -> None:
        self._guarded: set[int] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._ours: socket.socket | None = None
        self._lock = threading.Lock()
        self._missing = not hasattr(os, "killpg")

    def guard(self, pid: int) -> None:
        with self._lock:
            self._guarded.add(pid)
            self._say(f"+{pid}\n")

    def forget(self, pid: int) -> None:
        with self._lock:
            if pid in self._guarded:
                self._guarded.discard(pid)
                self._say(f"-{pid}\n")

    def end(self) -> None:
        """Let it kill what is left, and end."""
        with self._lock:
            self._missing = True
            if self._ours is not None:
                self._ours.close()
            if self._process is not None:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(_END_S)

    def leave_to_parent(self) -> None:
        """In a child of this process: what is guarded is the parent's, and must not live as long as the child."""
        if self._ours is not None:
            self._ours.close()
        if self._process is not None:
            self._process.returncode = 0  # not its child: nothing to wait for, nothing to warn of
        self.__init__()  # type: ignore[misc]

    def _say(self, words: str) -> None:
        if self._missing:
            return
        try:
            if self._ours is not None:
                self._ours.send(words.encode())
                return
        except OSError as error:  # it is gone, or does not listen
            logger.warning("The guardian of kernels is replaced: %s", error)
        try:
            self._discard()
            self._start()
        except OSError as error:
            self._missing = True
            logger.warning("Kernels may outlive this process if it is killed: no guardian can be started (%s).", error)

    def _start(self) -> None:
        self._ours, far = socket.socketpair()
        with far:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-S", str(_PROGRAM), str(far.fileno())],
                env=kernel_environment(os.environ),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(far.fileno(),),
                start_new_session=True,
            )
        self._ours.sendall("".join(f"+{pid}\n" for pid in self._guarded).encode())
        self._ours.setblocking(False)

    def _discard(self) -> None:
        """End one that is of no use: before its socket is closed, for then it would kill what is guarded."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._ours is not None:
            self._ours.close()
        self._process = self._ours = None


_guardian = _Guardian()
guard, forget = _guardian.guard, _guardian.forget
atexit.register(_guardian.end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_guardian.leave_to_parent)
