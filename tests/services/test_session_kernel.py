"""A session and its kernel: it starts, dies, restarts and ends, and nothing is left behind or taken for alive."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from reactive_kernels import KernelConnection, KernelPool, PoolLimits
from reactive_nb.models import CellMode, KernelState
from reactive_nb.schemas.commands import CommMsg
from reactive_nb.schemas.events import (
    CommMessage,
    CommOpened,
    InputRequested,
    KernelStatusEvent,
)
from reactive_nb.schemas.runs import RunState
from reactive_nb.schemas.tables import TableQuestion
from reactive_nb.services.errors import InvalidOperation, KernelUnavailable, NoSuchVariable, NotebookClosed
from reactive_nb.services.operations import AddCell, UpdateNotebook
from tests.services.live import DEADLINE_S, Live, Open, cell, opening

pytestmark = pytest.mark.anyio

WAIT = "import time\nprint('begun', flush=True)\ntime.sleep(60)"


def connection_of(notebook: Live) -> KernelConnection:
    connection = notebook.session.kernel.connection
    assert connection is not None
    return connection


def pid_of(notebook: Live) -> int:
    pid = connection_of(notebook).pid
    assert pid is not None
    return pid


def is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def states(notebook: Live) -> list[str]:
    return [event.kernel.state.value for event in notebook.of(KernelStatusEvent)]


# -- start
async def test_no_kernel_is_started_before_something_runs(open_notebook: Open) -> None:
    notebook = await open_notebook("1", "")
    await notebook.edit("c0", "2")
    await notebook.run("c1")  # there is nothing in it
    assert (notebook.session.state.kernel, states(notebook)) == (KernelState.NONE, [])
    with pytest.raises(KernelUnavailable, match="run a cell to start it"):
        await notebook.session.complete("x", 1)
    assert (await notebook.session.variables()).variables == []
    await notebook.run()
    assert states(notebook) == ["starting", "busy", "idle"]


async def test_a_kernel_that_does_not_start_fails_the_run_and_says_why(open_notebook: Open) -> None:
    notebook = await open_notebook("1", kernel_name="no-such-kernel")
    answer = await notebook.run()
    assert answer.state is RunState.FAILED
    assert answer.message is not None
    assert "no-such-kernel" in answer.message
    assert notebook.session.state.kernel is KernelState.DEAD
    with pytest.raises(KernelUnavailable, match="no-such-kernel"):
        await notebook.session.restart()
    await notebook.session.apply(UpdateNotebook(kernel_name="python3", language="python"))
    assert (await notebook.run()).state is RunState.FINISHED


async def test_too_many_kernels_are_refused_in_words(tmp_path: Any) -> None:
    async with KernelPool(PoolLimits(max_kernels=1, spares=0)) as pool, opening(pool, tmp_path) as open_one:
        first, second = await open_one("1"), await open_one("2")
        await first.run()
        answer = await second.run()
        assert answer.state is RunState.FAILED
        assert "which is the limit" in (answer.message or "")


# -- death
async def test_a_kernel_that_dies_fails_the_run_and_makes_all_stale(open_notebook: Open) -> None:
    dying = "import os, time\nprint('last words', flush=True)\ntime.sleep(1)\nos.kill(os.getpid(), 9)"
    notebook = await open_notebook("x = 1", dying, "x")
    answer = await notebook.run()
    assert answer.state is RunState.FAILED
    assert answer.message == "The kernel died (killed by SIGKILL, often for want of memory)."
    assert [cell.id for cell in answer.cells] == ["c0", "c1", "c2"]
    assert notebook.statuses() == "stale stale idle"
    assert notebook.message("c1").startswith("kernel: The kernel died")
    assert notebook.text("c1") == "last words\n"
    assert notebook.session.state_event()()[0].notebook.kernel.message == answer.message
    await notebook.edit("c1", "y = x")
    assert (await notebook.run()).state is RunState.FINISHED
    assert notebook.statuses() == "success success success"


async def test_an_idle_kernel_that_is_killed_is_noticed(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1", "x")
    await notebook.run()
    os.kill(pid_of(notebook), signal.SIGKILL)
    await notebook.until(lambda: "dead" in states(notebook))
    assert notebook.statuses() == "stale stale"
    await notebook.run("c1")
    assert notebook.statuses() == "success success"


async def test_a_dead_kernel_is_started_again_where_that_is_wanted(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1", "import os; os._exit(3)")
    await notebook.session.apply(UpdateNotebook(settings={"restart_dead_kernel": True}))
    answer = await notebook.run()
    assert (answer.state, answer.message) == (RunState.FAILED, "The kernel died (exit code 3).")
    await notebook.until(lambda: states(notebook)[-1] == "idle")
    assert notebook.statuses() == "stale stale"
    assert notebook.ran() == ["c0", "c1"]


# -- restart
async def test_a_restart_makes_all_stale_and_forgets_all_names(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1", "x")
    await notebook.run()
    pid = pid_of(notebook)
    assert (await notebook.session.restart()).state == KernelState.IDLE
    assert (notebook.statuses(), pid_of(notebook) != pid, is_alive(pid)) == ("stale stale", True, False)
    assert (await notebook.session.variables()).variables == []
    await notebook.run()
    assert notebook.cell("c0").execution_count == 1


async def test_a_restart_during_a_run_ends_it_and_a_run_asked_for_meanwhile_waits(open_notebook: Open) -> None:
    notebook = await open_notebook(WAIT, "x = 2", "x")
    first = asyncio.create_task(notebook.run())
    await notebook.printed("c0", "begun")
    restart = asyncio.create_task(notebook.session.restart())
    await notebook.until(lambda: "restarting" in states(notebook))
    second = await notebook.run("c1")
    await restart
    assert (await first).state is RunState.INTERRUPTED
    assert second.state is RunState.FINISHED
    assert notebook.statuses() == "stale success success"


async def test_two_restarts_at_once(open_notebook: Open, pool: KernelPool) -> None:
    notebook = await open_notebook("x = 1")
    await notebook.run()
    before = pool.running
    await asyncio.gather(notebook.session.restart(), notebook.session.restart())
    assert (await notebook.run()).state is RunState.FINISHED
    assert (notebook.statuses(), pool.running) == ("success", before)


async def test_a_restart_while_the_kernel_starts_leaves_one_kernel(open_notebook: Open, pool: KernelPool) -> None:
    before = pool.running
    notebook = await open_notebook("x = 1")
    first = asyncio.create_task(notebook.run())
    await notebook.until(lambda: "starting" in states(notebook))
    await notebook.session.restart()
    assert (await first).state is RunState.INTERRUPTED
    await notebook.run()
    assert (notebook.statuses(), pool.running) == ("success", before + 1)


async def test_another_kernel_chosen_while_one_starts(open_notebook: Open, pool: KernelPool) -> None:
    before = pool.running
    notebook = await open_notebook("x = 1")
    first = asyncio.create_task(notebook.run())
    await notebook.until(lambda: "starting" in states(notebook))
    await notebook.session.apply(UpdateNotebook(kernel_name="no-such-kernel", language="R"))
    assert (await first).state is RunState.INTERRUPTED
    assert (await notebook.run()).state is RunState.FAILED
    assert (pool.running, notebook.session.state.kernel) == (before, KernelState.DEAD)


# -- end
async def test_closing_during_a_run_ends_the_kernel_and_tells_who_waits(open_notebook: Open, pool: KernelPool) -> None:
    notebook = await open_notebook(WAIT)
    run = asyncio.create_task(notebook.run())
    await notebook.printed("c0", "begun")
    pid, others = pid_of(notebook), pool.running - 1
    await notebook.session.close()
    with pytest.raises(NotebookClosed):
        await run
    assert (is_alive(pid), pool.running) == (False, others)
    for attempt in (notebook.run(), notebook.session.apply(AddCell("new")), notebook.session.restart()):
        with pytest.raises(NotebookClosed):
            await attempt


async def test_closing_while_the_kernel_starts_leaves_none(open_notebook: Open, pool: KernelPool) -> None:
    before = pool.running
    notebook = await open_notebook("1")
    run = asyncio.create_task(notebook.run())
    await notebook.until(lambda: "starting" in states(notebook))
    await notebook.session.close()
    with pytest.raises(NotebookClosed):
        await run
    assert pool.running == before


async def test_closing_while_the_kernel_restarts_leaves_none(open_notebook: Open, pool: KernelPool) -> None:
    before = pool.running
    notebook = await open_notebook("1")
    await notebook.run()
    restart = asyncio.create_task(notebook.session.restart())
    await notebook.until(lambda: "restarting" in states(notebook))
    await notebook.session.close()
    with pytest.raises(NotebookClosed):
        await restart
    assert pool.running == before


async def test_a_kernel_that_nobody_uses_is_shut_down_and_started_when_needed(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1")
    await notebook.run()
    pid = pid_of(notebook)
    await notebook.session.end_kernel("It was idle.")
    state = notebook.session.state
    assert (state.kernel, state.kernel_message, notebook.statuses()) == (KernelState.NONE, "It was idle.", "stale")
    assert not is_alive(pid)
    assert (await notebook.session.shut_down_kernel()).message == "No kernel was running."
    await notebook.run()
    assert (notebook.statuses(), pid_of(notebook) != pid) == ("success", True)


async def test_shutting_down_ends_a_run_whatever_it_does(open_notebook: Open, pool: KernelPool) -> None:
    notebook = await open_notebook(WAIT, "print('next')")
    run = asyncio.create_task(notebook.run())
    await notebook.printed("c0", "begun")
    pid = pid_of(notebook)
    await notebook.session.shut_down_kernel()
    ended = await run
    assert (ended.state, ended.message) == (RunState.FAILED, "The kernel was shut down.")
    assert (notebook.statuses(), is_alive(pid)) == ("stale idle", False)
    await notebook.run("c1")
    assert notebook.text("c1") == "next\n"


# -- beside runs
async def test_variables_and_where_they_come_from(open_notebook: Open) -> None:
    notebook = await open_notebook("x = [1, 2, 3]", "x = x + [4]\nname = 'n'")
    await notebook.run()
    found = {v.name: (v.type, v.shape, v.cell) for v in (await notebook.session.variables()).variables}
    assert found == {"x": ("list", [4], "c1"), "name": ("str", [1], "c1")}
    page = await notebook.session.variable("x", TableQuestion(offset=1, limit=2))
    assert (page.total, page.rows) == (4, [[2], [3]])
    with pytest.raises(NoSuchVariable):
        await notebook.session.variable("nothing")


async def test_a_table_is_what_its_cell_made_of_it_and_a_look_at_it_changes_nothing(open_notebook: Open) -> None:
    notebook = await open_notebook(
        "import pandas as pd\nx = pd.DataFrame({'a': [3, 1, 2]})", "x = x[x.a > 1]\nx", "print(len(x))"
    )
    await notebook.run()
    statuses, revision = notebook.statuses(), notebook.session.revision
    ordered = TableQuestion(sort=0, filter=["0:ge:2"])
    first = await notebook.session.variable("x", ordered.model_copy(update={"cell": "c0"}))
    assert (first.total, first.matching, first.rows) == (3, 2, [[2], [3]])
    second = await notebook.session.variable("x", TableQuestion(cell="c1"))
    assert (second.total, second.rows) == (2, [[0, 3], [2, 2]])  # an index with a gap is shown
    shown = await notebook.session.variable(f"_{notebook.cell('c1').execution_count}")
    assert shown.rows == second.rows
    with pytest.raises(NoSuchVariable):
        await notebook.session.variable("x", TableQuestion(cell="c2"))
    with pytest.raises(InvalidOperation, match="no such column"):
        await notebook.session.variable("x", TableQuestion(sort=9))
    assert (notebook.statuses(), notebook.session.revision) == (statuses, revision)
    await notebook.edit("c2", "print(x.a.tolist())")
    await notebook.run()
    assert notebook.text("c2") == "[3, 2]\n"


async def test_completion_and_help_while_a_cell_runs(open_notebook: Open) -> None:
    notebook = await open_notebook("word = 'text'", "input()")
    run = asyncio.create_task(notebook.run())
    await notebook.until(lambda: notebook.of(InputRequested))
    assert "word" in (await notebook.session.complete("wor", 3))["matches"]
    assert (await notebook.session.inspect("word", 2))["found"]
    notebook.session.reply_input("")
    await run


@contextmanager
def console(notebook: Live) -> Iterator[BlockingKernelClient]:
    """Another program attached to the kernel."""
    client = BlockingKernelClient()
    where: Any = dict(connection_of(notebook).connection_info)
    client.load_connection_info(where)
    client.start_channels()
    try:
        yield client
    finally:
        client.stop_channels()


async def test_what_another_client_runs_makes_all_stale_and_leaves_the_names(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1", "x")
    await notebook.run()
    with console(notebook) as client:
        reply = await asyncio.to_thread(client.execute_interactive, "y = x; x = 5", timeout=DEADLINE_S)
        assert reply["content"]["status"] == "ok"
        await notebook.until(lambda: notebook.statuses() == "stale stale")
        left = await asyncio.to_thread(client.execute_interactive, "assert (x, y) == (5, 1)", timeout=DEADLINE_S)
        assert left["content"]["status"] == "ok"
    await notebook.run()
    assert (notebook.text("c1"), notebook.statuses()) == ("1", "success success")


async def test_a_widget_is_known_to_clients_that_come_late(open_notebook: Open) -> None:
    notebook = await open_notebook("from ipywidgets import IntSlider\ns = IntSlider(value=3)\ns", "s.value")
    await notebook.run()
    event, _ = notebook.session.state_event()()
    slider = next(comm for comm in event.comms if comm.data["state"].get("_model_name") == "IntSliderModel")
    assert slider.data["state"]["value"] == 3
    assert slider.comm_id in {opened.comm_id for opened in notebook.of(CommOpened)}
    change = {"method": "update", "state": {"value": 8}, "buffer_paths": []}
    command = CommMsg(type="comm.msg", id="1", comm_id=slider.comm_id, data=change)
    notebook.session.comm(command, (), "client")
    told = next(event for event in notebook.of(CommMessage) if event.client_id == "client")
    assert told.data["state"] == {"value": 8}
    await notebook.run("c1")
    assert notebook.text("c1") == "8"
    state = next(c for c in notebook.session.state_event()()[0].comms if c.comm_id == slider.comm_id).data["state"]
    assert state["value"] == 8
    await notebook.session.restart()
    assert notebook.session.state_event()()[0].comms == []


async def test_an_output_widget_takes_what_is_printed_in_it(open_notebook: Open) -> None:
    notebook = await open_notebook(
        "from ipywidgets import Output\nout = Output()\nwith out: print('inside')\nprint('outside')"
    )
    await notebook.run()
    assert notebook.text("c0") == "outside\n"

    def held() -> list[Any]:
        comms = notebook.session.state_event()()[0].comms
        return [c.data["state"].get("outputs") for c in comms if c.data["state"].get("_model_name") == "OutputModel"]

    outputs = await notebook.until(lambda: next((found for found in held() if found), None))
    assert outputs[0]["text"] == "inside\n"


async def test_what_is_printed_after_a_cell_has_ended_is_shown_where_the_interface_says(open_notebook: Open) -> None:
    notebook = await open_notebook(
        "import asyncio, threading\ngo = threading.Event()",
        "async def speak():\n    print('task begins')\n    while not go.is_set(): await asyncio.sleep(0.01)\n"
        "    print('task ends')\ntask = asyncio.create_task(speak())",
        "thread = threading.Thread(target=lambda: (go.wait(60), print('thread ends')))\nthread.start()",
        "print('last')",
        cell(4, "go.set()", mode=CellMode.MANUAL),
    )
    await notebook.run("c0", "c1", "c2", "c3")
    await notebook.run("c4")
    await notebook.printed("c1", "task ends")
    await notebook.printed("c4", "thread ends")
    assert [notebook.text(place) for place in ("c1", "c2", "c3")] == ["task begins\ntask ends\n", "", "last\n"]


async def test_what_a_cell_s_earlier_run_still_prints_is_dropped(open_notebook: Open) -> None:
    notebook = await open_notebook(
        "import asyncio\ngo, over = asyncio.Event(), asyncio.Event()",
        "async def speak():\n    await go.wait()\n    print('earlier', flush=True)\n    over.set()\n"
        "asyncio.create_task(speak())\nprint('begun')",
        cell(2, "go.set()\nawait over.wait()\nprint('over')", mode=CellMode.MANUAL),
    )
    await notebook.run("c0", "c1")
    await notebook.edit("c1", "print('later')")
    await notebook.run("c1")
    await notebook.run("c2")
    assert [notebook.text(place) for place in ("c1", "c2")] == ["later\n", "over\n"]


async def test_what_load_writes_is_in_the_cell_and_what_else_is_written_below_it(
    open_notebook: Open, tmp_path: Path
) -> None:
    (tmp_path / "code.py").write_text("y = 42\n")
    write = "get_ipython().set_next_input('z = y')"
    notebook = await open_notebook(f"%load {tmp_path / 'code.py'}", write)
    await notebook.run()
    assert [cell.source for cell in notebook.session.notebook.cells] == [
        f"# %load {tmp_path / 'code.py'}\ny = 42\n",
        write,
        "z = y",
    ]
    await notebook.run()
    assert notebook.statuses() == "success success success"
    assert len(notebook.session.notebook.cells) == 3


STEP = "__import__('sys').modules['_reactive_nb'].Step"
ODD_REPLIES = [
    "get_ipython().payload_manager._payload.append(5)",
    "get_ipython().payload_manager._payload.append({'source': 'page', 'data': 5})",
    f"{STEP}.report = lambda self, reply: {{'bound': 5, 'kept': 7, 'spoiled': [1]}}",
    f"{STEP}.report = lambda self, reply: 5",
]


@pytest.mark.parametrize("source", ODD_REPLIES)
async def test_a_reply_of_an_odd_shape_harms_nobody(open_notebook: Open, source: str) -> None:
    notebook = await open_notebook("1", source, "2")
    await notebook.run()
    await notebook.edit("c0", "3")
    assert (await notebook.run("c0", "c2")).state is RunState.FINISHED
    assert notebook.status("c2") == "success"


async def test_a_kernel_whose_note_is_a_pipe_stops_nobody_when_it_dies(open_notebook: Open) -> None:
    replaced = (
        "import os\nfrom ipykernel.connect import get_connection_file\n"
        "at = os.path.join(os.path.dirname(get_connection_file()), 'at')\nos.remove(at); os.mkfifo(at)"
    )
    notebook = await open_notebook(replaced, "1", "os.kill(os.getpid(), 9)", "2")
    assert (await notebook.run()).state is RunState.FAILED


async def test_answers_of_an_odd_shape_are_the_kernel_s_fault(open_notebook: Open) -> None:
    notebook = await open_notebook("__import__('sys').modules['_reactive_nb'].FUNCTIONS['variables'] = lambda: 5")
    await notebook.run()
    with pytest.raises(KernelUnavailable, match="makes no sense"):
        await notebook.session.variables()
