"""Cells in a language that can't be analysed: one is out of date when one above it has run since.

The rule needs no look at all cells above: those that have run later than all above them, the leaders, come in document
order and in that of their runs at once. A cell is overtaken exactly if a leader above it has run since, and the topmost
that has is the one to name: it stays the same while the cells from there on run one after the other.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence

from reactive_nb.execution.records import Records
from reactive_nb.models.order import DocumentOrder


def leaders(records: Records, opaque: Iterable[str]) -> tuple[str, ...]:
    """Those of `opaque`, in document order, that have run later than all above them."""
    found: list[str] = []
    latest = 0
    for cell in opaque:
        record = records.get(cell)
        if record is not None and record.number > latest:
            latest = record.number
            found.append(cell)
    return tuple(found)


def after_run(leading: tuple[str, ...], order: DocumentOrder, cell: str) -> tuple[str, ...]:
    """The leaders when `cell` has run last of all."""
    return (*leading[: order.first_at(leading, order.labels[cell])], cell)


def overtaker(leading: Sequence[str], records: Records, order: DocumentOrder, cell: str) -> str | None:
    """The topmost cell above that has run since `cell` did."""
    above = order.first_at(leading, order.labels[cell])
    place = bisect.bisect_right(leading, records[cell].number, 0, above, key=lambda leader: records[leader].number)
    return leading[place] if place < above else None


def is_among(cells: Sequence[str], order: DocumentOrder, cell: str) -> bool:
    """Whether `cell` is one of `cells`, which are in document order."""
    place = order.first_at(cells, order.labels[cell])
    return place < len(cells) and cells[place] == cell
