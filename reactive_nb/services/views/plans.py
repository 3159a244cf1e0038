"""What a run would do, in words."""

from __future__ import annotations

from collections.abc import Collection

from reactive_nb.execution.plans import Ground, GroundKind, Planned, explain
from reactive_nb.execution.selection import RunScope
from reactive_nb.models import CellStatus
from reactive_nb.schemas.plans import PlanGround, PlannedCell, PlanResponse
from reactive_nb.schemas.reasons import MOST_REASONS
from reactive_nb.services.choosing import choice
from reactive_nb.services.state import SessionState
from reactive_nb.services.views.reasons import reason_model
from reactive_nb.services.views.words import label, listed


def plan_response(state: SessionState, cells: Collection[str] | None, scope: RunScope) -> PlanResponse:
    """The plan of the run that would be asked for; nothing is changed by asking. Raises what the run would."""
    now = state.situation()
    chosen = choice(state, now, scope, cells)
    return PlanResponse(
        plan=[_planned(state, one) for one in explain(now, state.stale, chosen)],
        revision=state.notebook.revision,
    )


def _planned(state: SessionState, planned: Planned) -> PlannedCell:
    return PlannedCell(
        id=planned.cell,
        label=label(state.notebook.by_id[planned.cell]),
        status=state.statuses.get(planned.cell, CellStatus.IDLE),
        because=[_ground(ground) for ground in planned.grounds],
        stale_because=[reason_model(reason) for reason in state.why_stale(planned.cell)[:MOST_REASONS]],
    )


def _ground(ground: Ground) -> PlanGround:
    return PlanGround(kind=ground.kind.value, names=list(ground.names), cell=ground.cell, message=_message(ground))


def _message(ground: Ground) -> str:
    names = listed(ground.names)
    match ground.kind:
        case GroundKind.ASKED:
            return "It was asked for."
        case GroundKind.STALE:
            return "It is stale."
        case GroundKind.NEEDED:
            return f"It is stale, and cell {ground.cell} gets {names} from it."
        case GroundKind.RECREATES:
            return f"Cell {ground.cell} needs {names} as it made it, and another cell has changed that in place."
        case GroundKind.DEPENDS:
            return f"It gets {names} from cell {ground.cell}, which runs."
