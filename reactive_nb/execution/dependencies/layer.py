"""All cells resolved under one set of rules, indexed by name; and a draft of the next such value.

A layer is a value. A draft starts from one, is told what is different, and works out what follows: from top to bottom,
and only where something changes. The rule that makes this enough: what a cell comes to depends on nothing but its own
names and, for each name it looks up, on the nearest cell above that writes it and on what the name reaches there. So
if a cell begins or ceases to write a name, or what it passes on reaches something else, those must be looked at again
who look the name up between that cell and the next that writes it, and nobody else.

The result is the same whatever the draft started from: that of going through all cells once.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from reactive_nb.execution.dependencies.index import Index, IndexDraft
from reactive_nb.execution.dependencies.names import CellNames
from reactive_nb.execution.dependencies.reach import NOTHING, Reach
from reactive_nb.execution.dependencies.resolution import Resolution, resolve
from reactive_nb.models.order import DocumentOrder
from reactive_nb.models.persistent import PersistentMap, PersistentSet

NOT_THERE = Resolution()


@dataclass(frozen=True, slots=True)
class Layer:
    """Cells and what they come to."""

    nodes: PersistentMap[str, Resolution] = field(default_factory=PersistentMap)
    writers: Index = field(default_factory=PersistentMap)
    readers: Index = field(default_factory=PersistentMap)
    """Who looks the name up, whether or not somebody writes it."""
    wanting: Index = field(default_factory=PersistentMap)
    """Who must fail without the name, and finds it nowhere above."""
    withholders: Index = field(default_factory=PersistentMap)
    """Disabled cells that would define the name."""
    several: PersistentSet[str] = field(default_factory=PersistentSet)
    """Names with more than one writer."""
    called_for: PersistentSet[str] = field(default_factory=PersistentSet)
    """Names that somebody wants and somebody writes."""


@dataclass(frozen=True, slots=True)
class _Left:
    """For whom a cell that is gone or was put elsewhere had provided a name."""

    cell: str
    name: str
    after: int
    up_to: int | None
    reach: Reach


class Draft:
    """A layer while it changes. What cells come to is known after `settle`."""

    def __init__(self, layer: Layer, order: DocumentOrder, names: Mapping[str, CellNames]) -> None:
        """`order` and `names` are those of now; say what is different with `take_out`, `withhold` and `look_at`."""
        self.layer, self.order, self.names = layer, order, names
        self.writers = IndexDraft(layer.writers, order)
        self.readers = IndexDraft(layer.readers, order)
        self.wanting = IndexDraft(layer.wanting, order)
        self.withholders = IndexDraft(layer.withholders, order)
        self._indices = (self.writers, self.readers, self.wanting, self.withholders)
        self._nodes: dict[str, Resolution | None] = {}
        self._left: dict[str, dict[str, _Left]] = {}
        self._to_look_at: set[str] = set()
        self._queue: list[tuple[int, str]] = []

    # -- what is different
    def take_out(self, cells: Collection[str], before: DocumentOrder, withheld: Mapping[str, Iterable[str]]) -> None:
        """These cells are gone, or stood elsewhere `before`; with what those of them withheld that were disabled.

        Those that are still there are put in again with `look_at` or `withhold`.
        """
        ranges = [left for cell in cells for left in self._provided_to(cell, before)]
        for index in self._indices:
            index.order = before
        for cell in cells:
            node = self.layer.nodes.get(cell, NOT_THERE)
            self.writers.remove(node.writes, cell)
            self.readers.remove(node.looked_up, cell)
            self.wanting.remove(node.wanting, cell)
            self.withholders.remove(withheld.get(cell, ()), cell)
            self._nodes[cell] = None
        anew = before.generation != self.order.generation  # what the labels were then means nothing now
        users = [u for left in ranges for u in self.readers.between(left.name, left.after, left.up_to)] if anew else ()
        for index in self._indices:
            index.order = self.order
        for user in users:
            self.look_at(user)
        for left in () if anew else ranges:
            self._leave(left)
        for cell in cells:
            self._tell_who_finds_nothing(withheld.get(cell, ()))

    def _provided_to(self, cell: str, before: DocumentOrder) -> Iterator[_Left]:
        node, label = self.layer.nodes.get(cell, NOT_THERE), before.labels[cell]
        for name in node.writes:
            writers = self.layer.writers[name]
            place = before.first_below(writers, label)
            up_to = before.labels[writers[place]] if place < len(writers) else None
            yield _Left(cell, name, label, up_to, node.reach.get(name, NOTHING))

    def _leave(self, left: _Left) -> None:
        """Tell those who surely get the name from elsewhere now; the others when it is known what the cell writes."""
        here = self.order.labels.get(left.cell)
        if here is None or left.cell not in self.names or self.names[left.cell].disabled:
            self._tell(left.name, left.after, left.up_to)
            return
        if here > left.after:
            self._tell(left.name, left.after, here if left.up_to is None else min(here, left.up_to))
            left = replace(left, after=here)
        if left.up_to is None or left.up_to > left.after:
            self._left.setdefault(left.cell, {})[left.name] = left

    def withhold(self, cell: str, names: Collection[str]) -> None:
        """The cell is disabled, and would define these names."""
        self.withholders.add(names, cell)
        self._tell_who_finds_nothing(names)

    def look_at(self, cell: str) -> None:
        """What this cell comes to must be worked out anew."""
        if cell not in self._to_look_at:
            self._to_look_at.add(cell)
            heapq.heappush(self._queue, (self.order.labels[cell], cell))

    # -- what follows
    def settle(self) -> None:
        """Work out all that is to be looked at, and what follows from it."""
        while self._queue:
            _, cell = heapq.heappop(self._queue)
            self._to_look_at.discard(cell)
            self._resolve(cell)

    def _resolve(self, cell: str) -> None:
        before = self.node(cell)
        after = resolve(self.names[cell], self)
        if after == before:
            return
        self._nodes[cell] = after
        was = before or NOT_THERE
        for index, then, now in (
            (self.readers, was.looked_up, after.looked_up),
            (self.wanting, was.wanting, after.wanting),
            (self.writers, was.writes, after.writes),
        ):
            if then != now:
                index.remove(then - now, cell)
                index.add(now - then, cell)
        left = self._left.pop(cell, {})
        label = self.order.labels[cell]
        for name in was.writes - after.writes:
            self._tell(name, label, self.writers.after(name, label))
        for name, then_for in left.items():
            if name not in after.writes:
                self._tell(name, then_for.after, then_for.up_to)
        for name in after.writes:
            if name not in was.writes:
                self._tell_of_new(name, label, after.reach.get(name, NOTHING), left.get(name))
            elif was.reach.get(name, NOTHING) != after.reach.get(name, NOTHING):
                self._tell(name, label, self.writers.after(name, label))

    def _tell_of_new(self, name: str, label: int, reach: Reach, left: _Left | None) -> None:
        """The cell at `label` writes a name; if it had done so elsewhere, not all that get it must be told."""
        up_to = self.writers.after(name, label)
        if left is None:
            self._tell(name, label, up_to)
        elif left.reach != reach:
            self._tell(name, label, up_to)
            self._tell(name, left.after, left.up_to)
        else:
            self._tell(name, label, left.after if up_to is None else min(left.after, up_to))
            if up_to is not None and up_to < left.after:
                self._tell(name, left.after, left.up_to)
            elif up_to != left.up_to:
                ends = [end for end in (up_to, left.up_to) if end is not None]
                self._tell(name, min(ends), max(ends) if len(ends) == 2 else None)

    def _tell(self, name: str, after: int, up_to: int | None) -> None:
        """Who looks the name up from below `after` down to `up_to` finds something else there."""
        for user in self.readers.between(name, after, up_to):
            self.look_at(user)

    def _tell_who_finds_nothing(self, names: Iterable[str]) -> None:
        for name in names:
            writers = self.writers[name]
            self._tell(name, 0, self.order.labels[writers[0]] if writers else None)

    # -- questions
    def node(self, cell: str) -> Resolution | None:
        """What the cell comes to, as far as is known by now."""
        return self._nodes[cell] if cell in self._nodes else self.layer.nodes.get(cell)

    def existing(self, cell: str) -> Resolution:
        """The same of a cell that is there."""
        return self.node(cell) or NOT_THERE

    def provider_of(self, cell: str, name: str) -> str | None:
        """The nearest cell above that writes the name."""
        above = self.writers.above(name, self.order.labels[cell])
        return self.writers[name][above - 1] if above else None

    def is_written_above(self, cell: str, name: str) -> bool:
        return bool(self.writers.above(name, self.order.labels[cell]))

    def reach_of(self, cell: str, provider: str, name: str) -> Reach:
        """What a name that `cell` gets from `provider` reaches."""
        return self.existing(provider).reach.get(name, NOTHING)

    def withholder_of(self, cell: str, name: str) -> str | None:
        """The nearest disabled cell above that would define the name."""
        withholders = self.withholders[name]
        if not withholders:
            return None
        above = self.withholders.above(name, self.order.labels[cell])
        return withholders[above - 1] if above else None

    def users(self, cell: str) -> set[str]:
        """Who gets a name from it."""
        label = self.order.labels[cell]
        return {
            user
            for name in self.existing(cell).writes
            for user in self.readers.between(name, label, self.writers.after(name, label))
            if self.existing(user).providers.get(name) == cell
        }

    # -- the end
    @property
    def changed(self) -> list[str]:
        """Cells that come to something else than in the layer."""
        return [cell for cell, node in self._nodes.items() if node != self.layer.nodes.get(cell)]

    def finished(self) -> Layer:
        """The layer as it is now."""
        layer = self.layer
        writers, wanting = self.writers.finished(), self.wanting.finished()
        concerned = {*self.writers.touched, *self.wanting.touched}
        called_for = {name for name in concerned if name in writers and name in wanting}
        single = {name for name in self.writers.touched if len(self.writers[name]) < 2}
        gone = [cell for cell, node in self._nodes.items() if node is None]
        return Layer(
            nodes=layer.nodes.without(*gone) | {cell: node for cell, node in self._nodes.items() if node is not None},
            writers=writers,
            readers=self.readers.finished(),
            wanting=wanting,
            withholders=self.withholders.finished(),
            several=layer.several.difference(single).union(name for name in self.writers.touched if name not in single),
            called_for=layer.called_for.difference(concerned - called_for).union(called_for),
        )
