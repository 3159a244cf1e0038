"""For which place on the page the kernel's names are bound rightly, so that only differences need be looked at.

The rule: of the names that several cells write, each is bound as belongs at `place`, but for those in doubt. From one
cell to the next that runs, the names to look at are then those that some cell between both writes, and those in doubt.
A name is in doubt when other cells come to write it, when a run or a failure changes what is known of its versions, or
when a cell was given a version that does not belong at its place (one from further down).

Names that one cell writes are left alone, and cost nothing. Only what looks at all names, as `exec` may, must not find
those of cells further down; once such a name was taken away, it follows as the others do, until nothing is left to run.

A batch of cells is chosen before the first of them runs. So doubts are numbered: when a cell begins, those are resolved
that were there when it was chosen, and later ones stay. Those that were only supposed in choosing have numbers too.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from reactive_nb.models import DependencyGraph
from reactive_nb.models.persistent import PersistentMap, PersistentSet

Place: TypeAlias = tuple[int, int]
"""The generation of labels, and the lowest label that a cell below may have."""
TOP: Final = 0
BOTTOM: Final = 1 << 512
"""No label is as high."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Immutable, like all that a session knows."""

    place: Place | None = (0, TOP)
    """None: nowhere; every name must be looked at."""
    complete: bool = True
    """Whether names that one cell writes, too, are bound as belongs there."""
    followed: PersistentSet[str] = field(default_factory=PersistentSet)
    """Those of them that follow, since they were taken away or put back."""
    doubtful: PersistentMap[str, int] = field(default_factory=PersistentMap)
    """Name → the number of its latest doubt."""
    number: int = 0
    """Of the latest doubt."""

    # -- what happened
    def doubting(self, names: Iterable[str]) -> Settled:
        """These must be looked at again."""
        doubts = dict.fromkeys(names, self.number + 1)
        if not doubts:
            return self
        return replace(self, doubtful=self.doubtful | doubts, number=self.number + 1)

    def counting_from(self, number: int) -> Settled:
        """Later doubts have higher numbers than this."""
        return replace(self, number=number) if number > self.number else self

    def nowhere(self) -> Settled:
        return replace(self, place=None)

    def begun(self, place: Place, number: int, bound: Iterable[str], *, all_names: bool) -> Settled:
        """All is bound for `place`, but for later doubts than `number`. `bound`: the names that were bound for it."""
        downwards = self.place is not None and self.place[0] == place[0] and self.place[1] <= place[1]
        return Settled(
            place=place,
            complete=all_names or (self.complete and downwards),
            followed=self.followed.union(bound),
            doubtful=self.doubtful.without(*self.resolved(number)),
            number=self.number,
        )

    def ended(self, place: Place) -> Settled:
        """The cell below `place` has run, and left its names as they belong below it, but for those then in doubt."""
        if self.place != place:
            return self
        return Settled((place[0], place[1] + 1), self.complete, self.followed, self.doubtful, self.number)

    def finally_at_bottom(self, graph: DependencyGraph) -> Settled:
        """Each name is left as its last writer made it."""
        if self.place is None:
            return self
        return Settled((graph.document.generation, BOTTOM), number=self.number)

    # -- questions
    def resolved(self, number: int) -> list[str]:
        """Names whose latest doubt is not later than `number`."""
        return [name for name, latest in self.doubtful.items() if latest <= number]

    def concerns(self, graph: DependencyGraph, name: str) -> bool:
        """Whether the name, if not in doubt, is bound as belongs at `place`."""
        return self.complete or name in graph.several or name in self.followed

    def names_for(
        self, graph: DependencyGraph, cell: str, also: AbstractSet[str], *, all_names: bool = False
    ) -> set[str]:
        """The names to look at before `cell` runs, besides those that it uses. `also`: more that follow.

        With `all_names` those too that one cell writes must be as belongs at its place.
        """
        ends = self._way_to(graph, cell)
        if all_names:
            known = ends is not None and self.complete
            return {*self.doubtful, *(_written(graph, *ends) if known and ends else graph.writers)}
        if ends is None:
            return {*self.doubtful, *graph.several, *self.followed, *also}
        following = (graph.several, self.followed, also)
        if not any(following):
            return set(self.doubtful)
        document = graph.document
        cells = document.first_at(document.ids, ends[1]) - document.first_at(document.ids, ends[0])
        if cells < 8 * sum(map(len, following)):  # a name among its writers takes that much longer than a cell
            written = {name for name in _written(graph, *ends) if any(name in names for names in following)}
        else:
            written = {name for names in following for name in names if _is_written(graph, name, *ends)}
        return {*self.doubtful, *written}

    def _way_to(self, graph: DependencyGraph, cell: str) -> tuple[int, int] | None:
        """The labels between which the cells stand that are passed on the way from `place` to above `cell`."""
        document = graph.document
        if self.place is None or self.place[0] != document.generation:
            return None
        here, there = self.place[1], document.labels[cell]
        return (here, there) if here < there else (there, here)


def place_of(graph: DependencyGraph, cell: str) -> Place:
    """Above the cell."""
    return graph.document.generation, graph.document.labels[cell]


def _written(graph: DependencyGraph, start: int, end: int) -> set[str]:
    """Names that are written by cells with labels from `start` up to below `end`."""
    document, nodes = graph.document, graph.nodes
    between = document.ids[document.first_at(document.ids, start) : document.first_at(document.ids, end)]
    return {name for cell in between if cell in nodes for name in nodes[cell].writes}


def _is_written(graph: DependencyGraph, name: str, start: int, end: int) -> bool:
    document, writers = graph.document, graph.writers.get(name, ())
    return document.first_at(writers, start) < document.first_at(writers, end)
