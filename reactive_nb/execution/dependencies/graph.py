"""The graph of a notebook, and the next one after some of its cells have changed.

There are two layers: the cells as they are written, and the same with what runs have shown. Where a name is first
defined further down, a third comes on top of each (`courtesies`). The graph is what stands on top of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from reactive_nb.execution.dependencies.conflicts import Conflicts, concerned
from reactive_nb.execution.dependencies.courtesies import CourtesyDraft, with_courtesies, with_learned
from reactive_nb.execution.dependencies.layer import Draft, Layer
from reactive_nb.execution.dependencies.names import CellNames
from reactive_nb.models import DependencyGraph, Redefinition
from reactive_nb.models.graph import Node
from reactive_nb.models.lazy import LazyMap
from reactive_nb.models.order import DocumentOrder
from reactive_nb.models.persistent import PersistentMap, PersistentSet


@dataclass(frozen=True, slots=True)
class GraphChange:
    """What is different in a graph from the one it was made from."""

    cells: frozenset[str]
    """Cells that come to something else: what they use, write, or whom they get it from; or that are new, or gone."""
    names: frozenset[str]
    """Names that other cells write than before, or in another order."""
    displaced: frozenset[str]
    """Cells that run at another place in the order, or are no longer part of it."""


@dataclass(frozen=True)
class Dependencies:
    """A notebook's graph, with all that is needed to make the next."""

    order: DocumentOrder = field(default_factory=DocumentOrder)
    names: PersistentMap[str, CellNames] = field(default_factory=PersistentMap)
    redefinition: Redefinition = Redefinition.ALLOW
    learned: PersistentSet[str] = field(default_factory=PersistentSet)
    """Cells of which runs have shown more than their sources."""
    written: Layer = field(default_factory=Layer)
    seen: Layer = field(default_factory=Layer)
    cells_on_top: frozenset[str] = frozenset()
    """Cells that come to something else in the graph than in `seen`."""
    names_on_top: frozenset[str] = frozenset()
    """Names that other cells write, perhaps."""
    graph: DependencyGraph = field(default_factory=DependencyGraph)

    def updated(
        self,
        order: DocumentOrder,
        changes: Mapping[str, CellNames | None],
        redefinition: Redefinition = Redefinition.ALLOW,
    ) -> tuple[Dependencies, GraphChange]:
        """With `changes`: each cell that is new, was put elsewhere, or of which something else is known; None: gone.

        Costs what these affect. Never fails: any notebook has a graph without circles.
        """
        return _Update(self, order, changes, redefinition).made()


def build(
    cells: Iterable[CellNames], redefinition: Redefinition = Redefinition.ALLOW, order: DocumentOrder | None = None
) -> Dependencies:
    """The graph of `cells`, given in document order."""
    by_id = {cell.id: cell for cell in cells}
    return Dependencies().updated(order or DocumentOrder.of(by_id), by_id, redefinition)[0]


