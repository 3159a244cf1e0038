"""What a run leaves behind: with what a cell ran, and which versions of which names it provides.

Freshness is computed from these records and stored nowhere: a cell is fresh when its record equals what a run would
use now. So an undo makes cells fresh again, and a move or a delete needs no rule of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from reactive_nb.execution.ambient import is_ambient
from reactive_nb.models import DependencyGraph

NO_NAMES: frozenset[str] = frozenset()

Inputs: TypeAlias = tuple[tuple[str, str, int], ...]
"""(name, provider, number of its run, or of the one since which the name is the same), sorted. A provider that has not
run has number 0, a disabled one -1, and another definer of a name that the notebook lets only one cell define -2."""


class Outcome(StrEnum):
    """How a cell's run ended."""

    OK = "ok"
    ERROR = "error"
    INTERRUPTED = "interrupted"
    TIMEOUT = "timeout"
    KERNEL = "kernel"
    """The kernel died, or refused."""
    BLOCKED = "blocked"
    """It did not run: something it needs is not there."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The last run of a cell."""

    number: int
    """Counts the runs of the notebook from 1, so that a later run has a higher number."""
    source: str
    inputs: Inputs
    outcome: Outcome
    provides: bool
    """Whether its names may be used: it succeeded, or goes on after errors."""
    kept: frozenset[str] = NO_NAMES
    """Names of which the kernel keeps this cell's version."""
    deleted: frozenset[str] = NO_NAMES
    """Names that it unbound."""
    spoiled: frozenset[str] = NO_NAMES
    """Those of `kept` whose object a later cell has changed in place."""
    lent: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Those of `kept` whose object cells further up, that waited for it, have changed in place → their runs."""
    below: frozenset[str] = NO_NAMES
    """Names from further down whose object it changed in place, which counted for nobody else."""
    since: Mapping[str, int] = field(default_factory=dict)
    """Name → the number of the run since which it has been the same, where that was an earlier one."""
    widgets: Mapping[str, str] = field(default_factory=dict)
    """Those of `kept` that are widgets → the widget's comm."""
    widgets_read: Mapping[str, int] = field(default_factory=dict)
    """The comm of each widget that the code looked at → how often that had been moved when the cell began."""


Records: TypeAlias = Mapping[str, RunRecord]


def inputs_now(graph: DependencyGraph, records: Records, cell: str) -> Inputs:
    """What a run of `cell` would use now."""
    node = graph.nodes[cell]
    provided: list[tuple[str, str, int]] = []
    lent: list[tuple[str, str, int]] = []
    for name, provider in sorted(node.providers.items()):
        record = records.get(provider)
        provided.append((name, provider, _version(record, name)))
        if record is not None and record.lent:
            lent += _lent_before(graph, records, cell, name, provider)
    conflicts = graph.conflicts.get(cell, {}) if graph.exclusive else {}
    if not lent and not node.withheld and not conflicts:
        return tuple(provided)
    disabled = ((name, by, -1) for name, by in node.withheld.items())
    other_definers = ((name, by, -2) for name, others in conflicts.items() for by in others)
    return tuple(sorted((*provided, *lent, *disabled, *other_definers)))


def _lent_before(
    graph: DependencyGraph, records: Records, cell: str, name: str, provider: str
) -> Iterator[tuple[str, str, int]]:
    """What cells further up that run before this one have made of an object that it gets, as inputs of their own."""
    for other, number in records[provider].lent.get(name, {}).items():
        if other != cell and _had_before(graph, records, (other, number), provider, cell):
            yield name, other, number


def spoiled_names(graph: DependencyGraph, records: Records, creator: str, user: str | None = None) -> set[str]:
    """Names of which `user` (None: who comes after all others) does not find the object as `creator` left it.

    Those who run after a cell that waited for the object find what that made of it, in a fresh run as well.
    """
    record = records[creator]
    found = set(record.spoiled)
    for name, runs in record.lent.items():
        if not all(run[0] != user and _had_before(graph, records, run, creator, user) for run in runs.items()):
            found.add(name)
    return found


def _had_before(
    graph: DependencyGraph, records: Records, run: tuple[str, int], creator: str, user: str | None = None
) -> bool:
    """Whether the cell of that run, its last, waits for `creator` from further up, and comes before `user`."""
    labels, (cell, number) = graph.document.labels, run
    if cell not in records or records[cell].number != number:
        return False
    if cell not in graph.nodes or labels[cell] >= labels[creator] or graph.rank[cell] < graph.rank[creator]:
        return False
    return user is None or graph.rank[cell] < graph.rank[user]


def _version(record: RunRecord | None, name: str) -> int:
    if record is None:
        return 0
    return record.since.get(name, record.number) if record.since else record.number


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the value of a name comes from: the cell that made it, or nowhere; and who is to blame for that."""

    cell: str | None
    blame: str | None = None


def origin(graph: DependencyGraph, records: Records, provider: str | None, name: str) -> Origin:
    """Follow `name` upwards from `provider` to the cell whose version it is.

    A cell that may write a name and did not passes on what it was given; one that unbound it passes on nothing; one
    that failed passes on nothing and is to blame. Only state without a name goes on as if that cell were not there.
    """
    seen: set[str] = set()
    while provider is not None and provider not in seen:
        seen.add(provider)
        record = records.get(provider)
        if record is not None:
            if not record.provides:
                if not is_ambient(name):
                    return Origin(None, provider)
            elif name in record.kept:
                return Origin(provider)
            elif name in record.deleted:
                return Origin(None)
        node = graph.nodes.get(provider)
        provider = node.providers.get(name) if node is not None else None
    return Origin(None)
