"""The cells of a batch that the kernel was given, from when it was given them until each has ended.

The kernel's news comes by several sockets that are not ordered with each other: what a cell says may be heard before
the reply of the one before it. So the news of each is held back until those before it have ended.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Iterable

from reactive_kernels import DiedEvent, KernelEvent
from reactive_nb.services.effects import Execute


class GivenCells:
    """Cells with the ids of their requests, in the order in which they run."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, Execute]] = deque()
        self._to_begin: dict[str, Execute] = {}
        self._early: list[KernelEvent] = []

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def give(self, cells: Iterable[Execute]) -> list[tuple[str, Execute]]:
        """The kernel is about to be given these: each with a request of its own."""
        self._waiting.extend((uuid.uuid4().hex, cell) for cell in cells)
        self._to_begin.update(self._waiting)
        return list(self._waiting)

    def forget(self) -> None:
        self._waiting.clear()
        self._to_begin.clear()
        self._early.clear()

    @property
    def next(self) -> tuple[str, Execute] | None:
        """The first that has not ended."""
        return self._waiting[0] if self._waiting else None

    def is_to_begin(self, request: str | None) -> bool:
        return request in self._to_begin

    def begin(self, request: str | None) -> Execute | None:
        """The cell, if it had not begun."""
        return self._to_begin.pop(request, None) if request is not None else None

    def end(self) -> tuple[str, Execute] | None:
        """The first has ended; None if there is none."""
        return self._waiting.popleft() if self._waiting else None

    def hold_back(self, event: KernelEvent) -> bool:
        """Whether the event is for later: it will be among `held_back()`."""
        request = event.request_id
        if isinstance(event, DiedEvent) or request not in self._to_begin or request == self._waiting[0][0]:
            return False
        self._early.append(event)
        return True

    def held_back(self) -> list[KernelEvent]:
        """What was held back, to be heard again."""
        early, self._early = self._early, []
        return early
