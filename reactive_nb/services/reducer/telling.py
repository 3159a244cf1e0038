"""What clients are told of all that followed from an operation: the kernel's state, the graph, the cells' statuses.

Found by comparing the state as it was with the state as it is; only what may be different is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from reactive_nb.execution.pending import Pending
from reactive_nb.models import Cell, CellMode, CellStatus, KernelState
from reactive_nb.schemas.events import GraphUpdated, KernelStatusEvent
from reactive_nb.services import views
from reactive_nb.services.reducer.transition import Transition
from reactive_nb.services.state import Run, SessionState

NOTHING = Pending()
NO_CELLS: frozenset[str] = frozenset()
NOTHING_GIVEN: Mapping[str, str] = {}


def tell(step: Transition) -> None:
    """Statuses come last, so that a client never hears of the status of a cell that it does not know."""
    _tell_kernel(step)
    _tell_graph(step)
    _tell_statuses(step)


def _tell_kernel(step: Transition) -> None:
    """A kernel that lives is busy as long as there is a cell for it."""
    if step.state.kernel.alive:
        step.change(kernel=KernelState.IDLE if step.state.running is None else KernelState.BUSY)
    if _kernel_shown(step.before) != _kernel_shown(step.state):
        step.emit(KernelStatusEvent(kernel=views.kernel_model(step.state)))


def _kernel_shown(state: SessionState) -> tuple[KernelState, str | None, str, str]:
    return state.kernel, state.kernel_message, state.language, state.notebook.kernel_name


def _tell_graph(step: Transition) -> None:
    old, new = step.before, step.state
    if old.graph is new.graph:
        return
    told: set[str] = set()
    for cell in step.graph_cells | step.cells_set:
        if _names_differ(old, new, cell):
            told.add(cell)
        was, now = old.graph.providers.get(cell, NOTHING_GIVEN), new.graph.providers.get(cell, NOTHING_GIVEN)
        told |= set(was.values()) ^ set(now.values())  # they have other users
    order = new.notebook.order
    cells = [views.cell_names(new, cell) for cell in order.sorted(cell for cell in told if cell in order)]
    if cells:
        step.emit(GraphUpdated(cells=cells))


def _names_differ(old: SessionState, new: SessionState, cell: str) -> bool:
    return (
        old.knowledge.get(cell) is not new.knowledge.get(cell)
        or old.graph.providers.get(cell) != new.graph.providers.get(cell)
        or old.graph.needs.get(cell) != new.graph.needs.get(cell)
        or old.graph.withheld.get(cell) != new.graph.withheld.get(cell)
        or old.graph.conflicts.get(cell) != new.graph.conflicts.get(cell)
    )


def _tell_statuses(step: Transition) -> None:
    found = _perhaps_different(step)
    if not found and not step.cells_set:
        return
    looked_at = step.state.notebook.order.sorted(found)
    update_statuses(step, looked_at)
    old, new = step.before, step.state
    cells, statuses = new.notebook.by_id, new.statuses
    for cell_id in looked_at:
        cell, before = cells[cell_id], old.notebook.cell(cell_id)
        if before is None and statuses[cell_id] is CellStatus.IDLE and cell_id not in new.graph.conflicts:
            continue  # said with the cell itself
        if (
            before is None
            or statuses[cell_id] is not old.statuses.get(cell_id)
            or _result_differs(before, cell)
            or views.cell_error(old, before) != views.cell_error(step.state, cell)
            or (statuses[cell_id] is CellStatus.STALE and old.why_stale(cell_id) != step.state.why_stale(cell_id))
        ):
            step.emit(views.status_event(step.state, cell))


def update_statuses(step: Transition, cells: Iterable[str]) -> None:
    """Those of `cells` may have another status."""
    state = step.state
    statuses = {cell_id: status_of(state, state.notebook.by_id[cell_id]) for cell_id in cells}
    gone = [cell_id for cell_id in step.cells_set if cell_id not in state.notebook.by_id]
    step.change(statuses=state.statuses.without(*gone) | statuses)


def _perhaps_different(step: Transition) -> set[str]:
    """Cells whose status, or what goes with it, may not be what it was."""
    old, new = step.before, step.state
    cells = new.notebook.by_id
    if step.every_status or new.notebook.settings is not old.notebook.settings:
        return set(cells)
    otherwise = old.stale ^ new.stale
    found = {*step.cells_set, *step.graph_cells, *otherwise, *_perhaps_for_another_reason(step, otherwise)}
    if old.runs is not new.runs:
        found |= _differently_pending(old.runs, new.runs)
    if old.running is not new.running:
        found.update(run.cell for run in (old.running, new.running) if run is not None)
    return {cell for cell in found if cell in cells}


def _perhaps_for_another_reason(step: Transition, otherwise: AbstractSet[str]) -> set[str]:
    """Cells that were stale and are, though not surely for what they were stale for.

    `otherwise`: those that were stale or are, not both.
    """
    old, new = step.before, step.state
    found = set(step.examined)
    for cell in otherwise:
        found |= new.graph.users.get(cell, NO_CELLS)
    return {cell for cell in found if cell in old.stale and cell in new.stale}


def _differently_pending(old: Sequence[Run], new: Sequence[Run]) -> set[str]:
    before, after = {run.id: run.pending for run in old}, {run.id: run.pending for run in new}
    found: set[str] = set()
    for run in before.keys() | after.keys():
        was, now = before.get(run, NOTHING), after.get(run, NOTHING)
        if was is not now:
            found |= was ^ now
    return found


def status_of(state: SessionState, cell: Cell) -> CellStatus:
    if state.running is not None and state.running.cell == cell.id:
        return CellStatus.RUNNING if state.running.started else CellStatus.QUEUED
    if cell.id not in state.knowledge:
        return CellStatus.IDLE
    if cell.config.mode is CellMode.DISABLED:
        return CellStatus.DISABLED
    if state.is_pending(cell.id):
        return CellStatus.QUEUED
    record = state.records.get(cell.id)
    if record is None:
        return CellStatus.STALE if cell.has_run else CellStatus.IDLE
    if cell.id in state.stale:
        return CellStatus.STALE
    return views.STATUS_OF_OUTCOME[record.outcome]


def _result_differs(old: Cell, new: Cell) -> bool:
    return old is not new and (old.started_at, old.duration_ms, old.execution_count) != (
        new.started_at,
        new.duration_ms,
        new.execution_count,
    )
