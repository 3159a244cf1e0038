"""A notebook: cells in document order, its settings, and whose it is.

Frozen like its cells. `cells` is a sequence in document order that knows its cells by id too, and of which a slightly
different one is made at little cost.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast

from reactive_nb.models.cell import Cell, CellType
from reactive_nb.models.cells import Cells
from reactive_nb.models.lazy import LazyMap
from reactive_nb.models.order import DocumentOrder

DEFAULT_KERNEL = "python3"


class RunMode(StrEnum):
    """`auto`: running a cell runs all that depends on it. `lazy`: what depends on it is only shown as stale."""

    AUTO = "auto"
    LAZY = "lazy"


class Redefinition(StrEnum):
    """What to make of a name that several cells define."""

    ALLOW = "allow"
    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class NotebookSettings:
    """A notebook's choices about reactivity."""

    mode: RunMode = RunMode.AUTO
    redefinition: Redefinition = Redefinition.ALLOW
    restart_dead_kernel: bool = False
    """Whether a kernel that died is started again unasked (its cells become stale all the same)."""
    database: str | None = None
    """Address of the database that SQL cells are for, without its password; None: DuckDB in the kernel."""
    equal_results: bool = False
    """Whether cells stay fresh when what they need has been made again and is equal to what it was."""


@dataclass(frozen=True)
class Notebook:
    """A notebook as it stands at one revision."""

    id: str
    name: str = "Untitled"
    owner: str = "local"
    kernel_name: str = DEFAULT_KERNEL
    cells: Sequence[Cell] = ()
    """In document order, no two with the same id; whatever was given, it is kept as `Cells`."""
    settings: NotebookSettings = NotebookSettings()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """What other tools keep with the notebook, passed through unread."""
    revision: int = 0
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        if not isinstance(self.cells, Cells):
            object.__setattr__(self, "cells", Cells(self.cells))

    @property
    def by_id(self) -> Mapping[str, Cell]:
        """Cell id → cell."""
        return self._cells.by_id

    @property
    def order(self) -> DocumentOrder:
        """The cells' ids in document order, and which of two is above the other."""
        return self._cells.order

    @property
    def positions(self) -> Mapping[str, int]:
        """Cell id → place in document order, from 0."""
        return LazyMap(self._cells.by_id, self.order.index)

    @property
    def sources(self) -> Mapping[str, str]:
        """Cell id → what is run: its source, and for SQL what it is run on and the name of its result too."""
        cells, database = self._cells.by_id, self.settings.database
        return LazyMap(cells, lambda cell: run_source(cells[cell], database))

    @property
    def manual(self) -> AbstractSet[str]:
        """Cells that run only when they are asked to themselves."""
        return self._cells.manual

    @property
    def opaque(self) -> tuple[str, ...]:
        """Cells in a language that can't be analysed, in document order."""
        return self._cells.opaque

    def cell(self, cell_id: str) -> Cell | None:
        return self._cells.by_id.get(cell_id)

    def position(self, cell_id: str) -> int:
        """The place of a cell, from 0. Raises KeyError if there is none of that id."""
        return self.order.index(cell_id)

    def with_cell(self, cell: Cell) -> Notebook:
        """This notebook with `cell` in place of the one of the same id. Raises KeyError if there is none."""
        return self._with(self._cells.with_cell(cell))

    def with_new(self, cell: Cell, index: int) -> Notebook:
        """This notebook with one more cell, at `index`."""
        return self._with(self._cells.with_new(cell, index))

    def without(self, cell_id: str) -> Notebook:
        """This notebook without a cell. Raises KeyError if there is none of that id."""
        return self._with(self._cells.without(cell_id))

    def without_results(self) -> Notebook:
        """This notebook as if nothing had ever run."""
        return replace(self, cells=tuple(cell.without_results() for cell in self.cells))

    def updated(self, at: datetime) -> Notebook:
        """This notebook, last changed at that time."""
        return replace(self, updated_at=at)

    @property
    def _cells(self) -> Cells:
        return cast(Cells, self.cells)

    def _with(self, cells: Cells) -> Notebook:
        """`dataclasses.replace` looks at every field, and this happens with every output."""
        made = object.__new__(Notebook)
        made.__dict__.update(self.__dict__, cells=cells)
        return made


@dataclass(frozen=True, slots=True)
class NotebookSummary:
    """What a list of notebooks shows."""

    id: str
    name: str
    owner: str
    kernel_name: str
    cell_count: int
    revision: int
    created_at: datetime
    updated_at: datetime


def run_source(cell: Cell, database: str | None) -> str:
    """What is run when the cell is: an SQL cell's result is another with another database, or under another name."""
    if cell.type is not CellType.SQL or (database is None and cell.config.result is None):
        return cell.source
    return f"-- {database or ''} {cell.config.result or ''}\n{cell.source}"


def new_notebook_id() -> str:
    return str(uuid.uuid4())
