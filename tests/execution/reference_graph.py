"""What the graph of a notebook must be, worked out from scratch by going through all cells again and again.

Slow and short: the rules of `reactive_nb.execution.dependencies` without any of its means to look at less. What one
cell comes to (`resolve`) is taken from there; who provides what, and edges from further down, are not.
"""

from __future__ import annotations

import bisect
import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reactive_nb.execution.analysis import BUILTINS
from reactive_nb.execution.dependencies import CellNames
from reactive_nb.execution.dependencies.reach import NOTHING, Reach
from reactive_nb.execution.dependencies.resolution import Resolution, resolve

NO_CELLS: frozenset[str] = frozenset()
Forward = dict[str, dict[str, str]]
"""Cell → name → the cell further down that it gets the name from."""


@dataclass
class ReferenceGraph:
    """One walk from top to bottom."""

    forward: Forward
    barred: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Cell → cells above that it may get nothing from, since they wait for it."""
    known: Mapping[tuple[str, str], Reach] = field(default_factory=dict)
    """Definer further down, name → what the name reaches, from the walks before."""
    nodes: dict[str, Resolution] = field(default_factory=dict)
    writers: dict[str, list[str]] = field(default_factory=dict)
    """Name → the cells above that write it, nearest last."""
    withholders: dict[str, str] = field(default_factory=dict)

    def walk(self, cells: Sequence[CellNames]) -> ReferenceGraph:
        for cell in cells:
            if cell.disabled:
                self.withholders |= dict.fromkeys(cell.analysis.defines, cell.id)
                continue
            node = self.nodes[cell.id] = resolve(cell, self)
            for name in node.writes:
                self.writers.setdefault(name, []).append(cell.id)
        return self

    def provider_of(self, cell: str, name: str) -> str | None:
        barred = self.barred.get(cell, NO_CELLS)
        above = (writer for writer in reversed(self.writers.get(name, ())) if writer not in barred)
        return next(above, None) or self.forward.get(cell, {}).get(name)

    def is_written_above(self, cell: str, name: str) -> bool:
        return bool(self.writers.get(name))

    def reach_of(self, cell: str, provider: str, name: str) -> Reach:
        if provider in self.nodes:
            return self.nodes[provider].reach.get(name, NOTHING)
        return self.known.get((provider, name), NOTHING)

    def withholder_of(self, cell: str, name: str) -> str | None:
        return self.withholders.get(name)

    @property
    def sources(self) -> dict[str, set[str]]:
        return {cell: set(node.providers.values()) for cell, node in self.nodes.items()}

    def by_rank(self) -> tuple[str, ...]:
        """Providers first, ties in document order."""
        place = {cell: position for position, cell in enumerate(self.nodes)}
        waiting = {cell: len(sources) for cell, sources in self.sources.items()}
        ready = [place[cell] for cell in self.nodes if not waiting[cell]]
        order, found = list(self.nodes), []
        while ready:
            cell = order[heapq.heappop(ready)]
            found.append(cell)
            for user in order:
                if cell in self.nodes[user].providers.values():
                    waiting[user] -= 1
                    if not waiting[user]:
                        heapq.heappush(ready, place[user])
        return tuple(found)


def reference_graph(cells: Sequence[CellNames]) -> ReferenceGraph:
    """The graph of `cells`, given in document order."""
    refused: set[tuple[str, str]] = set()
    written = [cell.as_written() for cell in cells]
    while True:
        forward: Forward = {}
        graph = _settled(written, forward, {}, refused)
        circles = _circles(graph)
        if not circles:
            break
        refused |= circles
    barred: dict[str, frozenset[str]] = {}
    while any(cell.learned for cell in cells):
        for cell, above in _barred(cells, graph).items():
            barred[cell] = barred.get(cell, NO_CELLS) | above
        graph = _settled(cells, forward, barred, None)
        if not _circles(graph):
            break
    return graph


def _settled(
    cells: Sequence[CellNames],
    forward: Forward,
    barred: Mapping[str, frozenset[str]],
    refused: set[tuple[str, str]] | None,
) -> ReferenceGraph:
    known: dict[tuple[str, str], Reach] = {}
    while True:
        graph = ReferenceGraph(forward, barred, known).walk(cells)
        added = refused is not None and _add_courtesies(cells, graph, refused)
        grown = False
        for name, definer in ((name, definer) for edges in forward.values() for name, definer in edges.items()):
            before = known.get((definer, name), NOTHING)
            known[definer, name] = before | graph.nodes[definer].reach.get(name, NOTHING)
            grown = grown or known[definer, name] != before
        if not added and not grown:
            return graph


def _add_courtesies(cells: Sequence[CellNames], graph: ReferenceGraph, refused: set[tuple[str, str]]) -> bool:
    place = {cell.id: position for position, cell in enumerate(cells)}
    names = {cell.id: cell for cell in cells}
    sources = graph.sources
    added = False
    for cell in (cell for cell in cells if not cell.disabled):
        node = graph.nodes[cell.id]
        wanted = cell.analysis.certain | (cell.missed & node.needs)
        for name in sorted(wanted - node.providers.keys() - BUILTINS - node.writes):
            writers = graph.writers.get(name, [])
            below = writers[bisect.bisect_right(writers, place[cell.id], key=place.__getitem__) :]
            fit = (w for w in below if names[w].surely_binds(name) and name not in graph.nodes[w].uses)
            definer = next(fit, None)
            if (cell.id, name) in refused or definer is None or cell.id in _reachable(sources, definer):
                continue
            graph.forward.setdefault(cell.id, {})[name] = definer
            sources[cell.id].add(definer)
            added = True
    return added


def _circles(graph: ReferenceGraph) -> set[tuple[str, str]]:
    sources = graph.sources
    edges = [(cell, name, definer) for cell, found in graph.forward.items() for name, definer in found.items()]
    return {(cell, name) for cell, name, definer in edges if cell in _reachable(sources, definer)}


def _barred(cells: Sequence[CellNames], graph: ReferenceGraph) -> dict[str, frozenset[str]]:
    """For each cell that one above waits for: the cells above that do, directly or not."""
    place = {cell.id: position for position, cell in enumerate(cells)}
    sources = graph.sources
    waiting = {cell: _reachable(sources, cell) for cell in sources}
    return {
        cell: frozenset(other for other in sources if place[other] < place[cell] and cell in waiting[other])
        for cell in sources
    }


def _reachable(sources: Mapping[str, set[str]], start: str) -> set[str]:
    seen, todo = {start}, [start]
    while todo:
        for other in sources.get(todo.pop(), set()) - seen:
            seen.add(other)
            todo.append(other)
    return seen
