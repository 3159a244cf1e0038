"""What one cell comes to, given what stands above it: whom it gets which name from, and what it passes on.

The rules:

* A cell that uses a name also uses what the name's object reads when called, and writes what that writes, resolved from
  this cell's own place.
* A disabled cell provides nothing; who would have got a name from it, and gets it from nobody else, is told so.
* A name is `wanting` if the cell must fail without it (or has failed), and it comes from nowhere above.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from reactive_nb.execution.analysis import BUILTINS
from reactive_nb.execution.dependencies.names import NO_NAMES, CellNames
from reactive_nb.execution.dependencies.reach import NOTHING, Reach, provided_reach
from reactive_nb.models.graph import Node


@dataclass(frozen=True, slots=True)
class Resolution(Node):
    """A node, with what is needed to work out others."""

    looked_up: frozenset[str] = NO_NAMES
    """Names that were asked of the cells above, whether or not one provides them."""
    reach: Mapping[str, Reach] = field(default_factory=dict)
    """Name that it provides → what that name's object reaches; those that reach nothing are left out."""
    wanting: frozenset[str] = NO_NAMES


class Surroundings(Protocol):
    """What is asked of the rest of the notebook, from a cell's place."""

    def provider_of(self, cell: str, name: str) -> str | None: ...

    def reach_of(self, cell: str, provider: str, name: str) -> Reach:
        """What a name that `cell` gets from `provider` reaches."""

    def is_written_above(self, cell: str, name: str) -> bool: ...

    def withholder_of(self, cell: str, name: str) -> str | None:
        """The nearest disabled cell above that would define the name."""


def resolve(cell: CellNames, around: Surroundings) -> Resolution:
    """The cell at its place. Pure, as far as `around` is."""
    analysis = cell.analysis
    providers: dict[str, str] = {}
    withheld: dict[str, str] = {}
    given: dict[str, Reach] = {}
    idle = frozenset(name for name in cell.changed if not around.is_written_above(cell.id, name))
    own_writes = cell.writes - idle
    writes = set(own_writes)

    def find(name: str) -> Reach:
        provider = around.provider_of(cell.id, name)
        if provider is None:
            by = around.withholder_of(cell.id, name)
            if by is not None:
                withheld[name] = by
            return NOTHING
        providers[name] = provider
        reach = around.reach_of(cell.id, provider, name)
        if reach is not NOTHING:
            given[name] = reach
        return reach

    read: set[str] = set()
    reached = analysis.order.reached
    for used in sorted(cell.reads, key=lambda name: reached.get(name, 0)) if reached else cell.reads:
        todo = [used]
        while todo:  # what is read may be called, and then needs and writes what it reaches
            name = todo.pop()
            if name in read:
                continue
            read.add(name)
            reach = find(name)
            if reach is NOTHING:
                continue
            todo.extend(other for other in reach.reads if not analysis.binds_before(other, used))
            writes |= reach.writes
            for own in reach.reads & analysis.meanwhile.keys():  # which the cell itself has bound, perhaps
                late = analysis.meanwhile[own]
                todo.extend(late.reads | late.carries)
                writes |= late.writes
    passed = (cell.takes - idle | writes - own_writes) - read
    for name in passed:
        find(name)
    needs = frozenset([name for name in read if name not in BUILTINS or name in providers])
    return Resolution(
        uses=needs | passed,
        needs=needs,
        writes=frozenset(writes),
        providers=dict(sorted(providers.items())),
        withheld=withheld,
        looked_up=frozenset(read | passed | idle),
        reach=provided_reach(cell, writes, given),
        wanting=frozenset(
            [
                name
                for name in analysis.certain | (cell.missed & needs)
                if name not in providers and name not in BUILTINS and name not in writes
            ]
        ),
    )
