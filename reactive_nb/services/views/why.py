"""All that can be said of why a cell is as it is."""

from __future__ import annotations

from reactive_nb.execution.reasons import Cause, ReasonKind, causes
from reactive_nb.models import CellStatus
from reactive_nb.schemas.reasons import CellStep, CellWhy, Culprit, StaleCause
from reactive_nb.services.state import SessionState
from reactive_nb.services.views.errors import cell_error
from reactive_nb.services.views.reasons import reason_model
from reactive_nb.services.views.unresolved import explained, name_search
from reactive_nb.services.views.words import label

MOST_CAUSES = 10


def cell_why(state: SessionState, cell_id: str) -> CellWhy:
    """Of a cell that exists. Costs what is above the cell, not more."""
    is_node = cell_id in state.graph.rank
    found = causes(state.situation(), state.stale, cell_id, MOST_CAUSES) if is_node else []
    return CellWhy(
        id=cell_id,
        status=state.statuses.get(cell_id, CellStatus.IDLE),
        stale_because=[reason_model(reason) for reason in state.why_stale(cell_id)] if is_node else [],
        causes=[_cause(state, one) for one in found],
        culprits=_culprits(state, cell_id),
        unresolved=explained(name_search(state), state, cell_id),
        revision=state.notebook.revision,
    )


def _cause(state: SessionState, cause: Cause) -> StaleCause:
    own = [reason for reason in state.why_stale(cause.cell) if reason.kind is not ReasonKind.INPUT_STALE]
    return StaleCause(
        cell=cause.cell,
        label=label(state.notebook.by_id[cause.cell]),
        manual=cause.cell in state.notebook.manual,
        because=[reason_model(reason) for reason in own],
        path=[CellStep(cell=cell, names=list(names)) for cell, names in cause.path],
    )


def _culprits(state: SessionState, cell_id: str) -> list[Culprit]:
    error = cell_error(state, state.notebook.by_id[cell_id])
    if error is None or error.kind != "blocked":
        return []
    found = []
    for root in error.roots or error.cells:
        cell = state.notebook.cell(root)
        if cell is not None:
            own = cell_error(state, cell)
            message = own.message if own is not None else None
            found.append(Culprit(cell=root, label=label(cell), status=state.statuses[root], message=message))
    return found
