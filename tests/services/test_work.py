"""Large notebooks: what an operation costs is counted, not timed; nothing grows with the square of the cells."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import pytest

from reactive_nb.models import Cell, CellMode, KernelState, Notebook
from reactive_nb.schemas.events import CellUpdated, GraphUpdated
from reactive_nb.services.operations import (
    AddCell,
    InterruptRun,
    KernelChanged,
    MoveCell,
    Operation,
    RemoveCell,
    ReplaceNotebook,
    RunCells,
    UpdateCell,
)
from reactive_nb.services.reducer import apply, initial_state
from reactive_nb.services.state import SessionState
from tests.benchmarks.shapes import SHAPES, Shape
from tests.services.test_reducer import after, finished, wrote

SMALL, LARGE = 250, 1000


def calls(act: Callable[[], Any]) -> int:
    """How many Python functions `act` calls."""
    count = 0

    def count_one(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(count_one)
    try:
        act()
    finally:
        sys.setprofile(None)
    return count


def chains(cells: int) -> SessionState:
    """Ten chains of names, all run."""
    sources = [f"x{n % 10} = x{n % 10} + 1" if n >= 10 else f"x{n} = {n}" for n in range(cells)]
    notebook = Notebook(id="n", cells=tuple(Cell(id=f"c{n}", source=source) for n, source in enumerate(sources)))
    state = after(initial_state(notebook), RunCells("all"), KernelChanged(KernelState.IDLE))
    while state.running is not None:
        state = _end_of_cell(state)
    return state


def _end_of_cell(state: SessionState) -> SessionState:
    assert state.running is not None
    names = state.knowledge[state.running.cell].analysis.defines
    return apply(state, finished(state.running.number, **wrote(*names))).state


@pytest.fixture(scope="module")
def small() -> SessionState:
    return chains(SMALL)


@pytest.fixture(scope="module")
def large() -> SessionState:
    return chains(LARGE)


def test_a_cell_that_ends_costs_the_same_in_a_large_notebook(small: SessionState, large: SessionState) -> None:
    costs = []
    for state in (small, large):
        last = state.notebook.cells[-1].id
        running = after(state, UpdateCell(last, source="x9 = 5"), RunCells("r", (last,)))
        costs.append(calls(partial(_end_of_cell, running)))
    assert costs[1] < costs[0] * 1.5 + 50


def ran(shape: Shape, cells: int) -> SessionState:
    """A notebook of this shape, all run."""
    made = tuple(Cell(id=f"c{place}", source=source) for place, source in enumerate(shape.make(cells)))
    state = after(initial_state(Notebook(id="n", cells=made)), RunCells("all"), KernelChanged(KernelState.IDLE))
    while state.running is not None:
        state = _end_of_cell(state)
    return state


@pytest.mark.parametrize("shape", [pytest.param(shape, id=shape.name) for shape in SHAPES])
def test_what_affects_few_cells_costs_the_same_in_a_large_notebook(shape: Shape) -> None:
    costs = [_costs(ran(shape, cells), shape.edited(cells)) for cells in (SMALL, LARGE)]
    for name, cost in costs[1].items():
        if (shape.name, name) != ("star", "edit"):  # there a cell with as many inputs as there are cells becomes stale
            assert cost < costs[0][name] * 1.5 + 100, name


def _costs(state: SessionState, edited: int) -> dict[str, int]:
    """Of operations around a cell on which few depend."""
    cell = state.notebook.cells[edited]
    edit = UpdateCell(cell.id, source=f"{cell.source}  # edited")
    apply(state, edit)  # so that the source is analysed
    state = after(state, AddCell("new", source="new = 1", index=edited))
    running = after(state, RunCells("r", ("new",)))
    return {
        "edit": calls(partial(apply, state, edit)),
        "add": calls(partial(apply, state, AddCell("newer", source="new", index=edited + 1))),
        "move": calls(partial(apply, state, MoveCell("new", edited // 2))),
        "remove": calls(partial(apply, state, RemoveCell("new"))),
        "disable": calls(partial(apply, state, UpdateCell("new", config={"mode": CellMode.DISABLED}))),
        "plan": calls(partial(apply, state, RunCells("s", ("new",)))),
        "end": calls(partial(_end_of_cell, running)),
    }


EDITS: list[tuple[str, Callable[[SessionState], Operation]]] = [
    ("edit", lambda state: UpdateCell(state.notebook.cells[-1].id, source="x1 = 0")),
    ("add", lambda state: AddCell("new", source="x1")),
    ("move", lambda state: MoveCell(state.notebook.cells[-1].id, 3)),
    ("remove", lambda state: RemoveCell(state.notebook.cells[0].id)),
    ("run all", lambda state: RunCells("again", tuple(cell.id for cell in state.notebook.cells))),
    ("take over", lambda state: ReplaceNotebook(state.notebook)),
    ("lose the kernel", lambda state: KernelChanged(KernelState.DEAD, "It died.")),
    ("interrupt", lambda state: InterruptRun()),
]


@pytest.mark.parametrize("operation", [pytest.param(row[1], id=row[0]) for row in EDITS])
def test_an_operation_costs_at_most_in_proportion_to_the_cells(
    small: SessionState, large: SessionState, operation: Callable[[SessionState], Operation]
) -> None:
    costs = [calls(partial(apply, state, operation(state))) for state in (small, large)]
    assert costs[1] < costs[0] * (LARGE / SMALL) * 1.5 + 500


def test_what_a_failure_blocks_costs_in_proportion() -> None:
    costs = []
    for cells in (SMALL, LARGE):
        sources = ["x = 1", *("x" for _ in range(cells))]
        notebook = Notebook(id="n", cells=tuple(Cell(id=f"c{n}", source=source) for n, source in enumerate(sources)))
        state = after(initial_state(notebook), RunCells("all"), KernelChanged(KernelState.IDLE))
        costs.append(calls(partial(apply, state, finished(1, ok=False, **wrote("x")))))
    assert costs[1] < costs[0] * (LARGE / SMALL) * 1.5 + 500


def test_ten_thousand_cells_open_and_take_an_edit() -> None:
    cells = tuple(Cell(id=f"c{n}", source=f"y{n} = x{n % 100}\nx{n % 100} = y{n}") for n in range(10_000))
    state = initial_state(Notebook(id="n", cells=cells))
    assert len(state.graph.order) == 10_000
    applied = apply(state, UpdateCell("c9999", source="y = 1"))
    assert [type(event) for event in applied.events] == [CellUpdated, GraphUpdated]
