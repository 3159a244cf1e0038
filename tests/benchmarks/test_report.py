"""What the benchmarks print, from figures that are given: no server, no kernel, no clock."""

from __future__ import annotations

from tests.benchmarks import many, printing, readme, report
from tests.benchmarks.samples import Result, Row, percentile

PRINTING = Result(
    "printing", "Lines", "s", (Row(printing.OURS, (2.0, 4.0, 3.0)), Row(printing.BARE, (6.0,))), goal="at most 4"
)
MANY = Result("many", "Throughput", "cells/s", (Row(many.OURS, (1234.5,)), Row(many.JUPYTER_SERVER, (), "failed: no")))
WHERE = report.Circumstances("a machine", {"reactive-nb": "1"}, 0.0, 0.0)


def test_a_percentile_is_one_of_the_samples() -> None:
    assert [percentile([3, 1, 2], percent) for percent in (1, 50, 95, 99)] == [1, 2, 3, 3]
    assert percentile(range(1, 101), 99) == 99


def test_units_goals_and_ratios_stand_beside_the_figures() -> None:
    text = report.as_text([PRINTING, MANY], WHERE)
    assert "Lines (s); goal: at most 4\n" in text
    assert "Throughput (cells/s)\n" in text
    [bare] = [line for line in text.splitlines() if printing.BARE in line]
    assert bare.split()[-6:] == ["6.00", "6.00", "6.00", "1", "x", "2.00"]
    assert "failed: no" in report.as_markdown([MANY], WHERE)


def test_the_readmes_table_has_what_was_measured_and_nothing_else() -> None:
    assert readme.table([PRINTING, MANY]) == (
        "| medians | here | Jupyter Server | marimo | a bare kernel |\n"
        "|---|---:|---:|---:|---:|\n"
        "| a million printed lines, s | 3.00 |  |  | 6.00 |\n"
        "| 50 busy notebooks side by side, cells a second | 1,234 | - |  |  |\n"
    )


def test_every_line_of_the_readmes_table_is_of_a_measure() -> None:
    from tests.benchmarks.__main__ import MEASURES

    assert {line.measure for line in readme.LINES} <= MEASURES.keys()
