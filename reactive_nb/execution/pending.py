"""The cells that are still to run in a run: a set that knows which of them comes first.

A run of 10,000 cells asks 10,000 times which is next, and nobody sorts them each time. The rule: cells are kept in the
order in which they run, as it was when they were sorted, and those that were added since are put in between when the
first is asked for. So whoever changes the order of cells says so (`displaced`).
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any

from reactive_nb.models.persistent import PersistentSet

Rank = Callable[[str], Any]
"""A cell's place in the order in which cells run: something to compare."""


class Pending(AbstractSet[str]):
    """Immutable. All is shared with what it was made from, but what is different."""

    __slots__ = ("_added", "_members", "_queue", "_start")

    def __init__(self, cells: Iterable[str] = ()) -> None:
        self._members = PersistentSet(cells)
        self._queue: tuple[str, ...] = ()
        self._start = 0
        self._added: tuple[str, ...] = tuple(self._members)

    # -- as a set
    def __contains__(self, cell: object) -> bool:
        return cell in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __repr__(self) -> str:
        return f"Pending({list(self)!r})"

    @classmethod
    def _from_iterable(cls, cells: Iterable[Any]) -> frozenset[Any]:
        return frozenset(cells)

    def __xor__(self, other: AbstractSet[Any]) -> frozenset[Any]:
        """Costs what is different, on average, where one was made from the other."""
        return self._members ^ (other._members if isinstance(other, Pending) else other)

    def __or__(self, cells: AbstractSet[Any]) -> Pending:
        more = tuple(cell for cell in cells if cell not in self._members)
        return self._with(self._members.union(more), self._queue, (*self._added, *more)) if more else self

    def __sub__(self, cells: AbstractSet[Any]) -> Pending:
        members = self._members.difference(cells)
        return self if members is self._members else self._with(members, self._queue, self._added)

    def displaced(self, cells: AbstractSet[str]) -> Pending:
        """The same cells; but `cells` are no longer where they were in the order, or can't be ranked any more."""
        queue = self._sorted_part()
        if cells.isdisjoint(queue):
            return self
        moved = tuple(cell for cell in cells if cell in self._members)
        return self._with(self._members, tuple(c for c in queue if c not in cells), (*self._added, *moved), 0)

    def _with(
        self, members: PersistentSet[str], queue: tuple[str, ...], added: tuple[str, ...], start: int | None = None
    ) -> Pending:
        made = Pending.__new__(Pending)
        made._members, made._queue, made._added = members, queue, added
        made._start = self._start if start is None else start
        return made

    # -- in order
    def first(self, rank: Rank) -> str:
        """The one that comes first. Raises ValueError if there is none."""
        for cell in self.in_order(rank):
            return cell
        raise ValueError("nothing is pending")

    def in_order(self, rank: Rank) -> Iterator[str]:
        """One after the other, in the order in which they run."""
        self._sort(rank)
        place, before = self._start, None
        for place in range(self._start, len(self._queue)):
            cell = self._queue[place]
            if cell in self._members and cell != before:
                if before is None:
                    self._start = place  # those that were taken out are not looked at again
                before = cell
                yield cell

    def _sort(self, rank: Rank) -> None:
        added = {cell for cell in self._added if cell in self._members}
        if added:
            queue = list(self._sorted_part())
            if len(added) * 10 < len(queue):
                for cell in added:
                    bisect.insort(queue, cell, key=rank)
            else:
                queue = sorted({*(cell for cell in queue if cell in self._members), *added}, key=rank)
            self._queue, self._start = tuple(queue), 0
        self._added = ()

    def _sorted_part(self) -> tuple[str, ...]:
        return self._queue[self._start :] if self._start else self._queue
