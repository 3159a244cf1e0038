"""Why cells are stale: tables of what was done and what is then said, and laws that hold after anything."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reactive_kernels import ExecuteReply
from reactive_kernels.kernel_widgets import WidgetWatch
from reactive_nb.execution.reasons import Reason, ReasonKind, causes
from reactive_nb.execution.records import Outcome
from reactive_nb.execution.scheduler import outdated
from reactive_nb.models import Cell, CellMode, CellType, KernelState, Notebook, Redefinition, RunMode
from reactive_nb.services import views
from reactive_nb.services.errors import SessionError
from reactive_nb.services.operations import (
    AddCell,
    Batch,
    CellFinished,
    CellStarted,
    ForeignRun,
    InterruptRun,
    KernelChanged,
    MoveCell,
    MoveWidget,
    Operation,
    RemoveCell,
    RestartKernel,
    RunCells,
    UpdateCell,
    UpdateNotebook,
)
from reactive_nb.services.reducer import apply, initial_state
from reactive_nb.services.state import SessionState
from tests.services.client import WatchedNotebook
from tests.services.in_process import InProcessNotebook
from tests.services.promise import edit
from tests.services.test_events import OTHERS
from tests.services.test_promise import EDITS, SOURCES
from tests.services.test_reducer import IDLE, NOW, after, finished, ran, state_of, wrote
from tests.services.test_work import LARGE, SMALL, calls


def short(reason: Reason) -> str:
    """`input-moved x c0>c2`: the names come from c2 now, and came from c0."""
    words = [reason.kind.value, *reason.names]
    if reason.cell or reason.was:
        words.append(f"{reason.was or ''}>{reason.cell or ''}" if reason.was else str(reason.cell))
    return " ".join(words)


def why(state: SessionState, cell: str) -> list[str]:
    return [short(reason) for reason in state.why_stale(cell)]


LAZY = UpdateNotebook(settings={"mode": RunMode.LAZY})
Steps = Sequence[Operation | str]
"""Operations, and cells that are run."""


def done(sources: list[str], steps: Steps) -> SessionState:
    """A notebook that has run, and what was then done to it."""
    notebook = InProcessNotebook(*sources)
    notebook.run()
    for step in steps:
        if isinstance(step, str):
            notebook.run(step)
        else:
            notebook.do(step)
    return notebook.state


TABLE: list[tuple[str, list[str], Steps, dict[str, list[str]]]] = [
    (
        "an edit, and what depends on it",
        ["x = 1", "y = x", "y", "z = 1"],
        [UpdateCell("c0", source="x = 2")],
        {"c0": ["edited"], "c1": ["input-stale x c0"], "c2": ["input-stale y c1"], "c3": []},
    ),
    (
        "an edit that is undone",
        ["x = 1", "x"],
        [UpdateCell("c0", source=""), UpdateCell("c0", source="x = 1")],
        {"c1": []},
    ),
    ("a new cell", ["x = 1"], [AddCell("new", source="x")], {"new": ["never-ran"]}),
    (
        "a provider that ran again",
        ["x = 1; y = 2", "x + y", "y"],
        [LAZY, "c0"],
        {"c1": ["input-ran x y c0"], "c2": ["input-ran y c0"]},
    ),
    (
        "two reasons of its own and one that is not",
        ["x = 1", "y = 1", "x + y"],
        [LAZY, "c0", UpdateCell("c1", source="y = 2"), UpdateCell("c2", source="x - y")],
        {"c2": ["edited", "input-ran x c0", "input-stale y c1"]},
    ),
    (
        "a definition put in between",
        ["x = 1", "x"],
        [AddCell("new", source="x = 2", index=1)],
        {"c1": ["input-moved x c0>new", "input-stale x new"]},
    ),
    ("a provider deleted, another above", ["x = 1", "x = 2", "x"], [RemoveCell("c1")], {"c2": ["input-moved x c1>c0"]}),
    ("a provider deleted", ["x = 1", "x"], [RemoveCell("c0")], {"c1": ["input-gone x c0>"]}),
    ("a provider that defines it no more", ["x = 1", "x"], [UpdateCell("c0", source="")], {"c1": ["input-gone x c0>"]}),
    ("a provider moved below", ["x = 1", "x = 2", "x"], [MoveCell("c1", 2)], {"c2": ["input-moved x c1>c0"]}),
    (
        "a provider disabled",
        ["x = 1", "x"],
        [UpdateCell("c0", config={"mode": CellMode.DISABLED})],
        {"c1": ["input-disabled x c0>c0"]},
    ),
    (
        "a provider enabled again",
        ["x = 1", "x"],
        [
            UpdateCell("c0", config={"mode": CellMode.DISABLED}),
            "c1",
            UpdateCell("c0", config={"mode": CellMode.AUTO}),
        ],
        {"c0": [], "c1": ["input-new x c0"]},
    ),
    (
        "a disabled provider deleted",
        ["x = 1", "x"],
        [UpdateCell("c0", config={"mode": CellMode.DISABLED}), "c1", RemoveCell("c0")],
        {"c1": ["input-gone x c0>"]},
    ),
    (
        "a name that nobody provided",
        ["print(1)", "x"],
        [UpdateCell("c0", source="x = 1")],
        {"c1": ["input-new x c0", "input-stale x c0"]},
    ),
    (
        "a function needs another name now",
        ["g = 1", "def f(): return 1", "f()"],
        [LAZY, UpdateCell("c1", source="def f(): return g"), "c1"],
        {"c2": ["input-ran f c1", "input-new g c0"]},
    ),
    ("a restart", ["x = 1", "x"], [RestartKernel()], {"c0": ["kernel-restarted"], "c1": ["kernel-restarted"]}),
    (
        "a death, and one that never ran",
        ["x = 1"],
        [AddCell("new", source="x"), KernelChanged(KernelState.DEAD)],
        {"c0": ["kernel-died"], "new": ["never-ran"]},
    ),
    ("a kernel that was shut down", ["1"], [KernelChanged(KernelState.NONE)], {"c0": ["kernel-ended"]}),
    ("another kernel", ["1"], [UpdateNotebook(kernel_name="other", language="python")], {"c0": ["kernel-replaced"]}),
    (
        "a restart after another kernel's death",
        ["1"],
        [KernelChanged(KernelState.DEAD), RestartKernel()],
        {"c0": ["kernel-died"]},
    ),
    ("another program's run", ["x = 1", "x"], [ForeignRun(), "c0"], {"c0": [], "c1": []}),
    ("another program's run, at once", ["x = 1"], [ForeignRun()], {"c0": ["foreign-run"]}),
    (
        "an object changed by a cell that is gone",
        ["import io\np = io.StringIO()", "p.write('a')"],
        [RemoveCell("c1")],
        {"c0": ["changed-in-place p"]},
    ),
    (
        "another definer, where only one is allowed",
        ["x = 1"],
        [UpdateNotebook(settings={"redefinition": Redefinition.ERROR}), AddCell("new", source="x = 2")],
        {"c0": ["defined-twice x new"]},
    ),
]


@pytest.mark.parametrize(("sources", "steps", "expected"), [pytest.param(*row[1:], id=row[0]) for row in TABLE])
def test_why(sources: list[str], steps: Steps, expected: dict[str, list[str]]) -> None:
    state = done(sources, steps)
    assert {cell: why(state, cell) for cell in expected} == expected


def test_a_notebook_that_was_opened_with_results() -> None:
    cells = (Cell("old", source="1", execution_count=3), Cell("new", source="2"))
    state = initial_state(Notebook(id="n", cells=cells))
    assert (why(state, "old"), why(state, "new")) == (["opened"], ["never-ran"])
    assert [one.kind for one in views.cell_response(state, "old").stale_because] == ["opened"]
    assert views.cell_response(state, "new").stale_because == []


def test_runs_that_came_to_no_end() -> None:
    started = after(state_of("x = 1", "x"), RunCells("r"), IDLE, CellStarted(1, NOW), InterruptRun())
    reply = ExecuteReply(status="error", ename="KeyboardInterrupt", evalue="")
    assert why(after(started, CellFinished(1, Outcome.INTERRUPTED, reply, 1.0)), "c0") == ["interrupted"]
    given_up = CellFinished(1, Outcome.KERNEL, None, 1.0, "It does not answer.")
    assert why(after(started, given_up), "c0") == ["unfinished"]


def test_a_cell_that_waits_for_a_name_further_down() -> None:
    state = after(state_of("def f(): return g", "f()", "g = 1"), RunCells("r"), IDLE, finished(1, **wrote("f")))
    state = after(state, CellStarted(2, NOW), finished(2, ok=False, name_error="g"))
    assert why(after(state, InterruptRun()), "c1") == ["waits g c2"]
    assert why(after(state, RestartKernel()), "c1") == ["waits g c2"]


def test_cells_in_a_language_that_nobody_can_analyse() -> None:
    cells = tuple(Cell(f"c{place}", CellType.CODE, "x <- 1") for place in range(3))
    state = after(initial_state(Notebook(id="n", cells=cells, kernel_name="ir"), "R"), RunCells("r"), IDLE)
    state = after(
        state, finished(1), finished(2), finished(3), RunCells("again", ("c0", "c1")), finished(4), finished(5)
    )
    assert [why(state, f"c{place}") for place in range(3)] == [[], [], ["above-ran c0"]]


def test_a_moved_widget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reactive_kernels.kernel_step.WATCHERS", [WidgetWatch()])
    notebook = InProcessNotebook("from ipywidgets import IntSlider\ns = IntSlider()", "x = s.value", "x")
    notebook.run()
    notebook.do(LAZY)
    notebook.do(MoveWidget(notebook.shell.user_ns["s"].comm.comm_id, "m"))
    assert why(notebook.state, "c1") == ["widget-moved s"]
    assert why(notebook.state, "c2") == ["input-stale x c1"]


# -- where it comes from
def causes_of(state: SessionState, cell: str) -> list[str]:
    """`c0 -x-> c1 -y-> c2`: nearest first."""
    found = causes(state.situation(), state.stale, cell, most=10)
    return [" ".join([one.cell, *(f"-{','.join(names)}-> {user}" for user, names in one.path)]) for one in found]


def test_the_causes_are_the_cells_that_are_outdated_by_themselves_nearest_first() -> None:
    state = ran("x = 1", "y = x", "z = y", "w = 1", "z + w")
    state = after(state, UpdateCell("c0", source="x = 2"), UpdateCell("c3", source="w = 2"))
    assert causes_of(state, "c4") == ["c3 -w-> c4", "c0 -x-> c1 -y-> c2 -z-> c4"]
    assert causes_of(state, "c0") == ["c0"]
    state = after(state, UpdateCell("c4", source="z - w"))
    assert causes_of(state, "c4")[0] == "c4"
    assert len(causes(state.situation(), state.stale, "c4", most=2)) == 2


def test_no_cause_where_nothing_is_stale() -> None:
    assert causes_of(ran("x = 1", "x"), "c1") == []


# -- in words
WORDS: list[tuple[str, list[str], Steps, str, list[str]]] = [
    ("edited", ["x = 1", "x"], [UpdateCell("c0", source="x = 2")], "c0", ["It was edited since it ran."]),
    (
        "stale",
        ["x = y = 1", "x + y"],
        [UpdateCell("c0", source="x = y = 2")],
        "c1",
        ["x, y come from cell c0, which is stale."],
    ),
    ("ran", ["x = 1", "x"], [LAZY, "c0"], "c1", ["x comes from cell c0, which has run since."]),
    (
        "moved",
        ["x = 1", "x = 2", "x"],
        [RemoveCell("c1")],
        "c2",
        ["x now comes from cell c0; when it ran, from cell c1."],
    ),
    ("gone", ["x = 1", "x"], [RemoveCell("c0")], "c1", ["x came from cell c0 when it ran, and does not any more."]),
    ("restarted", ["x = 1"], [RestartKernel()], "c0", ["The kernel was restarted since it ran."]),
]


@pytest.mark.parametrize(("sources", "steps", "cell", "messages"), [pytest.param(*row[1:], id=row[0]) for row in WORDS])
def test_what_is_said(sources: list[str], steps: Steps, cell: str, messages: list[str]) -> None:
    state = done(sources, steps)
    assert [one.message for one in views.cell_response(state, cell).stale_because] == messages


def test_every_kind_of_reason_has_words_of_its_own() -> None:
    said = {kind: views.reason_model(Reason(kind, ("x",), "c1", "c2")).message for kind in ReasonKind}
    assert len(set(said.values())) == len(ReasonKind)
    assert not any("something else" in message for message in said.values())


def test_few_reasons_are_told_with_a_cell() -> None:
    names = [f"x{n}" for n in range(30)]
    state = after(ran(*(f"{name} = 1" for name in names), "+".join(names)))
    state = after(state, Batch(tuple(UpdateCell(f"c{n}", source=f"x{n} = 2") for n in range(30))))
    assert len(state.why_stale("c30")) == 30
    assert len(views.cell_response(state, "c30").stale_because) == 5


# -- laws
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    sources=st.lists(SOURCES, min_size=2, max_size=5),
    steps=st.lists(st.tuples(st.one_of(EDITS, OTHERS), st.booleans()), max_size=8),
)
def test_a_cell_is_stale_if_and_only_if_there_is_a_reason(
    sources: list[str], steps: list[tuple[tuple[str, int, str] | Operation, bool]]
) -> None:
    notebook = WatchedNotebook(*sources)
    notebook.run()
    for number, (step, runs) in enumerate(steps):
        if isinstance(step, tuple):
            edit(notebook, *step, f"n{number}")
        else:
            with contextlib.suppress(SessionError):  # there may be no such cell, or one already
                notebook.do(step)
        if runs:
            notebook.run()
        _assert_reasons(notebook.state)


def _assert_reasons(state: SessionState) -> None:
    now = state.situation()
    for cell in state.graph.order:
        found = state.why_stale(cell)
        assert bool(found) == (cell in state.stale), cell
        own = [reason for reason in found if reason.kind is not ReasonKind.INPUT_STALE]
        assert bool(own) == outdated(now, cell), cell
        assert bool(causes(now, state.stale, cell, most=3)) == (cell in state.stale)


def test_a_cascade_is_told_in_proportion_to_its_length() -> None:
    costs = []
    for cells in (SMALL, LARGE):
        sources = ["x = 1", *("x = x + 1" for _ in range(cells))]
        state = ran(*sources)
        costs.append(calls(partial(apply, state, UpdateCell("c0", source="x = 2"))))
        assert len(causes_of(apply(state, UpdateCell("c0", source="x = 2")).state, f"c{cells}")) == 1
    assert costs[1] < costs[0] * (LARGE / SMALL) * 1.5 + 500
