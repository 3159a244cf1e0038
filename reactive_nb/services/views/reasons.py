"""Why a cell is stale, in words."""

from __future__ import annotations

from reactive_nb.execution.reasons import Reason, ReasonKind
from reactive_nb.models import Cell, CellStatus
from reactive_nb.schemas.reasons import MOST_REASONS, StaleReason
from reactive_nb.services.state import SessionState
from reactive_nb.services.views.words import listed

_ALONE = {
    ReasonKind.NEVER_RAN: "It has not run yet.",
    ReasonKind.OPENED: "It has not run since the notebook was opened.",
    ReasonKind.RESTARTED: "The kernel was restarted since it ran.",
    ReasonKind.DIED: "The kernel that it ran in died.",
    ReasonKind.ENDED: "The kernel that it ran in was shut down.",
    ReasonKind.REPLACED: "The notebook was given another kernel since it ran.",
    ReasonKind.FOREIGN: "Another program has run something in the same kernel, so nobody knows what its names hold.",
    ReasonKind.EDITED: "It was edited since it ran.",
    ReasonKind.INTERRUPTED: "Its run was interrupted.",
    ReasonKind.UNFINISHED: "Its run came to no end.",
}


def stale_because(state: SessionState, cell: Cell) -> list[StaleReason]:
    """What is told with a cell that is shown as stale; nothing for any other."""
    if state.statuses.get(cell.id) is not CellStatus.STALE:
        return []
    return [reason_model(reason) for reason in state.why_stale(cell.id)[:MOST_REASONS]]


def reason_model(reason: Reason) -> StaleReason:
    return StaleReason.model_construct(
        kind=reason.kind.value,
        names=list(reason.names),
        cell=reason.cell,
        was=reason.was,
        message=_ALONE.get(reason.kind) or _message(reason),
    )


def _message(reason: Reason) -> str:
    names, several = listed(reason.names), len(reason.names) > 1
    come, do = ("come", "do") if several else ("comes", "does")
    match reason.kind:
        case ReasonKind.INPUT_STALE:
            return f"{names} {come} from cell {reason.cell}, which is stale."
        case ReasonKind.INPUT_RAN:
            return f"{names} {come} from cell {reason.cell}, which has run since."
        case ReasonKind.INPUT_MOVED:
            return f"{names} now {come} from cell {reason.cell}; when it ran, from cell {reason.was}."
        case ReasonKind.INPUT_NEW:
            return f"{names} now {come} from cell {reason.cell}; when it ran, from no cell."
        case ReasonKind.INPUT_GONE:
            return f"{names} came from cell {reason.was} when it ran, and {do} not any more."
        case ReasonKind.INPUT_DISABLED:
            return f"{names} would come from cell {reason.cell}, which is disabled."
        case ReasonKind.DEFINED_TWICE:
            return f"Which other cells define {names} has changed since it ran."
        case ReasonKind.CHANGED_IN_PLACE:
            return f"What it made of {names} was changed in place by a cell that does not do so any more."
        case ReasonKind.WIDGET_MOVED:
            return f"The widget {names} was moved since it ran." if names else "A widget was moved since it ran."
        case ReasonKind.WAITS:
            return f"It needs {names} from cell {reason.cell} further down, and runs again after that."
        case ReasonKind.ABOVE_RAN:
            return f"Cell {reason.cell} above it has run since, and nobody can tell what that changed."
        case _:
            return "It would use something else now than when it ran."
