"""Names that a cell needs and nobody provides: what may be meant, and why a definition further down does not count.

Only looks at the graph and changes nothing; the rules for names from further down are those of `dependencies`. Every
answer takes bounded time, whatever the number of names.
"""

from __future__ import annotations

import bisect
import difflib
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from reactive_nb.execution.analysis import BUILTINS
from reactive_nb.models import Analysis, DependencyGraph
from reactive_nb.models.sql import is_table, table_of

MOST_COMPARED = 1_000
"""Names that one is compared with; comparing two takes some microseconds."""
MOST_LOOKED_UP = 50
"""Names for which similar ones, or the way round a circle, are looked for in one answer."""
LONGEST_COMPARED = 100
SIMILAR = 0.7
"""How much two names must have in common, from 0 to 1."""


class Obstacle(StrEnum):
    """Why a definition further down is not waited for."""

    PERHAPS_USED = "perhaps-used"
    """The cell may do without the name; once a run of it has failed for the name, it is waited for."""
    PERHAPS_BOUND = "perhaps-bound"
    """The cell further down may not bind it."""
    NEEDED_THERE = "needed-there"
    """The cell further down needs the name itself."""
    CHANGED_HERE = "changed-here"
    """The cell changes or binds the name too, so that the one further down is another version."""
    CIRCLE = "circle"
    """The cell further down needs something from this one."""


@dataclass(frozen=True, slots=True)
class Below:
    """A cell further down that binds the name."""

    cell: str
    obstacle: Obstacle
    path: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Of a circle: each cell in turn with the names it gets from the one before, the first from the cell itself."""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A name that nobody provides."""

    name: str
    certain: bool
    """Whether the cell must fail without it."""
    similar: tuple[str, ...]
    """Known names that may be meant, nearest first."""
    below: Below | None
    disabled: str | None
    """The disabled cell that would provide it."""
    unseen: str | None
    """A cell that has not run and may bind it: what it binds can't be seen in its source."""


def unresolved_names(graph: DependencyGraph, cell: str, analysis: Analysis) -> list[str]:
    """The names that nobody provides, sorted; builtins are not among them."""
    providers = graph.providers.get(cell, {})
    missing = graph.needs.get(cell, frozenset()) - providers.keys()
    if not missing:
        return []
    own = analysis.defines - analysis.maybe
    wanted = (name for name in missing if name not in own or name in analysis.uses)
    return sorted(name for name in wanted if not is_table(name) and table_of(name) not in providers)


def below(
    graph: DependencyGraph, cell: str, name: str, analyses: Mapping[str, Analysis], *, with_path: bool = True
) -> Below | None:
    """The cell further down that would provide `name`, and what stands in the way; None if there is none.

    Without `with_path` the way round a circle is not looked for, which costs what is above that cell.
    """
    definers = [writer for writer in graph.writers_below(cell, name) if name in analyses[writer].defines]
    if not definers:
        return None
    sure = (d for d in definers if name not in analyses[d].maybe and name not in graph.uses[d])
    definer = next(sure, None)
    if definer is None:
        first = definers[0]
        return Below(first, Obstacle.NEEDED_THERE if name in graph.needs[first] else Obstacle.PERHAPS_BOUND)
    if name in graph.writes[cell]:
        return Below(definer, Obstacle.CHANGED_HERE)
    path = path_between(graph, cell, definer) if with_path else ()
    if path or name in analyses[cell].certain:
        return Below(definer, Obstacle.CIRCLE, path)
    return Below(definer, Obstacle.PERHAPS_USED)


def path_between(graph: DependencyGraph, source: str, user: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """A shortest way on which `user` gets something from `source`; nothing if it does not."""
    nearer: dict[str, str] = {user: user}
    todo = deque([user])
    while todo and source not in nearer:
        current = todo.popleft()
        for provider in graph.upstream(current):
            if provider not in nearer:
                nearer[provider] = current
                todo.append(provider)
    if source == user or source not in nearer:
        return ()
    path = []
    while source != user:
        step = nearer[source]
        names = tuple(sorted(name for name, by in graph.providers[step].items() if by == source))
        path.append((step, names))
        source = step
    return tuple(path)


def similar_names(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Those of `known` that `name` may be meant for, nearest first."""
    if not name or len(name) > LONGEST_COMPARED:
        return []
    slack = max(1, len(name) // 3)
    near = [other for other in known if other != name and abs(len(other) - len(name)) <= slack]
    first = name[0].lower()
    likely = [other for other in near if other[0].lower() == first]
    pool = likely if len(likely) >= MOST_COMPARED else likely + [other for other in near if other[0].lower() != first]
    same = [other for other in itertools.islice(pool, MOST_COMPARED) if other.lower() == name.lower()]
    found = difflib.get_close_matches(name, pool[:MOST_COMPARED], n=most, cutoff=SIMILAR)
    return list(dict.fromkeys([*same, *found]))[:most]


class NameSearch:
    """Explains unresolved names. One for all cells of an answer: what it finds out for one serves the next."""

    def __init__(
        self, graph: DependencyGraph, analyses: Mapping[str, Analysis], has_run: Callable[[str], bool]
    ) -> None:
        """`has_run`: whether it is known from a run of a cell what it binds."""
        self._graph = graph
        self._analyses = analyses
        self._has_run = has_run
        self._unseen: list[str] | None = None
        self._explained = 0
        self._known: list[str] | None = None
        self._similar: dict[str, list[str]] = {}

    def explain(self, cell: str) -> list[Unresolved]:
        """All that can be said of the names that the cell needs and nobody provides, by name."""
        return [self._explain(cell, name) for name in unresolved_names(self._graph, cell, self._analyses[cell])]

    def _explain(self, cell: str, name: str) -> Unresolved:
        self._explained += 1
        with_path = self._explained <= MOST_LOOKED_UP
        found = below(self._graph, cell, name, self._analyses, with_path=with_path)
        return Unresolved(
            name=name,
            certain=name in self._analyses[cell].certain,
            similar=() if found is not None else tuple(self._similar_names(name)),
            below=found,
            disabled=self._graph.withheld.get(cell, {}).get(name),
            unseen=self._unseen_above(cell),
        )

    def _similar_names(self, name: str) -> list[str]:
        if name not in self._similar:
            if len(self._similar) == MOST_LOOKED_UP:
                return []
            if self._known is None:
                public = {builtin for builtin in BUILTINS if not builtin.startswith("_")}
                self._known = [*self._graph.writers, *sorted(public - self._graph.writers.keys())]
            self._similar[name] = similar_names(name, self._known)
        return self._similar[name]

    def _unseen_above(self, cell: str) -> str | None:
        """The nearest cell, this one or above, that may bind names which nobody has seen yet."""
        places, analyses = self._graph.places, self._analyses
        if self._unseen is None:
            self._unseen = [c for c in self._graph.order if analyses[c].opaque and not self._has_run(c)]
        above = bisect.bisect_right(self._unseen, places[cell], key=places.__getitem__)
        return self._unseen[above - 1] if above else None
