"""One client's share of a notebook's events: a bounded queue that is replaced by a snapshot when it overflows.

Events and replies leave in the order in which they came, so a reply follows the events its command caused. Events may
be dropped for a snapshot, which says the same; replies never are, and whoever serves the client stops reading its
commands while too many wait (`ready`). One reader at a time; nothing here touches a socket.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from reactive_nb.schemas.encoding import encode
from reactive_nb.schemas.events import Reply

MAX_REPLIES = 64
MAX_REPLY_BYTES = 8 * 1024 * 1024
"""How many replies may wait for a client, and of what size together, before its next command is read."""


@dataclass(frozen=True, slots=True)
class Frames:
    """A message ready to be sent: its JSON text, then its binary frames. The same value serves every client."""

    text: str
    buffers: tuple[bytes, ...] = ()
    seq: int | None = None
    """An event's number; None for a reply."""

    @property
    def size(self) -> int:
        """About how much memory it takes, in bytes."""
        return len(self.text) + sum(map(len, self.buffers))


class SubscriptionClosed(Exception):
    """There will be no more messages; the connection is to be closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class Subscription:
    """What one client is still to be sent. Made by `Broadcaster.subscribe`."""

    def __init__(
        self,
        missed: Iterable[Frames] | None,
        *,
        limit: int,
        limit_bytes: int,
        snapshot: Callable[[], Awaitable[Frames]],
        leave: Callable[[Subscription], None],
    ) -> None:
        """`missed`: the events to begin with; None to begin with a snapshot, made when it is read."""
        self._queue: deque[Frames] = deque(missed or ())
        self._events = len(self._queue)
        self._bytes = sum(frames.size for frames in self._queue)
        self._replies = 0
        self._reply_bytes = 0
        self._limit = limit
        self._limit_bytes = limit_bytes
        self._snapshot = snapshot
        self._snapshot_due = missed is None
        self._leave = leave
        self._closed: tuple[int, str] | None = None
        self._filled = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        if self._queue or self._snapshot_due:
            self._filled.set()
        self.resynchronised = 0
        """How often queued events were dropped for a snapshot."""

    async def get(self) -> Frames:
        """The next message, as soon as there is one. Raises SubscriptionClosed after the last."""
        while True:
            if self._snapshot_due and self._closed is None:
                self._snapshot_due = False
                return await self._snapshot()  # which holds all up to here; what comes meanwhile is queued
            if self._queue:
                return self._next()
            if self._closed is not None:
                raise SubscriptionClosed(*self._closed)
            self._filled.clear()
            await self._filled.wait()

    async def ready(self) -> None:
        """Return when the client may be asked for another command: its replies are not piling up."""
        await self._drained.wait()

    def reply(self, reply: Reply) -> None:
        """Queue the answer to a command. Never dropped, and never refused but after the end."""
        if self._closed is not None:
            return
        frames = Frames(encode(reply))
        self._queue.append(frames)
        self._count_reply(1, frames.size)
        self._filled.set()

    def put(self, frames: Frames) -> None:
        """Queue an event, or note that a snapshot is due."""
        if self._closed is not None or self._snapshot_due:
            return  # a snapshot that is still to be made will hold this event too
        if self._events >= self._limit or self._bytes + frames.size > self._limit_bytes:
            self._resynchronise()
        else:
            self._queue.append(frames)
            self._events += 1
            self._bytes += frames.size
        self._filled.set()

    def end(self, code: int, reason: str) -> None:
        """No more messages: what is queued can still be read, then SubscriptionClosed says so."""
        if self._closed is None:
            self._closed = (code, reason)
            self._filled.set()
            self._drained.set()

    def close(self) -> None:
        """The client is gone: nothing is queued for it any more."""
        self._leave(self)
        self.end(1000, "left")
        self._queue.clear()

    def _next(self) -> Frames:
        frames = self._queue.popleft()
        if frames.seq is None:
            self._count_reply(-1, -frames.size)
        else:
            self._events -= 1
            self._bytes -= frames.size
        return frames

    def _count_reply(self, count: int, size: int) -> None:
        self._replies += count
        self._reply_bytes += size
        if self._replies < MAX_REPLIES and self._reply_bytes < MAX_REPLY_BYTES:
            self._drained.set()
        else:
            self._drained.clear()

    def _resynchronise(self) -> None:
        self._queue = deque(frames for frames in self._queue if frames.seq is None)
        self._events = self._bytes = 0
        self._snapshot_due = True
        self.resynchronised += 1
