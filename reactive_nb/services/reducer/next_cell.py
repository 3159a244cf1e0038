"""A cell that is to run next: what must run before it, what stands in its way, and what the kernel is given."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from reactive_nb.execution.ambient import is_ambient
from reactive_nb.execution.namespace import NamespaceStep, astray, bindings_for
from reactive_nb.execution.records import Inputs, inputs_now, origin
from reactive_nb.execution.scheduler import Situation, creators_of_spoiled, stale_ancestors
from reactive_nb.execution.settled import place_of
from reactive_nb.models import CellError, DependencyGraph
from reactive_nb.models.persistent import PersistentMap
from reactive_nb.models.sql import DEFAULT_RESULT
from reactive_nb.services import views
from reactive_nb.services.effects import Execute, SqlRun
from reactive_nb.services.reducer.transition import Transition
from reactive_nb.services.state import Execution, SessionState


def needed_first(now: Situation, stale: AbstractSet[str], cell: str) -> tuple[set[str], set[str]]:
    """The cell's stale ancestors, and the creators of what it needs and a cell further down has changed in place."""
    return stale_ancestors(now, stale, [cell]), creators_of_spoiled(now, cell) - now.manual


def is_premature(now: Situation, stale: AbstractSet[str], execution: Execution, inputs: Inputs) -> bool:
    """Whether a cell that the kernel begins with would not be given to it so any more: `inputs` are what it would use.

    A cell that was chosen when nothing else ran may have been given to the kernel though an object that it needs was
    spoiled: for some are spoiled again by whoever makes them anew.
    """
    if now.sources[execution.cell] != execution.source:
        return True
    ancestors, creators = needed_first(now, stale, execution.cell)
    if ancestors or (creators and (execution.ahead or now.graph is not execution.graph)):
        return True
    return not _has_inputs(now, execution, inputs)


def _has_inputs(now: Situation, execution: Execution, inputs: Inputs) -> bool:
    """Whether what it was given is what it would use now. Its providers may have left what they had left before."""
    if inputs == execution.inputs:
        return True
    return [entry[:2] for entry in inputs] == [entry[:2] for entry in execution.inputs] and all(
        now_used == given or (provider in now.records and now.records[provider].number == given)
        for (_, provider, now_used), (_, _, given) in zip(inputs, execution.inputs, strict=True)
    )


def blocked_by(state: SessionState, now: Situation, cell: str) -> CellError | None:
    graph, node = now.graph, now.graph.nodes[cell]
    names: dict[str, list[str]] = {}
    for name in sorted(name for name in node.needs if not is_ambient(name)):
        provider = node.providers.get(name)
        if provider is None:
            blame = node.withheld.get(name)
        elif provider in now.manual and provider not in now.records:
            blame = provider
        else:
            blame = origin(graph, now.records, provider, name).blame
        if blame is not None:
            names.setdefault(blame, []).append(name)
    if names:
        return views.blocked_error(state, names)
    return views.redefinition_error(state, cell) if graph.exclusive else None


def execution_of(
    state: SessionState, now: Situation, cell_id: str, *, ahead: bool = False
) -> tuple[Execution, Execute]:
    """The run of a cell as it would be now; `ahead`: it is given to the kernel before the one before it has ended."""
    graph, node = now.graph, now.graph.nodes[cell_id]
    cell = state.notebook.by_id[cell_id]
    number = state.number + 1
    database = state.notebook.settings.database
    analysis = state.knowledge[cell_id].analysis
    others = state.settled.names_for(graph, cell_id, state.ambient, all_names=bool(analysis.opaque))
    names = NamespaceStep(
        cell=cell_id,
        bind=bindings_for(graph, state.records, cell_id, state.bound, others),
        forget=tuple(sorted(state.forget - {cell_id})),
        writes=_variables(node.writes),
        mutates=tuple(sorted(analysis.mutates)),
        uses=None if analysis.opaque else _variables(node.providers),
        overwritten=_overwritten(graph, cell_id),
        equal=state.notebook.settings.equal_results,
    )
    execution = Execution(
        cell=cell_id,
        number=number,
        source=now.sources[cell_id],
        inputs=inputs_now(graph, state.records, cell_id),
        graph=graph,
        names=names,
        place=place_of(graph, cell_id),
        doubts=state.settled.number,
        astray=tuple(astray(graph, cell_id)),
        moves=state.moves,
        ahead=ahead,
    )
    known, timeout = state.knowledge[cell_id], cell.config.timeout
    run = SqlRun(known.sql, cell.config.result or DEFAULT_RESULT, database) if known.sql is not None else None
    return execution, Execute(cell_id, number, cell.type, cell.source, timeout, names, known.values, run)


def _variables(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in names if not is_ambient(name)))


def _overwritten(graph: DependencyGraph, cell_id: str) -> tuple[str, ...] | None:
    """Names that the cell writes, and another further down; None if nobody else writes any."""
    shared = [name for name in _variables(graph.nodes[cell_id].writes) if name in graph.several]
    return tuple(name for name in shared if graph.writers[name][-1] != cell_id) if shared else None


def begin(step: Transition, execution: Execution) -> None:
    """The kernel begins with a cell: the namespace is what it was to be for it."""
    state, names = step.state, execution.names
    settled = state.settled
    step.change(
        bound=bound_after(state.bound, names),
        unsettled=state.unsettled.union(names.bind, settled.resolved(execution.doubts)),
        settled=settled.begun(execution.place, execution.doubts, names.bind, all_names=names.uses is None).doubting(
            execution.astray
        ),
        forget=state.forget.difference(names.forget, (execution.cell,)),
    )


def bound_after(bound: PersistentMap[str, str], names: NamespaceStep) -> PersistentMap[str, str]:
    """Name → the cell whose version the namespace holds, after a step has begun."""
    if not names.bind:
        return bound
    removed = [name for name, cell in names.bind.items() if cell is None]
    return bound.without(*removed) | {name: cell for name, cell in names.bind.items() if cell is not None}
