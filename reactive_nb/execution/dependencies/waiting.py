"""Cells that wait for one further down: who does, who therefore depends on whom, and where they come in the order.

Everything else stands below all that it waits for, and runs in document order. So questions about circles and order
are questions about these few cells, and what is found never goes through the others.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from typing import Protocol


class Edges(Protocol):
    """Who gets names from whom, and where cells stand."""

    def sources(self, cell: str) -> Iterable[str]: ...

    def users(self, cell: str) -> Iterable[str]: ...

    def label(self, cell: str) -> int: ...


class Waiting:
    """For each cell that waits for one further down, however indirectly: the label of the lowest that it waits for."""

    def __init__(self, edges: Edges, starts: Iterable[str]) -> None:
        """`starts`: the cells that get something from below themselves."""
        self._edges = edges
        self._lowest: dict[str, int] = {}
        for cell in starts:
            self.note(cell)

    def __contains__(self, cell: str) -> bool:
        return cell in self._lowest

    @property
    def lowest(self) -> Mapping[str, int]:
        return self._lowest

    def note(self, start: str) -> None:
        """The cell has got another provider."""
        todo = [start]
        while todo:
            cell = todo.pop()
            until = max((self.until(source) for source in self._edges.sources(cell)), default=0)
            if until > self.until(cell):
                self._lowest[cell] = until
                todo.extend(user for user in self._edges.users(cell) if self.until(user) < until)

    def until(self, cell: str) -> int:
        """The label of the lowest of the cell and all that it depends on."""
        return self._lowest.get(cell) or self._edges.label(cell)

    def depends(self, cell: str, on: str) -> bool:
        """Whether a cell is, or depends on, another."""
        return on in self.ancestors(cell, self._edges.label(on))

    def ancestors(self, cell: str, label: int) -> set[str]:
        """The cell and what it depends on, as far as that is not above `label` with all that it depends on itself."""
        found = {cell}
        todo = [cell]
        while todo:
            for source in self._edges.sources(todo.pop()):
                if source not in found and self.until(source) >= label:
                    found.add(source)
                    todo.append(source)
        return found

    def order(self) -> dict[str, tuple[int, int]]:
        """Where these cells come: right after the lowest that they wait for, among themselves in document order."""
        together: dict[int, list[str]] = {}
        for cell, until in self._lowest.items():
            together.setdefault(until, []).append(cell)
        return {
            cell: (until, place)
            for until, cells in together.items()
            for place, cell in enumerate(self._in_order(cells), start=1)
        }

    def _in_order(self, cells: list[str]) -> list[str]:
        """Providers first, ties in document order."""
        sources = {cell: set(self._edges.sources(cell)).intersection(cells) for cell in cells}
        users: dict[str, list[str]] = {cell: [] for cell in cells}
        for cell, needed in sources.items():
            for source in needed:
                users[source].append(cell)
        waiting = {cell: len(needed) for cell, needed in sources.items()}
        ready = [(self._edges.label(cell), cell) for cell in cells if not waiting[cell]]
        heapq.heapify(ready)
        found: list[str] = []
        while ready:
            _, cell = heapq.heappop(ready)
            found.append(cell)
            for user in users[cell]:
                waiting[user] -= 1
                if not waiting[user]:
                    heapq.heappush(ready, (self._edges.label(user), user))
        return found
