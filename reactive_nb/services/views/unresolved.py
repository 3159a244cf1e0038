"""Names that nobody provides, in words."""

from __future__ import annotations

from reactive_nb.execution.unresolved import Below, NameSearch, Obstacle, Unresolved, unresolved_names
from reactive_nb.models.lazy import LazyMap
from reactive_nb.schemas.reasons import CellStep, DefinedBelow, UnresolvedName
from reactive_nb.services.state import SessionState
from reactive_nb.services.views.words import MOST_LISTED, listed


def unresolved(state: SessionState, cell_id: str) -> list[str]:
    """The names alone."""
    known = state.knowledge.get(cell_id)
    if known is None or cell_id not in state.graph.needs:
        return []
    return unresolved_names(state.graph, cell_id, known.analysis)


def name_search(state: SessionState) -> NameSearch:
    """What explains them, for all cells of one answer."""
    knowledge, records, sources = state.knowledge, state.records, state.notebook.sources
    analyses = LazyMap(knowledge, lambda cell: knowledge[cell].analysis)
    return NameSearch(state.graph, analyses, lambda cell: cell in records and records[cell].source == sources[cell])


def explained(search: NameSearch, state: SessionState, cell_id: str) -> list[UnresolvedName]:
    if cell_id not in state.graph.needs:
        return []
    return [_model(one) for one in search.explain(cell_id)]


def _model(one: Unresolved) -> UnresolvedName:
    below = None
    if one.below is not None:
        path = [CellStep(cell=cell, names=list(names)) for cell, names in one.below.path]
        below = DefinedBelow(cell=one.below.cell, obstacle=one.below.obstacle.value, path=path)
    return UnresolvedName(
        name=one.name,
        certain=one.certain,
        similar=list(one.similar),
        below=below,
        disabled=one.disabled,
        unseen=one.unseen,
        message=_message(one),
    )


def _message(one: Unresolved) -> str:
    name = one.name
    if one.disabled is not None:
        return f"{name} would come from cell {one.disabled}, which is disabled."
    if one.below is not None:
        return f"{name} is first defined further down, in cell {one.below.cell}, {_obstacle(name, one.below)}."
    if one.unseen is not None:
        return f"No cell is seen to define {name}; cell {one.unseen} may, when it has run."
    if one.similar:
        return f"No cell defines {name}. Did you mean {' or '.join(one.similar)}?"
    return f"No cell defines {name}."


def _obstacle(name: str, below: Below) -> str:
    match below.obstacle:
        case Obstacle.CIRCLE if below.path:
            return f"which can't run before this one: {_way(below)}"
        case Obstacle.CIRCLE:
            return "which can't run before this one without closing a circle"
        case Obstacle.NEEDED_THERE:
            return f"which needs {name} itself"
        case Obstacle.PERHAPS_BOUND:
            return "which may not define it"
        case Obstacle.CHANGED_HERE:
            return "but this cell changes it too: move that cell up"
        case Obstacle.PERHAPS_USED:
            return "and waited for only if this cell fails without it"


def _way(below: Below) -> str:
    """`cell c1 needs x from this one, and cell c2 needs y from that`."""
    steps = [f"cell {cell} needs {listed(names)} from " for cell, names in below.path[:MOST_LISTED]]
    return ", and ".join(step + ("that" if place else "this one") for place, step in enumerate(steps))
