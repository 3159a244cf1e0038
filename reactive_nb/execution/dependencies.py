"""From what is known of each cell to the graph: which definition a name means.

The rules:

* The provider of a name for a cell is the nearest cell above that defines, changes or deletes it.
* Late names follow the caller: a cell that uses `f` also uses what `f` reads when called, and writes what `f` writes,
  through everything that `f` can reach, resolved from the *caller's* place. This is kept for each name, not for each
  cell: who uses one function of a cell does not inherit what its neighbour needs.
* A name first defined further down is a courtesy: only where the cell must fail without it (or has failed) and does
  not write it too, only from a cell that surely binds the name and does not need it itself, and never if the edge would
  close a circle.
* A disabled cell provides nothing; who would have got a name from it, and gets it from nobody else, is told so.

One pass from top to bottom settles all of it, since everything above is known when a cell is reached; only an edge
from further down calls for another pass. The sets only grow from pass to pass, so that the passes come to an end.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reactive_nb.execution.analysis import BUILTINS
from reactive_nb.models import Analysis, DependencyGraph, Redefinition

NO_NAMES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CellNames:
    """What is known of one cell when the graph is made."""

    id: str
    analysis: Analysis
    observed: frozenset[str] = NO_NAMES
    """Names that a run was seen to bind, change or remove, unseen in the source."""
    missed: frozenset[str] = NO_NAMES
    """Names for which a run failed with a NameError; they count as long as the cell still reads them."""
    disabled: bool = False

    @property
    def reads(self) -> frozenset[str]:
        return self.analysis.uses | self.analysis.mutates

    @property
    def takes(self) -> frozenset[str]:
        """Names whose value it reads, passes on or changes, late ones apart."""
        a = self.analysis
        return a.uses | a.maybe | a.mutates | a.deletes | self.observed

    @property
    def writes(self) -> frozenset[str]:
        a = self.analysis
        return a.defines | a.mutates | a.deletes | self.observed


@dataclass(frozen=True, slots=True)
class Reach:
    """What the object bound to a name needs and changes when it is called."""

    reads: frozenset[str] = NO_NAMES
    writes: frozenset[str] = NO_NAMES

    def __or__(self, other: Reach) -> Reach:
        if other is NOTHING or (other.reads <= self.reads and other.writes <= self.writes):
            return self
        return Reach(self.reads | other.reads, self.writes | other.writes)


NOTHING = Reach()


@dataclass
class _Pass:
    """One walk from top to bottom."""

    forward: Mapping[str, Mapping[str, str]]
    barred: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Cell → cells above that it may get nothing from, since they wait for it."""
    writers: dict[str, list[str]] = field(default_factory=dict)
    """Name → the cells above that write it, nearest last."""
    withheld_by: dict[str, str] = field(default_factory=dict)
    uses: dict[str, frozenset[str]] = field(default_factory=dict)
    needs: dict[str, frozenset[str]] = field(default_factory=dict)
    writes: dict[str, frozenset[str]] = field(default_factory=dict)
    providers: dict[str, dict[str, str]] = field(default_factory=dict)
    withheld: dict[str, dict[str, str]] = field(default_factory=dict)
    reach: dict[str, dict[str, Reach]] = field(default_factory=dict)
    """Cell → name that it provides → what that name's object reaches."""

    def walk(self, cells: Sequence[CellNames], known_reach: Mapping[str, Mapping[str, Reach]]) -> None:
        """`known_reach`: from the pass before, for providers further down."""
        for cell in cells:
            if cell.disabled:
                self.withheld_by |= dict.fromkeys(cell.analysis.defines, cell.id)
            else:
                self._resolve(cell, known_reach)

    def _resolve(self, cell: CellNames, known_reach: Mapping[str, Mapping[str, Reach]]) -> None:
        forward = self.forward.get(cell.id, {})
        providers: dict[str, str] = {}
        withheld: dict[str, str] = {}
        given: dict[str, Reach] = {}
        writes = set(cell.writes)

        def find(name: str) -> Reach:
            provider = self._nearest_writer(cell.id, name) or forward.get(name)
            if provider is not None:
                providers[name] = provider
                given[name] = (self.reach.get(provider) or known_reach.get(provider) or {}).get(name, NOTHING)
            elif name in self.withheld_by:
                withheld[name] = self.withheld_by[name]
            return given.get(name, NOTHING)

        read: set[str] = set()
        analysis = cell.analysis
        reached = analysis.order.reached
        for used in sorted(cell.reads, key=lambda name: reached.get(name, 0)) if reached else cell.reads:
            todo = [used]
            while todo:  # what is read may be called, and then needs and writes what it reaches
                name = todo.pop()
                if name not in read:
                    read.add(name)
                    reach = find(name)
                    todo.extend(other for other in reach.reads if not analysis.binds_before(other, used))
                    writes |= reach.writes
                    for own in reach.reads & analysis.meanwhile.keys():  # which the cell itself has bound, perhaps
                        late = analysis.meanwhile[own]
                        todo.extend(late.reads | late.carries)
                        writes |= late.writes
        passed = (cell.takes | writes - cell.writes) - read
        for name in passed:
            find(name)
        self.needs[cell.id] = frozenset(n for n in read if n not in BUILTINS or n in providers)
        self.uses[cell.id] = self.needs[cell.id] | passed
        self.writes[cell.id] = frozenset(writes)
        self.providers[cell.id] = providers
        if withheld:
            self.withheld[cell.id] = withheld
        provided = _provided_reach(cell, writes, given)
        if provided:
            self.reach[cell.id] = provided
        for name in writes:
            self.writers.setdefault(name, []).append(cell.id)
            self.withheld_by.pop(name, None)

    def _nearest_writer(self, cell: str, name: str) -> str | None:
        writers = self.writers.get(name)
        if not writers:
            return None
        barred = self.barred.get(cell)
        if not barred:
            return writers[-1]
        return next((writer for writer in reversed(writers) if writer not in barred), None)


