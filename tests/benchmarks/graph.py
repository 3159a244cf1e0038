"""Notebooks of up to 10,000 cells: to open one, to edit a cell on which at most ten depend, to plan a run of all.

Ours is all that a session does, but for storage, clients and the kernel: document, graph, staleness, statuses, events
(`peers/reducer.py`). marimo's is its graph alone (`peers/marimo_graph.py`), with the compiling of what is registered,
which is its analysis. What a whole run costs is per cell, and has no counterpart without a kernel.

Each turn makes a notebook of sources that nobody has seen, so that nothing is found in a cache. Where marimo's graph
would take more than a minute, going by the next smaller notebook and the square of the size, it is left out.
"""

from __future__ import annotations

import importlib.util
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from tests.benchmarks.peers.marimo_graph import PACKAGE, MarimoGraph
from tests.benchmarks.peers.reducer import Reducer
from tests.benchmarks.samples import MILLISECONDS, Result, Row
from tests.benchmarks.shapes import SHAPES, Shape

SIZES, QUICK_SIZES = (10, 100, 1_000, 10_000), (10, 100)
ROUNDS, QUICK_ROUNDS = 5, 2
EDITS = 10
"""In each round."""
LONGEST_S = 60.0
MICROSECONDS = 1_000_000.0
OPEN_GOAL, STEP_GOAL = "at most 1,500 for 10,000 cells", "at most 1,000"
OURS, MARIMO = "reactive-nb", "marimo's graph"


P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class _Samples:
    """What one contestant made of one notebook, in seconds."""

    open: list[float] = field(default_factory=list)
    edit: list[float] = field(default_factory=list)
    plan: list[float] = field(default_factory=list)
    cell: list[float] = field(default_factory=list)
    problem: str | None = None


async def measure(*, quick: bool) -> list[Result]:
    """A table for each of the four."""
    sizes, rounds = (QUICK_SIZES, QUICK_ROUNDS) if quick else (SIZES, ROUNDS)
    found: dict[tuple[str, int, str], _Samples] = {}
    _warm_up()
    for shape, size in itertools.product(SHAPES, sizes):
        ours, theirs = _Samples(), _Samples()
        found[shape.name, size, OURS], found[shape.name, size, MARIMO] = ours, theirs
        theirs.problem = _why_not(found.get((shape.name, size // 10, MARIMO)))
        for number in range(rounds):
            _measure_ours(shape, size, number, ours)
            if theirs.problem is None and sum(theirs.open) < LONGEST_S:
                _measure_marimo(shape, size, number, theirs)
    return [
        Result("graph-open", "Opening a notebook", "ms", _rows(found, lambda of: of.open, MILLISECONDS), OPEN_GOAL),
        Result("graph-edit", "Editing a cell", "µs", _rows(found, lambda of: of.edit, MICROSECONDS), STEP_GOAL),
        Result("graph-plan", "Planning a run of all cells", "ms", _rows(found, lambda of: of.plan, MILLISECONDS)),
        Result("graph-cell", "A cell of that run", "µs", _rows(found, _of_cells, MICROSECONDS), STEP_GOAL),
    ]


def _warm_up() -> None:
    """What is imported and compiled once is not counted."""
    Reducer(["x = 1", "x"]).run()
    if importlib.util.find_spec(PACKAGE) is not None:
        MarimoGraph(["x = 1", "x"]).plan()


def _of_cells(samples: _Samples) -> list[float]:
    return samples.cell


def _rows(
    found: dict[tuple[str, int, str], _Samples], samples_of: Callable[[_Samples], list[float]], scale: float
) -> tuple[Row, ...]:
    rows: list[Row] = []
    for (shape, size, who), samples in found.items():
        figures = tuple(sample * scale for sample in samples_of(samples))
        if figures or (samples.problem and who == MARIMO and samples_of is not _of_cells):
            name = f"{shape}, {size:,} cells, "
            rows.append(Row(name + who, figures, samples.problem, against=name + OURS))
    return tuple(rows)


def _why_not(smaller: _Samples | None) -> str | None:
    if importlib.util.find_spec(PACKAGE) is None:
        return f"not measured: {PACKAGE} is not installed"
    if smaller is None or (smaller.open and 100 * min(smaller.open) < LONGEST_S):
        return None
    return smaller.problem or "not measured: it would take more than a minute"


def _measure_ours(shape: Shape, size: int, number: int, samples: _Samples) -> None:
    sources = _sources(shape, size, f"ours {number}")
    notebook, took = _timed(Reducer, sources)
    samples.open.append(took)
    samples.plan.append(_timed(notebook.plan)[1])
    cells = notebook.run()
    if number == 0:
        samples.cell += cells
    place = shape.edited(size)
    for edit in range(EDITS):
        samples.edit.append(_timed(notebook.edit, place, f"{sources[place]}  # {edit}")[1])
        notebook.run()


def _measure_marimo(shape: Shape, size: int, number: int, samples: _Samples) -> None:
    sources = _sources(shape, size, f"theirs {number}")
    graph, took = _timed(MarimoGraph, sources)
    samples.open.append(took)
    samples.plan.append(_timed(graph.plan)[1])
    place = shape.edited(size)
    samples.edit += [_timed(graph.edit, place, f"{sources[place]}  # {edit}")[1] for edit in range(EDITS)]


def _sources(shape: Shape, size: int, turn: str) -> list[str]:
    return [f"{source}  # {turn}" for source in shape.make(size)]


def _timed(act: Callable[P, T], *given: P.args, **named: P.kwargs) -> tuple[T, float]:
    """What `act` gives, and how long it took, in seconds."""
    began = time.perf_counter()
    made = act(*given, **named)
    return made, time.perf_counter() - began
