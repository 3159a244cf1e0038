"""The dependency graph of a notebook: which cell provides each name that a cell uses.

A value: made by `reactive_nb.execution.dependencies`, which holds the rules, and asked questions here. An edge runs
from a provider to a user and carries names. There are no cycles: a provider stands above its users, except where a name
is first defined further down, and such an edge is never made if it would close a circle.

Nothing here is gone through as a whole when a question is about one cell: what looks like a mapping of all cells works
out each entry when it is asked for. What is kept in document order is searched by the labels of `document`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from reactive_nb.models.lazy import LazyMap
from reactive_nb.models.order import DocumentOrder
from reactive_nb.models.persistent import PersistentMap, PersistentSet

NO_NAMES: frozenset[str] = frozenset()
NOBODY: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """`user` gets `names` from `provider`."""

    provider: str
    user: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A cell in the graph."""

    uses: frozenset[str] = NO_NAMES
    """Names it needs or passes through, late names included."""
    needs: frozenset[str] = NO_NAMES
    """Those of `uses` that it reads, rather than only passes through."""
    writes: frozenset[str] = NO_NAMES
    """Names it may bind, change in place or unbind."""
    providers: Mapping[str, str] = field(default_factory=dict)
    """Name → the cell it gets the name from, sorted. A name without a provider is left out."""
    withheld: Mapping[str, str] = field(default_factory=dict)
    """Name → the disabled cell that would have provided it."""


@dataclass(frozen=True)
class DependencyGraph:
    """Who provides what to whom. Only cells that run and are not disabled are nodes."""

    document: DocumentOrder = field(default_factory=DocumentOrder)
    """All cells of the notebook."""
    nodes: PersistentMap[str, Node] = field(default_factory=PersistentMap)
    writers: PersistentMap[str, tuple[str, ...]] = field(default_factory=PersistentMap)
    """Name → cells that write it, in document order."""
    readers: PersistentMap[str, tuple[str, ...]] = field(default_factory=PersistentMap)
    """Name → cells that would get it from one that wrote it above them, in document order."""
    several: PersistentSet[str] = field(default_factory=PersistentSet)
    """Names that more than one cell writes."""
    detours: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Cell → who gets a name from it though it is not the nearest above that writes the name."""
    moved: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Cells that don't run in document order, since they wait for one further down → that one's label, and which of
    those that wait for it this is."""
    straight: bool = True
    """Whether each name comes from the nearest cell above that writes it."""
    conflicts: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Cell → name that it defines → other cells that do; empty where a notebook allows that."""
    exclusive: bool = False
    """Whether such a cell does not run."""

    # -- all cells, each worked out by itself
    @property
    def order(self) -> tuple[str, ...]:
        """The nodes in document order."""
        return tuple(cell for cell in self.document.ids if cell in self.nodes)

    @property
    def by_rank(self) -> tuple[str, ...]:
        """The nodes in the order of execution."""
        return self.in_running_order(self.nodes)

    @property
    def uses(self) -> Mapping[str, frozenset[str]]:
        """Cell → names it needs or passes through."""
        nodes = self.nodes
        return LazyMap(nodes, lambda cell: nodes[cell].uses)

    @property
    def needs(self) -> Mapping[str, frozenset[str]]:
        """Cell → names it reads."""
        nodes = self.nodes
        return LazyMap(nodes, lambda cell: nodes[cell].needs)

    @property
    def writes(self) -> Mapping[str, frozenset[str]]:
        """Cell → names it may bind, change in place or unbind."""
        nodes = self.nodes
        return LazyMap(nodes, lambda cell: nodes[cell].writes)

    @property
    def providers(self) -> Mapping[str, Mapping[str, str]]:
        """Cell → name → the cell it gets the name from."""
        nodes = self.nodes
        return LazyMap(nodes, lambda cell: nodes[cell].providers)

    @property
    def withheld(self) -> Mapping[str, Mapping[str, str]]:
        """Cell → name → the disabled cell that would have provided it."""
        nodes = self.nodes
        return LazyMap(nodes, lambda cell: nodes[cell].withheld)

    @property
    def users(self) -> Mapping[str, frozenset[str]]:
        """Cell → the cells that get a name from it."""
        return LazyMap(self.nodes, self.users_of)

    @cached_property
    def rank(self) -> Mapping[str, tuple[int, int]]:
        """Cell → its place in the order of execution, to be compared: providers first, ties in document order."""
        labels, moved = self.document.labels, self.moved
        if not moved:
            return LazyMap(self.nodes, lambda cell: (labels[cell], 0))
        return LazyMap(self.nodes, lambda cell: moved.get(cell) or (labels[cell], 0))

    @property
    def places(self) -> Mapping[str, int]:
        """Cell → its place in document order, to be compared: a number that is higher for cells further down."""
        return self.document.labels

    # -- one cell
    def users_of(self, cell: str) -> frozenset[str]:
        """The cells that get a name from `cell`, a node: looked for once."""
        found = self._found_users.get(cell)
        if found is None:
            found = self._found_users[cell] = self._look_for_users(cell)
        return found

    @cached_property
    def _found_users(self) -> dict[str, frozenset[str]]:
        return {}

    def _look_for_users(self, cell: str) -> frozenset[str]:
        nodes = self.nodes
        found = frozenset(
            user
            for name in nodes[cell].writes
            for user in self.in_reach(cell, name)
            if nodes[user].providers.get(name) == cell
        )
        return found | self.detours[cell] if cell in self.detours else found

    def in_reach(self, cell: str, name: str) -> tuple[str, ...]:
        """Who would get `name` from `cell`, which writes it: its readers from there to the next writer."""
        document, label = self.document, self.document.labels[cell]
        readers, writers = self.readers.get(name, NOBODY), self.writers[name]
        start, following = document.first_below(readers, label), document.first_below(writers, label)
        if following == len(writers):
            return readers[start:]
        return readers[start : document.first_below(readers, document.labels[writers[following]])]

    def writer_above(self, cell: str, name: str) -> str | None:
        """The nearest cell above that writes `name`."""
        writers = self.writers.get(name, NOBODY)
        above = self.document.first_at(writers, self.document.labels[cell])
        return writers[above - 1] if above else None

    def writers_below(self, cell: str, name: str) -> tuple[str, ...]:
        """The cells further down that write `name`, nearest first."""
        writers = self.writers.get(name, NOBODY)
        return writers[self.document.first_below(writers, self.document.labels[cell]) :]

    def upstream(self, cell: str) -> tuple[str, ...]:
        """The cells that `cell` gets a name from, in document order."""
        return self.in_document_order(set(self.nodes[cell].providers.values())) if cell in self.nodes else ()

    def downstream(self, cell: str) -> tuple[str, ...]:
        """The cells that get a name from `cell`, in document order."""
        return self.in_document_order(self.users.get(cell, NO_NAMES)) if cell in self.nodes else ()

    # -- several cells
    def in_document_order(self, cells: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.document.sorted(cells))

    def in_running_order(self, cells: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(cells, key=self.rank.__getitem__))

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

    def edges(self) -> Iterator[Edge]:
        """Every edge with its names, by user in document order."""
        for user in self.order:
            names: dict[str, list[str]] = {}
            for name, provider in sorted(self.nodes[user].providers.items()):
                names.setdefault(provider, []).append(name)
            for provider in self.in_document_order(names):
                yield Edge(provider, user, tuple(names[provider]))
