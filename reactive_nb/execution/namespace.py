"""Which version of each name the kernel must hold before a cell runs, and after a plan.

Only differences are told to the kernel: names with one version cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from reactive_nb.execution.records import Records, origin
from reactive_nb.models import DependencyGraph


@dataclass(frozen=True, slots=True)
class NamespaceStep:
    """What the kernel does to its namespace before a run, and looks at after it."""

    cell: str
    bind: Mapping[str, str | None]
    """Name → the cell whose version is to be bound; None: the name is removed."""
    forget: tuple[str, ...]
    """Cells whose versions are dropped."""
    writes: tuple[str, ...]
    mutates: tuple[str, ...]
    uses: tuple[str, ...] | None = ()
    """Names by which the cell can come to what it changes in place; None: that can't be told."""


def bindings_for(
    graph: DependencyGraph,
    records: Records,
    cell: str,
    bound: Mapping[str, str],
    unsettled: AbstractSet[str],
    *,
    ambient: AbstractSet[str] = frozenset(),
    opaque: bool = False,
) -> dict[str, str | None]:
    """What must be bound otherwise than it is (`bound`: name → cell) for `cell` to find what belongs there.

    That is each name the cell uses, and each other name that has several versions, or is `unsettled`: what `eval`,
    `%who` or `df.query("@x")` look at is seen by no analysis. So it is for `ambient` state that some cell has changed.
    For an `opaque` cell it is every name.
    """
    providers = graph.providers[cell]
    changes: dict[str, str | None] = {}
    for name in graph.uses[cell]:
        wanted = origin(graph, records, providers.get(name), name).cell
        if wanted != bound.get(name):
            changes[name] = wanted
    for name in graph.writers if opaque else graph.several | unsettled | ambient:
        if name not in graph.uses[cell]:
            wanted = origin(graph, records, graph.writer_above(cell, name), name).cell
            if wanted != bound.get(name):
                changes[name] = wanted
    return changes


def final_bindings(
    graph: DependencyGraph, records: Records, bound: Mapping[str, str], names: Iterable[str]
) -> dict[str, str | None]:
    """What must change for each of `names` to be left as its last definer made it."""
    changes: dict[str, str | None] = {}
    for name in names:
        ran = [writer for writer in graph.writers.get(name, ()) if writer in records]
        wanted = origin(graph, records, ran[-1], name).cell if ran else None
        if wanted != bound.get(name):
            changes[name] = wanted
    return changes
