"""Widgets as inputs, without a kernel: real widgets in this process, moved as a user would."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from reactive_kernels import kernel_step
from reactive_kernels.kernel_widgets import WidgetWatch
from reactive_nb.models import CellMode, CellStatus, RunMode
from reactive_nb.services.operations import AddCell, InterruptRun, MoveWidget, UpdateCell, UpdateNotebook
from tests.services.in_process import InProcessNotebook
from tests.services.late_news import NotebookOfLateNews

SLIDER = "from ipywidgets import IntSlider, VBox\ns = IntSlider(value=1)"
_numbers = count()


_watch = WidgetWatch()  # one for all: each would take hold of the same class again


@pytest.fixture(autouse=True)
def watching() -> Iterator[None]:
    kernel_step.WATCHERS.append(_watch)
    yield
    kernel_step.WATCHERS.remove(_watch)


def move(notebook: InProcessNotebook, value: Any, name: str = "s") -> list[str]:
    """What a user's move of the slider runs, in order."""
    before = len(notebook.log)
    widget = notebook.shell.user_ns[name]
    widget.value = value
    notebook.do(MoveWidget(widget.comm.comm_id, f"m{next(_numbers)}"))
    return notebook.log[before:]


def opened(*sources: str, batches: bool = False) -> InProcessNotebook:
    notebook = InProcessNotebook(SLIDER, *sources, batches=batches)
    notebook.run()
    return notebook


@pytest.mark.parametrize("batches", [False, True])
def test_what_looks_at_a_moved_widget_runs_with_what_depends_on_it(batches: bool) -> None:
    notebook = opened("x = s.value * 2", "print(x)", "print('apart')", batches=batches)
    assert move(notebook, 5) == ["c1", "c2"]
    assert notebook.text("c2") == "10\n"
    assert set(notebook.state.statuses.values()) == {CellStatus.SUCCESS}


def test_the_cells_that_make_and_show_it_do_not_run() -> None:
    notebook = opened("s", "box = VBox([s])", "print(s.value)")
    assert move(notebook, 5) == ["c3"]


def test_a_cell_that_looks_at_what_it_made_itself_does_not_run() -> None:
    notebook = InProcessNotebook(SLIDER + "\nprint(s.value)")
    notebook.run()
    assert move(notebook, 5) == []


def test_a_widget_in_a_container_is_an_input_too() -> None:
    notebook = opened("both = {'a': [s], 'b': 2}", "print(both['a'][0].value)")
    assert move(notebook, 7) == ["c2"]


def test_a_function_looks_where_it_is_called() -> None:
    notebook = opened("def f(): return s.value", "print(f())")
    assert move(notebook, 7) == ["c2"]


def test_in_a_lazy_notebook_it_is_only_shown() -> None:
    notebook = opened("print(s.value)")
    notebook.do(UpdateNotebook(settings={"mode": RunMode.LAZY}))
    assert move(notebook, 5) == []
    assert notebook.state.statuses["c1"] is CellStatus.STALE
    assert notebook.run() == ["c1"]
    assert notebook.status("c1") in {CellStatus.SUCCESS}


def test_a_manual_cell_waits_to_be_asked() -> None:
    notebook = opened("print(s.value)", "print(s.value)")
    notebook.do(UpdateCell("c1", config={"mode": CellMode.MANUAL}))
    assert move(notebook, 5) == ["c2"]
    assert notebook.state.statuses["c1"] is CellStatus.STALE


def test_a_move_runs_no_edited_cell() -> None:
    notebook = opened("k = 2", "print(s.value * k)", "print(s.value)")
    notebook.do(UpdateCell("c1", source="k = 3"))
    assert move(notebook, 5) == ["c3"]
    assert notebook.state.statuses["c2"] is CellStatus.STALE
    notebook.run()
    assert notebook.text("c2") == "15\n"


def test_a_move_while_the_reader_runs_makes_it_run_again() -> None:
    notebook = opened("x = s.value", "print(x)")
    comm = notebook.shell.user_ns["s"].comm.comm_id
    notebook.meanwhile = [MoveWidget(comm, "m-a"), MoveWidget(comm, "m-b")]
    assert move(notebook, 5) == ["c1", "c1", "c2"]


def test_a_move_while_the_reader_runs_for_the_first_time_makes_it_run_again() -> None:
    notebook = opened()
    notebook.do(AddCell("late", source="print(s.value)"))
    notebook.meanwhile = [MoveWidget(notebook.shell.user_ns["s"].comm.comm_id, "m")]
    assert notebook.run() == ["late", "late"]
    assert notebook.status("late") is CellStatus.SUCCESS


@pytest.mark.parametrize("after", range(20))
@pytest.mark.parametrize("lag", [0, 1, 4])
@pytest.mark.parametrize("together", [False, True], ids=["one by one", "together"])
def test_a_move_while_its_cascade_runs_is_followed_to_the_end(together: bool, lag: int, after: int) -> None:
    notebook = NotebookOfLateNews(SLIDER, "x = s.value", "y = x", "z = y", "print(z)", lag=lag)
    if not together:
        for cell in ("c2", "c3", "c4"):
            notebook.do(UpdateCell(cell, config={"timeout": 60}))
    notebook.run()

    def move_on() -> MoveWidget:
        notebook.shell.user_ns["s"].value = 9
        return MoveWidget(notebook.shell.user_ns["s"].comm.comm_id, "second")

    notebook.between[notebook.heard + after] = [move_on]
    move(notebook, 5)
    if notebook.between:  # the cascade was over by then
        move(notebook, 9)
    assert notebook.text("c4") == "9\n"
    assert set(notebook.state.statuses.values()) == {CellStatus.SUCCESS}


def test_an_interrupted_cascade_goes_on_with_the_next_move() -> None:
    notebook = opened("x = s.value", "print(x)")
    notebook.meanwhile = [InterruptRun()]
    assert move(notebook, 5) == ["c1"]
    assert notebook.status("c2") is CellStatus.STALE
    assert move(notebook, 6) == ["c1", "c2"]


def test_a_widget_of_a_cell_that_ran_again_is_another() -> None:
    notebook = opened("print(s.value)")
    move(notebook, 5)
    notebook.do(UpdateCell("c0", source=SLIDER + " # again"))
    notebook.run()
    assert notebook.text("c1") == "1\n"
    assert move(notebook, 6) == ["c1"]
    assert notebook.text("c1") == "6\n"
