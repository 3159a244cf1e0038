"""The cells of a notebook: a sequence in document order, of which a slightly different one is made at little cost.

For readers it is a tuple. What looks cells up by id, or changes one of several thousand, does not pay for the others:
the tuple is only made when somebody goes through the cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from reactive_nb.models.cell import Cell, CellMode, CellType
from reactive_nb.models.order import DocumentOrder
from reactive_nb.models.persistent import PersistentMap, PersistentSet


class Cells(Sequence[Cell]):
    """Immutable; no two cells have the same id."""

    __slots__ = ("_all", "_by_id", "_manual", "_opaque", "_order")

    def __init__(self, cells: Iterable[Cell] = ()) -> None:
        self._all: tuple[Cell, ...] | None = tuple(cells)
        self._by_id: PersistentMap[str, Cell] | None = None
        self._order: DocumentOrder | None = None
        self._manual: PersistentSet[str] | None = None
        self._opaque: tuple[str, ...] | None = None

    @property
    def by_id(self) -> PersistentMap[str, Cell]:
        """Cell id → cell."""
        if self._by_id is None:
            self._by_id = PersistentMap({cell.id: cell for cell in self})
        return self._by_id

    @property
    def order(self) -> DocumentOrder:
        """The cells' ids in document order."""
        if self._order is None:
            self._order = DocumentOrder.of(cell.id for cell in self)
        return self._order

    @property
    def manual(self) -> PersistentSet[str]:
        """Cells that run only when they are asked to themselves."""
        if self._manual is None:
            self._manual = PersistentSet(cell.id for cell in self if _is_manual(cell))
        return self._manual

    @property
    def opaque(self) -> tuple[str, ...]:
        """Cells in a language that can't be analysed, in document order."""
        if self._opaque is None:
            self._opaque = tuple(cell.id for cell in self if _is_opaque(cell))
        return self._opaque

    # -- as a sequence
    def __len__(self) -> int:
        return len(self._all) if self._all is not None else len(self.order.ids)

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._tuple())

    @overload
    def __getitem__(self, index: int) -> Cell: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Cell, ...]: ...
    def __getitem__(self, index: int | slice) -> Cell | tuple[Cell, ...]:
        if self._all is None and isinstance(index, int):
            return self.by_id[self.order.ids[index]]
        return self._tuple()[index]

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, Cells | tuple):
            return self._tuple() == tuple(other)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Cells({self._tuple()!r})"

    def _tuple(self) -> tuple[Cell, ...]:
        if self._all is None:
            self._all = tuple(map(self.by_id.__getitem__, self.order.ids))
        return self._all

    # -- others like it
    def with_cell(self, cell: Cell) -> Cells:
        """With `cell` in place of the one of the same id. Raises KeyError if there is none."""
        return self._of(self.by_id.set(cell.id, cell), self.order, self.by_id[cell.id], cell)

    def with_new(self, cell: Cell, index: int) -> Cells:
        """With one more, at `index`."""
        return self._of(self.by_id.set(cell.id, cell), self.order.inserted(cell.id, index), None, cell)

    def without(self, cell_id: str) -> Cells:
        """Without one. Raises KeyError if there is none of that id."""
        return self._of(self.by_id.without(cell_id), self.order.removed(cell_id), self.by_id[cell_id], None)

    def _of(
        self, by_id: PersistentMap[str, Cell], order: DocumentOrder, before: Cell | None, after: Cell | None
    ) -> Cells:
        """One cell was `before` and is `after`; None: there was, or is, none."""
        made = Cells.__new__(Cells)
        made._all, made._by_id, made._order = None, by_id, order
        made._manual = self.manual
        if before is not None and _is_manual(before):
            made._manual = made._manual.difference((before.id,))
        if after is not None and _is_manual(after):
            made._manual = made._manual.union((after.id,))
        concerned = [_is_opaque(cell) for cell in (before, after) if cell is not None]
        as_before = not any(concerned) or (all(concerned) and order is self.order)
        made._opaque = self.opaque if as_before else None
        return made


def _is_manual(cell: Cell) -> bool:
    return cell.config.mode is CellMode.MANUAL


def _is_opaque(cell: Cell) -> bool:
    return cell.type is CellType.CODE
