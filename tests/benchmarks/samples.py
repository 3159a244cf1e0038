"""Timings and what they come to: one measure has a row for each contestant, ours first.

Knows neither servers nor how a table looks. A contestant that could not be measured is a row too, with the reason.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

MILLISECONDS = 1000.0


@dataclass(frozen=True, slots=True)
class Row:
    """What one contestant took, in milliseconds."""

    contestant: str
    samples_ms: tuple[float, ...] = ()
    problem: str | None = None
    """Why there are no samples, or not all of them."""

    @property
    def median_ms(self) -> float | None:
        return statistics.median(self.samples_ms) if self.samples_ms else None

    @property
    def fastest_ms(self) -> float | None:
        return min(self.samples_ms, default=None)

    @property
    def p95_ms(self) -> float | None:
        return percentile(self.samples_ms, 95) if self.samples_ms else None


@dataclass(frozen=True, slots=True)
class Result:
    """One measure of all contestants."""

    name: str
    title: str
    unit: str
    rows: tuple[Row, ...] = field(default=())

    def ratio(self, row: Row) -> float | None:
        """How many times as long as ours (the first row) this one's median is."""
        ours, theirs = self.rows[0].median_ms, row.median_ms
        return theirs / ours if ours and theirs is not None else None


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of `values` (not empty) that at least `percent` % of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * percent // 100) - 1)]
