"""The cells of a batch that the kernel was given, from when it was given them until each has ended.

Their news comes in the order in which they run: that of a cell after the end of the one before it.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Collection, Iterable

from reactive_nb.services.effects import Execute


class GivenCells:
    """Cells with the ids of their requests, in the order in which they run."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, Execute]] = deque()
        self._begun = False  # the first of them
        self._mute: set[str] = set()  # requests whose cell has nothing more to do with them

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def give(self, cells: Iterable[Execute]) -> list[tuple[str, Execute]]:
        """The kernel is about to be given these: each with a request of its own."""
        self._waiting.extend((uuid.uuid4().hex, cell) for cell in cells)
        self._begun = False
        self._mute.clear()
        return list(self._waiting)

    def mute(self, cells: Collection[str]) -> None:
        """What those of these cells say that were given is nobody's any more."""
        self._mute.update(request for request, given in self._waiting if given.cell_id in cells)

    def is_mute(self, request: str) -> bool:
        return request in self._mute

    def forget(self) -> None:
        self._waiting.clear()

    @property
    def next(self) -> tuple[str, Execute] | None:
        """The first that has not ended."""
        return self._waiting[0] if self._waiting else None

    def holds(self, request: str | None) -> bool:
        """Whether that is the request of one that has not ended."""
        return any(waiting == request for waiting, _ in self._waiting)

    def begin(self, request: str | None) -> Execute | None:
        """The cell, if it is the next and had not begun."""
        if not self._waiting or self._begun or self._waiting[0][0] != request:
            return None
        self._begun = True
        return self._waiting[0][1]

    def end(self) -> tuple[str, Execute] | None:
        """The first has ended; None if there is none."""
        self._begun = False
        return self._waiting.popleft() if self._waiting else None
