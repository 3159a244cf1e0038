"""What one kernel does when asked: real ipykernel, real sockets."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from reactive_kernels import (
    ClearOutputEvent,
    CommCloseEvent,
    CommMsgEvent,
    CommOpenEvent,
    ExecuteInputEvent,
    InputRequestEvent,
    KernelConnection,
    KernelError,
    KernelTimeout,
    OutputEvent,
    StatusEvent,
    UpdateDisplayEvent,
)
from tests.kernels.recorder import DEADLINE_S, Recorder

pytestmark = pytest.mark.anyio


async def test_a_run_tells_busy_input_outputs_and_idle_in_order(kernel: KernelConnection, recorder: Recorder) -> None:
    reply = await kernel.execute("print('hello')\n6 * 7", request_id="run-order")
    kinds = [type(event) for event in recorder.events]
    assert kinds == [StatusEvent, ExecuteInputEvent, OutputEvent, OutputEvent, StatusEvent]
    assert {event.request_id for event in recorder.events} == {"run-order"}
    assert recorder.outputs() == [
        {"output_type": "stream", "name": "stdout", "text": "hello\n"},
        {
            "output_type": "execute_result",
            "execution_count": reply.execution_count,
            "data": {"text/plain": "42"},
            "metadata": {},
        },
    ]
    assert reply.status == "ok"


async def test_an_error_is_an_output_and_in_the_reply(kernel: KernelConnection, recorder: Recorder) -> None:
    reply = await kernel.execute("1 / 0")
    assert (reply.status, reply.ename, reply.evalue) == ("error", "ZeroDivisionError", "division by zero")
    (error,) = recorder.outputs()
    assert (error["output_type"], error["ename"]) == ("error", "ZeroDivisionError")
    assert error["traceback"] == reply.traceback != []


async def test_of_a_very_long_error_the_ends_are_kept(kernel: KernelConnection, recorder: Recorder) -> None:
    reply = await kernel.execute("raise ValueError('a' + 'x' * 3_000_000 + 'z')")
    assert reply.evalue is not None
    assert (reply.ename, reply.evalue[:2], reply.evalue[-1]) == ("ValueError", "ax", "z")
    assert "characters left out" in reply.evalue
    assert len(reply.evalue) + sum(map(len, reply.traceback)) < 400_000


async def test_a_value_that_cannot_be_shown_is_an_error_by_its_name(kernel: KernelConnection) -> None:
    reply = await kernel.execute("class C:\n    def __repr__(self): return None\nC()")
    assert (reply.status, reply.ename) == ("error", "TypeError")
    assert reply.evalue == "__repr__ returned non-string (type NoneType)"


async def test_an_error_aborts_no_other_request(kernel: KernelConnection) -> None:
    runs = [kernel.execute(code) for code in ("1 / 0", "ok = 1", "ok + 1")]
    assert [reply.status for reply in await asyncio.gather(*runs)] == ["error", "ok", "ok"]


async def test_all_output_is_told_before_the_run_ends(kernel: KernelConnection, recorder: Recorder) -> None:
    for n in range(20):
        await kernel.execute(f"for i in range(2000): print({n}, i)", request_id=f"told-{n}")
        assert recorder.text(f"told-{n}").endswith(f"{n} 1999\n")


async def test_rich_displays(kernel: KernelConnection, recorder: Recorder) -> None:
    await kernel.execute("from IPython.display import HTML, display\ndisplay(HTML('<b>x</b>'), metadata={'a': 1})")
    (shown,) = recorder.outputs()
    assert shown["output_type"] == "display_data"
    assert shown["data"]["text/html"] == "<b>x</b>"
    assert shown["metadata"] == {"a": 1}


async def test_display_ids_and_updates(kernel: KernelConnection, recorder: Recorder) -> None:
    await kernel.execute("from IPython.display import display\nh = display('one', display_id='d1')\nh.update('two')")
    (shown,) = recorder.of(OutputEvent)
    (update,) = recorder.of(UpdateDisplayEvent)
    assert (shown.display_id, update.display_id) == ("d1", "d1")
    assert update.data == {"text/plain": "'two'"}


async def test_clearing_output(kernel: KernelConnection, recorder: Recorder) -> None:
    await kernel.execute("from IPython.display import clear_output\nclear_output()\nclear_output(wait=True)")
    assert [event.wait for event in recorder.of(ClearOutputEvent)] == [False, True]


async def test_stderr_is_apart_from_stdout(kernel: KernelConnection, recorder: Recorder) -> None:
    await kernel.execute("import sys\nprint('out')\nprint('err', file=sys.stderr)")
    assert (recorder.text(), recorder.text(name="stderr")) == ("out\n", "err\n")


async def test_input_is_asked_for_and_answered(kernel: KernelConnection, recorder: Recorder) -> None:
    run = asyncio.create_task(kernel.execute("name = input('Who? ')\nprint('hello', name)", request_id="asks"))
    assert await recorder.first(InputRequestEvent) == InputRequestEvent("asks", "Who? ", False)
    kernel.reply_input("Ada")
    await run
    assert recorder.text("asks") == "hello Ada\n"
    with pytest.raises(KernelError, match="does not wait"):
        kernel.reply_input("again")


async def test_a_password_is_asked_for_as_such(kernel: KernelConnection, recorder: Recorder) -> None:
    run = asyncio.create_task(kernel.execute("import getpass\nlen(getpass.getpass('Secret: '))"))
    assert (await recorder.first(InputRequestEvent)).password
    kernel.reply_input("1234")
    await run
    assert recorder.outputs()[-1]["data"] == {"text/plain": "4"}


async def test_a_question_ends_with_an_interrupt(kernel: KernelConnection, recorder: Recorder) -> None:
    run = asyncio.create_task(kernel.execute("input('?')"))
    await recorder.first(InputRequestEvent)
    await kernel.interrupt()
    assert (await run).ename == "KeyboardInterrupt"
    with pytest.raises(KernelError, match="does not wait"):
        kernel.reply_input("late")


async def test_without_stdin_input_is_an_error(kernel: KernelConnection) -> None:
    assert (await kernel.execute("input()", allow_stdin=False)).ename == "StdinNotImplementedError"


async def test_an_interrupt_ends_a_loop(kernel: KernelConnection, recorder: Recorder) -> None:
    run = asyncio.create_task(kernel.execute("print('on', flush=True)\nwhile True: pass"))
    await recorder.until(recorder.text)
    await kernel.interrupt()
    assert (await run).ename == "KeyboardInterrupt"
    assert (await kernel.execute("'still here'")).status == "ok"


async def test_an_interrupt_ends_top_level_await(kernel: KernelConnection, recorder: Recorder) -> None:
    code = "import asyncio\nprint('on', flush=True)\nawait asyncio.sleep(60)"
    run = asyncio.create_task(kernel.execute(code))
    await recorder.until(recorder.text)
    await kernel.interrupt()
    assert (await asyncio.wait_for(run, DEADLINE_S)).status == "error"
    assert (await kernel.execute("1")).status == "ok"


async def test_an_interrupt_of_an_idle_kernel_does_nothing(kernel: KernelConnection) -> None:
    await kernel.interrupt()
    assert (await kernel.execute("1")).status == "ok"


async def test_many_interrupts_at_any_moment_leave_a_kernel_that_answers(kernel: KernelConnection) -> None:
    for n in range(40):
        run = asyncio.create_task(kernel.execute(f"n = {n}", reactive={"cell": "c"}))
        for _ in range(n % 7):
            await asyncio.sleep(0)
        await asyncio.sleep(n * 0.0002)
        await kernel.interrupt()
        assert (await asyncio.wait_for(run, DEADLINE_S)).status in ("ok", "error")
    assert (await kernel.execute("'here'")).status == "ok"


async def test_silent_runs_leave_no_count(kernel: KernelConnection, recorder: Recorder) -> None:
    before = (await kernel.execute("1")).execution_count
    await kernel.execute("2", silent=True, store_history=False)
    after = (await kernel.execute("3")).execution_count
    assert after == (before or 0) + 1
    assert [event.code for event in recorder.of(ExecuteInputEvent)] == ["1", "3"]


async def test_user_expressions(kernel: KernelConnection) -> None:
    reply = await kernel.execute("x = 20", user_expressions={"double": "x * 2"})
    assert reply.user_expressions["double"]["data"] == {"text/plain": "40"}


async def test_a_time_limit_leaves_the_code_running(kernel: KernelConnection, recorder: Recorder) -> None:
    with pytest.raises(KernelTimeout, match="Interrupt"):
        await kernel.execute("import time\ntime.sleep(0.6)\nprint('done')", request_id="slow", timeout=0.3)
    await recorder.until(lambda: recorder.text("slow"))


async def test_an_id_is_used_once(kernel: KernelConnection) -> None:
    await kernel.execute("1", request_id="once")
    with pytest.raises(ValueError, match="used before"):
        await kernel.execute("2", request_id="once")


async def test_output_of_a_task_after_the_end_belongs_to_its_run(kernel: KernelConnection, recorder: Recorder) -> None:
    code = """
    import asyncio
    go = asyncio.Event()
    async def speak():
        await go.wait()
        print('late')
    task = asyncio.create_task(speak())
    """
    await kernel.execute(code, request_id="tasked")
    await kernel.execute("go.set()\nawait task", request_id="later")
    await recorder.until(recorder.text)
    assert (recorder.text("tasked"), recorder.text("later")) == ("late\n", "")


async def test_requests_of_our_own_take_no_output_from_threads(
    kernel: KernelConnection, recorder: Recorder, tmp_path: Path
) -> None:
    code = f"""
    import os, threading, time
    def speak():
        while not os.path.exists({str(tmp_path / "go")!r}):
            time.sleep(0.005)
        print('late')
    threading.Thread(target=speak).start()
    """
    await kernel.execute(code, request_id="threaded")
    await kernel.call("variables")
    await kernel.complete("thr", 3, timeout=DEADLINE_S)
    (tmp_path / "go").touch()
    await recorder.until(recorder.text)
    assert recorder.text("threaded") == "late\n"


async def test_completion_and_inspection(kernel: KernelConnection) -> None:
    await kernel.execute("def distance(a, b):\n    'How far.'\n    return abs(a - b)")
    completed = await kernel.complete("dist", 4, timeout=DEADLINE_S)
    assert "distance" in completed["matches"]
    assert (completed["cursor_start"], completed["cursor_end"]) == (0, 4)
    inspected = await kernel.inspect("distance(", 8, timeout=DEADLINE_S)
    assert inspected["found"]
    assert "How far." in inspected["data"]["text/plain"]


async def test_a_busy_kernel_completes_and_tells_its_variables(kernel: KernelConnection, recorder: Recorder) -> None:
    await kernel.execute("import time\ndistance = 3")
    run = asyncio.create_task(kernel.execute("print('on', flush=True)\nwhile True: time.sleep(0.01)", request_id="b"))
    await recorder.until(recorder.text)
    started = time.monotonic()
    assert "distance" in (await kernel.complete("dist", 4, timeout=DEADLINE_S))["matches"]
    assert [v["preview"] for v in await kernel.call("variables", names=["distance"])] == ["3"]
    assert time.monotonic() - started < 5
    assert not run.done()
    await kernel.interrupt()
    assert (await run).ename == "KeyboardInterrupt"


async def test_requests_of_our_own_are_not_reported(kernel: KernelConnection, recorder: Recorder) -> None:
    await kernel.call("variables")
    await kernel.complete("a", 1, timeout=DEADLINE_S)
    assert recorder.events == []


async def test_a_failing_listener_harms_nothing(kernel: KernelConnection, recorder: Recorder) -> None:
    def fail(event: object) -> None:
        raise RuntimeError("no")

    kernel.listener = fail
    assert (await kernel.execute("print(1)")).status == "ok"
    kernel.listener = recorder
    await kernel.execute("print(2)")
    assert recorder.text() == "2\n"


async def test_a_slow_listener_loses_nothing(kernel: KernelConnection, recorder: Recorder) -> None:
    def slow(event: object) -> None:
        time.sleep(0.0005)
        recorder(event)  # type: ignore[arg-type]

    kernel.listener = slow
    code = "import sys\nfor i in range(3000):\n    print(i, flush=True)"
    await kernel.execute(code)
    assert recorder.text() == "".join(f"{i}\n" for i in range(3000))


async def test_comms_carry_data_metadata_and_raw_buffers(kernel: KernelConnection, recorder: Recorder) -> None:
    code = """
    from comm import create_comm, get_comm_manager
    def opened(comm, message):
        def answer(m):
            comm.send({'got': m['content']['data']}, metadata={'k': 1}, buffers=[bytes(b)[::-1] for b in m['buffers']])
        comm.on_msg(answer)
        comm.on_close(lambda m: print('closed', m['content']['data']))
    get_comm_manager().register_target('echo', opened)
    mine = create_comm(target_name='front', data={'a': 1}, buffers=[b'xyz'])
    """
    await kernel.execute(code, request_id="makes")
    opened = await recorder.first(CommOpenEvent)
    assert (opened.request_id, opened.target_name, opened.data) == ("makes", "front", {"a": 1})
    assert opened.buffers == (b"xyz",)

    kernel.comm_open("c1", "echo", {})
    large = bytes(range(256)) * 4096
    kernel.comm_msg("c1", {"n": [1]}, buffers=[large, b"\x00\xff"])
    told = await recorder.first(CommMsgEvent)
    assert (told.comm_id, told.data, told.metadata) == ("c1", {"got": {"n": [1]}}, {"k": 1})
    assert told.buffers == (large[::-1], b"\xff\x00")
    kernel.comm_close("c1", {"why": "done"})
    await recorder.until(recorder.text)
    assert recorder.text() == "closed {'why': 'done'}\n"

    await kernel.execute("mine.close()")
    assert (await recorder.first(CommCloseEvent)).comm_id == opened.comm_id


async def test_what_a_widget_callback_prints_belongs_to_the_run_that_made_the_widget(
    kernel: KernelConnection, recorder: Recorder
) -> None:
    code = "import ipywidgets\ns = ipywidgets.IntSlider()\ns.observe(lambda c: print('now', c.new), 'value')"
    await kernel.execute(code, request_id="widget")
    model = await recorder.until(lambda: [e for e in recorder.of(CommOpenEvent) if "value" in e.data["state"]])
    await kernel.execute("1", request_id="other")
    kernel.comm_msg(model[0].comm_id, {"method": "update", "state": {"value": 7}, "buffer_paths": []})
    await recorder.until(recorder.text)
    assert recorder.text("widget") == "now 7\n"
    idle = recorder.of(StatusEvent)[-1]
    assert idle.request_id is None


async def test_unknown_functions_and_failing_ones_say_so(kernel: KernelConnection) -> None:
    with pytest.raises(KernelError, match="no function"):
        await kernel.call("nonsense")
    with pytest.raises(KernelError, match="unexpected keyword argument 'nope'"):
        await kernel.call("variable", nope="x")