class _Update:
    """One step from a graph to the next."""

    def __init__(
        self,
        before: Dependencies,
        order: DocumentOrder,
        changes: Mapping[str, CellNames | None],
        redefinition: Redefinition,
    ) -> None:
        self.before, self.order, self.changes, self.redefinition = before, order, changes, redefinition
        there = {cell: names for cell, names in changes.items() if names is not None}
        self.names = before.names.without(*(cell for cell in changes if cell not in there)) | there
        self.moved = {cell for cell in changes if cell in before.names and self._is_elsewhere(cell)}
        self.learned = before.learned.difference(changes).union(c for c, names in there.items() if names.learned)
        self.cells: set[str] = set()
        """Cells that perhaps come to something else in the graph."""
        self.written_names: set[str] = set()
        """Names that are perhaps written by other cells."""

    def _is_elsewhere(self, cell: str) -> bool:
        before = self.before.order
        return before.generation != self.order.generation or before.labels[cell] != self.order.labels.get(cell)

    def made(self) -> tuple[Dependencies, GraphChange]:
        before = self.before
        as_written: Mapping[str, CellNames] = self.names
        if self.learned:
            names = self.names
            as_written = LazyMap(names, lambda cell: names[cell].as_written())
        written = seen = self._next(before.written, as_written)
        if before.learned:
            seen = self._next(before.seen, self.names)
        elif self.learned:
            seen = self._with_learned(written)
        if not self.learned:
            seen = written
        draft = self._courtesies(written, seen, as_written)
        graph = self._graph(seen if draft is None else draft.finished(), draft)
        made = Dependencies(
            order=self.order,
            names=self.names,
            redefinition=self.redefinition,
            learned=self.learned,
            written=written,
            seen=seen,
            cells_on_top=frozenset() if draft is None else frozenset(draft.changed),
            names_on_top=frozenset() if draft is None else frozenset(draft.writers.touched),
            graph=graph,
        )
        self.cells |= before.cells_on_top | made.cells_on_top
        self.written_names |= before.names_on_top | made.names_on_top
        return made, self._change(graph)

    # -- layers
    def _next(self, layer: Layer, names: Mapping[str, CellNames]) -> Layer:
        was, draft = self.before.names, Draft(layer, self.order, names)
        disabled = {cell for cell in self.changes if cell in was and was[cell].disabled}
        out = [
            cell
            for cell, now in self.changes.items()
            if cell in was and (cell in self.moved or cell in disabled or now is None or now.disabled)
        ]
        if out:
            draft.take_out(out, self.before.order, {cell: was[cell].analysis.defines for cell in disabled})
        for cell, now in self.changes.items():
            if now is not None and now.disabled:
                draft.withhold(cell, now.analysis.defines)
            elif now is not None:
                draft.look_at(cell)
        return self._finished(draft)

    def _with_learned(self, written: Layer) -> Layer:
        draft = Draft(written, self.order, self.names)
        for cell in self.learned:
            if not self.names[cell].disabled:
                draft.look_at(cell)
        return self._finished(draft)

    def _finished(self, draft: Draft) -> Layer:
        draft.settle()
        self.cells.update(draft.changed)
        self.written_names.update(draft.writers.touched)
        return draft.finished()

    def _courtesies(self, written: Layer, seen: Layer, as_written: Mapping[str, CellNames]) -> CourtesyDraft | None:
        """None if there are none."""
        if not written.called_for:
            return None
        draft = with_courtesies(written, self.order, as_written)
        if not draft.forward:
            return None
        return with_learned(seen, self.order, self.names, draft) if self.learned else draft

    # -- the graph
    def _graph(self, top: Layer, draft: CourtesyDraft | None) -> DependencyGraph:
        allowed = self.redefinition is Redefinition.ALLOW
        return DependencyGraph(
            document=self.order,
            nodes=cast(PersistentMap[str, Node], top.nodes),
            writers=top.writers,
            readers=top.readers,
            several=top.several,
            detours={} if draft is None else draft.detours(),
            moved={} if draft is None else draft.waiting().order(),
            straight=draft is None,
            conflicts={} if allowed else Conflicts(self.names, top.writers),
            exclusive=self.redefinition is Redefinition.ERROR,
        )

    def _change(self, now: DependencyGraph) -> GraphChange:
        then = self.before.graph
        cells = {cell for cell in self.cells if then.nodes.get(cell) != now.nodes.get(cell)}
        displaced = self.moved | {cell for cell in self.changes if cell in then.nodes and cell not in now.nodes}
        if then.moved or now.moved:
            anew = self.before.order.generation != self.order.generation  # then equal labels say nothing
            both = then.moved.keys() | now.moved.keys()
            displaced |= {cell for cell in both if anew or then.moved.get(cell) != now.moved.get(cell)}
        names = {name for name in self.written_names if then.writers.get(name) != now.writers.get(name)}
        return GraphChange(frozenset(cells | self._in_conflict(now)), frozenset(names), frozenset(displaced))

    def _in_conflict(self, now: DependencyGraph) -> set[str]:
        if not isinstance(now.conflicts, Conflicts):
            return set()
        was = self.before.names
        changes: list[tuple[CellNames | None, CellNames | None]] = []
        for cell, names in self.changes.items():
            if cell in self.moved:
                changes += [(was[cell], None), (None, names)]
            else:
                changes.append((was.get(cell), names))
        return concerned(changes, now.conflicts)
