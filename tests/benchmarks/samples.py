"""Samples and what they come to: one measure has a row for each contestant, ours first.

Knows neither servers nor how a table looks. A contestant that could not be measured is a row too, with the reason.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

MILLISECONDS = 1000.0
"""In a second."""


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of one contestant, in the measure's unit."""

    contestant: str
    samples: tuple[float, ...] = ()
    problem: str | None = None
    """Why there are no samples, or not all of them."""
    against: str | None = None
    """The contestant that this one is held against; None: the first of the table."""

    @property
    def median(self) -> float | None:
        return statistics.median(self.samples) if self.samples else None

    @property
    def least(self) -> float | None:
        return min(self.samples, default=None)

    @property
    def p95(self) -> float | None:
        return percentile(self.samples, 95) if self.samples else None

    @property
    def p99(self) -> float | None:
        return percentile(self.samples, 99) if self.samples else None


@dataclass(frozen=True, slots=True)
class Result:
    """One measure of all contestants."""

    name: str
    title: str
    unit: str
    rows: tuple[Row, ...] = field(default=())
    goal: str | None = None
    """What we want of ours. Nothing fails for not reaching it."""

    def ratio(self, row: Row) -> float | None:
        """How many times ours (the first row, if no other is named) this one's median is. None for ours itself."""
        ours = self.rows[0] if row.against is None else self.row(row.against)
        if ours is None or ours is row or not ours.median or row.median is None:
            return None
        return row.median / ours.median

    def row(self, contestant: str) -> Row | None:
        """The row of that contestant."""
        return next((row for row in self.rows if row.contestant == contestant), None)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of `values` (not empty) that at least `percent` % of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * percent // 100) - 1)]
