"""A notebook's events to all its clients: numbered, serialised once, remembered for a while.

It knows nothing of notebooks or sockets. The rule it keeps: every client sees the same events in the same order, or a
snapshot that stands for those it missed; and no client, however slow, makes the publisher wait or memory grow.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from reactive_nb.schemas.encoding import encode
from reactive_nb.schemas.events import Event
from reactive_nb.websocket.subscription import Frames, Subscription

Whole: TypeAlias = tuple[Event, tuple[bytes, ...]]
"""An event that says everything, and its binary frames."""
Snapshot: TypeAlias = Callable[[], Callable[[], Whole]]
"""Takes hold of everything as it stands now; what it gives makes the event, in whichever thread, whenever."""
Observer: TypeAlias = Callable[[Event], None]

REPLAY_BYTES = 16 * 1024 * 1024
QUEUE_BYTES = 64 * 1024 * 1024


class Broadcaster:
    """The events of one notebook."""

    def __init__(self, *, replay: int, queue: int, snapshot: Snapshot) -> None:
        """`replay`: events kept for those who reconnect. `queue`: events that may wait for one client."""
        self.seq = _first_number()
        """The number of the last event."""
        self._snapshot = snapshot
        self._snapshot_now: asyncio.Task[Frames] | None = None
        self._replay = replay
        self._kept: deque[Frames] = deque()
        self._kept_bytes = 0
        self._queue = queue
        self._subscriptions: set[Subscription] = set()
        self._observers: dict[str, Observer] = {}
        self._closed: tuple[int, str] | None = None

    @property
    def clients(self) -> int:
        """How many subscriptions there are."""
        return len(self._subscriptions)

    def publish(self, event: Event, revision: int, buffers: tuple[bytes, ...] = ()) -> None:
        """Give `event` the next number and `revision`, and queue it for every client. Never waits."""
        self.seq += 1
        self._snapshot_now = None
        frames = _frames(event, {"revision": revision, "seq": self.seq}, buffers)
        self._keep(frames)
        for subscription in self._subscriptions:
            subscription.put(frames)
        for observe in self._observers.values():
            observe(event)

    def outdate_snapshot(self) -> None:
        """What a snapshot says has changed, and no event tells it yet."""
        self._snapshot_now = None

    def subscribe(self, since: int | None = None) -> Subscription:
        """A client's subscription: what came after event `since` if that is still known, else a snapshot first."""
        subscription = Subscription(
            self._missed(since),
            limit=self._queue,
            limit_bytes=QUEUE_BYTES,
            snapshot=self._state,
            leave=self._subscriptions.discard,
        )
        if self._closed is None:
            self._subscriptions.add(subscription)
        else:
            subscription.end(*self._closed)
        return subscription

    def observe(self, name: str, observer: Observer) -> None:
        """Call `observer` with each event from now on, as it was published; one observer a name. It must not raise."""
        self._observers[name] = observer

    def close(self, code: int, reason: str) -> None:
        """End every subscription, and each that is still to come, with this close code."""
        self._closed = (code, reason)
        for subscription in self._subscriptions:
            subscription.end(code, reason)
        self._subscriptions.clear()

    async def _state(self) -> Frames:
        """A snapshot as of the last event: made once, however many clients ask for it before the next.

        Made in a thread: of a long notebook it takes a while.
        """
        if self._snapshot_now is None:
            making = asyncio.to_thread(_snapshot_frames, self._snapshot(), self.seq)
            self._snapshot_now = asyncio.create_task(making, name="snapshot")
        return await asyncio.shield(self._snapshot_now)

    def _keep(self, frames: Frames) -> None:
        self._kept.append(frames)
        self._kept_bytes += frames.size
        while self._kept and (len(self._kept) > self._replay or self._kept_bytes > REPLAY_BYTES):
            self._kept_bytes -= self._kept.popleft().size

    def _missed(self, since: int | None) -> list[Frames] | None:
        """The events after `since`; None if they are not all kept, or too many for a queue."""
        if since is None or not 0 <= self.seq - since <= min(len(self._kept), self._queue):
            return None
        return list(self._kept)[len(self._kept) - (self.seq - since) :]


def _snapshot_frames(make: Callable[[], Whole], seq: int) -> Frames:
    event, buffers = make()
    return _frames(event, {"seq": seq}, buffers)


def _frames(event: Event, numbers: dict[str, int], buffers: tuple[bytes, ...]) -> Frames:
    if buffers:
        numbers = {**numbers, "buffers": len(buffers)}
    return Frames(encode(event.model_copy(update=numbers)), buffers, numbers["seq"])


def _first_number() -> int:
    """Where numbering begins: microseconds since the epoch.

    A notebook that was dropped from memory, or served by an earlier process, begins again far above any number it gave
    out before; so a client that reconnects with an old one is never taken for one that has missed nothing. Below 2^53,
    so that JavaScript keeps it exactly.
    """
    return time.time_ns() // 1_000
