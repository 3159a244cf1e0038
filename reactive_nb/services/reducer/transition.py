"""One step from a state to the next: what the families of operations write on.

A transition notes which cells and names were touched, so that what follows (graph, staleness, statuses) costs what the
operation affects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reactive_nb.execution.dependencies import GraphChange
from reactive_nb.execution.overtaking import after_run, leaders
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


NO_NAMES: frozenset[str] = frozenset()
_IN_SITUATION = frozenset({"notebook", "dependencies", "records", "leading", "moves"})
"""The fields of a state that the scheduler looks at."""
NOTHING_GIVEN: Mapping[str, str] = {}


class Transition:
    """The state while it changes."""

    def __init__(self, state: SessionState) -> None:
        self.before = state
        self.state = state
        self._now: Situation | None = None
        self.events: list[Event] = []
        self.effects: list[Effect] = []
        self._forgotten: dict[str, None] = {}
        self._save: Save | None = None
        self._last_events: list[Event] = []
        self._regraph = False
        self._to_regraph: set[str] = set()
        self.graph_cells: set[str] = set()
        """Cells that came to something else in the graph."""
        self._changed: set[str] = set()
        self._everything_changed = False
        self.cells_set: set[str] = set()
        self.every_status = False
        self.examined: set[str] = set()
        """Cells whose staleness was looked at because something about them had changed."""

    # -- noting changes
    def change(self, **changes: Any) -> None:
        self.state = self.state.changed(**changes)
        if not _IN_SITUATION.isdisjoint(changes):
            self._now = None

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

    def know(self, cell_id: str, knowledge: Knowledge | None) -> None:
        """What is known of a cell's names has changed (None: it is no longer part of the graph)."""
        known = self.state.knowledge
        self.change(knowledge=known.without(cell_id) if knowledge is None else known.set(cell_id, knowledge))
        self.cells_set.add(cell_id)
        self.regraph(cell_id)

    def regraph(self, *cells: str) -> None:
        """The graph must be brought up to date before it is asked: `cells` are elsewhere or known otherwise."""
        self._to_regraph.update(cells)
        self._regraph = True

    def touch(self, *cells: str) -> None:
        """Whether these cells are stale must be looked at again."""
        self._changed.update(cells)

    def touch_everything(self) -> None:
        self._everything_changed = True
        self.every_status = True

    def sharing(self) -> set[str]:
        """Cells that have lent an object to one further up, and who gets names from them."""
        records, graph = self.state.records, self.state.graph
        lending = {
            cell for cell in self.state.lending if cell in graph.nodes and cell in records and records[cell].lent
        }
        return lending.union(*(graph.users_of(cell) for cell in lending))

    def overtake(self, cell: str) -> None:
        """A cell in a language that can't be analysed has run: what had run since below it is out of date."""
        notebook, leading = self.state.notebook, self.state.leading
        label = notebook.order.labels[cell]
        self.change(leading=after_run(leading, notebook.order, cell))
        if notebook.order.first_below(leading, label) < len(leading):
            self.touch(*notebook.opaque[notebook.order.first_below(notebook.opaque, label) :])

    def reconsider_overtaking(self) -> None:
        """Cells of such languages stand, or have run, otherwise than they did."""
        opaque = self.state.notebook.opaque
        if opaque or self.state.leading:
            self.change(leading=leaders(self.state.records, opaque))
            self.touch(*opaque)

    def unsettle(self, names: Iterable[str]) -> None:
        """What these are bound to may no longer be what belongs there."""
        names = list(names)
        if not names:
            return
        state = self.state
        self.change(unsettled=state.unsettled.union(names), settled=state.settled.doubting(names))

    # -- what follows
    @property
    def graph(self) -> DependencyGraph:
        """The graph as it is now."""
        if self._regraph:
            self._make_graph()
        return self.state.graph

    def _make_graph(self) -> None:
        state, before = self.state, self.state.dependencies
        cells, self._to_regraph, self._regraph = self._to_regraph, set(), False
        changes = {cell: state.names_of(cell) for cell in cells if cell in state.knowledge or cell in before.names}
        after, change = before.updated(state.notebook.order, changes, state.notebook.settings.redefinition)
        gone = [cell for cell in changes if cell in before.graph.nodes and cell not in after.graph.nodes]
        runs = state.runs
        if change.displaced and runs:
            runs = tuple(replace(run, pending=(run.pending - set(gone)).displaced(change.displaced)) for run in runs)
        self.change(dependencies=after, stale=state.stale.difference(gone), runs=runs)
        self.unsettle(change.names)
        self._doubt_what_is_passed_on(before.graph, change)
        nodes, writers = after.graph.nodes, after.graph.writers
        self._changed.update(cell for cell in change.cells if cell in nodes)
        self._changed.update(self.sharing())
        self._changed.update(writers[name][-1] for name in change.names if name in writers)
        self.graph_cells |= change.cells

    def _doubt_what_is_passed_on(self, before: DependencyGraph, change: GraphChange) -> None:
        """What belongs at a place may be another version though the same cells write the name, in the same order.

        One of them may pass on what it is given, and be given it by another; or now stand on the place's other side.
        """
        graph = self.state.graph
        doubtful: set[str] = set()
        for cell in change.cells:
            then, now = before.providers.get(cell, NOTHING_GIVEN), graph.providers.get(cell, NOTHING_GIVEN)
            doubtful.update(name for name, _ in then.items() ^ now.items())
        for cell in change.displaced:
            doubtful |= graph.writes.get(cell, NO_NAMES)
        settled, ambient = self.state.settled, self.state.ambient
        followed = [name for name in doubtful if name in ambient or settled.concerns(graph, name)]
        self.change(settled=settled.doubting(followed))

    def refresh(self) -> None:
        """Bring graph and staleness up to date."""
        if self._regraph:
            self._make_graph()
        if self._everything_changed or self._changed:
            changed: Iterable[str] | None = None if self._everything_changed else self._changed
            self.examined |= self._changed
            self._everything_changed, self._changed = False, set()
            self.change(stale=stale_cells(self._situation(), self.state.stale, changed))

    def now(self) -> Situation:
        """What the scheduler looks at, graph and staleness up to date."""
        self.refresh()
        return self._situation()

    def _situation(self) -> Situation:
        if self._now is None:
            self._now = self.state.situation()
        return self._now

    def result(self) -> Applied:
        effects = self.effects
        if self._forgotten:
            effects = [ForgetOutputs(tuple(self._forgotten)), *effects]
        if self._save is not None:
            effects = [*effects, self._save]
        return Applied(self.state, (*self.events, *self._last_events), tuple(effects))
