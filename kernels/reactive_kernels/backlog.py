"""Messages that have come in and have not been looked at: bounded, at the price of output that nobody could follow.

A kernel can talk faster than anybody listens, and whoever does not listen makes it drop whatever comes next, `idle`
included. So everything is taken in at once, and when too much waits, its middle loses what is merely shown: text,
displays and their updates, of which a cell keeps only the beginning and the end anyway. What is said about the course
of things stays. If that does not help, changes of widgets go too, and at last everything. Pure: no I/O.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from .wire import peek

_SHOWN = frozenset({"stream", "display_data", "execute_result", "update_display_data"})

Frames = Sequence[bytes]


@dataclass(frozen=True)
class BacklogLimits:
    """How much may wait before output is left out."""

    messages: int = 50_000
    size_bytes: int = 64_000_000
    comms: int = 4
    """So many times as much before messages on comms are left out too…"""
    anything: int = 16
    """…and before everything is."""


@dataclass
class Omission:
    """Messages that were left out, in the place of the first of them."""

    parent: str | None
    """The request that caused them."""
    messages: int = 0
    size_bytes: int = 0
    comms: set[str] = field(default_factory=set)
    """Comms whose messages were among them."""

    def add(self, other: Omission) -> None:
        """Those too."""
        self.messages += other.messages
        self.size_bytes += other.size_bytes
        self.comms |= other.comms


class Backlog:
    """Messages in the order in which they came."""

    def __init__(self, limits: BacklogLimits | None = None) -> None:
        """Nothing waits yet."""
        self._limits = limits or BacklogLimits()
        self._waiting: deque[tuple[Frames | Omission, int]] = deque()
        self._size = 0
        self._cut_at = 1.0  # in units of the limits

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def append(self, frames: Frames) -> None:
        """A message has come in."""
        size = sum(map(len, frames))
        self._waiting.append((frames, size))
        self._size += size
        if self._fullness > self._cut_at:
            self._cut()

    def pop(self) -> Frames | Omission:
        """The next message, or what stands for those left out."""
        message, size = self._waiting.popleft()
        self._size -= size
        if not self._waiting:
            self._cut_at = 1.0
        return message

    @property
    def _fullness(self) -> float:
        return max(len(self._waiting) / self._limits.messages, self._size / self._limits.size_bytes)

    def _cut(self) -> None:
        expendable = self._expendable()
        quarter = len(self._waiting) // 4
        head = [self._waiting.popleft() for _ in range(quarter)]
        middle = [self._waiting.popleft() for _ in range(len(self._waiting) - quarter)]
        omissions: dict[str | None, Omission] = {}
        kept: list[tuple[Frames | Omission, int]] = []
        for message, size in middle:
            if isinstance(message, Omission):
                left_out = message
            else:
                kind, parent, comm = peek(message)
                if expendable is not None and kind not in expendable:
                    kept.append((message, size))
                    continue
                left_out = Omission(parent, 1, size, {comm} if comm else set())
            self._size -= size
            known = omissions.get(left_out.parent)
            if known is None:
                omissions[left_out.parent] = left_out
                kept.append((left_out, 0))
            else:
                known.add(left_out)
        self._waiting.extendleft(reversed([*head, *kept]))
        self._cut_at = max(1.0, 1.5 * self._fullness)

    def _expendable(self) -> frozenset[str] | None:
        """The types of messages that may be left out; None for all."""
        if self._fullness > self._limits.anything:
            return None
        return _SHOWN | {"comm_msg"} if self._fullness > self._limits.comms else _SHOWN
