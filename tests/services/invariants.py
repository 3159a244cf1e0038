"""What must hold of any session's state: all that is kept from step to step is what working it out anew would give."""

from __future__ import annotations

from collections.abc import Iterator

from reactive_nb.execution.dependencies import build
from reactive_nb.execution.overtaking import leaders
from reactive_nb.execution.records import origin
from reactive_nb.execution.scheduler import stale_cells
from reactive_nb.models.persistent import PersistentSet
from reactive_nb.services.reducer.telling import status_of
from reactive_nb.services.state import SessionState


def violations(state: SessionState, since: SessionState | None = None) -> list[str]:
    """In words; none if all is well.

    `since`: an earlier state, in which all was: a graph that is still of the same is not looked at again.
    """
    same_graph = since is not None and since.dependencies is state.dependencies and _is_of_the_same(state, since)
    graph = () if same_graph else _of_graph(state)
    return [*graph, *_of_staleness(state), *_of_pending(state), *_of_bindings(state)]


def _is_of_the_same(state: SessionState, since: SessionState) -> bool:
    """Whether a graph would be made of the same."""
    now, then = state.notebook, since.notebook
    if now is not then:
        if now.order is not then.order or now.settings.redefinition is not then.settings.redefinition:
            return False
        if any(cell.config is not then.by_id[cell.id].config for cell in now.cells):
            return False
    return state.knowledge is since.knowledge and state.ambient is since.ambient


def _of_graph(state: SessionState) -> Iterator[str]:
    names = [state.names_of(cell.id) for cell in state.notebook.cells]
    settings = state.notebook.settings
    fresh = build([known for known in names if known is not None], settings.redefinition, state.notebook.order).graph
    if (fresh.nodes, fresh.writers, fresh.by_rank) != (state.graph.nodes, state.graph.writers, state.graph.by_rank):
        yield "the graph is not that of the cells"


def _of_staleness(state: SessionState) -> Iterator[str]:
    leading = leaders(state.records, state.notebook.opaque)
    if leading != state.leading:
        yield f"{leading} lead, and {state.leading} are kept"
    stale = stale_cells(state.situation(), PersistentSet())
    if stale ^ state.stale:
        yield f"stale are {sorted(stale)}, and {sorted(state.stale)} is kept"
    for cell in state.notebook.cells:
        if state.statuses.get(cell.id) is not status_of(state, cell):
            yield f"{cell.id} is {status_of(state, cell)}, and {state.statuses.get(cell.id)} is kept"
    if len(state.statuses) != len(state.notebook.cells):
        yield "there are statuses of no cell"


def _of_pending(state: SessionState) -> Iterator[str]:
    pending = list(state.pending_in_order())
    if set(pending) - state.graph.nodes.keys():
        yield "cells are pending that are not there"
    elif tuple(pending) != state.graph.in_running_order(state.pending):
        yield f"what is pending comes in the order {pending}"


def _of_bindings(state: SessionState) -> Iterator[str]:
    """Names that follow and are not in doubt are bound as belongs at the place that they are bound for."""
    graph, place = state.graph, state.settled.place
    if place is None or place[0] != graph.document.generation:
        return
    names = {
        name for name in {*graph.writers, *state.bound} if name in state.ambient or state.settled.concerns(graph, name)
    }
    for name in names - set(state.settled.doubtful):
        writers = graph.writers.get(name, ())
        above = graph.document.first_at(writers, place[1])
        wanted = origin(graph, state.records, writers[above - 1] if above else None, name).cell
        if wanted != state.bound.get(name):
            yield f"{name} is bound to {state.bound.get(name)}, and {wanted} belongs there"
