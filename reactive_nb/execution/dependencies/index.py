"""Cells by name, in document order; and such an index while it changes."""

from __future__ import annotations

import bisect
from collections.abc import Collection, Iterable, Sequence
from typing import TypeAlias

from reactive_nb.models.order import DocumentOrder
from reactive_nb.models.persistent import PersistentMap

Index: TypeAlias = PersistentMap[str, tuple[str, ...]]
NOBODY: tuple[str, ...] = ()


class IndexDraft:
    """An index of which a few entries change: lists are made of these alone."""

    def __init__(self, index: Index, order: DocumentOrder) -> None:
        """`order` is the one that all of its cells are in."""
        self.order = order
        self._index = index
        self._changed: dict[str, list[str]] = {}

    def __getitem__(self, name: str) -> Sequence[str]:
        changed = self._changed.get(name)
        return self._index.get(name, NOBODY) if changed is None else changed

    def above(self, name: str, label: int) -> int:
        """How many of the name's cells are above `label`."""
        cells, labels = self[name], self.order.labels
        if not cells or labels[cells[-1]] < label:
            return len(cells)
        return self.order.first_at(cells, label)

    def after(self, name: str, label: int) -> int | None:
        """The label of the first of the name's cells below `label`."""
        cells = self[name]
        place = self.order.first_below(cells, label)
        return self.order.labels[cells[place]] if place < len(cells) else None

    def between(self, name: str, after: int, up_to: int | None) -> Sequence[str]:
        """The name's cells below `after`, down to the one at `up_to` (None: to the end)."""
        cells = self[name]
        start = self.order.first_below(cells, after)
        return cells[start:] if up_to is None else cells[start : self.order.first_below(cells, up_to)]

    def add(self, names: Iterable[str], cell: str) -> None:
        labels = self.order.labels
        for name in names:
            cells = self._list(name)
            if not cells or labels[cells[-1]] < labels[cell]:
                cells.append(cell)
            else:
                bisect.insort(cells, cell, key=labels.__getitem__)

    def remove(self, names: Iterable[str], cell: str) -> None:
        for name in names:
            cells = self._list(name)
            del cells[self.order.first_at(cells, self.order.labels[cell])]

    def _list(self, name: str) -> list[str]:
        changed = self._changed.get(name)
        if changed is None:
            changed = self._changed[name] = list(self._index.get(name, NOBODY))
        return changed

    @property
    def touched(self) -> Collection[str]:
        """Names whose cells were changed, perhaps back and forth."""
        return self._changed.keys()

    def finished(self) -> Index:
        """The index as it is now."""
        kept = {name: tuple(cells) for name, cells in self._changed.items() if cells}
        return self._index.update(kept).without(*(name for name, cells in self._changed.items() if not cells))
