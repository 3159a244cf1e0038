"""Names and the graph, as clients see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from reactive_nb.execution.analysis import BUILTINS
from reactive_nb.execution.unresolved import NameSearch
from reactive_nb.models import Analysis, Cell, CellStatus
from reactive_nb.models.sql import is_table, table_of
from reactive_nb.schemas.events import CellNames
from reactive_nb.schemas.graph import EdgeKind, GraphCell, GraphEdge, GraphResponse
from reactive_nb.services.state import SessionState
from reactive_nb.services.views.unresolved import explained, name_search, unresolved
from reactive_nb.services.views.words import label

NOTHING_KNOWN = Analysis()


def graph_response(state: SessionState) -> GraphResponse:
    search = name_search(state)
    cells = [_graph_cell(state, search, cell, place) for place, cell in enumerate(state.notebook.cells)]
    return GraphResponse(cells=cells, edges=all_edges(state), revision=state.notebook.revision)


def _graph_cell(state: SessionState, search: NameSearch, cell: Cell, place: int) -> GraphCell:
    known = state.knowledge.get(cell.id)
    analysis = known.analysis if known is not None else NOTHING_KNOWN
    return GraphCell(
        id=cell.id,
        label=label(cell),
        position=place,
        type=cell.type,
        status=state.statuses.get(cell.id, CellStatus.IDLE),
        mode=cell.config.mode,
        defines=defined_names(state, cell.id),
        uses=used_names(state, cell.id),
        changes=sorted(analysis.mutates),
        opaque=sorted(analysis.opaque),
        unresolved=explained(search, state, cell.id),
        withheld=_withheld(state, cell.id),
        conflicts=_conflicts(state, cell.id),
    )


def _withheld(state: SessionState, cell_id: str) -> dict[str, str]:
    return dict(sorted(state.graph.withheld.get(cell_id, {}).items()))


def _conflicts(state: SessionState, cell_id: str) -> dict[str, list[str]]:
    return {name: list(others) for name, others in sorted(state.graph.conflicts.get(cell_id, {}).items())}


# -- edges
def all_edges(state: SessionState) -> list[GraphEdge]:
    return [edge for cell in state.graph.order for edge in edges_to(state, cell)]


def edges_to(state: SessionState, cell_id: str) -> list[GraphEdge]:
    """The edges that end in a cell, by provider in document order."""
    graph = state.graph
    provided = graph.providers.get(cell_id)
    if not provided:
        return []
    names: dict[str, list[str]] = {}
    for name, provider in sorted(provided.items()):
        names.setdefault(provider, []).append(name)
    analysis = state.knowledge[cell_id].analysis
    read, needed, places = analysis.uses | analysis.mutates, graph.needs[cell_id], graph.places
    return [
        GraphEdge.model_construct(
            from_=provider,
            to=cell_id,
            names=names[provider],
            kind=_kind(names[provider], read, needed),
            below=places[provider] > places[cell_id],
        )
        for provider in graph.in_document_order(names)
    ]


def _kind(names: Sequence[str], read: AbstractSet[str], needed: AbstractSet[str]) -> EdgeKind:
    if not read.isdisjoint(names):
        return EdgeKind.READS
    return EdgeKind.PASSES if needed.isdisjoint(names) else EdgeKind.LATE


# -- names
def defined_names(state: SessionState, cell_id: str) -> list[str]:
    known = state.knowledge.get(cell_id)
    return sorted(known.analysis.defines | known.observed) if known else []


def used_names(state: SessionState, cell_id: str) -> list[str]:
    known = state.knowledge.get(cell_id)
    if known is None:
        return []
    provided = state.graph.providers.get(cell_id, {})
    uses = known.analysis.uses
    if known.sql is not None:
        uses = frozenset(name for name in uses if name in provided or _is_shown(name, provided))
    return sorted(name for name in uses if name not in BUILTINS or name in provided)


def _is_shown(name: str, provided: Mapping[str, str]) -> bool:
    """Whether a name of an SQL cell that nobody provides is told: not as a table and as a variable."""
    if is_table(name):
        return not name.startswith(table_of("")) and not name.endswith(("()", ".*"))
    return table_of(name) not in provided


def cell_names(state: SessionState, cell_id: str) -> CellNames:
    """What `graph.updated` says of a cell."""
    return CellNames(
        id=cell_id,
        defines=defined_names(state, cell_id),
        uses=used_names(state, cell_id),
        unresolved=unresolved(state, cell_id),
        upstream=list(state.graph.upstream(cell_id)),
        downstream=list(state.graph.downstream(cell_id)),
        edges=edges_to(state, cell_id),
        withheld=_withheld(state, cell_id),
        conflicts=_conflicts(state, cell_id),
    )
