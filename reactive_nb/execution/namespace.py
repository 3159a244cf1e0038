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
    overwritten: tuple[str, ...] | None = None
    """Those of `writes` that a cell further down writes too, so that its version is not the one to be left; None: no
    other cell writes any of them."""
    equal: bool = False
    """Whether what the cell makes is compared with what it made before."""


def bindings_for(
    graph: DependencyGraph, records: Records, cell: str, bound: Mapping[str, str], others: AbstractSet[str]
) -> dict[str, str | None]:
    """What must be bound otherwise than it is (`bound`: name → cell) for `cell` to find what belongs there.

    That is each name the cell uses, and each of the `others` that may be bound wrongly: names with several versions too
    must be as they are at its place, since what `eval`, `%who` or `df.query("@x")` look at is seen by no analysis.
    """
    uses, providers = graph.nodes[cell].uses, graph.nodes[cell].providers
    changes: dict[str, str | None] = {}
    for name in uses:
        wanted = origin(graph, records, providers.get(name), name).cell
        if wanted != bound.get(name):
            changes[name] = wanted
    for name in others:
        if name not in uses:
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
        last = next((writer for writer in reversed(graph.writers.get(name, ())) if writer in records), None)
        wanted = origin(graph, records, last, name).cell
        if wanted != bound.get(name):
            changes[name] = wanted
    return changes


def astray(graph: DependencyGraph, cell: str) -> list[str]:
    """Names that `cell` is given otherwise than belongs at its place: by a courtesy, or because one gave way to it."""
    if graph.straight:
        return []
    node = graph.nodes[cell]
    return [name for name in node.uses if node.providers.get(name) != graph.writer_above(cell, name)]


def not_final(graph: DependencyGraph, records: Records, names: Iterable[str]) -> list[str]:
    """Those of `names` that are left otherwise than belongs below all cells: their last writer has not run."""
    last = ((name, graph.writers[name][-1]) for name in names if name in graph.several)
    return [name for name, writer in last if writer not in records]
