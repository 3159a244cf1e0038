"""Cells given to a kernel one by one and several in one request: one suite, for there must be no difference."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from reactive_kernels import (
    BatchCell,
    ClearOutputEvent,
    CommMsgEvent,
    CommOpenEvent,
    DeadKernelError,
    DiedEvent,
    ExecuteInputEvent,
    ExecuteReply,
    InputRequestEvent,
    KernelConnection,
    KernelError,
    KernelPool,
    OutputEvent,
    StatusEvent,
    UpdateDisplayEvent,
)
from tests.kernels.recorder import DEADLINE_S, Recorder

pytestmark = pytest.mark.anyio
_NUMBERS = iter(range(1_000_000))


def cells(*sources: str, writes: dict[int, list[str]] | None = None) -> list[BatchCell]:
    """Cells named a, b, c, …, each expected to bind what `writes` says, or nothing."""
    made = []
    for place, source in enumerate(sources):
        names = (writes or {}).get(place, [])
        step: dict[str, Any] = {"cell": "abcdefgh"[place], "bind": {}, "forget": [], "writes": names, "mutates": []}
        request = f"{step['cell']}-{next(_NUMBERS)}"
        made.append(BatchCell(source, request, step, {"kept": names, "deleted": []}))
    return made


class Giver:
    """Gives cells to a kernel until one does not do what is expected of it, all in one request or each in its own."""

    def __init__(self, kernel: KernelConnection, mode: str) -> None:
        self.kernel = kernel
        self.mode = mode
        self.replies: list[ExecuteReply] = []
        self._stopped = False

    async def run(self, batch: list[BatchCell], seconds: float = DEADLINE_S) -> list[ExecuteReply]:
        """The replies of those that have run."""
        self.replies, self._stopped = [], False
        async with asyncio.timeout(DEADLINE_S):
            if self.mode == "batch":
                done = await self.kernel.execute_batch(batch, self.replies.append, seconds=seconds)
                assert done == len(self.replies)
            else:
                await self._run_singly(batch)
        return self.replies

    async def _run_singly(self, batch: list[BatchCell]) -> None:
        for given in batch:
            reply = await self.kernel.execute(given.code, request_id=given.request_id, reactive=given.reactive)
            self.replies.append(reply)
            report = reply.report or {}
            expected = all(report.get(part) == names for part, names in given.expected.items())
            if self._stopped or reply.status != "ok" or not expected or report["spoiled"] or report["missing"]:
                return

    def stop(self) -> None:
        """After the cell that runs, none is to follow."""
        self._stopped = True
        if self.mode == "batch":
            self.kernel.stop_batch()


@pytest.fixture(params=["single", "batch"])
async def giver(kernel: KernelConnection, request: pytest.FixtureRequest) -> Giver:
    return Giver(kernel, request.param)


@pytest.fixture
async def batches(kernel: KernelConnection) -> Giver:
    return Giver(kernel, "batch")


async def test_outputs_inputs_and_counts_are_each_cell_s_own(giver: Giver, recorder: Recorder) -> None:
    batch = cells("print('one')\n1", "print('two')", "3")
    replies = await giver.run(batch)
    first = replies[0].execution_count or 0
    assert [(reply.status, reply.execution_count) for reply in replies] == [("ok", first + n) for n in range(3)]
    assert [recorder.text(cell.request_id) for cell in batch[:2]] == ["one\n", "two\n"]
    begun = [event.request_id for event in recorder.of(ExecuteInputEvent)]
    assert begun == [cell.request_id for cell in batch]
    told = [(event.request_id, event.state) for event in recorder.of(StatusEvent)]
    assert told == [(cell.request_id, state) for cell in batch for state in ("busy", "idle")]


async def test_names_are_bound_for_each_cell(giver: Giver) -> None:
    batch = cells("x = 1", "x = 2", "y = x", writes={0: ["x"], 1: ["x"], 2: ["y"]})
    last = BatchCell(batch[2].code, batch[2].request_id, {**batch[2].reactive, "bind": {"x": "a"}}, batch[2].expected)
    assert len(await giver.run([*batch[:2], last])) == 3
    reply = await giver.kernel.execute("", user_expressions={"y": "y"})
    assert reply.user_expressions["y"]["data"]["text/plain"] == "1"


@pytest.mark.parametrize(
    ("source", "writes"),
    [
        ("1 / 0", []),
        ("1 +", []),
        ("y = 1", []),
        ("pass", ["y"]),
        ("y = 1; del y; z = 2", ["y"]),
        ("exec('w = 1')", []),
        ("raise SystemExit", []),
    ],
)
async def test_it_ends_at_the_first_that_does_something_else(
    giver: Giver, recorder: Recorder, source: str, writes: list[str]
) -> None:
    batch = cells("x = 1", source, "print('never')", writes={0: ["x"], 1: writes})
    assert len(await giver.run(batch)) == 2
    assert recorder.text(batch[2].request_id) == ""


async def test_a_version_changed_in_place_ends_it(giver: Giver) -> None:
    step = {"cell": "z", "bind": {}, "forget": [], "writes": ["p"], "mutates": []}
    await giver.kernel.execute("p = []\n__import__('builtins').held = [p]", reactive=step)  # it can't be given back
    batch = cells("p.append(1)", "2", writes={0: ["p"]})
    changing = BatchCell(batch[0].code, batch[0].request_id, {**batch[0].reactive, "mutates": ["p"]}, batch[0].expected)
    (reply,) = await giver.run([changing, batch[1]])
    assert (reply.report or {})["spoiled"] == [["z", "p"]]
    await giver.kernel.execute("del __import__('builtins').held")


async def test_other_requests_get_in_between_when_time_is_up(batches: Giver) -> None:
    batch = cells("import time; time.sleep(0.2)", "1", writes={0: ["time"]})
    assert len(await batches.run(batch, seconds=0.05)) == 1


async def test_an_interrupt_hits_the_cell_that_runs_and_ends_it(giver: Giver, recorder: Recorder) -> None:
    batch = cells("1", "print('on', flush=True)\nwhile True: pass", "print('never')")
    running = asyncio.create_task(giver.run(batch))
    await recorder.until(lambda: recorder.text(batch[1].request_id))
    await giver.kernel.interrupt()
    replies = await running
    assert [(reply.ename, reply.interrupted) for reply in replies] == [(None, False), ("KeyboardInterrupt", True)]
    assert (await giver.kernel.execute("1")).status == "ok"


async def test_a_batch_that_is_stopped_ends_after_the_cell_it_is_at(giver: Giver, recorder: Recorder) -> None:
    batch = cells("input('?')", "2")
    running = asyncio.create_task(giver.run(batch))
    question = await recorder.first(InputRequestEvent)
    assert question.request_id == batch[0].request_id
    giver.stop()
    await asyncio.sleep(0)
    await giver.kernel.call(
        "variables"
    )  # by another thread: what was said on the control channel before has been heard
    giver.kernel.reply_input("")
    assert len(await running) == 1
    giver.stop()  # nothing runs
    assert len(await giver.run(cells("1", "2"))) == 2


async def test_who_answers_after_stopping_it_is_sure_that_no_other_cell_begins(
    batches: Giver, recorder: Recorder
) -> None:
    kernel = batches.kernel
    slowly = """
    import time
    handlers = get_ipython().kernel.control_handlers
    at_once = handlers["reactive_nb_stop_request"]
    async def stop(*message):
        time.sleep(0.2)
        await at_once(*message)
    handlers["reactive_nb_stop_request"] = stop
    """
    await kernel.execute(dedent(slowly))
    running = asyncio.create_task(batches.run(cells("input()", "print('late')")))
    await recorder.until(lambda: recorder.of(InputRequestEvent))
    batches.stop()
    kernel.reply_input("")
    assert len(await running) == 1
    await kernel.execute("handlers['reactive_nb_stop_request'] = at_once")


async def test_await_and_magics_work_in_it(giver: Giver, recorder: Recorder) -> None:
    batch = cells("import asyncio; await asyncio.sleep(0.01); print('waited')", "%time 1", "2", writes={0: ["asyncio"]})
    assert len(await giver.run(batch)) == 3
    assert recorder.text(batch[0].request_id) == "waited\n"
    assert "time" in recorder.text(batch[1].request_id)


async def test_who_is_spoken_to_by_widgets_may_answer_before_the_next_cell(batches: Giver, recorder: Recorder) -> None:
    batch = cells("import ipywidgets; w = ipywidgets.IntSlider(); w", "2", writes={0: ["ipywidgets", "w"]})
    assert len(await batches.run(batch)) == 1
    assert {event.request_id for event in recorder.of(CommOpenEvent)} == {batch[0].request_id}


async def test_late_output_is_never_that_of_a_cell_that_has_not_run(giver: Giver, recorder: Recorder) -> None:
    thread = "go = threading.Event()\nthreading.Thread(target=lambda: (go.wait(), print('late'))).start()"
    batch = cells("import threading\n" + thread, "1 / 0", "3", writes={0: ["go", "threading"]})
    assert len(await giver.run(batch)) == 2
    await giver.kernel.execute("go.set()", silent=True)
    await recorder.until(lambda: recorder.text() == "late\n")
    assert recorder.text(batch[2].request_id) == ""


async def test_questions_are_each_cell_s_own(giver: Giver, recorder: Recorder) -> None:
    batch = cells("print(input('name? '))", "import getpass\nprint(len(getpass.getpass('word? ')))", "print('last')",
                  writes={1: ["getpass"]})  # fmt: skip
    running = asyncio.create_task(giver.run(batch))
    for number, answer in enumerate(["Ada", "secret"]):
        asked = await recorder.until(partial(recorder.of, InputRequestEvent, batch[number].request_id))
        assert (asked[0].request_id, asked[0].password) == (batch[number].request_id, number == 1)
        giver.kernel.reply_input(answer)
    assert len(await running) == 3
    assert [recorder.text(cell.request_id) for cell in batch] == ["Ada\n", "6\n", "last\n"]
    with pytest.raises(KernelError, match="does not wait"):
        giver.kernel.reply_input("late")


async def test_an_interrupt_ends_a_question(giver: Giver, recorder: Recorder) -> None:
    running = asyncio.create_task(giver.run(cells("1", "input()", "3")))
    await recorder.first(InputRequestEvent)
    await giver.kernel.interrupt()
    assert [reply.ename for reply in await running] == [None, "KeyboardInterrupt"]
    with pytest.raises(KernelError, match="does not wait"):
        giver.kernel.reply_input("late")


async def test_an_interrupt_ends_what_is_awaited(giver: Giver, recorder: Recorder) -> None:
    batch = cells("1", "import asyncio\nprint('on', flush=True)\nawait asyncio.sleep(60)", "3")
    running = asyncio.create_task(giver.run(batch))
    await recorder.until(lambda: recorder.text(batch[1].request_id))
    await giver.kernel.interrupt()
    assert [reply.interrupted for reply in await running] == [False, True]


async def test_an_error_has_its_traceback_and_the_kernel_goes_on(giver: Giver, recorder: Recorder) -> None:
    batch = cells("1", "print('before')\n{}['key']", "3")
    replies = await giver.run(batch)
    assert [(reply.status, reply.ename, reply.evalue) for reply in replies[1:]] == [("error", "KeyError", "'key'")]
    kinds = [output["output_type"] for output in recorder.outputs(batch[1].request_id)]
    assert kinds == ["stream", "error"]
    assert recorder.outputs(batch[1].request_id)[1]["traceback"] == replies[1].traceback
    assert len(await giver.run(cells("1", "2"))) == 2


async def test_displays_are_updated_from_later_cells_and_cleared(giver: Giver, recorder: Recorder) -> None:
    shown = "from IPython.display import clear_output, display\nh = display('one', display_id='shared')"
    batch = cells(shown, "h.update('two')", "clear_output(wait=True); clear_output()", "1",
                  writes={0: ["clear_output", "display", "h"]})  # fmt: skip
    assert len(await giver.run(batch)) == 4
    (first,) = recorder.of(OutputEvent, batch[0].request_id)
    (update,) = recorder.of(UpdateDisplayEvent)
    assert (first.display_id, update.display_id) == ("shared", "shared")
    assert (update.request_id, update.data) == (batch[1].request_id, {"text/plain": "'two'"})
    assert [event.wait for event in recorder.of(ClearOutputEvent, batch[2].request_id)] == [True, False]


async def test_comms_work_both_ways(giver: Giver, recorder: Recorder) -> None:
    opened = (
        "from comm import create_comm\nmine = create_comm(target_name='front', data={'a': 1}, buffers=[b'raw'])\n"
        "heard = []\nmine.on_msg(lambda m: (heard.append(m['content']['data']), print('heard', flush=True)))"
    )
    batch = cells(opened, writes={0: ["create_comm", "heard", "mine"]})
    await giver.run(batch)
    comm = await recorder.first(CommOpenEvent)
    assert (comm.request_id, comm.data, comm.buffers) == (batch[0].request_id, {"a": 1}, (b"raw",))
    giver.kernel.comm_msg(comm.comm_id, {"n": 1})
    await recorder.until(lambda: recorder.text(batch[0].request_id))  # its own, not that of a cell which runs by then
    told = cells("mine.send({'got': heard[-1]})", "print('next')")
    await giver.run(told)
    answer = await recorder.first(CommMsgEvent)
    assert (answer.request_id, answer.data) == (told[0].request_id, {"got": {"n": 1}})


async def test_what_is_written_into_the_next_cell_and_what_is_paged(giver: Giver, tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("y = 42\n")
    batch = cells(f"%load {tmp_path / 'code.py'}", "get_ipython().set_next_input('below')", "len?", "4")
    replies = await giver.run(batch)
    assert [[page["source"] for page in reply.payload] for reply in replies] == [
        ["set_next_input"],
        ["set_next_input"],
        ["page"],
        [],
    ]
    assert (replies[0].payload[0]["replace"], replies[1].payload[0]["text"]) == (True, "below")


async def test_streams_are_apart_and_in_order(giver: Giver, recorder: Recorder) -> None:
    batch = cells("import sys", "print('a'); print('b', file=sys.stderr); print('c')", "3", writes={0: ["sys"]})
    assert len(await giver.run(batch)) == 3
    assert recorder.text(batch[1].request_id) == "a\nc\n"
    assert recorder.text(batch[1].request_id, "stderr") == "b\n"


async def test_without_stdin_no_question_is_asked(batches: Giver, recorder: Recorder) -> None:
    replies: list[ExecuteReply] = []
    await batches.kernel.execute_batch(cells("1", "input()"), replies.append, allow_stdin=False)
    assert replies[1].ename == "StdinNotImplementedError"
    assert not recorder.of(InputRequestEvent)


async def test_an_id_is_used_once(batches: Giver) -> None:
    batch = cells("1", "2")
    await batches.run(batch)
    with pytest.raises(ValueError, match="used before"):
        await batches.run(batch)


async def test_whose_ears_fail_gets_the_error(batches: Giver) -> None:
    def fail(reply: ExecuteReply) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await batches.kernel.execute_batch(cells("1", "2"), fail)
    assert len(await batches.run(cells("1", "2"))) == 2


@pytest.mark.parametrize("mode", ["single", "batch"])
async def test_a_death_in_the_middle_is_told_to_who_waits(pool: KernelPool, mode: str) -> None:
    recorder = Recorder()
    giver = Giver(await pool.acquire(listener=recorder), mode)
    batch = cells("1", "import os, time; print('last words', flush=True); time.sleep(0.5); os._exit(1)", "3")
    with pytest.raises(DeadKernelError):
        await giver.run(batch)
    assert len(giver.replies) == 1
    (died,) = recorder.of(DiedEvent)
    assert died.request_id == (batch[1].request_id if mode == "batch" else None)
    assert recorder.text(batch[1].request_id) == "last words\n"
    await pool.release(giver.kernel)
