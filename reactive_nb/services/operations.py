"""Operations: everything that can change a session, as plain values.

There is no other way in. Those of the first family change the document, each making a new revision; the second asks
for runs; the third tells what a kernel did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from reactive_kernels import ExecuteReply, OutputChange
from reactive_nb.execution.records import Outcome
from reactive_nb.execution.selection import RunScope
from reactive_nb.models import CellConfig, CellType, KernelState, Notebook


# -- the document
@dataclass(frozen=True, slots=True)
class AddCell:
    """A new cell at `index` (None: at the end)."""

    cell_id: str
    type: CellType = CellType.PYTHON
    source: str = ""
    config: CellConfig = CellConfig()
    index: int | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateCell:
    """Change what is not None. `config` maps field names to new values."""

    cell_id: str
    source: str | None = None
    type: CellType | None = None
    config: Mapping[str, Any] | None = None
    index: int | None = None
    base_revision: int | None = None


@dataclass(frozen=True, slots=True)
class MoveCell:
    cell_id: str
    index: int


@dataclass(frozen=True, slots=True)
class RemoveCell:
    cell_id: str


@dataclass(frozen=True, slots=True)
class UpdateNotebook:
    """Rename, or change settings or kernel; None leaves as it is."""

    name: str | None = None
    settings: Mapping[str, Any] | None = None
    """Fields of `NotebookSettings` and their new values."""
    kernel_name: str | None = None
    language: str | None = None
    """The language of `kernel_name`."""
    display_name: str | None = None
    """What people call `kernel_name`."""


@dataclass(frozen=True, slots=True)
class ReplaceNotebook:
    """The stored document was changed by somebody else: take it as it now is."""

    notebook: Notebook
    language: str | None = None
    """The language of its kernel, if that is another."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Several document operations as one revision: all or nothing."""

    operations: tuple[AddCell | UpdateCell | MoveCell | RemoveCell | UpdateNotebook, ...]


# -- runs
@dataclass(frozen=True, slots=True)
class RunCells:
    """Run `cells` with their stale ancestors, or all that is stale (None); FROM and UP_TO are about one cell."""

    run_id: str
    cells: tuple[str, ...] | None = None
    scope: RunScope = RunScope.CELLS


@dataclass(frozen=True, slots=True)
class InterruptRun:
    """Drop what is planned; the running cell is interrupted."""


@dataclass(frozen=True, slots=True)
class RestartKernel:
    """A fresh kernel: nothing that ran counts any more."""


@dataclass(frozen=True, slots=True)
class MoveWidget:
    """A user, or a callback in the kernel, has changed the value of the widget with this comm.

    `run_id` is for the run that follows, if none of its kind is under way.
    """

    comm_id: str
    run_id: str


# -- what the kernel did
@dataclass(frozen=True, slots=True)
class KernelChanged:
    """The kernel's state; `message` says why, when it is dead."""

    state: KernelState
    message: str | None = None
    language: str | None = None
    language_info: Mapping[str, Any] | None = None
    """What notebooks keep of it, as the kernel says it (nbformat's `language_info`)."""
    batches: bool = False
    """Whether it takes several cells at once."""


@dataclass(frozen=True, slots=True)
class CellStarted:
    """The kernel begins with the cell that is next."""

    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CellFinished:
    """Run `number` is over."""

    number: int
    outcome: Outcome
    reply: ExecuteReply | None
    duration_ms: float
    message: str | None = None


@dataclass(frozen=True, slots=True)
class BatchEnded:
    """Run `number`, and those given to the kernel with it after it, have not begun and will not."""

    number: int


@dataclass(frozen=True, slots=True)
class ChangeOutputs:
    """What was added to, changed in or cleared from cells' outputs."""

    changes: Mapping[str, tuple[OutputChange, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Several:
    """What a kernel did while nobody listened, in order: told as one step, in which only its outcome is seen."""

    operations: tuple[CellStarted | CellFinished | ChangeOutputs, ...]


@dataclass(frozen=True, slots=True)
class InterruptIgnored:
    """The running cell was interrupted a while ago and goes on."""

    restart: bool
    """Whether the kernel is to be restarted."""


@dataclass(frozen=True, slots=True)
class ForeignRun:
    """Another client of the same kernel has executed something: nobody knows what the names now hold."""


DocumentOperation: TypeAlias = AddCell | UpdateCell | MoveCell | RemoveCell | UpdateNotebook | ReplaceNotebook | Batch
Operation: TypeAlias = (
    DocumentOperation
    | RunCells
    | InterruptRun
    | RestartKernel
    | MoveWidget
    | KernelChanged
    | CellStarted
    | CellFinished
    | BatchEnded
    | ChangeOutputs
    | Several
    | InterruptIgnored
    | ForeignRun
)
