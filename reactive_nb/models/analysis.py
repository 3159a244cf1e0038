"""What is known of a cell from its source alone.

Plain values: how they are found out is the business of `reactive_nb.execution.analysis`, what follows from them that of
the dependency graph. The rule: names that IPython keeps for itself (`_`, `In`, `_12`, …) are in none of the sets, and
builtins are in `uses` like any other name, since a cell may define one. These values are shared between cells of equal
source and never changed.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

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


NO_LATE: Mapping[str, Late] = {}


@dataclass(frozen=True, slots=True)
class Order:
    """Which names a cell has bound by the time that code of other cells may run in it. The numbers are no times."""

    settled: Mapping[str, int] = field(default_factory=dict)
    reached: Mapping[str, int] = field(default_factory=dict)


NO_ORDER = Order()
_NEVER = sys.maxsize


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
    late: Mapping[str, Late] = field(default_factory=lambda: NO_LATE)
    """For each name bound or changed here that has any: what its object needs later."""
    meanwhile: Mapping[str, Late] = field(default_factory=lambda: NO_LATE)
    """The same for what names are bound to while the cell runs, as far as code of other cells may find it then."""
    order: Order = NO_ORDER
    opaque: frozenset[str] = NO_NAMES
    """Constructs whose effect on names can't be seen: `%run`, `exec`, `from m import *`, …"""
    error: SyntaxProblem | None = None

    def binds_before(self, name: str, used: str) -> bool:
        """Whether the cell has surely bound (or deleted) `name` itself before it reads `used`, of another cell.

        Then a function that `used` reaches finds this cell's own `name`.
        """
        return self.order.settled.get(name, _NEVER) < self.order.reached.get(used, 0)


@dataclass(frozen=True, slots=True)
class ShownValue:
    """`{{ expression }}` in the text of a Markdown cell."""

    expression: str
    start: int
    end: int
    """From its first brace to after its last, in characters."""
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class MarkdownAnalysis:
    """What a Markdown cell uses, and where in its text values stand, in order."""

    analysis: Analysis
    values: tuple[ShownValue, ...] = ()
