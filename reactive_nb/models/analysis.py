"""What is known of a cell from its source alone.

Plain values: how they are found out is the business of `reactive_nb.execution.analysis`, what follows from them that of
the dependency graph. The rule: names that IPython keeps for itself (`_`, `In`, `_12`, …) are in none of the sets, and
builtins are in `uses` like any other name, since a cell may define one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

NO_NAMES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Late:
    """What the object bound to a name does with globals when it is called, or otherwise reached, later."""

    reads: frozenset[str] = NO_NAMES
    writes: frozenset[str] = NO_NAMES
    """`global` names that it binds or deletes."""
    carries: frozenset[str] = NO_NAMES
    """Names whose values, as this cell was given them, flow into this one: what they need, this needs too."""
    mutates: frozenset[str] = NO_NAMES
    """Names whose object it visibly changes."""


@dataclass(frozen=True, slots=True)
class SyntaxProblem:
    """Why a cell can't be analysed; `line` and `column` count from 1 in the cell's own source."""

    message: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """The names of one cell."""

    uses: frozenset[str] = NO_NAMES
    """Read while the cell runs, before it has surely bound them."""
    certain: frozenset[str] = NO_NAMES
    """Those of `uses` that are read whatever path is taken: without them the cell must fail."""
    defines: frozenset[str] = NO_NAMES
    """Bound at module level when the cell ends, surely or maybe."""
    maybe: frozenset[str] = NO_NAMES
    """Those of `defines` and `deletes` that are not surely so: the old value passes through, though it is not read."""
    mutates: frozenset[str] = NO_NAMES
    """Names whose object, as this cell was given it, is visibly changed."""
    deletes: frozenset[str] = NO_NAMES
    """Unbound when the cell ends, surely or maybe."""
    late: Mapping[str, Late] = field(default_factory=lambda: MappingProxyType({}))
    """For each name bound or changed here that has any: what its object needs later."""
    opaque: frozenset[str] = NO_NAMES
    """Constructs whose effect on names can't be seen: `%run`, `exec`, `from m import *`, …"""
    error: SyntaxProblem | None = None
