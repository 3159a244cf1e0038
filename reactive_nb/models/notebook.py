"""A notebook: cells in document order, its settings, and whose it is.

Frozen like its cells. `cells` is in document order; look-ups by id go through `by_id` and `positions`, which are
computed when they are asked for, and carried over to the next value where they hold for it too.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from reactive_nb.models.cell import Cell, CellMode, CellType

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


@dataclass(frozen=True)
class Notebook:
    """A notebook as it stands at one revision."""

    id: str
    name: str = "Untitled"
    owner: str = "local"
    kernel_name: str = DEFAULT_KERNEL
    cells: tuple[Cell, ...] = ()
    settings: NotebookSettings = NotebookSettings()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """What other tools keep with the notebook, passed through unread."""
    revision: int = 0
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @cached_property
    def by_id(self) -> Mapping[str, Cell]:
        """Cell id → cell."""
        return {cell.id: cell for cell in self.cells}

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Cell id → place in document order, from 0."""
        return {cell.id: place for place, cell in enumerate(self.cells)}

    @cached_property
    def sources(self) -> Mapping[str, str]:
        """Cell id → source."""
        return {cell.id: cell.source for cell in self.cells}

    @cached_property
    def manual(self) -> frozenset[str]:
        """Cells that run only when they are asked to themselves."""
        return frozenset(cell.id for cell in self.cells if cell.config.mode is CellMode.MANUAL)

    @cached_property
    def opaque(self) -> tuple[str, ...]:
        """Cells in a language that can't be analysed, in document order."""
        return tuple(cell.id for cell in self.cells if cell.type is CellType.CODE)

    def cell(self, cell_id: str) -> Cell | None:
        return self.by_id.get(cell_id)

    def with_cell(self, cell: Cell) -> Notebook:
        """This notebook with `cell` in place of the one of the same id. Raises KeyError if there is none."""
        old, place = self.by_id[cell.id], self.position(cell.id)
        changed = replace(self, cells=(*self.cells[:place], cell, *self.cells[place + 1 :]))
        changed.__dict__["by_id"] = {**self.by_id, cell.id: cell}
        same = (old.source, old.type, old.config) == (cell.source, cell.type, cell.config)
        return self._carry_over(changed, ("positions", "sources", "manual", "opaque") if same else ("positions",))

    def with_new(self, cell: Cell, index: int) -> Notebook:
        """This notebook with one more cell, at `index`."""
        changed = replace(self, cells=(*self.cells[:index], cell, *self.cells[index:]))
        changed.__dict__["by_id"] = {**self.by_id, cell.id: cell}
        return changed

    def without(self, cell_id: str) -> Notebook:
        """This notebook without a cell. Raises KeyError if there is none of that id."""
        by_id = {**self.by_id}
        del by_id[cell_id]
        place = self.position(cell_id)
        changed = replace(self, cells=(*self.cells[:place], *self.cells[place + 1 :]))
        changed.__dict__["by_id"] = by_id
        return changed

    def position(self, cell_id: str) -> int:
        """The place of a cell, from 0. Raises KeyError if there is none of that id."""
        cell = self.by_id[cell_id]
        if "positions" in self.__dict__:
            return self.positions[cell_id]
        return next(place for place, other in enumerate(self.cells) if other is cell)

    def updated(self, at: datetime) -> Notebook:
        """This notebook, last changed at that time."""
        return self._carry_over(replace(self, updated_at=at), ("by_id", "positions", "sources", "manual", "opaque"))

    def _carry_over(self, changed: Notebook, computed: tuple[str, ...]) -> Notebook:
        """What was computed once and is still so need not be computed again."""
        for name in computed:
            if name in self.__dict__:
                changed.__dict__[name] = self.__dict__[name]
        return changed


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


def new_notebook_id() -> str:
    return str(uuid.uuid4())
