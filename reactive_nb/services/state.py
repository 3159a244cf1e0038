"""All that a session knows, as one value.

A change makes a new value that shares what has not changed. Everything that can be computed is computed from what is
here and never stored apart from it; `graph`, `stale` and `statuses` are kept only because they are asked for often,
and are made anew by the reducer whenever what they follow from has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from reactive_nb.execution.dependencies import CellNames
from reactive_nb.execution.namespace import NamespaceStep
from reactive_nb.execution.reasons import Reason, ReasonKind, reasons
from reactive_nb.execution.records import Inputs, RunRecord
from reactive_nb.execution.scheduler import Follow, Situation
from reactive_nb.execution.selection import RunScope, following
from reactive_nb.models import (
    Analysis,
    CellMode,
    CellStatus,
    DependencyGraph,
    KernelState,
    Notebook,
    RunMode,
    SyntaxProblem,
)

NO_NAMES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Run:
    """A run that somebody asked for and that is not over."""

    id: str
    asked: tuple[str, ...] | None
    """The cells that were named; None: all that was stale."""
    pending: frozenset[str] = frozenset()
    done: tuple[str, ...] = ()
    """Cells that ran, in order."""
    scope: RunScope = RunScope.CELLS
    """What was meant by those that were named."""
    interrupted: bool = False
    """Only the running cell is still waited for."""
    of_widgets: bool = False
    """Nobody asked for it but by moving widgets; while it lasts, further moves widen it."""
    pulled: Mapping[str, int] = field(default_factory=dict)
    """Creator → how often it was run again because its object had been changed in place."""


@dataclass(frozen=True, slots=True)
class Execution:
    """The cell that the kernel is running, or is about to be given."""

    cell: str
    number: int
    source: str
    inputs: Inputs
    graph: DependencyGraph
    """As it was when the cell was chosen."""
    names: NamespaceStep
    """What the kernel does to names around it."""
    moves: Mapping[str, int] = field(default_factory=dict)
    """How often each widget had been moved when it was given to the kernel."""
    ahead: bool = False
    """Whether it was given to the kernel before the cell before it had ended."""
    started: bool = False
    """Whether the kernel has begun with it."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of a cell's names: from its source, and from its runs since the source last changed."""

    analysis: Analysis
    problem: SyntaxProblem | None = None
    """The source as it is now does not parse; `analysis` is that of the last one that did."""
    observed: frozenset[str] = NO_NAMES
    missed: frozenset[str] = NO_NAMES


@dataclass(frozen=True)
class SessionState:
    """A notebook, what ran in it, and what is to run."""

    notebook: Notebook
    kernel: KernelState = KernelState.NONE
    kernel_message: str | None = None
    language: str = "python"
    knowledge: Mapping[str, Knowledge] = field(default_factory=dict)
    graph: DependencyGraph = field(default_factory=DependencyGraph)
    records: Mapping[str, RunRecord] = field(default_factory=dict)
    lost: Mapping[str, ReasonKind] = field(default_factory=dict)
    """Cells whose records were dropped → why; it matters until they run again."""
    stale: frozenset[str] = frozenset()
    statuses: Mapping[str, CellStatus] = field(default_factory=dict)
    runs: tuple[Run, ...] = ()
    running: Execution | None = None
    ahead: tuple[Execution, ...] = ()
    """What the kernel goes on with by itself after `running`, if all goes as expected."""
    batches: bool = False
    """Whether the kernel takes several cells at once."""
    number: int = 0
    """Of the latest run of a cell."""
    bound: Mapping[str, str] = field(default_factory=dict)
    """Name → the cell whose version the kernel's namespace holds."""
    unsettled: frozenset[str] = NO_NAMES
    """Names whose binding must be looked at when nothing is left to run."""
    forget: frozenset[str] = frozenset()
    """Cells whose versions the kernel need not keep."""
    moves: Mapping[str, int] = field(default_factory=dict)
    """The comm of a widget → how often a user has changed its value."""
    readers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The comm of a widget → the cells that have looked at it, some perhaps no longer."""
    storage_problem: str | None = None
    """Why the latest changes are not stored yet."""

    @property
    def pending(self) -> frozenset[str]:
        """All cells that are to run."""
        if len(self.runs) == 1:
            return self.runs[0].pending
        return frozenset().union(*(run.pending for run in self.runs))

    def at(self, time: datetime) -> SessionState:
        """This state, its document changed at that time."""
        return replace(self, notebook=self.notebook.updated(time))

    def named(self, name: str) -> SessionState:
        return replace(self, notebook=replace(self.notebook, name=name))

    def situation(self) -> Situation:
        """What the scheduler looks at."""
        notebook = self.notebook
        return Situation(
            graph=self.graph,
            records=self.records,
            sources=notebook.sources,
            manual=notebook.manual,
            opaque=notebook.opaque,
            lazy=notebook.settings.mode is RunMode.LAZY,
            moves=self.moves,
        )

    def why_stale(self, cell_id: str) -> tuple[Reason, ...]:
        """Why a cell that is part of the graph is stale: all reasons, its own first; none if it is fresh."""
        known = self.knowledge[cell_id]
        earlier = ReasonKind.OPENED if self.notebook.by_id[cell_id].has_run else ReasonKind.NEVER_RAN
        return reasons(self.situation(), self.stale, cell_id, self.lost.get(cell_id, earlier), known.missed)

    def following(self, run: Run) -> Follow:
        """Which of the cells that depend on what runs are run in this run too."""
        lazy = self.notebook.settings.mode is RunMode.LAZY
        return following(lazy, self.notebook.positions, run.scope, run.asked)

    def names_of(self, cell_id: str) -> CellNames:
        """What the graph is made from."""
        known = self.knowledge[cell_id]
        cell = self.notebook.by_id[cell_id]
        return CellNames(
            id=cell_id,
            analysis=known.analysis,
            observed=known.observed,
            missed=known.missed,
            disabled=cell.config.mode is CellMode.DISABLED,
        )
