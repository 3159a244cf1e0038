"""All that a session knows, as one value.

A change makes a new value that shares what has not changed. Everything that can be computed is computed from what is
here and never stored apart from it; `graph`, `stale` and `statuses` are kept only because they are asked for often,
and are made anew by the reducer whenever what they follow from has changed.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from reactive_nb.execution.dependencies import CellNames, Dependencies
from reactive_nb.execution.namespace import NamespaceStep
from reactive_nb.execution.pending import Pending
from reactive_nb.execution.reasons import Reason, ReasonKind, reasons
from reactive_nb.execution.records import Inputs, RunRecord
from reactive_nb.execution.scheduler import Follow, Situation
from reactive_nb.execution.selection import RunScope, following
from reactive_nb.execution.settled import Place, Settled
from reactive_nb.models import (
    Analysis,
    CellMode,
    CellStatus,
    DependencyGraph,
    KernelState,
    Notebook,
    RunMode,
    ShownValue,
    SqlAnalysis,
    SyntaxProblem,
)
from reactive_nb.models.persistent import PersistentMap, PersistentSet

NO_NAMES: frozenset[str] = frozenset()
MOST_AT_ONCE = 64
"""Cells that a kernel is given together."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run that somebody asked for and that is not over."""

    id: str
    asked: tuple[str, ...] | None
    """The cells that were named; None: all that was stale."""
    pending: Pending = field(default_factory=Pending)
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
    place: Place
    """For which names are bound when it begins."""
    doubts: int
    """The number of the latest doubt when it was chosen."""
    astray: tuple[str, ...]
    """Names that it is given otherwise than belongs at its place."""
    moves: Mapping[str, int] = field(default_factory=dict)
    """How often each widget had been moved when it was given to the kernel."""
    ahead: bool = False
    """Whether it was given to the kernel before the cell before it had ended."""
    started: bool = False
    """Whether the kernel has begun with it."""
    premature: bool = False
    """Whether it was begun with, though the plan had changed by then: if it is still to run, it runs again."""
    interrupted: bool = False
    """Whether an interrupt was asked for that it may have been ended by."""
    void: bool = False
    """Whether what it does counts for nobody: its cell was removed, or became another, since."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of a cell's names: from its source, and from its runs since the source last changed."""

    analysis: Analysis
    problem: SyntaxProblem | None = None
    """The source as it is now does not parse; `analysis` is that of the last one that did."""
    values: tuple[ShownValue, ...] = ()
    """What the text of a Markdown cell shows."""
    sql: SqlAnalysis | None = None
    """Of an SQL cell: what is to be run."""
    observed: frozenset[str] = NO_NAMES
    changed: frozenset[str] = NO_NAMES
    """Those of `observed` whose object it changed in place and did not bind."""
    read: frozenset[str] = NO_NAMES
    ambient: frozenset[str] = NO_NAMES
    """State without a name that a run may have looked at."""
    missed: frozenset[str] = NO_NAMES

    @property
    def learned(self) -> bool:
        """Whether runs have shown more than the source."""
        return bool(self.observed or self.read)


@dataclass(frozen=True)
class SessionState:
    """A notebook, what ran in it, and what is to run."""

    notebook: Notebook
    kernel: KernelState = KernelState.NONE
    kernel_message: str | None = None
    language: str = "python"
    knowledge: PersistentMap[str, Knowledge] = field(default_factory=PersistentMap)
    dependencies: Dependencies = field(default_factory=Dependencies)
    records: PersistentMap[str, RunRecord] = field(default_factory=PersistentMap)
    lending: PersistentSet[str] = field(default_factory=PersistentSet)
    """Cells of which an object was changed in place by one further up, which waited for it."""
    leading: tuple[str, ...] = ()
    """Cells in a language that can't be analysed that have run later than all such cells above."""
    lost: PersistentMap[str, ReasonKind] = field(default_factory=PersistentMap)
    """Cells whose records were dropped → why; it matters until they run again."""
    stale: PersistentSet[str] = field(default_factory=PersistentSet)
    statuses: PersistentMap[str, CellStatus] = field(default_factory=PersistentMap)
    runs: tuple[Run, ...] = ()
    running: Execution | None = None
    ahead: tuple[Execution, ...] = ()
    """What the kernel goes on with by itself after `running`, if all goes as expected."""
    batches: bool = False
    """Whether the kernel takes several cells at once."""
    given: int = 0
    """How many it was given last."""
    reach: int = MOST_AT_ONCE
    """How many it is given next, at most: about what it comes to before its time is up."""
    number: int = 0
    """Of the latest run of a cell."""
    bound: PersistentMap[str, str] = field(default_factory=PersistentMap)
    """Name → the cell whose version the kernel's namespace holds."""
    unsettled: PersistentSet[str] = field(default_factory=PersistentSet)
    """Names whose binding must be looked at when nothing is left to run."""
    settled: Settled = field(default_factory=Settled)
    """For which place names are bound rightly: what must be looked at before a cell runs."""
    forget: PersistentSet[str] = field(default_factory=PersistentSet)
    """Cells whose versions the kernel need not keep."""
    ambient: frozenset[str] = NO_NAMES
    """State without a name that some cell was seen to change; what nobody changed concerns nobody."""
    moves: Mapping[str, int] = field(default_factory=dict)
    """The comm of a widget → how often a user has changed its value."""
    readers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The comm of a widget → the cells that have looked at it, some perhaps no longer."""
    storage_problem: str | None = None
    """Why the latest changes are not stored yet."""

    @property
    def graph(self) -> DependencyGraph:
        """Who provides what to whom."""
        return self.dependencies.graph

    @property
    def pending(self) -> AbstractSet[str]:
        """All cells that are to run."""
        if len(self.runs) == 1:
            return self.runs[0].pending
        return frozenset().union(*(run.pending for run in self.runs))

    def is_pending(self, cell: str) -> bool:
        """Whether this cell is to run."""
        return any(cell in run.pending for run in self.runs)

    def pending_in_order(self) -> Iterator[str]:
        """All cells that are to run, in that order."""
        rank = self.graph.rank.__getitem__
        if len(self.runs) == 1:
            yield from self.runs[0].pending.in_order(rank)
            return
        before = None
        for cell in heapq.merge(*(run.pending.in_order(rank) for run in self.runs), key=rank):
            if cell != before:
                before = cell
                yield cell

    def changed(self, **changes: Any) -> SessionState:
        """This state with other values of some fields: `dataclasses.replace`, which looks at all, ten times as fast."""
        if not changes.keys() <= SessionState.__dataclass_fields__.keys():
            raise TypeError(f"no fields of a session's state: {sorted(changes)}")
        made = object.__new__(SessionState)
        made.__dict__.update(self.__dict__, **changes)
        return made

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
            leading=self.leading,
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

    def names_of(self, cell_id: str) -> CellNames | None:
        """What the graph is made from; None if the cell is not part of it."""
        known = self.knowledge.get(cell_id)
        if known is None:
            return None
        cell = self.notebook.by_id[cell_id]
        return CellNames(
            id=cell_id,
            analysis=known.analysis,
            observed=known.observed,
            changed=known.changed,
            read=known.read | (known.ambient & self.ambient) if known.ambient else known.read,
            missed=known.missed,
            disabled=cell.config.mode is CellMode.DISABLED,
        )
