"""Which cells are stale, and which must run when somebody asks: pure functions of the graph and the records.

A plan is only a set of cells: the order is the graph's, and it is looked up anew before each cell, since a run can
refine the graph and an edit can change it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TypeAlias

from reactive_nb.execution.overtaking import is_among, overtaker
from reactive_nb.execution.records import Outcome, Records, RunRecord, inputs_now, origin, spoiled_names
from reactive_nb.models import DependencyGraph
from reactive_nb.models.persistent import PersistentSet

Follow: TypeAlias = Callable[[str], bool]
"""Whether a cell that depends on what runs is run too."""


def everybody(_: str) -> bool:
    return True


def nobody(_: str) -> bool:
    return False


@dataclass(frozen=True)
class Situation:
    """All that planning looks at."""

    graph: DependencyGraph
    records: Records
    sources: Mapping[str, str]
    """Cell → its source now."""
    manual: AbstractSet[str]
    """Cells that others never pull in."""
    opaque: tuple[str, ...]
    """Cells in a language that can't be analysed, in document order: one is stale when one above has run since."""
    lazy: bool
    """Whether cells that depend on what runs are only shown as stale."""
    leading: tuple[str, ...] = ()
    """Those of `opaque` that have run later than all of them above."""
    moves: Mapping[str, int] = field(default_factory=dict)
    """The comm of a widget → how often a user has changed its value."""


def outdated(now: Situation, cell: str) -> bool:
    """Whether a run of this cell would use something else than its last run did."""
    record = now.records.get(cell)
    return (
        record is None
        or record.source != now.sources[cell]
        or record.outcome in (Outcome.INTERRUPTED, Outcome.KERNEL)
        or record.inputs != inputs_now(now.graph, now.records, cell)
        or overtaken_by(now, cell) is not None
        or (bool(record.below) and not record.below.isdisjoint(now.graph.nodes[cell].writes))
        or bool((record.spoiled or record.lent) and left_changed(now, cell))
        or (bool(record.widgets_read) and behind_widgets(record, now.moves))
    )


def behind_widgets(record: RunRecord, moves: Mapping[str, int]) -> bool:
    """Whether a widget that the run looked at has been moved since it began."""
    return any(moves.get(comm, 0) != then for comm, then in record.widgets_read.items())


def left_changed(now: Situation, cell: str) -> list[str]:
    """Names under which it leaves an object that was changed by a cell that writes the name no more."""
    spoiled = spoiled_names(now.graph, now.records, cell)
    return sorted(name for name in spoiled if now.graph.writers.get(name, (None,))[-1] == cell)


def overtaken_by(now: Situation, cell: str) -> str | None:
    """The cell above that has run since this one did, if it is in a language that can't be analysed."""
    order = now.graph.document
    if not now.leading or not is_among(now.opaque, order, cell):
        return None
    return overtaker(now.leading, now.records, order, cell)


def stale_cells(now: Situation, before: AbstractSet[str], changed: Iterable[str] | None = None) -> PersistentSet[str]:
    """Cells that are outdated, or get a name from one that is.

    With `changed`, only these and what they make stale or fresh are looked at; `before` holds for all others.
    """
    graph, rank = now.graph, now.graph.rank
    todo = [(rank[cell], cell) for cell in (graph.order if changed is None else changed) if cell in rank]
    heapq.heapify(todo)
    verdicts: dict[str, bool] = {}
    seen: set[str] = set()
    surely: set[str] = set()  # since a provider has become stale: no need to look for one

    def is_stale(cell: str) -> bool:
        return verdicts.get(cell, cell in before)

    while todo:
        _, cell = heapq.heappop(todo)
        if cell in seen:
            continue
        seen.add(cell)
        verdict = cell in surely or any(map(is_stale, graph.nodes[cell].providers.values())) or outdated(now, cell)
        if verdict != (cell in before):
            verdicts[cell] = verdict
            for user in graph.users_of(cell):
                heapq.heappush(todo, (rank[user], user))
                if verdict:
                    surely.add(user)
    kept = before if isinstance(before, PersistentSet) else PersistentSet(before)
    if not verdicts:
        return kept
    fresh = [cell for cell, verdict in verdicts.items() if not verdict]
    return kept.difference(fresh).union(cell for cell, verdict in verdicts.items() if verdict)


def plan(now: Situation, stale: AbstractSet[str], cells: Collection[str] | None) -> set[str]:
    """The cells to run: `cells` with their stale ancestors and, unless lazy, what depends on them; None: all stale."""
    if cells is None:
        asked = {cell for cell in stale if cell not in now.manual and outdated(now, cell)}
        return with_dependants(now, asked, follow=everybody)
    known = [cell for cell in cells if cell in now.graph.rank]
    asked = set(known) | stale_ancestors(now, stale, known)
    return with_dependants(now, asked, follow=nobody if now.lazy else everybody)


def stale_ancestors(now: Situation, stale: AbstractSet[str], cells: Iterable[str]) -> set[str]:
    """The cells above `cells`, however far up, that must run for these to get what they would get in a fresh run.

    Cells that run only when asked are not among them, nor looked through: what is stale because of them alone would be
    so again, however often it ran.
    """
    above: set[str] = set()
    todo = list(cells)
    while todo:
        for provider in now.graph.nodes[todo.pop()].providers.values():
            if provider in stale and provider not in above and provider not in now.manual:
                above.add(provider)
                todo.append(provider)
    found: set[str] = set()
    for cell in sorted(above, key=now.graph.rank.__getitem__):
        if outdated(now, cell) or not found.isdisjoint(now.graph.nodes[cell].providers.values()):
            found.add(cell)
    return found


def with_dependants(now: Situation, cells: AbstractSet[str], *, follow: Follow) -> set[str]:
    """`cells` with what depends on them, as far as `follow`, and the creators of what was changed in place since."""
    result = set(cells)
    todo = list(cells)
    while todo:
        cell = todo.pop()
        more = {user for user in now.graph.users_of(cell) if follow(user)}
        more |= creators_of_spoiled(now, cell)
        for other in more - result - now.manual:
            result.add(other)
            todo.append(other)
    return result


def is_spoiled(now: Situation, creator: str, name: str, user: str) -> bool:
    """Whether `user` would not find the object as `creator` left it."""
    record = now.records[creator]
    return bool(record.spoiled or record.lent) and name in spoiled_names(now.graph, now.records, creator, user)


def creators_of_spoiled(now: Situation, cell: str) -> set[str]:
    """Cells whose version of a name `cell` needs, but whose object a cell further down has changed in place."""
    found: set[str] = set()
    for name, provider in now.graph.nodes[cell].providers.items():
        creator = origin(now.graph, now.records, provider, name).cell
        if creator is not None and creator != cell and is_spoiled(now, creator, name, cell):
            found.add(creator)
    return found
