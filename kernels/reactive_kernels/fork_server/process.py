"""A kernel that the fork server has forked, as its owner sees it: what `subprocess.Popen` would be.

All that is known of it comes over its lifeline, and letting go of that ends it. Its exit code is the fork server's to
tell; if that is gone the kernel lives on, and of its end only the fact is known.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import signal
import socket
import subprocess
import threading
from collections import deque
from contextlib import suppress
from typing import Any

from .server.wire import Inbox, Message

_CHUNK = 65536
_REAP_S = 2.0
UNKNOWN_EXIT = 255
"""The return code of a process of whose end nothing else is known."""

# Kernels live on when nobody holds their ForkedProcess any more, as they do with Popen.
_lifelines: set[socket.socket] = set()


class ForkedProcess:
    """The owner's end of a kernel's lifeline."""

    stdin = stdout = stderr = None

    def __init__(self, lifeline: socket.socket) -> None:
        """Take our end of the lifeline. `pid` is there once `word` has said that it was forked."""
        lifeline.setblocking(False)
        self.pid = 0
        self.returncode: int | None = None
        self.orphaned = False
        """Whether it has ended without the fork server's telling how."""
        self._lifeline = lifeline
        self._inbox = Inbox()
        self._words: deque[Message] = deque()
        self._lock = threading.Lock()
        self._closed = False
        _lifelines.add(lifeline)

    def fileno(self) -> int:
        """What becomes readable when there is news: then `poll`."""
        return self._lifeline.fileno()

    async def word(self) -> Message | None:
        """The next that is said of it; None when its lifeline is closed."""
        while True:
            self.poll()
            if self._words:
                return self._words.popleft()
            if self._closed:
                return None
            await _readable(self._lifeline)

    def poll(self) -> int | None:
        """The return code, None while it runs."""
        with self._lock:
            self._listen()
            if self._closed and self.returncode is None:
                self._end_unknown()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Block until it has ended. Raises subprocess.TimeoutExpired after `timeout` seconds."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._lifeline, selectors.EVENT_READ)
            while (code := self.poll()) is None:
                if not selector.select(timeout):
                    raise subprocess.TimeoutExpired("kernel", timeout or 0)
        return code

    async def ended(self) -> int:
        """Wait until it has ended and nothing is left of it, not even its process id. Returns its return code."""
        while (code := self.poll()) is None:
            await _readable(self._lifeline)
        with suppress(TimeoutError):
            async with asyncio.timeout(_REAP_S):
                while await self.word() is not None:
                    pass
        self.release()
        return code

    def send_signal(self, number: int) -> None:
        """Signal the process, if it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def release(self) -> None:
        """Let go of it: if it lives, it is killed. May be called twice."""
        with self._lock:
            if self.returncode is None:
                self.returncode = -signal.SIGKILL
            self._closed = True
            _lifelines.discard(self._lifeline)
            with suppress(OSError):
                self._lifeline.shutdown(socket.SHUT_RDWR)
            self._lifeline.close()

    def _listen(self) -> None:
        """Take in all that is there already."""
        while not self._closed:
            try:
                data = self._lifeline.recv(_CHUNK)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            self._closed = not data
            self._inbox.feed(data)
            while (message := self._inbox.next()) is not None:
                self._heed(message)
                self._words.append(message)

    def _heed(self, message: Message) -> None:
        match message:
            case {"event": "forked", "pid": int(pid)}:
                self.pid = pid
            case {"event": "exit", "code": int(code)}:
                self.returncode = code
                with suppress(OSError):
                    self._lifeline.shutdown(socket.SHUT_WR)  # the fork server may let its process id go

    def _end_unknown(self) -> None:
        self.orphaned = True
        self.returncode = UNKNOWN_EXIT
        if self.pid:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)  # what it has left behind: its leader's end is no older than this


async def _readable(source: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    news: asyncio.Future[None] = loop.create_future()
    watched = os.dup(source.fileno())  # a loop has one reader for a descriptor, and several may wait
    try:
        loop.add_reader(watched, _settle, news)
        await news
    finally:
        loop.remove_reader(watched)
        os.close(watched)


def _settle(news: asyncio.Future[Any]) -> None:
    if not news.done():
        news.set_result(None)


def _forget_lifelines() -> None:
    """In a child of the owner's own: it is not the owner, and must not keep kernels alive after that."""
    for lifeline in list(_lifelines):
        lifeline.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_lifelines)