def _provided_reach(cell: CellNames, writes: Iterable[str], given: Mapping[str, Reach]) -> dict[str, Reach]:
    """For each name the cell provides: what its object reaches, through the names whose values flow into it."""
    analysis = cell.analysis
    sure = analysis.defines - analysis.maybe - analysis.mutates
    result: dict[str, Reach] = {}
    for name in writes:
        reach, seen, todo = NOTHING, {name}, [name]
        if name not in sure:  # changed in place, perhaps not bound, or seen to be written: what it was is still in it
            reach |= given.get(name, NOTHING)
        while todo:
            late = analysis.late.get(todo.pop())
            if late is None:
                continue
            reach |= Reach(late.reads, late.writes)
            for source in late.carries - seen:
                seen.add(source)
                todo.append(source)
                reach |= given.get(source, NOTHING)
        if reach is not NOTHING:
            result[name] = reach
    return result


def build_graph(cells: Sequence[CellNames], redefinition: Redefinition = Redefinition.ALLOW) -> DependencyGraph:
    """The graph of `cells`, given in document order. Never fails: any notebook has a graph without circles.

    Edges from further down follow from the sources alone: what runs have shown adds providers, but never one that
    waits for the cell it would provide to. So it does not matter in which order things were learned.
    """
    refused: set[tuple[str, str]] = set()
    as_written = [replace(cell, observed=NO_NAMES) if cell.observed else cell for cell in cells]
    learned = any(cell.observed for cell in cells)
    while True:
        forward: dict[str, dict[str, str]] = {}
        settled = _settle(as_written, forward, {}, refused)
        circles = _circles(forward, settled)
        if not circles:
            break
        refused |= circles  # what a courtesy brought with it closed a circle after all
    if learned:
        settled = _with_observed(cells, forward, settled)
    return DependencyGraph(
        order=tuple(cell.id for cell in cells if not cell.disabled),
        uses=settled.uses,
        needs=settled.needs,
        writes=settled.writes,
        providers=settled.providers,
        writers={name: tuple(found) for name, found in settled.writers.items()},
        withheld=settled.withheld,
        conflicts={} if redefinition is Redefinition.ALLOW else _conflicts(cells),
        exclusive=redefinition is Redefinition.ERROR,
    )


def _conflicts(cells: Sequence[CellNames]) -> dict[str, dict[str, tuple[str, ...]]]:
    definers: dict[str, list[str]] = {}
    for cell in cells:
        for name in () if cell.disabled else sorted(cell.analysis.defines):
            definers.setdefault(name, []).append(cell.id)
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for cell in cells:
        for name in () if cell.disabled else sorted(cell.analysis.defines - cell.analysis.mutates):
            if len(definers[name]) > 1:
                others = tuple(other for other in definers[name] if other != cell.id)
                found.setdefault(cell.id, {})[name] = others
    return found


