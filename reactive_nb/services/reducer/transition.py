"""One step from a state to the next: what the families of operations write on.

A transition notes which cells and names were touched, so that what follows (graph, staleness, statuses) costs what the
operation affects.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from reactive_nb.execution.dependencies import build_graph
from reactive_nb.execution.pending import Pending
from reactive_nb.execution.scheduler import Situation, stale_cells
from reactive_nb.models import Cell, DependencyGraph
from reactive_nb.schemas.events import Event
from reactive_nb.services.effects import Effect, ForgetOutputs, Save
from reactive_nb.services.state import Knowledge, SessionState


@dataclass(frozen=True, slots=True)
class Applied:
    """What an operation made: the next state, what clients are told, what is to be done."""

    state: SessionState
    events: tuple[Event, ...]
    effects: tuple[Effect, ...]


class Transition:
    """The state while it changes."""

    def __init__(self, state: SessionState) -> None:
        self.before = state
        self.state = state
        self.events: list[Event] = []
        self.effects: list[Effect] = []
        self._forgotten: dict[str, None] = {}
        self._save: Save | None = None
        self._last_events: list[Event] = []
        self._regraph = False
        self._changed: set[str] = set()
        self._everything_changed = False
        self.cells_set: set[str] = set()
        self.every_status = False
        self.examined: set[str] = set()
        """Cells whose staleness was looked at because something about them had changed."""

    # -- noting changes
    def change(self, **changes: Any) -> None:
        self.state = replace(self.state, **changes)

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def emit_last(self, event: Event) -> None:
        """Tell it after everything that follows from the operation: a run is finished when its cells are."""
        self._last_events.append(event)

    def do(self, effect: Effect) -> None:
        if effect not in self.effects:
            self.effects.append(effect)

    def forget_outputs(self, cell_id: str) -> None:
        self._forgotten[cell_id] = None

    def save(self, *, urgent: bool) -> None:
        self._save = Save(urgent or (self._save is not None and self._save.urgent))

    def set_cell(self, cell: Cell) -> None:
        self.change(notebook=self.state.notebook.with_cell(cell))
        self.cells_set.add(cell.id)

    def know(self, cell_id: str, knowledge: Knowledge | None, *, regraph: bool = True) -> None:
        """What is known of a cell's names has changed (None: it is no longer part of the graph)."""
        known = self.state.knowledge
        self.change(knowledge=known.without(cell_id) if knowledge is None else known.set(cell_id, knowledge))
        self.cells_set.add(cell_id)
        if regraph:
            self.regraph()

    def regraph(self) -> None:
        """The graph must be made anew before anything else is asked of it."""
        self._regraph = True

    def touch(self, *cells: str) -> None:
        """Whether these cells are stale must be looked at again."""
        self._changed.update(cells)

    def touch_everything(self) -> None:
        self._everything_changed = True
        self.every_status = True

    # -- what follows
    @property
    def graph(self) -> DependencyGraph:
        """The graph as it is now."""
        if self._regraph:
            self._make_graph()
        return self.state.graph

    def _make_graph(self) -> None:
        self._regraph = False
        old = self.state.graph
        cells = [c.id for c in self.state.notebook.cells if c.id in self.state.knowledge]
        new = build_graph([self.state.names_of(cell) for cell in cells], self.state.notebook.settings.redefinition)
        gone = old.rank.keys() - new.rank.keys()
        self.change(graph=new, stale=self.state.stale - gone)
        if self.state.runs and old.by_rank != new.by_rank:
            self.change(runs=tuple(replace(run, pending=Pending(run.pending - gone)) for run in self.state.runs))
        self._note_graph_changes(old, new)

    def _note_graph_changes(self, old: DependencyGraph, new: DependencyGraph) -> None:
        for cell in new.order:
            if (
                old.providers.get(cell) != new.providers[cell]
                or old.withheld.get(cell) != new.withheld.get(cell)
                or old.conflicts.get(cell) != new.conflicts.get(cell)
            ):
                self._changed.add(cell)
        names = {
            name for name in old.writers.keys() | new.writers.keys() if old.writers.get(name) != new.writers.get(name)
        }
        if names:
            self.change(unsettled=self.state.unsettled | names)
            self._changed.update(new.writers[name][-1] for name in names if name in new.writers)

    def refresh(self) -> Situation:
        """Bring graph and staleness up to date; what the scheduler then looks at."""
        if self._regraph:
            self._make_graph()
        now = self.state.situation()
        if self._everything_changed or self._changed:
            changed: Iterable[str] | None = None if self._everything_changed else self._changed
            self.examined |= self._changed
            self._everything_changed, self._changed = False, set()
            self.change(stale=stale_cells(now, self.state.stale, changed))
        return now

    def result(self) -> Applied:
        effects = self.effects
        if self._forgotten:
            effects = [ForgetOutputs(tuple(self._forgotten)), *effects]
        if self._save is not None:
            effects = [*effects, self._save]
        return Applied(self.state, (*self.events, *self._last_events), tuple(effects))
