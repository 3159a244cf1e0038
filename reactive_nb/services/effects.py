"""Effects: what a session has to do in the world after an operation. Plain values, made by the reducer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from reactive_nb.execution.namespace import NamespaceStep
from reactive_nb.models import CellType, ShownValue, SqlAnalysis


@dataclass(frozen=True, slots=True)
class StartKernel:
    """There is something to run and no kernel."""


@dataclass(frozen=True, slots=True)
class SqlRun:
    """The run of an SQL cell."""

    found: SqlAnalysis
    result: str
    """The name of its result."""
    database: str | None
    """The address of its database; None: DuckDB in the kernel."""


@dataclass(frozen=True, slots=True)
class Execute:
    """Give this cell to the kernel."""

    cell_id: str
    number: int
    type: CellType
    source: str
    timeout: float | None
    step: NamespaceStep
    values: tuple[ShownValue, ...] = ()
    """Of a Markdown cell: what its text shows."""
    sql: SqlRun | None = None
    """Of an SQL cell: what is run of it."""


@dataclass(frozen=True, slots=True)
class ExecuteBatch:
    """Give the kernel these cells, each on the condition that the one before did to names what was expected of it."""

    cells: tuple[Execute, ...]
    expected: tuple[Mapping[str, list[str]], ...]
    """For each cell but the last: parts of its report."""

    @property
    def number(self) -> int:
        """That of its first cell."""
        return self.cells[0].number


@dataclass(frozen=True, slots=True)
class StopBatch:
    """The plan has changed: the kernel is not to begin with more of what it was given."""


@dataclass(frozen=True, slots=True)
class BindNames:
    """Nothing is left to run: leave the kernel's names as the last definers made them."""

    step: NamespaceStep


@dataclass(frozen=True, slots=True)
class InterruptKernel:
    """Interrupt the running cell."""


@dataclass(frozen=True, slots=True)
class ReplaceKernel:
    """Shut the kernel down; a fresh one starts at once (`start`) or with the next run."""

    start: bool


@dataclass(frozen=True, slots=True)
class ForgetOutputs:
    """These cells are gone, or have no outputs any more."""

    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Save:
    """The document changed (`urgent`: somebody waits for it to be durable), or outputs did."""

    urgent: bool


Effect: TypeAlias = (
    StartKernel
    | Execute
    | ExecuteBatch
    | StopBatch
    | BindNames
    | InterruptKernel
    | ReplaceKernel
    | ForgetOutputs
    | Save
)
