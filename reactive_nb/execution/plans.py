"""Why each cell of a plan is in it: asked for, needed by another, to make an object anew, or because it depends on one.

Which cells run is decided in `selection` and `scheduler`; this says of that decision afterwards where each came from.
It costs in proportion to the cells of the plan and their names.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from reactive_nb.execution.records import origin
from reactive_nb.execution.scheduler import Situation, is_spoiled, stale_ancestors
from reactive_nb.execution.selection import Choice

MOST_GROUNDS = 5
"""Told of one cell."""


class GroundKind(StrEnum):
    """What a cell is run for."""

    ASKED = "asked"
    STALE = "stale"
    """What is stale was asked for, and it is."""
    NEEDED = "needed"
    """It is stale, and a cell that runs gets names from it."""
    RECREATES = "recreates"
    """A cell that runs needs an object of its as it was, and another has changed that in place."""
    DEPENDS = "depends"
    """It gets names from a cell that runs."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One of them, with the names and the other cell that it is about."""

    kind: GroundKind
    names: tuple[str, ...] = ()
    cell: str | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A cell that would run."""

    cell: str
    grounds: tuple[Ground, ...]


def explain(now: Situation, stale: AbstractSet[str], choice: Choice) -> list[Planned]:
    """The cells of `choice` in the order in which they run."""
    needed = stale_ancestors(now, stale, choice.asked)
    recreated = _recreated(now, choice.cells)
    found: list[Planned] = []
    for cell in now.graph.in_running_order(choice.cells):
        if cell in choice.asked:
            kind = GroundKind.ASKED if cell in choice.named else GroundKind.STALE
            grounds = [Ground(kind)]
        elif cell in needed:
            grounds = list(_needed(now, cell, choice.cells))
        else:
            grounds = [Ground(GroundKind.RECREATES, tuple(names), by) for by, names in recreated.get(cell, {}).items()]
            grounds += _depends(now, cell, choice.cells)
        found.append(Planned(cell, tuple(grounds[:MOST_GROUNDS])))
    return found


def _needed(now: Situation, cell: str, planned: AbstractSet[str]) -> Iterator[Ground]:
    for user in now.graph.downstream(cell):
        if user in planned:
            names = (name for name, provider in now.graph.providers[user].items() if provider == cell)
            yield Ground(GroundKind.NEEDED, tuple(sorted(names)), user)


def _depends(now: Situation, cell: str, planned: AbstractSet[str]) -> Iterator[Ground]:
    names: dict[str, list[str]] = {}
    for name, provider in sorted(now.graph.providers[cell].items()):
        if provider in planned:
            names.setdefault(provider, []).append(name)
    for provider in now.graph.in_running_order(names):
        yield Ground(GroundKind.DEPENDS, tuple(names[provider]), provider)


def _recreated(now: Situation, planned: AbstractSet[str]) -> dict[str, dict[str, list[str]]]:
    """Creator → the cells that need its objects as they were → the names of these."""
    found: dict[str, dict[str, list[str]]] = {}
    for cell in now.graph.in_running_order(planned):
        for name, provider in sorted(now.graph.providers[cell].items()):
            creator = origin(now.graph, now.records, provider, name).cell
            if creator is not None and creator != cell and is_spoiled(now, creator, name, cell):
                found.setdefault(creator, {}).setdefault(cell, []).append(name)
    return found
