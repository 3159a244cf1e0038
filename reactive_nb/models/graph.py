"""The dependency graph of a notebook: which cell provides each name that a cell uses.

A value: made whole by `reactive_nb.execution.dependencies`, which holds the rules, and asked questions here. An edge
runs from a provider to a user and carries names. There are no cycles: a provider stands above its users, except where
a name is first defined further down, and such an edge is never made if it would close a circle.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

NO_NAMES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Edge:
    """`user` gets `names` from `provider`."""

    provider: str
    user: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class DependencyGraph:
    """Who provides what to whom. Only cells that run and are not disabled are nodes."""

    order: tuple[str, ...] = ()
    """The nodes in document order."""
    uses: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Cell → names it needs or passes through, late names included."""
    needs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Cell → those of its `uses` that it reads, rather than only passes through."""
    writes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Cell → names it may bind, change in place or unbind."""
    providers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Cell → name → the cell it gets the name from. A name without a provider is left out."""
    writers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name → cells that write it, in document order."""
    withheld: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Cell → name → the disabled cell that would have provided it."""
    conflicts: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Cell → name that it defines → other cells that do; empty where a notebook allows that."""
    exclusive: bool = False
    """Whether such a cell does not run."""

    @cached_property
    def users(self) -> Mapping[str, frozenset[str]]:
        """Cell → the cells that get a name from it."""
        found: dict[str, set[str]] = {cell: set() for cell in self.order}
        for user, providers in self.providers.items():
            for provider in providers.values():
                found[provider].add(user)
        return {cell: frozenset(users) for cell, users in found.items()}

    @cached_property
    def rank(self) -> Mapping[str, int]:
        """Cell → its place in the order of execution: providers first, ties in document order."""
        return {cell: place for place, cell in enumerate(self.by_rank)}

    @cached_property
    def by_rank(self) -> tuple[str, ...]:
        """The nodes in the order of execution."""
        return tuple(self._topological())

    def _topological(self) -> Iterable[str]:
        position = {cell: place for place, cell in enumerate(self.order)}
        upstream = {cell: set(self.providers.get(cell, {}).values()) for cell in self.order}
        if all(position[source] < position[cell] for cell in self.order for source in upstream[cell]):
            return self.order
        waiting = {cell: len(sources) for cell, sources in upstream.items()}
        ready = [position[cell] for cell in self.order if not waiting[cell]]
        heapq.heapify(ready)
        result: list[str] = []
        while ready:
            cell = self.order[heapq.heappop(ready)]
            result.append(cell)
            for user in self.users[cell]:
                waiting[user] -= 1
                if not waiting[user]:
                    heapq.heappush(ready, position[user])
        return result

    def upstream(self, cell: str) -> tuple[str, ...]:
        """The cells that `cell` gets a name from, in document order."""
        return self.in_document_order(set(self.providers.get(cell, {}).values()))

    def downstream(self, cell: str) -> tuple[str, ...]:
        """The cells that get a name from `cell`, in document order."""
        return self.in_document_order(self.users.get(cell, NO_NAMES))

    def in_document_order(self, cells: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(cells, key=self.places.__getitem__))

    def in_running_order(self, cells: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(cells, key=self.rank.__getitem__))

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Cell → its place among the nodes in document order."""
        return {cell: place for place, cell in enumerate(self.order)}

    def descendants(self, cells: Iterable[str]) -> set[str]:
        """All cells that depend on one of `cells`, however far down; `cells` themselves only if they do."""
        found: set[str] = set()
        todo = list(cells)
        while todo:
            for user in self.users.get(todo.pop(), NO_NAMES):
                if user not in found:
                    found.add(user)
                    todo.append(user)
        return found

    @cached_property
    def several(self) -> frozenset[str]:
        """Names that more than one cell writes."""
        return frozenset(name for name, writers in self.writers.items() if len(writers) > 1)

    def edges(self) -> Iterator[Edge]:
        """Every edge with its names, by user in document order."""
        for user in self.order:
            names: dict[str, list[str]] = {}
            for name, provider in sorted(self.providers.get(user, {}).items()):
                names.setdefault(provider, []).append(name)
            for provider in self.in_document_order(names):
                yield Edge(provider, user, tuple(names[provider]))
