"""Names that are first defined further down: a courtesy for people who write their helpers last.

The rules:

* It is done only where a cell must fail without the name (or has failed), and does not write it too; only from a cell
  that surely binds the name and does not need it itself; and never if the edge would close a circle.
* Such edges follow from the sources alone. What runs have shown adds providers, but never one that waits for the cell
  it would provide to. So it does not matter in which order things were learned.
* What a name from further down reaches only grows while it is worked out, so that this comes to an end.

All of it is worked out anew whenever a notebook with such names changes, starting from the layer without them: it costs
what the names from further down change, which is nothing in most notebooks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reactive_nb.execution.dependencies.layer import Draft, Layer
from reactive_nb.execution.dependencies.names import CellNames
from reactive_nb.execution.dependencies.reach import NOTHING, Reach
from reactive_nb.execution.dependencies.waiting import Waiting
from reactive_nb.models.order import DocumentOrder


class CourtesyDraft(Draft):
    """A layer with edges from further down, and without those that must give way to them."""

    def __init__(
        self,
        layer: Layer,
        order: DocumentOrder,
        names: Mapping[str, CellNames],
        forward: Mapping[str, Mapping[str, str]],
        earlier: Sequence[CourtesyDraft] = (),
    ) -> None:
        """`forward`: cell → name → definer below. No cell gets a name from one above that waits for it in `earlier`."""
        super().__init__(layer, order, names)
        self.forward = {cell: dict(edges) for cell, edges in forward.items()}
        self._users_above: dict[str, set[str]] = {}
        self._known: dict[tuple[str, str], Reach] = {}
        self._skipped: dict[str, set[str]] = {}
        self._earlier = [(draft, draft.waiting()) for draft in earlier]
        for cell, edges in self.forward.items():
            self.look_at(cell)
            for definer in edges.values():
                self._users_above.setdefault(definer, set()).add(cell)
        for _, waiting in self._earlier:
            for cell in waiting.lowest:
                for name in self.existing(cell).writes:
                    label = self.label(cell)
                    super()._tell(name, label, self.writers.after(name, label))

    # -- the rules for one cell
    def provider_of(self, cell: str, name: str) -> str | None:
        """The nearest above that does not wait for the cell, or else the one below that does it the courtesy."""
        above = self.writers.above(name, self.label(cell))
        for place in range(above - 1, -1, -1):
            writer = self.writers[name][place]
            if not any(self.label(cell) <= w.until(writer) and w.depends(writer, cell) for _, w in self._earlier):
                return writer
            self._skipped.setdefault(name, set()).add(cell)
        return self.forward.get(cell, {}).get(name)

    def reach_of(self, cell: str, provider: str, name: str) -> Reach:
        if self.forward.get(cell, {}).get(name) == provider:
            return self._known.get((provider, name), NOTHING)
        return super().reach_of(cell, provider, name)

    def _tell(self, name: str, after: int, up_to: int | None) -> None:
        super()._tell(name, after, up_to)
        for user in self._skipped.get(name, ()):
            if self.label(user) > after:
                self.look_at(user)

    # -- edges, as far as they are known
    def label(self, cell: str) -> int:
        return self.order.labels[cell]

    def sources(self, cell: str) -> Iterable[str]:
        return self.existing(cell).providers.values()

    def users(self, cell: str) -> set[str]:
        skipping = {user for name in self.existing(cell).writes for user in self._skipped.get(name, ())}
        others = skipping | self._users_above.get(cell, set())
        return super().users(cell) | {user for user in others if cell in self.sources(user)}

    def waiting(self) -> Waiting:
        return Waiting(self, self.forward)

    # -- all of it
    def follow(self) -> None:
        """Work out what follows from `forward` as it is."""
        self.settle()
        while self.grow():
            self.settle()

    def grow(self) -> bool:
        """Take note of what names from further down have been found to reach; whether it is more than was known."""
        grown = False
        for edges in self.forward.values():
            for name, definer in edges.items():
                known = self._known.get((definer, name), NOTHING)
                joined = known | self.existing(definer).reach.get(name, NOTHING)
                if joined is not known:
                    self._known[definer, name] = joined
                    grown = True
                    for user in self._users_above[definer]:
                        self.look_at(user)
        return grown

    def circles(self) -> set[tuple[str, str]]:
        """Those of `forward` that are part of one: what a courtesy brought with it has closed it after all."""
        waiting = self.waiting()
        found: set[tuple[str, str]] = set()
        for cell, edges in self.forward.items():
            found |= {(cell, name) for name, definer in edges.items() if waiting.depends(definer, cell)}
        return found

    def detours(self) -> dict[str, frozenset[str]]:
        """Provider → who gets a name from it though it is not the nearest above that writes the name."""
        found: dict[str, set[str]] = {}
        for cell, edges in self.forward.items():
            for name in edges:
                self._note_detour(found, cell, name)
        for name, cells in self._skipped.items():
            for cell in cells:
                self._note_detour(found, cell, name)
        return {provider: frozenset(users) for provider, users in found.items()}

    def _note_detour(self, found: dict[str, set[str]], cell: str, name: str) -> None:
        provider = self.existing(cell).providers.get(name)
        if provider is not None:
            found.setdefault(provider, set()).add(cell)


class WrittenDraft(CourtesyDraft):
    """The same while it is found out which edges from further down there are."""

    def __init__(self, layer: Layer, order: DocumentOrder, names: Mapping[str, CellNames]) -> None:
        super().__init__(layer, order, names, {})
        self._new: dict[str, set[str]] = {}

    def sources(self, cell: str) -> Iterable[str]:
        if cell in self._new:
            return {*super().sources(cell), *self._new[cell]}
        return super().sources(cell)

    def add_due(self, refused: set[tuple[str, str]]) -> bool:
        """Make the edges from further down that are due; whether there were any."""
        waiting = self.waiting()
        for cell, name in self._wanted():
            if (cell, name) in refused or name in self.forward.get(cell, {}):
                continue
            definer = self._first_definer_below(cell, name)
            if definer is None or waiting.depends(definer, cell):
                continue
            self.forward.setdefault(cell, {})[name] = definer
            self._users_above.setdefault(definer, set()).add(cell)
            self._new.setdefault(cell, set()).add(definer)
            waiting.note(cell)
        added = list(self._new)
        self._new.clear()
        for cell in added:
            self.look_at(cell)
        return bool(added)

    def _wanted(self) -> list[tuple[str, str]]:
        """Who wants which name that somebody writes, in document order."""
        names = {*self.layer.called_for, *self.wanting.touched, *self.writers.touched}
        found = [(cell, name) for name in names if self.writers[name] for cell in self.wanting[name]]
        return sorted(found, key=lambda wanted: (self.label(wanted[0]), wanted[1]))

    def _first_definer_below(self, cell: str, name: str) -> str | None:
        for writer in self.writers.between(name, self.label(cell), None):
            if self.names[writer].surely_binds(name) and name not in self.existing(writer).uses:
                return writer
        return None


def with_courtesies(layer: Layer, order: DocumentOrder, names: Mapping[str, CellNames]) -> CourtesyDraft:
    """`layer`, which shows nothing of what was learned from runs, with its edges from further down."""
    refused: set[tuple[str, str]] = set()
    while True:
        draft = WrittenDraft(layer, order, names)
        while True:
            draft.settle()
            added = draft.add_due(refused)
            grown = draft.grow()
            if not added and not grown:
                break
        circles = draft.circles()
        if not circles:
            return draft
        refused |= circles


def with_learned(
    layer: Layer, order: DocumentOrder, names: Mapping[str, CellNames], written: CourtesyDraft
) -> CourtesyDraft:
    """`layer`, which shows what was learned from runs, with the edges from further down of the one without."""
    earlier = [written]
    while True:
        draft = CourtesyDraft(layer, order, names, written.forward, earlier)
        draft.follow()
        if not draft.circles():
            return draft
        earlier.append(draft)
