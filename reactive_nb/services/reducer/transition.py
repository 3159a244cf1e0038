"""One step from a state to the next: what the families of operations write on, and what follows from all of them.

A transition notes which cells and names were touched, so that settling costs what the operation affects. In the end
it is settled once: graph, staleness, the next cell to run, statuses, and the events that tell clients about them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from reactive_nb.execution.dependencies import build_graph
from reactive_nb.execution.scheduler import Situation, stale_cells
from reactive_nb.models import Cell, CellMode, CellStatus, DependencyGraph, KernelState, Redefinition
from reactive_nb.schemas.events import Event, GraphUpdated, KernelStatusEvent, NotebookUpdated
from reactive_nb.schemas.notebooks import SettingsModel
from reactive_nb.services import views
from reactive_nb.services.effects import Effect, Save
from reactive_nb.services.reducer import planning
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
        self._last_events: list[Event] = []
        self._regraph = False
        self._changed: set[str] = set()
        self._everything_changed = False
        self._cells_set: set[str] = set()
        self._all_statuses = False

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

    def save(self, *, urgent: bool) -> None:
        self.effects = [e for e in self.effects if not isinstance(e, Save) or e.urgent]
        if not any(isinstance(e, Save) for e in self.effects):
            self.effects.append(Save(urgent))

    def set_cell(self, cell: Cell) -> None:
        self.change(notebook=self.state.notebook.with_cell(cell))
        self._cells_set.add(cell.id)

    def know(self, cell_id: str, knowledge: Knowledge | None, *, regraph: bool = True) -> None:
        """What is known of a cell's names has changed (None: it is no longer part of the graph)."""
        known = {**self.state.knowledge}
        if knowledge is None:
            known.pop(cell_id, None)
        else:
            known[cell_id] = knowledge
        self.change(knowledge=known)
        self._cells_set.add(cell_id)
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
        self._all_statuses = True

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
        new = build_graph([self.state.names_of(cell) for cell in cells])
        self.change(graph=new, stale=self.state.stale.intersection(new.rank))
        self._note_graph_changes(old, new)

    def _note_graph_changes(self, old: DependencyGraph, new: DependencyGraph) -> None:
        for cell in new.order:
            if old.providers.get(cell) != new.providers[cell] or old.withheld.get(cell) != new.withheld.get(cell):
                self._changed.add(cell)
        names = {
            name for name in old.writers.keys() | new.writers.keys() if old.writers.get(name) != new.writers.get(name)
        }
        if names:
            self.change(unsettled=self.state.unsettled | (names & self.state.bound.keys()))

    def refresh(self) -> Situation:
        """Bring graph and staleness up to date; what the scheduler then looks at."""
        if self._regraph:
            self._make_graph()
        now = self.state.situation()
        if self._everything_changed or self._changed:
            changed: Iterable[str] | None = None if self._everything_changed else self._changed
            self._everything_changed, self._changed = False, set()
            self.change(stale=stale_cells(now, self.state.stale, changed))
        return now

    def settle(self) -> None:
        """Everything that follows from what was noted."""
        self.refresh()
        planning.advance(self)
        self.refresh()
        self._tell_kernel()
        self._tell_graph()
        self._tell_statuses()

    def result(self) -> Applied:
        return Applied(self.state, (*self.events, *self._last_events), tuple(self.effects))

    # -- telling clients
    def _tell_kernel(self) -> None:
        """A kernel that lives is busy as long as there is a cell for it."""
        if self.state.kernel.alive:
            self.change(kernel=KernelState.IDLE if self.state.running is None else KernelState.BUSY)
        old, new = self.before, self.state
        if old.kernel is not new.kernel or views.kernel_model(old) != views.kernel_model(new):
            self.emit(KernelStatusEvent(kernel=views.kernel_model(new)))

    def _tell_graph(self) -> None:
        old, new = self.before, self.state
        if old.graph is new.graph:
            return
        cells = [views.cell_names(new, cell.id) for cell in new.notebook.cells if _names_differ(old, new, cell.id)]
        if cells:
            self.emit(GraphUpdated(cells=cells))

    def _tell_statuses(self) -> None:
        """Last, so that a client never hears of the status of a cell that it does not know."""
        old, notebook = self.before, self.state.notebook
        pending = self.state.pending
        statuses = dict(self.state.statuses)
        looked_at = sorted(self._perhaps_different(pending), key=notebook.positions.__getitem__)
        for cell_id in looked_at:
            statuses[cell_id] = self._status(notebook.cells[notebook.positions[cell_id]], pending)
        for gone in statuses.keys() - notebook.positions.keys():
            del statuses[gone]
        self.change(statuses=statuses)
        for cell_id in looked_at:
            cell, before = notebook.cells[notebook.positions[cell_id]], old.notebook.cell(cell_id)
            if before is None and statuses[cell_id] is CellStatus.IDLE:
                continue  # said with the cell itself
            if (
                before is None
                or statuses[cell_id] is not old.statuses.get(cell_id)
                or _result_differs(before, cell)
                or views.cell_error(old, before) != views.cell_error(self.state, cell)
            ):
                self.emit(views.status_event(self.state, cell))

    def _perhaps_different(self, pending: frozenset[str]) -> set[str]:
        """Cells whose status, or what goes with it, may not be what it was."""
        old, new = self.before, self.state
        places = new.notebook.positions
        strict = new.notebook.settings.redefinition is not Redefinition.ALLOW
        if self._all_statuses or new.notebook.settings is not old.notebook.settings:
            return set(places)
        if strict and new.graph is not old.graph:  # what one cell defines may be an error of any other
            return set(places)
        found = self._cells_set | (old.stale ^ new.stale) | (old.pending ^ pending)
        found |= {run.cell for run in (old.running, new.running) if run is not None}
        if places is not old.notebook.positions:
            found |= places.keys() - old.notebook.positions.keys()
        return found & places.keys()

    def _status(self, cell: Cell, pending: frozenset[str]) -> CellStatus:
        state = self.state
        if state.running is not None and state.running.cell == cell.id:
            return CellStatus.RUNNING if state.running.started else CellStatus.QUEUED
        if not cell.type.runs:
            return CellStatus.IDLE
        if cell.config.mode is CellMode.DISABLED:
            return CellStatus.DISABLED
        if cell.id in pending:
            return CellStatus.QUEUED
        record = state.records.get(cell.id)
        if record is None:
            has_run = cell.started_at is not None or cell.execution_count is not None or bool(cell.outputs)
            return CellStatus.STALE if has_run else CellStatus.IDLE
        if cell.id in state.stale:
            return CellStatus.STALE
        return views.STATUS_OF_OUTCOME[record.outcome]

    def tell_notebook(self) -> None:
        notebook = self.state.notebook
        self.emit(
            NotebookUpdated(
                name=notebook.name,
                settings=SettingsModel.model_validate(notebook.settings),
                kernel_name=notebook.kernel_name,
            )
        )


def _result_differs(old: Cell, new: Cell) -> bool:
    return old is not new and (old.started_at, old.duration_ms, old.execution_count) != (
        new.started_at,
        new.duration_ms,
        new.execution_count,
    )


def _names_differ(old: SessionState, new: SessionState, cell: str) -> bool:
    return (
        old.knowledge.get(cell) is not new.knowledge.get(cell)
        or old.graph.providers.get(cell) != new.graph.providers.get(cell)
        or old.graph.users.get(cell) != new.graph.users.get(cell)
    )