def _with_observed(cells: Sequence[CellNames], forward: dict[str, dict[str, str]], settled: _Pass) -> _Pass:
    """The pass that also looks at what runs have shown, which gives way where it would close a circle."""
    barred: dict[str, frozenset[str]] = {}
    while True:
        for cell, above in _barred(cells, forward, settled).items():
            barred[cell] = barred.get(cell, NO_NAMES) | above
        settled = _settle(cells, forward, barred, None)
        if not _circles(forward, settled):
            return settled


def _settle(
    cells: Sequence[CellNames],
    forward: dict[str, dict[str, str]],
    barred: Mapping[str, frozenset[str]],
    refused: set[tuple[str, str]] | None,
) -> _Pass:
    """Passes until no edge from further down is added to `forward` and nothing more flows along those there are.

    With `refused` None, none is added.
    """
    reach: dict[str, dict[str, Reach]] = {}
    while True:
        current = _Pass(forward, barred)
        current.walk(cells, reach)
        added = refused is not None and _add_courtesies(cells, current, refused, forward)
        grown = bool(forward) and _grow(reach, current.reach)
        if not added and not grown:
            return current


def _circles(forward: Mapping[str, Mapping[str, str]], settled: _Pass) -> set[tuple[str, str]]:
    return {
        (cell, name)
        for cell, edges in forward.items()
        for name, definer in edges.items()
        if _depends(settled.providers, definer, cell)
    }


def _barred(
    cells: Sequence[CellNames], forward: Mapping[str, Mapping[str, str]], settled: _Pass
) -> dict[str, frozenset[str]]:
    """For each cell that one above waits for: the cells above that do, directly or not."""
    place = {cell.id: position for position, cell in enumerate(cells)}
    users: dict[str, set[str]] = {}
    for user, providers in settled.providers.items():
        for provider in providers.values():
            users.setdefault(provider, set()).add(user)
    barred: dict[str, frozenset[str]] = {}
    for definer in {definer for edges in forward.values() for definer in edges.values()}:
        upstream = {cell: set(providers.values()) for cell, providers in settled.providers.items()}
        for cell in {definer, *_reachable(upstream, definer)}:
            above = {other for other in _reachable(users, cell) if place[other] < place[cell]}
            if above:
                barred[cell] = frozenset(above)
    return barred


def _reachable(neighbours: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        for other in neighbours.get(todo.pop(), set()) - seen:
            seen.add(other)
            todo.append(other)
    return seen


def _grow(reach: dict[str, dict[str, Reach]], found: Mapping[str, Mapping[str, Reach]]) -> bool:
    """Add what was found to `reach`, which never shrinks; whether there was anything new."""
    grown = False
    for cell, names in found.items():
        known = reach.setdefault(cell, {})
        for name, new in names.items():
            joined = known.get(name, NOTHING) | new
            if joined is not known.get(name):
                known[name] = joined
                grown = True
    return grown


def _add_courtesies(
    cells: Sequence[CellNames],
    current: _Pass,
    refused: set[tuple[str, str]],
    forward: dict[str, dict[str, str]],
) -> bool:
    """Make the edges from further down that are due; whether there were any."""
    by_id = {cell.id: cell for cell in cells}
    place = {cell.id: position for position, cell in enumerate(cells)}
    made = False
    for cell in cells:
        if cell.disabled:
            continue
        providers = current.providers[cell.id]
        wanted = cell.analysis.certain | (cell.missed & current.needs[cell.id])
        for name in sorted(wanted - providers.keys() - BUILTINS - current.writes[cell.id]):
            if (cell.id, name) in refused:
                continue
            definer = _first_definer_below(by_id, current, current.writers.get(name, []), place, cell.id, name)
            if definer and not _depends(current.providers, definer, cell.id):
                forward.setdefault(cell.id, {})[name] = definer
                providers[name] = definer
                made = True
    return made


def _first_definer_below(
    by_id: Mapping[str, CellNames],
    current: _Pass,
    writers: Sequence[str],
    place: Mapping[str, int],
    cell: str,
    name: str,
) -> str | None:
    below = bisect.bisect_right(writers, place[cell], key=place.__getitem__)
    for writer in writers[below:]:
        analysis = by_id[writer].analysis
        if name in analysis.defines - analysis.maybe and name not in current.uses[writer]:
            return writer
    return None


def _depends(providers: Mapping[str, Mapping[str, str]], cell: str, on: str) -> bool:
    seen, todo = {cell}, [cell]
    while todo:
        for source in set(providers.get(todo.pop(), {}).values()) - seen:
            seen.add(source)
            todo.append(source)
    return on in seen
