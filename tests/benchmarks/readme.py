"""The table of the README, from the results of one run: figures come from here and from nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks import analysis, chain, first_output, many, memory, one_cell, printing, start
from tests.benchmarks.report import markdown_row, number
from tests.benchmarks.samples import Result

COLUMNS = ("medians", "here", "Jupyter Server", "marimo", "a bare kernel")


@dataclass(frozen=True)
class Line:
    """A row of the table: what is shown of which measure, and whose figure stands in which column."""

    label: str
    measure: str
    contestants: tuple[str | None, str | None, str | None, str | None]


LINES = (
    Line(
        "process start to the first answered request, ms",
        "start",
        (start.OURS, start.JUPYTER_SERVER, start.MARIMO, None),
    ),
    Line(
        "new notebook to its first output, ms",
        "first-output",
        (first_output.WARM, first_output.JUPYTER_SERVER, first_output.MARIMO, None),
    ),
    Line("… with no kernel kept ready", "first-output", (first_output.COLD, None, None, None)),
    Line(
        "one trivial cell over the WebSocket, ms",
        "one-cell",
        (one_cell.OURS, one_cell.JUPYTER_SERVER, one_cell.MARIMO, one_cell.BARE),
    ),
    Line("a chain of 200 cells run again, ms a cell", "chain", (chain.OURS, None, chain.MARIMO, chain.BARE)),
    Line("a million printed lines, s", "printing", (printing.OURS, None, None, printing.BARE)),
    Line("50 busy notebooks side by side, cells a second", "many", (many.OURS, many.JUPYTER_SERVER, None, None)),
    Line("10,000 cells read for their names, ms", "analysis", (analysis.OURS, None, analysis.MARIMO, None)),
    Line("one more idle kernel, MB", "memory", (memory.OURS, memory.JUPYTER_SERVER, memory.MARIMO, None)),
)


def table(results: Sequence[Result]) -> str:
    """The table in Markdown; what was not measured is left out."""
    measured = {result.name: result for result in results}
    lines = [markdown_row(COLUMNS), "|---|" + "---:|" * (len(COLUMNS) - 1)]
    for line in LINES:
        if line.measure in measured:
            figures = (_figure(measured[line.measure], contestant) for contestant in line.contestants)
            lines.append(markdown_row([line.label, *figures]))
    return "\n".join(lines) + "\n"


def _figure(result: Result, contestant: str | None) -> str:
    row = result.row(contestant) if contestant is not None else None
    return "" if contestant is None else number(row.median if row is not None else None)
