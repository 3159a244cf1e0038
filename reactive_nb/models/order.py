"""The order of a notebook's cells: which of two comes first is told by their labels, without counting.

Labels are integers with wide gaps between them, so that a cell that is put between two others leaves all labels as
they are. Only when a gap is used up are all given anew (`generation` says how often that was). What is kept in document
order elsewhere (the writers of a name, for example) holds ids and is searched by label: it need not be touched when
cells are put in or taken out somewhere else.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from reactive_nb.models.persistent import PersistentMap

_GAP: Final = 1 << 128
"""Halved with each cell that is put in at the same place: 128 of them, before there must be new labels."""


@dataclass(frozen=True, slots=True)
class DocumentOrder:
    """Cell ids in document order. A value: changes make another."""

    ids: tuple[str, ...] = ()
    labels: PersistentMap[str, int] = field(default_factory=PersistentMap)
    """Id → a number that is higher for cells further down."""
    generation: int = 0
    """Numbers of different generations can't be compared."""

    @classmethod
    def of(cls, ids: Iterable[str], generation: int = 0) -> DocumentOrder:
        """These ids, each of which must be there once."""
        all_ids = tuple(ids)
        labels = PersistentMap({cell: place * _GAP for place, cell in enumerate(all_ids, start=1)})
        return cls(all_ids, labels, generation)

    def __contains__(self, cell: str) -> bool:
        return cell in self.labels

    def index(self, cell: str) -> int:
        """How many cells are above. Raises KeyError if it is not there."""
        return self.first_at(self.ids, self.labels[cell])

    def first_at(self, cells: Sequence[str], label: int) -> int:
        """The place in `cells`, which are in document order, of the first that is not above `label`."""
        return bisect.bisect_left(cells, label, key=self.labels.__getitem__)

    def first_below(self, cells: Sequence[str], label: int) -> int:
        """The place in `cells`, which are in document order, of the first that is below `label`."""
        return bisect.bisect_right(cells, label, key=self.labels.__getitem__)

    def sorted(self, cells: Iterable[str]) -> list[str]:
        """In document order."""
        return sorted(cells, key=self.labels.__getitem__)

    def inserted(self, cell: str, index: int) -> DocumentOrder:
        """With one more, at `index`."""
        ids = (*self.ids[:index], cell, *self.ids[index:])
        above = self.labels[self.ids[index - 1]] if index else 0
        below = self.labels[self.ids[index]] if index < len(self.ids) else above + 2 * _GAP
        label = (above + below) // 2
        if label in (above, below):
            return DocumentOrder.of(ids, self.generation + 1)
        return DocumentOrder(ids, self.labels.set(cell, label), self.generation)

    def removed(self, cell: str) -> DocumentOrder:
        """Without one. Raises KeyError if it is not there."""
        place = self.index(cell)
        return DocumentOrder((*self.ids[:place], *self.ids[place + 1 :]), self.labels.without(cell), self.generation)
