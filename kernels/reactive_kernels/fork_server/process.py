"""A kernel that the fork server has forked, as its owner sees it: what `subprocess.Popen` would be.

What is known of it comes over its lifeline, and letting go of that ends it. Its exit code is the fork server's to tell;
if that is gone, or hangs, the kernel lives on, and of its end only the fact is known, from the system.
"""

from __future__ import annotations

import asyncio
import os
import select
import selectors
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any

from .. import guardian
from .server.wire import Inbox, Message

_CHUNK = 65536
_REAP_S = 2.0
_LAST_WORD_S = 2.0
"""How long the fork server has to tell the exit code of a kernel that has ended."""
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
        self._ending: int | None = None  # a descriptor that becomes readable when the process has ended
        self._ended_at: float | None = None
        self._inbox = Inbox()
        self._words: deque[Message] = deque()
        self._lock = threading.Lock()
        self._closed = False
        _lifelines.add(lifeline)

    async def word(self) -> Message | None:
        """The next that is said of it; None when its lifeline is closed."""
        while True:
            self.poll()
            if self._words:
                return self._words.popleft()
            if self._closed:
                return None
            await self._news()

    def poll(self) -> int | None:
        """The return code, None while it runs."""
        with self._lock:
            self._listen()
            if self.returncode is None and (self._closed or self._is_overdue()):
                self._end_unknown()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Block until it has ended. Raises subprocess.TimeoutExpired after `timeout` seconds."""
        end_at = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            left = None if end_at is None else end_at - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired("kernel", timeout or 0)
            with selectors.DefaultSelector() as selector:
                for source in self._sources():
                    selector.register(source, selectors.EVENT_READ)
                limits = [limit for limit in (left, self._patience()) if limit is not None]
                selector.select(min(limits) if limits else None)
        return code

    async def exit(self) -> int | None:
        """Wait until it has ended: its exit code, None if nobody knows."""
        while (code := self.poll()) is None:
            await self._news()
        return None if self.orphaned else code

    async def ended(self) -> int:
        """Wait until it has ended and nothing is left of it, not even its process id. Returns its return code."""
        await self.exit()
        with suppress(TimeoutError):
            async with asyncio.timeout(0 if self.orphaned else _REAP_S):
                while await self.word() is not None:
                    pass
        self.release()
        return UNKNOWN_EXIT if self.returncode is None else self.returncode

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
            self._listen()
            if self.returncode is None:
                if self._ending is None or not _has_news(self._ending):  # its id is its own as long as it lives
                    self._kill_group()
                self._set_returncode(-signal.SIGKILL)
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
                self._ending = _ending_of(pid)
                guardian.guard(pid)
            case {"event": "exit", "code": int(code)} if self.returncode is None:
                self._set_returncode(code)
                with suppress(OSError):
                    self._lifeline.shutdown(socket.SHUT_WR)  # the fork server may let its process id go

    def _is_overdue(self) -> bool:
        """Whether it has ended, and nobody has told how although there was time."""
        if self._ended_at is None and self._ending is not None and _has_news(self._ending):
            self._ended_at = time.monotonic()
        return self._patience() == 0

    def _patience(self) -> float | None:
        """How long the exit code is still to be waited for, if that is what is waited for."""
        if self._ended_at is None or self.returncode is not None:
            return None
        return max(0.0, self._ended_at + _LAST_WORD_S - time.monotonic())

    def _end_unknown(self) -> None:
        self.orphaned = True
        self._kill_group()  # what it has left behind: its leader's end is no older than this
        self._set_returncode(UNKNOWN_EXIT)

    def _kill_group(self) -> None:
        if self.pid:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def _set_returncode(self, code: int) -> None:
        self.returncode = code
        if self.pid:
            guardian.forget(self.pid)
        if self._ending is not None:
            os.close(self._ending)
            self._ending = None

    def _sources(self) -> list[socket.socket | int]:
        """What may tell something new."""
        waits_for_end = self._ending is not None and self._ended_at is None
        return [self._lifeline, *([self._ending] if waits_for_end and self._ending is not None else [])]

    async def _news(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience()):
                await readable(*self._sources())


async def readable(*sources: socket.socket | int) -> None:
    """Wait until there is something to read in one of them, or nothing more will be."""
    loop = asyncio.get_running_loop()
    news: asyncio.Future[None] = loop.create_future()
    # A loop has one reader for a descriptor, and several may wait.
    watched = [os.dup(source if isinstance(source, int) else source.fileno()) for source in sources]
    try:
        for descriptor in watched:
            loop.add_reader(descriptor, _settle, news)
        await news
    finally:
        for descriptor in watched:
            loop.remove_reader(descriptor)
            os.close(descriptor)


def _ending_of(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):  # no such thing on this system
        return None


def _has_news(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _settle(news: asyncio.Future[Any]) -> None:
    if not news.done():
        news.set_result(None)


def _forget_lifelines() -> None:
    """In a child of the owner's own: it is not the owner, and must not keep kernels alive after that."""
    for lifeline in list(_lifelines):
        lifeline.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_lifelines)
