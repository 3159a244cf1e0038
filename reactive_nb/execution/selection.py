"""What a request to run means: which cells are asked for, and which run because of them.

`plan` in the scheduler is the rule for cells that are named; here are the other ways to ask. The rule: a cell that runs
only when it is asked to itself is never meant by "from here", "up to here", "all" or "what is stale", unless it is the
very cell that was named.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from reactive_nb.execution.scheduler import (
    Follow,
    Situation,
    everybody,
    nobody,
    outdated,
    plan,
    stale_ancestors,
    with_dependants,
)


class RunScope(StrEnum):
    """What a request to run is about."""

    CELLS = "cells"
    """The cells that are named; everything stale if none are."""
    FROM = "from"
    """The one named, and what is stale or depends on what runs, at its place on the page or below."""
    UP_TO = "up_to"
    """What is stale at the place of the one named or above; nothing below runs because it depends on that."""
    ALL = "all"
    """Everything, stale or not."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a request comes to."""

    asked: frozenset[str]
    """The cells that it means by itself."""
    cells: frozenset[str]
    """All that are to run: those, what they need first, and what depends on them."""

    named: frozenset[str]
    """Those of `asked` that run whether or not they are stale."""


def choose(
    now: Situation,
    stale: AbstractSet[str],
    positions: Mapping[str, int],
    scope: RunScope,
    cells: Collection[str] | None,
) -> Choice:
    """The cells to run. `positions`: each cell's place on the page; FROM and UP_TO are about the one in `cells`."""
    asked = _asked(now, stale, positions, scope, cells)
    if scope is RunScope.CELLS:
        return Choice(asked, frozenset(plan(now, stale, cells)), _named(asked, scope, cells))
    needed = asked | stale_ancestors(now, stale, asked)
    all_cells = with_dependants(now, needed, follow=following(now.lazy, positions, scope, cells))
    return Choice(asked, frozenset(all_cells), _named(asked, scope, cells))


def _named(asked: frozenset[str], scope: RunScope, cells: Collection[str] | None) -> frozenset[str]:
    if scope is RunScope.ALL:
        return asked
    return frozenset() if scope is RunScope.UP_TO else asked & set(cells or ())


def _asked(
    now: Situation,
    stale: AbstractSet[str],
    positions: Mapping[str, int],
    scope: RunScope,
    cells: Collection[str] | None,
) -> frozenset[str]:
    nodes = now.graph.rank.keys()
    match scope:
        case RunScope.ALL:
            return frozenset(nodes - now.manual)
        case RunScope.CELLS if cells is None:
            return frozenset(cell for cell in stale if cell not in now.manual and outdated(now, cell))
        case RunScope.CELLS:
            return frozenset(nodes & set(cells or ()))
    (here,) = cells or ()
    if scope is RunScope.FROM:
        below = {cell for cell in stale if positions[cell] >= positions[here]}
        following_it = now.opaque[now.opaque.index(here) :] if here in now.opaque else ()
        return _worth_running(now, stale, below) | (nodes & {here}) | (nodes & set(following_it) - now.manual)
    return _worth_running(now, stale, {cell for cell in stale if positions[cell] <= positions[here]})


def _worth_running(now: Situation, stale: AbstractSet[str], cells: AbstractSet[str]) -> frozenset[str]:
    """Without those that are stale only because of cells that nobody pulls in, and would be so again."""
    ours = cells - now.manual
    sources = stale_ancestors(now, stale, ours)
    found: set[str] = set()
    for cell in now.graph.in_running_order(ours):
        providers = now.graph.providers[cell].values()
        if outdated(now, cell) or not sources.isdisjoint(providers) or not found.isdisjoint(providers):
            found.add(cell)
    return frozenset(found)


def following(lazy: bool, positions: Mapping[str, int], scope: RunScope, cells: Collection[str] | None) -> Follow:
    """Which of the cells that depend on what runs are run too, now and whenever the run turns out to need more."""
    if scope is RunScope.ALL or (scope is RunScope.CELLS and cells is None):
        return everybody
    here = next(iter(cells or ()), "")
    if scope is RunScope.CELLS or here not in positions:
        return nobody if lazy else everybody
    place = positions[here]
    if scope is RunScope.UP_TO:
        return _standing(positions, lambda other: other <= place)
    return _standing(positions, lambda other: other >= place) if lazy else everybody


def _standing(positions: Mapping[str, int], where: Callable[[int], bool]) -> Follow:
    return lambda cell: where(positions[cell])
