"""Results as a table for the terminal, as Markdown and as JSON. Computes nothing but what is shown."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.samples import Result, Row

PROGRAMS = ("reactive-nb", "jupyter_server", "jupyter_client", "ipykernel", "nbclient", "marimo")
LEGEND = "x 2.00: its median is twice ours (the first row of each table). The first round of each is not counted."
COLUMNS = ("", "median", "p95", "p99", "least", "n", "beside ours")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the numbers depend on besides the programs."""

    machine: str
    versions: dict[str, str]
    load_before: float
    load_after: float

    def __str__(self) -> str:
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return f"{self.machine}; load {self.load_before:.1f} before, {self.load_after:.1f} after\n{versions}"


def circumstances(load_before: float) -> Circumstances:
    """This machine and the programs, at the end of a run that began with that load."""
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    return Circumstances(machine, {name: _version(name) for name in PROGRAMS}, load_before, load_average())


def load_average() -> float:
    """How many processes wanted a processor, on average over the last minute; 0 where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def as_text(results: Sequence[Result], where: Circumstances) -> str:
    """Aligned columns."""
    lines = [str(where), LEGEND]
    for result in results:
        rows = [_cells(result, row) for row in result.rows]
        widths = [max(len(row[place]) for row in (COLUMNS, *rows)) for place in range(len(COLUMNS))]
        lines += ["", f"{result.title} ({result.unit})" + (f"; goal: {result.goal}" if result.goal else "")]
        for row, told in zip((COLUMNS, *rows), ("", *(row.problem or "" for row in result.rows)), strict=True):
            cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
            lines.append("  ".join(["  " + row[0].ljust(widths[0]), *cells, told]).rstrip())
    return "\n".join(lines) + "\n"


def as_markdown(results: Sequence[Result], where: Circumstances) -> str:
    """A section with a table for each measure."""
    lines = ["# Benchmarks", "", *f"{where}\n{LEGEND}".replace("\n", "\n\n").splitlines()]
    for result in results:
        goal = f" Goal: {result.goal}." if result.goal else ""
        lines += ["", f"## {result.title}", "", f"In {result.unit}.{goal}", "", markdown_row(COLUMNS)]
        lines.append(markdown_row(["---", *["---:"] * (len(COLUMNS) - 1)]))
        for row in result.rows:
            name, *cells = _cells(result, row)
            lines.append(markdown_row([f"{name} ({row.problem})" if row.problem else name, *cells]))
    return "\n".join(lines) + "\n"


def as_json(results: Sequence[Result], where: Circumstances) -> str:
    """Everything, with each sample."""
    document: dict[str, Any] = {
        "machine": where.machine,
        "versions": where.versions,
        "load": {"before": where.load_before, "after": where.load_after},
        "measures": [
            {
                "name": result.name,
                "title": result.title,
                "unit": result.unit,
                "goal": result.goal,
                "rows": [_json_row(result, row) for row in result.rows],
            }
            for result in results
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def write(path: Path, results: Sequence[Result], where: Circumstances) -> None:
    """Markdown or JSON, as the name ends."""
    path.write_text({".md": as_markdown, ".json": as_json}[path.suffix](results, where), encoding="utf-8")


def _json_row(result: Result, row: Row) -> dict[str, Any]:
    return {
        "contestant": row.contestant,
        "median": row.median,
        "p95": row.p95,
        "p99": row.p99,
        "least": row.least,
        "ratio": result.ratio(row),
        "samples": list(row.samples),
        "problem": row.problem,
    }


def _cells(result: Result, row: Row) -> list[str]:
    ratio = result.ratio(row)
    return [
        row.contestant,
        *(number(value) for value in (row.median, row.p95, row.p99, row.least)),
        str(len(row.samples)),
        f"x {ratio:.2f}" if ratio is not None else "",
    ]


def number(value: float | None) -> str:
    """Three digits, or all before the point."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def markdown_row(cells: Sequence[str]) -> str:
    """A line of a table."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
