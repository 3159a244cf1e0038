"""Names and the graph, as clients see them."""

from __future__ import annotations

from reactive_nb.execution.analysis import BUILTINS
from reactive_nb.models import CellStatus
from reactive_nb.schemas.events import CellNames
from reactive_nb.schemas.graph import GraphCell, GraphEdge, GraphResponse
from reactive_nb.services.state import SessionState
from reactive_nb.services.views.unresolved import unresolved


def graph_response(state: SessionState) -> GraphResponse:
    return GraphResponse(
        cells=[
            GraphCell(
                id=cell.id,
                type=cell.type,
                status=state.statuses.get(cell.id, CellStatus.IDLE),
                defines=defined_names(state, cell.id),
                uses=used_names(state, cell.id),
            )
            for cell in state.notebook.cells
        ],
        edges=all_edges(state),
        revision=state.notebook.revision,
    )


def all_edges(state: SessionState) -> list[GraphEdge]:
    return [GraphEdge(from_=e.provider, to=e.user, names=list(e.names)) for e in state.graph.edges()]


def defined_names(state: SessionState, cell_id: str) -> list[str]:
    known = state.knowledge.get(cell_id)
    return sorted(known.analysis.defines | known.observed) if known else []


def used_names(state: SessionState, cell_id: str) -> list[str]:
    known = state.knowledge.get(cell_id)
    if known is None:
        return []
    provided = state.graph.providers.get(cell_id, {})
    return sorted(name for name in known.analysis.uses if name not in BUILTINS or name in provided)


def cell_names(state: SessionState, cell_id: str) -> CellNames:
    """What `graph.updated` says of a cell."""
    names: dict[str, list[str]] = {}
    for name, provider in sorted(state.graph.providers.get(cell_id, {}).items()):
        names.setdefault(provider, []).append(name)
    upstream = state.graph.upstream(cell_id)
    return CellNames(
        id=cell_id,
        defines=defined_names(state, cell_id),
        uses=used_names(state, cell_id),
        unresolved=unresolved(state, cell_id),
        upstream=list(upstream),
        downstream=list(state.graph.downstream(cell_id)),
        edges=[GraphEdge(from_=provider, to=cell_id, names=names[provider]) for provider in upstream],
    )
