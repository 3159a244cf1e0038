"""What a run means on a real kernel: order, staleness, errors, and everything Jupyter lets a cell do."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from reactive_nb.execution import executor
from reactive_nb.models import CellMode, CellType, Redefinition, RunMode
from reactive_nb.schemas.events import InputRequested, OutputAppend, OutputUpdate, RunStarted
from reactive_nb.schemas.runs import RunState
from reactive_nb.services.errors import InvalidOperation, NoSuchCell
from reactive_nb.services.operations import (
    AddCell,
    DocumentOperation,
    MoveCell,
    RemoveCell,
    UpdateCell,
    UpdateNotebook,
)
from tests.services.live import Live, Open, cell

pytestmark = pytest.mark.anyio

WAIT = "import time\nprint('begun', flush=True)\ntime.sleep(60)"


# -- plans
async def test_all_cells_run_in_order_and_the_answer_shows_them(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 20", "y = x + 1", "print(y)", "")
    answer = await notebook.run()
    assert answer.state is RunState.FINISHED
    assert [(c.id, c.status) for c in answer.cells] == [(f"c{i}", "success") for i in range(4)]
    assert answer.cells[2].outputs == [{"output_type": "stream", "name": "stdout", "text": "21\n"}]
    assert notebook.of(RunStarted)[0].cells == ["c0", "c1", "c2", "c3"]


async def test_an_edit_makes_stale_and_runs_nothing_and_a_run_reaches_only_what_it_affects(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1", "x + 1", "z = 5", "z")
    await notebook.run()
    notebook.events.clear()
    await notebook.edit("c0", "x = 2")
    assert notebook.statuses() == "stale stale success success"
    assert [c.id for c in (await notebook.run("c0")).cells] == ["c0", "c1"]
    assert (notebook.text("c1"), notebook.ran()) == ("3", ["c0", "c1"])


async def test_an_undo_makes_fresh_again(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1", "x")
    await notebook.run()
    await notebook.edit("c0", "x = 2")
    await notebook.edit("c0", "x = 1")
    assert notebook.statuses() == "success success"
    assert (await notebook.run()).cells == []


async def test_each_cell_sees_its_own_version_of_a_name(open_notebook: Open) -> None:
    notebook = await open_notebook("p = [1]", "print(p)", "p.append(2)", "print(p)", "p = 'other'", "print(p)")
    await notebook.run()
    for wanted in ("c1", "c3", "c2", "c5"):
        await notebook.run(wanted)
    assert [notebook.text(c) for c in ("c1", "c3", "c5")] == ["[1]\n", "[1, 2]\n", "other\n"]


async def test_a_name_from_further_down(open_notebook: Open) -> None:
    notebook = await open_notebook("print(helper(2))", "def helper(n): return n * factor", "factor = 21")
    await notebook.run()
    assert (notebook.text("c0"), notebook.statuses()) == ("42\n", "success success success")


async def test_a_failed_attempt_counts_for_nothing(open_notebook: Open) -> None:
    notebook = await open_notebook("p = []", "def f(): return late", "p.append(1)\nprint(p, f())", "late = 5", "p")
    await notebook.run()
    assert (notebook.text("c2"), notebook.text("c4")) == ("[1] 5\n", "[1]")


async def test_names_that_nobody_saw_coming(open_notebook: Open) -> None:
    notebook = await open_notebook("exec('hidden = 1')", "from math import *", "hidden + pi", "globals()['g'] = 2", "g")
    await notebook.run()
    assert (notebook.text("c2")[:4], notebook.text("c4")) == ("4.14", "2")
    await notebook.edit("c0", "exec('hidden = 2')")
    await notebook.run("c0")
    assert notebook.text("c2")[:4] == "5.14"


async def test_what_executed_code_reads_makes_its_cell_run_again(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1", "exec('print(x)')")
    await notebook.run()
    await notebook.edit("c0", "x = 2")
    assert notebook.statuses() == "stale stale"
    await notebook.run("c0")
    assert notebook.text("c1") == "2\n"


async def test_draws_of_numpy_follow_the_seed_of_the_cell_that_drew_first(open_notebook: Open) -> None:
    seed, more = "np.random.seed(1); x = np.random.rand(3)", "np.random.seed(1); x = np.random.rand(4)"
    notebook = await open_notebook("import numpy as np", seed, "print(np.random.rand())")
    await notebook.run()
    first = notebook.text("c2")
    await notebook.edit("c1", more)
    await notebook.run()
    assert notebook.text("c2") != first
    await notebook.edit("c1", seed)
    await notebook.run()
    assert (notebook.text("c2"), notebook.statuses()) == (first, "success success success")


async def test_two_runs_at_once_run_each_cell_once(open_notebook: Open) -> None:
    notebook = await open_notebook("import time; time.sleep(0.2)", "a = 1", "a", "b = 2")
    first, second = await asyncio.gather(notebook.run("c0", "c1"), notebook.run("c3", "c1"))
    assert (first.state, second.state) == (RunState.FINISHED, RunState.FINISHED)
    assert sorted(notebook.ran()) == ["c0", "c1", "c2", "c3"]


async def test_a_run_that_takes_longer_than_one_waits_is_told_as_it_stands(open_notebook: Open) -> None:
    notebook = await open_notebook(WAIT, "1")
    answer = await notebook.session.run(wait=0.01)
    assert answer.state is RunState.RUNNING
    assert [c.id for c in answer.cells] == ["c0", "c1"]


async def test_what_is_not_there_can_not_be_run(open_notebook: Open) -> None:
    notebook = await open_notebook("1")
    with pytest.raises(NoSuchCell):
        await notebook.run("c0", "nowhere")
    assert notebook.statuses() == "idle"


# -- modes
async def test_lazy_mode_only_shows(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1", "y = x", "y")
    await notebook.run()
    await notebook.session.apply(UpdateNotebook(settings={"mode": RunMode.LAZY}))
    await notebook.edit("c0", "x = 2")
    await notebook.run("c0")
    assert notebook.statuses() == "success stale stale"
    await notebook.run("c2")
    assert (notebook.statuses(), notebook.text("c2")) == ("success success success", "2")


async def test_a_manual_cell_runs_when_it_is_asked_to_itself(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1", cell(1, "y = x", mode=CellMode.MANUAL), "y")
    await notebook.run()
    assert notebook.statuses() == "success idle stale"
    assert "from cell c1, which runs only when it is asked to itself" in notebook.message("c2")
    await notebook.run("c1")
    assert (notebook.statuses(), notebook.text("c2")) == ("success success success", "1")
    await notebook.edit("c0", "x = 2")
    await notebook.run("c0")
    assert (notebook.status("c0"), notebook.status("c1"), notebook.text("c2")) == ("success", "stale", "1")


async def test_what_is_behind_a_manual_cell_runs_once(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1", cell(1, "y = x", mode=CellMode.MANUAL), "z = y", "z")
    await notebook.run("c1")
    await notebook.edit("c0", "x = 2")
    notebook.events.clear()
    await notebook.run("c0")
    await notebook.run("c3")
    assert (notebook.ran(), notebook.text("c3")) == (["c0", "c3"], "1")
    assert notebook.statuses() == "success stale stale stale"


async def test_a_disabled_cell_blocks_who_needs_it(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1", "x", "2")
    await notebook.run()
    await notebook.session.apply(UpdateCell("c0", config={"mode": CellMode.DISABLED}))
    await notebook.run()
    assert notebook.statuses() == "disabled blocked success"
    assert "x from cell c0, which is disabled" in notebook.message("c1")
    await notebook.session.apply(UpdateCell("c0", config={"mode": CellMode.AUTO}))
    await notebook.run()
    assert notebook.statuses() == "success success success"


async def test_redefinition_as_an_error(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1", "x = 2", "3")
    await notebook.session.apply(UpdateNotebook(settings={"redefinition": Redefinition.ERROR}))
    await notebook.run()
    assert notebook.statuses() == "blocked blocked success"
    assert notebook.message("c0") == "redefinition: x is defined in other cells too: c1."
    await notebook.edit("c1", "y = 2")
    assert notebook.statuses() == "stale stale success"
    await notebook.run()
    assert notebook.statuses() == "success success success"
    await notebook.edit("c2", "y = 3")
    await notebook.run()
    assert notebook.statuses() == "success blocked blocked"
    await notebook.session.apply(UpdateNotebook(settings={"redefinition": Redefinition.WARN}))
    await notebook.run()
    assert notebook.statuses() == "success success success"


# -- errors
async def test_what_depends_on_an_error_is_blocked_and_names_the_culprit(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1 / 0", "y = x", "y", "z = 1", "z")
    await notebook.run()
    assert notebook.statuses() == "error blocked blocked success success"
    assert notebook.message("c0") == "exception: ZeroDivisionError: division by zero"
    assert (
        notebook.message("c1") == "blocked: It needs x from cell c0, which raised ZeroDivisionError: division by zero."
    )
    error = notebook.cell("c2").error
    assert error is not None
    assert (error.names, error.cells) == (("y",), ("c1", "c0"))
    await notebook.edit("c0", "x = 1")
    await notebook.run("c0")
    assert notebook.statuses() == "success success success success success"


async def test_the_names_of_a_failed_cell_are_removed(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1", "x")
    await notebook.run()
    await notebook.edit("c0", "x = 2\nraise ValueError(x)")
    await notebook.run("c0")
    await notebook.run()
    assert notebook.statuses() == "error blocked"
    assert (await notebook.session.variables()).variables == []


async def test_going_on_after_an_error(open_notebook: Open) -> None:
    notebook = await open_notebook(
        cell(0, "x = 1\nraise ValueError", continue_on_error=True),
        "x",
        cell(2, "y = 2\n1 / 0", tags=["raises-exception"]),
        "y",
    )
    await notebook.run()
    assert notebook.statuses() == "error success error success"
    assert (notebook.text("c1"), notebook.text("c3")) == ("1", "2")


async def test_a_cell_that_does_not_parse_says_where(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1", "x\ny = (", "y")
    answer = await notebook.run()
    assert notebook.statuses().startswith("success error")
    problem = answer.cells[1].error
    assert problem is not None
    assert (problem.kind, problem.line) == ("syntax", 2)
    assert "SyntaxError" in notebook.text("c1")


async def test_a_time_limit_ends_a_cell_and_only_that(open_notebook: Open) -> None:
    notebook = await open_notebook(cell(0, "x = 1\nwhile True: pass", timeout=0.3), "x", "3")
    await notebook.run()
    assert notebook.statuses() == "error blocked success"
    assert notebook.message("c0") == "timeout: The cell's time limit of 0.3 s was reached; it was interrupted."
    assert "which ran out of time" in notebook.message("c1")


async def test_a_cell_that_can_not_be_interrupted_stops_the_run(
    open_notebook: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "INTERRUPT_GRACE_S", 0.5)
    stubborn = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(60)"
    notebook = await open_notebook(cell(0, stubborn, timeout=0.3), "2")
    answer = await notebook.run()
    assert answer.state is RunState.FAILED
    assert "can't be interrupted: restart the kernel" in notebook.message("c0")
    assert notebook.status("c1") != "success"
    await notebook.session.restart()
    await notebook.run("c1")
    assert (notebook.status("c1"), notebook.text("c1")) == ("success", "2")


# -- interrupts
async def test_an_interrupt_ends_the_cell_and_drops_what_is_queued(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1", WAIT, "x", "4")
    first = asyncio.create_task(notebook.run())
    await notebook.printed("c1", "begun")
    second = asyncio.create_task(notebook.run("c3"))
    await notebook.until(lambda: len(notebook.session.state.runs) == 2)
    await notebook.session.interrupt()
    answers = await asyncio.gather(first, second)
    assert [answer.state for answer in answers] == [RunState.INTERRUPTED, RunState.INTERRUPTED]
    assert notebook.statuses() == "success stale idle idle"
    assert "KeyboardInterrupt" in notebook.text("c1")
    assert notebook.message("c1").startswith("interrupted")
    await notebook.edit("c1", "2")
    await notebook.run()
    assert notebook.statuses() == "success success success success"


async def test_an_interrupt_that_comes_before_the_cell_has_begun_is_not_lost(open_notebook: Open) -> None:
    notebook = await open_notebook("1", "import time\ntime.sleep(60)")
    await notebook.run("c0")
    for _ in range(5):
        started = await notebook.session.run(["c1"])
        await notebook.session.interrupt()
        assert (await notebook.finished(started.run_id)).state is RunState.INTERRUPTED
    assert notebook.status("c1") == "stale"


async def test_an_interrupt_spares_the_run_that_is_asked_for_after_it(open_notebook: Open) -> None:
    notebook = await open_notebook(WAIT, "import time\ntime.sleep(0.3)\nprint('whole')")
    first = asyncio.create_task(notebook.run("c0"))
    await notebook.printed("c0", "begun")
    await notebook.session.interrupt()
    await notebook.run("c1")
    await first
    assert (notebook.text("c1"), notebook.statuses()) == ("whole\n", "stale success")


async def test_the_interrupted_cell_runs_again_if_that_is_asked_for_while_it_ends(open_notebook: Open) -> None:
    slow_at_first = (
        "import pathlib, time\nonce = pathlib.Path('once')\nif not once.exists():\n    once.touch()\n"
        "    try:\n        print('begun', flush=True)\n        time.sleep(60)\n    finally:\n        time.sleep(0.3)\n"
        "x = 'whole'"
    )
    notebook = await open_notebook(slow_at_first, "print(x)")
    first = asyncio.create_task(notebook.run())
    await notebook.printed("c0", "begun")
    await notebook.session.interrupt()
    second = await notebook.run()
    assert ((await first).state, second.state) == (RunState.INTERRUPTED, RunState.FINISHED)
    assert (notebook.text("c1"), notebook.statuses()) == ("whole\n", "success success")


async def test_what_is_stale_includes_the_cell_that_is_being_interrupted(open_notebook: Open, tmp_path: Path) -> None:
    slow_to_end = (
        "import pathlib, time\nonce = pathlib.Path('once')\nif once.exists():\n    try:\n"
        "        print('begun', flush=True)\n        time.sleep(60)\n    finally:\n        time.sleep(0.3)\n"
        "x = 'whole'"
    )
    notebook = await open_notebook(slow_to_end, "print(x)")
    await notebook.run()
    (tmp_path / "once").touch()
    first = asyncio.create_task(notebook.run("c0"))
    await notebook.printed("c0", "begun")
    await notebook.session.interrupt()
    (tmp_path / "once").unlink()
    await notebook.run()
    assert (await first).state is RunState.INTERRUPTED
    assert (notebook.text("c1"), notebook.statuses()) == ("whole\n", "success success")


async def test_an_interrupt_that_the_code_swallows_drops_the_rest_all_the_same(open_notebook: Open) -> None:
    swallows = (
        "import time\ntry:\n    print('on', flush=True)\n    time.sleep(0.5)\nexcept KeyboardInterrupt:\n    pass"
    )
    notebook = await open_notebook("a = 1", swallows, "b = 2", "c = 3")
    await notebook.run()
    for place, source in enumerate(["a = 2", swallows + "\n1", "b = 3", "c = 4"]):
        await notebook.edit(f"c{place}", source)
    run = asyncio.create_task(notebook.run())
    await notebook.until(lambda: notebook.status("c1") == "running" and "on" in notebook.text("c1"))
    await notebook.session.interrupt()
    await run
    assert notebook.statuses() == "success success stale stale"


async def test_a_name_from_below_is_there_again_after_a_cell_above_that_mentions_it(open_notebook: Open) -> None:
    notebook = await open_notebook("try:\n    a = d\nexcept NameError:\n    a = 24", "d = 5", "print(eval('d'))")
    await notebook.run()
    await notebook.run("c0")
    names = {row.name: row.preview for row in (await notebook.session.variables()).variables}
    assert (names["a"], names["d"]) == ("24", "5")
    await notebook.run("c2")
    assert notebook.text("c2") == "5\n"


async def test_an_interrupt_with_nothing_to_interrupt_says_so(open_notebook: Open) -> None:
    notebook = await open_notebook("1")
    assert (await notebook.session.interrupt()).message == "Nothing was running."
    await notebook.run()
    assert (await notebook.session.interrupt()).message == "Nothing was running."
    assert (await notebook.run("c0")).state is RunState.FINISHED


async def test_an_awaiting_cell_can_be_interrupted(open_notebook: Open) -> None:
    notebook = await open_notebook("import asyncio\nprint('begun', flush=True)\nawait asyncio.sleep(60)")
    run = asyncio.create_task(notebook.run())
    await notebook.printed("c0", "begun")
    await notebook.session.interrupt()
    assert (await run).state is RunState.INTERRUPTED


async def test_a_cell_that_raises_keyboard_interrupt_by_itself_has_failed(open_notebook: Open) -> None:
    notebook = await open_notebook("raise KeyboardInterrupt('mine')", "2")
    assert (await notebook.run()).state is RunState.FINISHED
    assert notebook.statuses() == "error success"
    assert notebook.message("c0") == "exception: KeyboardInterrupt: mine"


async def test_who_waits_for_a_run_is_told_that_it_waits_for_input(open_notebook: Open) -> None:
    notebook = await open_notebook("input('Your name? ')")
    await notebook.session.run()
    await notebook.until(lambda: notebook.of(InputRequested))
    answer = await notebook.session.run(wait=0.01)
    assert answer.state is RunState.RUNNING
    assert answer.message == "Cell c0 is waiting for input: 'Your name? '."


# -- changes during a run
async def test_a_cell_that_is_edited_while_it_runs_is_stale_when_it_ends(open_notebook: Open) -> None:
    notebook = await open_notebook("x = input()")
    run = asyncio.create_task(notebook.run())
    await notebook.until(lambda: notebook.of(InputRequested))
    await notebook.edit("c0", "x = 'new'")
    assert notebook.status("c0") == "running"
    notebook.session.reply_input("old")
    await run
    assert notebook.status("c0") == "stale"


async def test_a_cell_that_is_edited_while_it_runs_runs_again_for_who_needs_it(open_notebook: Open) -> None:
    notebook = await open_notebook("x = input()", "x")
    run = asyncio.create_task(notebook.run())
    await notebook.until(lambda: notebook.of(InputRequested))
    await notebook.edit("c0", "x = 'new'")
    notebook.session.reply_input("old")
    await run
    assert (notebook.statuses(), notebook.text("c1")) == ("success success", "'new'")


async def test_a_cell_that_has_not_started_runs_as_it_is_by_then(open_notebook: Open) -> None:
    notebook = await open_notebook("input()", "print('old')", "print('gone')")
    run = asyncio.create_task(notebook.run())
    await notebook.until(lambda: notebook.of(InputRequested))
    await notebook.edit("c1", "print('new')")
    await notebook.session.apply(RemoveCell("c2"))
    notebook.session.reply_input("")
    answer = await run
    assert [c.id for c in answer.cells] == ["c0", "c1"]
    assert notebook.text("c1") == "new\n"


async def test_a_cell_that_is_removed_while_it_runs_leaves_nothing_behind(open_notebook: Open) -> None:
    notebook = await open_notebook(
        "p = [1]\nx = 1", "input()\np.append(2)\nx = 2\nleft = 3", "print(p, x, 'left' in dir())"
    )
    run = asyncio.create_task(notebook.run())
    await notebook.until(lambda: notebook.of(InputRequested))
    await notebook.session.apply(RemoveCell("c1"))
    notebook.session.reply_input("")
    assert (await run).state is RunState.FINISHED
    assert notebook.text("c2") == "[1] 1 False\n"


ASKS = "print('asked')\ninput()\np.append(2)\nx = 2\nleft = 3\nprint('answered')"
AS_IT_WAS = UpdateCell("c1", source=ASKS)
DISABLE = UpdateCell("c1", config={"mode": CellMode.DISABLED})
ENABLE = UpdateCell("c1", config={"mode": CellMode.AUTO})
TO_TEXT, TO_CODE = UpdateCell("c1", type=CellType.MARKDOWN), UpdateCell("c1", type=CellType.PYTHON)
WITHOUT, WITH = "[1] 1 False\n", "[1, 2] 2 True\n"


async def _answer_further_questions(notebook: Live) -> None:
    for number in count(2):
        await notebook.until(partial(_were_asked, notebook, number))
        notebook.session.reply_input("")


def _were_asked(notebook: Live, questions: int) -> bool:
    return len(notebook.of(InputRequested)) >= questions


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        pytest.param([RemoveCell("c1")], WITHOUT, id="remove"),
        pytest.param([RemoveCell("c1"), AddCell("c1", source=ASKS, index=1)], WITH, id="remove and undo"),
        pytest.param([UpdateCell("c1", source="x = 5")], "[1] 5 False\n", id="edit"),
        pytest.param([UpdateCell("c1", source="x = 5"), AS_IT_WAS], WITH, id="edit and undo"),
        pytest.param([MoveCell("c1", 2)], WITHOUT, id="move"),
        pytest.param([MoveCell("c1", 2), MoveCell("c1", 1)], WITH, id="move and undo"),
        pytest.param([DISABLE], WITHOUT, id="disable"),
        pytest.param([DISABLE, ENABLE], WITH, id="disable and undo"),
        pytest.param([TO_TEXT], WITHOUT, id="to text"),
        pytest.param([TO_TEXT, TO_CODE], WITH, id="to text and undo"),
    ],
)
async def test_what_becomes_of_a_cell_while_it_runs_is_what_counts(
    open_notebook: Open, changes: list[DocumentOperation], shown: str
) -> None:
    notebook = await open_notebook("p = [1]\nx = 1", ASKS, "print(p, x, 'left' in dir())")
    run = asyncio.create_task(notebook.run())
    await notebook.until(lambda: notebook.of(InputRequested))
    for change in changes:
        await notebook.session.apply(change)
    notebook.session.reply_input("")
    answering = asyncio.create_task(_answer_further_questions(notebook))
    await run
    await notebook.run()  # what is still stale, or new
    answering.cancel()
    assert notebook.text("c2") == shown
    one = notebook.session.notebook.cell("c1")
    if one is not None and one.type is CellType.PYTHON and notebook.status("c1") == "success":
        assert notebook.text("c1") == ("" if one.source == "x = 5" else "asked\nanswered\n")


async def test_a_cell_that_is_added_while_others_run_waits_to_be_asked(open_notebook: Open) -> None:
    notebook = await open_notebook("x = input()", "x")
    run = asyncio.create_task(notebook.run())
    await notebook.until(lambda: notebook.of(InputRequested))
    await notebook.session.apply(AddCell("new", source="x = 'between'", index=1))
    notebook.session.reply_input("first")
    await run
    assert notebook.status("c0") == "success"
    await notebook.run()
    assert (notebook.statuses(), notebook.text("c1")) == ("success success success", "'between'")


# -- delete, move, retype
async def test_what_is_deleted_or_retyped_takes_its_names_along(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1", "y = 2", "x", "y")
    await notebook.run()
    await notebook.session.apply(RemoveCell("c0"))
    await notebook.session.apply(UpdateCell("c1", type=CellType.MARKDOWN))
    assert notebook.statuses() == "idle stale stale"
    await notebook.run()
    assert notebook.statuses() == "idle error error"
    assert notebook.message("c2") == "exception: NameError: name 'x' is not defined"
    assert (await notebook.session.variables()).variables == []
    await notebook.session.apply(UpdateCell("c1", type=CellType.PYTHON))
    await notebook.run()
    assert notebook.statuses() == "success error success"


async def test_a_move_changes_what_a_name_means(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1", "x = 2", "x")
    await notebook.run()
    await notebook.session.apply(MoveCell("c1", 2))
    assert notebook.statuses() == "success stale success"
    await notebook.run()
    assert notebook.text("c2") == "1"


# -- what Jupyter lets a cell do
@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("import asyncio\nawait asyncio.sleep(0)\nprint(1)", "1\n"),
        ("async def f(): return 2\nawait f()", "2"),
        ("!echo from the shell", "from the shell\n"),
        ("%%bash\necho $((1 + 2))", "3\n"),
        ("%%capture out\nprint(1)\n", ""),
        ("files = !echo a; echo b\nlist(files)", "['a', 'b']"),
        ("x = 5\n%who_ls int", "['x']"),
        ("1;", ""),
        ("1\n2", "2"),
        ("from IPython.display import display\ndisplay(3)\n4", "34"),
    ],
)
async def test_cells_as_in_jupyter(open_notebook: Open, source: str, shown: str) -> None:
    notebook = await open_notebook(source)
    await notebook.run()
    assert notebook.text("c0") == shown


async def test_magics_that_take_python_are_seen_through(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1", "%%time\ny = x + 1", "%timeit -n1 -r1 x\ny")
    await notebook.run()
    await notebook.edit("c0", "x = 10")
    await notebook.run("c0")
    assert notebook.text("c2").endswith("11")


async def test_help_is_shown(open_notebook: Open) -> None:
    notebook = await open_notebook("len?")
    await notebook.run()
    assert "Return the number of items" in notebook.text("c0")


async def test_a_question_is_asked_and_answered(open_notebook: Open) -> None:
    notebook = await open_notebook("name = input('Who? ')", "import getpass\ngetpass.getpass()", "name")
    run = asyncio.create_task(notebook.run())
    asked = await notebook.until(lambda: notebook.of(InputRequested))
    assert (asked[0].cell_id, asked[0].prompt, asked[0].password) == ("c0", "Who? ", False)
    assert notebook.session.state_event()()[0].input_request == asked[0]
    notebook.session.reply_input("Ada")
    await notebook.until(lambda: len(notebook.of(InputRequested)) == 2)
    assert notebook.of(InputRequested)[1].password
    notebook.session.reply_input("secret")
    await run
    assert notebook.text("c2") == "'Ada'"
    assert notebook.session.state_event()()[0].input_request is None
    with pytest.raises(InvalidOperation, match="No cell is waiting for input"):
        notebook.session.reply_input("again")


# -- outputs
async def test_a_loop_that_prints_costs_a_few_events(open_notebook: Open) -> None:
    notebook = await open_notebook("for i in range(2000): print(i, flush=True)")
    await notebook.run()
    assert notebook.text("c0") == "".join(f"{i}\n" for i in range(2000))
    told = notebook.of(OutputAppend) + notebook.of(OutputUpdate)
    assert 1 <= len(told) < 400


async def test_displays_are_updated_in_the_cell_that_shows_them(open_notebook: Open) -> None:
    notebook = await open_notebook(
        "from IPython.display import display, clear_output\nhandle = display('old', display_id='d')",
        "handle.update('new')",
        "print('first')\nclear_output()\nprint('second')",
    )
    await notebook.run()
    assert (notebook.text("c0"), notebook.text("c1"), notebook.text("c2")) == ("'new'", "", "second\n")


async def test_a_large_source_is_taken_in_order_and_holds_nobody_up(open_notebook: Open) -> None:
    notebook = await open_notebook("1")
    large = "\n".join(f"a{number} = f(b[{number}]) + {number}" for number in range(10_000))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while notebook.cell("c0").source != "last":
            turns += 1
            await asyncio.sleep(0)

    await asyncio.gather(notebook.edit("c0", large), notebook.edit("c0", "last"), others())
    assert (notebook.cell("c0").source, notebook.session.revision) == ("last", 2)
    assert turns > 10


async def test_a_run_begins_without_the_outputs_of_the_last(open_notebook: Open) -> None:
    notebook = await open_notebook("print('once')")
    await notebook.run()
    await notebook.run("c0")
    assert notebook.text("c0") == "once\n"
    assert notebook.cell("c0").execution_count == 2
