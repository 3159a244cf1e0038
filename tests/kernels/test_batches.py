"""Several cells in one request: what each of them says is as if it had been sent by itself."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from reactive_kernels import (
    BatchCell,
    CommOpenEvent,
    DeadKernelError,
    ExecuteInputEvent,
    ExecuteReply,
    InputRequestEvent,
    KernelConnection,
    StatusEvent,
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


async def run(kernel: KernelConnection, batch: list[BatchCell], seconds: float = DEADLINE_S) -> list[ExecuteReply]:
    replies: list[ExecuteReply] = []
    async with asyncio.timeout(DEADLINE_S):
        done = await kernel.execute_batch(batch, replies.append, seconds=seconds)
    assert done == len(replies)
    return replies


async def test_outputs_inputs_and_counts_are_each_cell_s_own(kernel: KernelConnection, recorder: Recorder) -> None:
    batch = cells("print('one')\n1", "print('two')", "3")
    replies = await run(kernel, batch)
    first = replies[0].execution_count or 0
    assert [(reply.status, reply.execution_count) for reply in replies] == [("ok", first + n) for n in range(3)]
    assert [recorder.text(cell.request_id) for cell in batch[:2]] == ["one\n", "two\n"]
    begun = [event.request_id for event in recorder.of(ExecuteInputEvent)]
    assert begun == [cell.request_id for cell in batch]
    told = [(event.request_id, event.state) for event in recorder.of(StatusEvent)]
    assert told == [(cell.request_id, state) for cell in batch for state in ("busy", "idle")]


async def test_names_are_bound_for_each_cell(kernel: KernelConnection) -> None:
    batch = cells("x = 1", "x = 2", "y = x", writes={0: ["x"], 1: ["x"], 2: ["y"]})
    last = BatchCell(batch[2].code, batch[2].request_id, {**batch[2].reactive, "bind": {"x": "a"}}, batch[2].expected)
    assert len(await run(kernel, [*batch[:2], last])) == 3
    reply = await kernel.execute("", user_expressions={"y": "y"})
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
    kernel: KernelConnection, recorder: Recorder, source: str, writes: list[str]
) -> None:
    batch = cells("x = 1", source, "print('never')", writes={0: ["x"], 1: writes})
    assert len(await run(kernel, batch)) == 2
    assert recorder.text(batch[2].request_id) == ""


async def test_a_version_changed_in_place_ends_it(kernel: KernelConnection) -> None:
    await kernel.execute("p = []", reactive={"cell": "z", "bind": {}, "forget": [], "writes": ["p"], "mutates": []})
    batch = cells("p.append(1)", "2", writes={0: ["p"]})
    changing = BatchCell(batch[0].code, batch[0].request_id, {**batch[0].reactive, "mutates": ["p"]}, batch[0].expected)
    (reply,) = await run(kernel, [changing, batch[1]])
    assert (reply.report or {})["spoiled"] == [["z", "p"]]


async def test_other_requests_get_in_between_when_time_is_up(kernel: KernelConnection) -> None:
    batch = cells("import time; time.sleep(0.2)", "1", writes={0: ["time"]})
    assert len(await run(kernel, batch, seconds=0.05)) == 1


async def test_an_interrupt_hits_the_cell_that_runs_and_ends_it(kernel: KernelConnection, recorder: Recorder) -> None:
    batch = cells("1", "print('on', flush=True)\nwhile True: pass", "print('never')")
    running = asyncio.create_task(run(kernel, batch))
    await recorder.until(lambda: recorder.text(batch[1].request_id))
    await kernel.interrupt()
    replies = await running
    assert [(reply.ename, reply.interrupted) for reply in replies] == [(None, False), ("KeyboardInterrupt", True)]
    assert (await kernel.execute("1")).status == "ok"


async def test_a_batch_that_is_stopped_ends_after_the_cell_it_is_at(
    kernel: KernelConnection, recorder: Recorder
) -> None:
    batch = cells("input('?')", "2")
    running = asyncio.create_task(run(kernel, batch))
    question = await recorder.first(InputRequestEvent)
    assert question.request_id == batch[0].request_id
    kernel.stop_batch()
    await asyncio.sleep(0)
    await kernel.call("variables")  # by another thread: what was said on the control channel before has been heard
    kernel.reply_input("")
    assert len(await running) == 1
    kernel.stop_batch()  # nothing runs
    assert len(await run(kernel, cells("1", "2"))) == 2


async def test_await_and_magics_work_in_it(kernel: KernelConnection, recorder: Recorder) -> None:
    batch = cells("import asyncio; await asyncio.sleep(0.01); print('waited')", "%time 1", "2", writes={0: ["asyncio"]})
    assert len(await run(kernel, batch)) == 3
    assert recorder.text(batch[0].request_id) == "waited\n"
    assert "time" in recorder.text(batch[1].request_id)


async def test_who_is_spoken_to_by_widgets_may_answer_before_the_next_cell(
    kernel: KernelConnection, recorder: Recorder
) -> None:
    batch = cells("import ipywidgets; w = ipywidgets.IntSlider(); w", "2", writes={0: ["ipywidgets", "w"]})
    assert len(await run(kernel, batch)) == 1
    assert {event.request_id for event in recorder.of(CommOpenEvent)} == {batch[0].request_id}


async def test_late_output_is_never_that_of_a_cell_that_has_not_run(
    kernel: KernelConnection, recorder: Recorder
) -> None:
    thread = "go = threading.Event()\nthreading.Thread(target=lambda: (go.wait(), print('late'))).start()"
    batch = cells("import threading\n" + thread, "1 / 0", "3", writes={0: ["go", "threading"]})
    assert len(await run(kernel, batch)) == 2
    await kernel.execute("go.set()", silent=True)
    text = await recorder.until(recorder.text)
    assert text == "late\n"
    assert recorder.text(batch[2].request_id) == ""


async def test_a_death_in_the_middle_is_told_to_who_waits(pool: Any) -> None:
    connection = await pool.acquire(listener=lambda event: None)
    replies: list[ExecuteReply] = []
    with pytest.raises(DeadKernelError):
        await connection.execute_batch(
            cells("1", "import os, time; time.sleep(0.5); os._exit(1)", "3"), replies.append, seconds=DEADLINE_S
        )
    assert len(replies) == 1
    await pool.release(connection)
