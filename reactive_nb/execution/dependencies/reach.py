"""Late names: what the object bound to a name needs and changes when it is called, through everything it can reach.

The rule: this is kept for each name, not for each cell. Who uses one function of a cell does not inherit what its
neighbour needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reactive_nb.execution.dependencies.names import NO_NAMES, CellNames


@dataclass(frozen=True, slots=True)
class Reach:
    """Names that are read and written by whoever calls the object."""

    reads: frozenset[str] = NO_NAMES
    writes: frozenset[str] = NO_NAMES

    def __or__(self, other: Reach) -> Reach:
        if other is NOTHING or (other.reads <= self.reads and other.writes <= self.writes):
            return self
        return Reach(self.reads | other.reads, self.writes | other.writes)


NOTHING = Reach()


def provided_reach(cell: CellNames, writes: Iterable[str], given: Mapping[str, Reach]) -> dict[str, Reach]:
    """For each name the cell provides: what its object reaches, through the names whose values flow into it.

    `given`: what the names reach that it gets from others. Names that reach nothing are left out.
    """
    analysis = cell.analysis
    if not given and not any(late.reads or late.writes for late in analysis.late.values()):
        return {}
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
            if late.reads or late.writes:
                reach |= Reach(late.reads, late.writes)
            for source in late.carries - seen:
                seen.add(source)
                todo.append(source)
                reach |= given.get(source, NOTHING)
        if reach is not NOTHING:
            result[name] = reach
    return result
