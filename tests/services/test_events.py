"""The events tell everything: a client that applies them shows what one that asks for the whole state would get."""

from __future__ import annotations

import contextlib
import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reactive_nb.models import CellMode, CellType, KernelState, Redefinition, RunMode
from reactive_nb.services.errors import SessionError
from reactive_nb.services.operations import (
    AddCell,
    Batch,
    ForeignRun,
    InterruptRun,
    KernelChanged,
    MoveCell,
    Operation,
    RemoveCell,
    RestartKernel,
    RunCells,
    UpdateCell,
    UpdateNotebook,
)
from tests.services.client import WatchedNotebook
from tests.services.promise import edit
from tests.services.test_promise import EDITS, SOURCES

EXAMPLES = int(os.environ.get("PROMISE_EXAMPLES", "200"))

OTHERS = st.sampled_from(
    [
        UpdateNotebook(settings={"mode": RunMode.LAZY}),
        UpdateNotebook(settings={"mode": RunMode.AUTO}),
        UpdateNotebook(settings={"redefinition": Redefinition.WARN}),
        UpdateNotebook(settings={"redefinition": Redefinition.ERROR}),
        UpdateNotebook(name="Other"),
        UpdateNotebook(kernel_name="other", language="R"),
        UpdateCell("c0", type=CellType.MARKDOWN),
        UpdateCell("c0", type=CellType.PYTHON, source="a ="),
        UpdateCell("c1", config={"mode": CellMode.MANUAL}),
        UpdateCell("c1", source="def f(:", index=0),
        RestartKernel(),
        InterruptRun(),
        ForeignRun(),
        KernelChanged(KernelState.DEAD, "It died."),
        KernelChanged(KernelState.NONE),
        Batch((AddCell("b0", source="a = 1"), MoveCell("b0", 0), UpdateCell("b0", source="a"), RemoveCell("b0"))),
        Batch((AddCell("b1", type=CellType.MARKDOWN, source="# a"),)),
        RunCells("other", ("c0",)),
    ]
)


INTERRUPTIONS = st.sampled_from(
    [InterruptRun(), RestartKernel(), ForeignRun(), KernelChanged(KernelState.DEAD, "It died.")]
)


@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(
    sources=st.lists(SOURCES, min_size=2, max_size=5),
    steps=st.lists(st.one_of(EDITS, OTHERS), max_size=8),
)
def test_a_client_that_applies_events_shows_the_state(
    sources: list[str], steps: list[tuple[str, int, str] | Operation]
) -> None:
    notebook = WatchedNotebook(*sources)
    notebook.run()
    for number, step in enumerate(steps):
        if isinstance(step, tuple):
            edit(notebook, *step, f"n{number}")
        else:
            with contextlib.suppress(SessionError):  # there may be no such cell, or one already
                notebook.do(step)
        notebook.run()


@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(
    sources=st.lists(SOURCES, min_size=2, max_size=5),
    runs=st.lists(st.lists(st.one_of(EDITS, INTERRUPTIONS), max_size=3), max_size=4),
)
def test_what_happens_while_a_cell_runs_makes_no_difference_in_the_end(
    sources: list[str], runs: list[list[tuple[str, int, str] | Operation]]
) -> None:
    notebook = WatchedNotebook(*sources)
    for number, steps in enumerate(runs):
        notebook.meanwhile = [
            _operation(notebook, step, f"n{number}-{place}") if isinstance(step, tuple) else step
            for place, step in enumerate(steps)
        ]
        notebook.run()
    notebook.meanwhile = []
    notebook.run()
    notebook.run()
    assert not notebook.state.runs
    assert notebook.shown() == notebook.fresh().shown(), "\n\n".join(
        f"# {cell.id}\n{cell.source}" for cell in notebook.state.notebook.cells
    )


def _operation(notebook: WatchedNotebook, step: tuple[str, int, str], new: str) -> Operation:
    kind, where, what = step
    cells = notebook.state.notebook.cells
    if kind == "insert" or not cells:
        return AddCell(new, source="" if kind == "move" else what, index=where % (len(cells) + 1))
    cell = cells[where % len(cells)]
    match kind:
        case "edit":
            return UpdateCell(cell.id, type=CellType.PYTHON, source=what)
        case "text":
            return UpdateCell(cell.id, type=CellType.MARKDOWN, source=what)
        case "delete":
            return RemoveCell(cell.id)
        case "move":
            return MoveCell(cell.id, int(what) % len(cells))
        case "disable":
            mode = CellMode.AUTO if cell.config.mode is CellMode.DISABLED else CellMode.DISABLED
            return UpdateCell(cell.id, config={"mode": mode})
        case _:
            return RunCells(new, (cell.id,) if where % 3 else None)
