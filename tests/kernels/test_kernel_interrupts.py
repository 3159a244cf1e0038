"""Interrupts that come at the wrong moment: before a cell's code has begun, or after its end."""

from __future__ import annotations

import asyncio
import time
from functools import partial

import pytest

from reactive_kernels import ExecuteInputEvent, KernelConnection
from tests.kernels.recorder import DEADLINE_S, Recorder

pytestmark = pytest.mark.anyio
CELL = {"cell": "c", "bind": {}, "forget": [], "writes": [], "mutates": []}
HOOK = """
import os, signal
def hook(*_):
    get_ipython().events.unregister({event!r}, hook)
    os.kill(os.getpid(), signal.SIGINT)
get_ipython().events.register({event!r}, hook)
"""
LATE = """
kernel = get_ipython().kernel
finish = kernel.finish_metadata
def finish_metadata(*args):
    import os, signal
    kernel.finish_metadata = finish
    os.kill(os.getpid(), signal.SIGINT)
    return finish(*args)
kernel.finish_metadata = finish_metadata
"""


async def test_one_that_comes_before_the_code_begins_stops_it(kernel: KernelConnection, recorder: Recorder) -> None:
    await kernel.execute(HOOK.format(event="pre_run_cell"), silent=True)
    reply = await kernel.execute("import time\ntime.sleep(60)", reactive=CELL, timeout=DEADLINE_S)
    assert (reply.ename, reply.status) == ("KeyboardInterrupt", "error")
    assert recorder.outputs()[-1]["ename"] == "KeyboardInterrupt"
    assert (await kernel.execute("6 * 7", reactive=CELL)).status == "ok"


@pytest.mark.parametrize("code", ["6 * 7", "await __import__('asyncio').sleep(0)"])
async def test_one_that_comes_after_its_end_is_dropped(kernel: KernelConnection, code: str) -> None:
    reply = await kernel.execute(f"{LATE}\n{code}", reactive=CELL, timeout=DEADLINE_S)
    assert (reply.status, reply.report is None) == ("ok", False)


async def test_one_that_comes_while_an_error_is_shown_spares_it(kernel: KernelConnection, recorder: Recorder) -> None:
    code = (
        "sent = []\n"
        "class E(Exception):\n"
        "    def __str__(self):\n"
        "        import os, signal\n"
        "        sent or (sent.append(1), os.kill(os.getpid(), signal.SIGINT))\n"
        "        return 'all'\n"
    )
    reply = await kernel.execute(code + "raise E", reactive=CELL, timeout=DEADLINE_S)
    assert (reply.ename, reply.evalue) == ("E", "all")
    assert recorder.outputs()[-1]["ename"] == "E"


async def test_asking_twice_ends_what_delays_the_code(kernel: KernelConnection, recorder: Recorder) -> None:
    await kernel.execute(
        "import sys\n"
        "def hook(*_):\n"
        "    get_ipython().events.unregister('pre_run_cell', hook)\n"
        "    print('hooked', flush=True)\n"
        "    while not sys.modules['_reactive_nb'].gate.waiting: pass\n"
        "    print('noted', flush=True)\n"
        "    while True: pass\n"
        "get_ipython().events.register('pre_run_cell', hook)",
        silent=True,
    )
    run = asyncio.create_task(kernel.execute("1 / 0", reactive=CELL, request_id="late"))
    for said in ("hooked\n", "hooked\nnoted\n"):
        await recorder.until(partial(_has_said, recorder, said))
        await kernel.interrupt()
    assert (await asyncio.wait_for(run, DEADLINE_S)).ename == "KeyboardInterrupt"


async def test_a_look_at_the_variables_while_a_cell_runs_loses_none(
    kernel: KernelConnection, recorder: Recorder
) -> None:
    code = "import time\nprint('on', flush=True)\nfor _ in range(6_000): time.sleep(0.01)"
    run = asyncio.create_task(kernel.execute(code, reactive=CELL, request_id="looked at"))
    await recorder.until(lambda: recorder.text("looked at"))
    await kernel.call("variables", timeout=DEADLINE_S)
    await kernel.interrupt()
    assert (await asyncio.wait_for(run, DEADLINE_S)).ename == "KeyboardInterrupt"


async def test_asking_again_while_a_message_is_sent_is_not_lost(kernel: KernelConnection) -> None:
    await kernel.execute(
        "import os, signal, sys\n"
        "def ask(): os.kill(os.getpid(), signal.SIGINT)\n"
        "def hook(*_):\n"
        "    get_ipython().events.unregister('pre_run_cell', hook)\n"
        "    ask()\n"
        "    sys.modules['_reactive_nb'].gate.shield(ask)\n"
        "    while True: pass\n"
        "get_ipython().events.register('pre_run_cell', hook)",
        silent=True,
    )
    assert (await kernel.execute("1 / 0", reactive=CELL, timeout=DEADLINE_S)).ename == "KeyboardInterrupt"


async def test_one_that_python_does_not_notice_before_it_sleeps_is_brought_to_its_notice(
    kernel: KernelConnection, recorder: Recorder
) -> None:
    code = (
        "import signal, threading, time\n"
        "def speak():\n"
        "    signal.pthread_kill(threading.get_ident(), signal.SIGINT)\n"  # the main thread sleeps on
        "    print('on', flush=True)\n"
        "threading.Timer(0.3, speak).start()\n"
        "time.sleep(60)"
    )
    sent_at = time.time()
    run = asyncio.create_task(kernel.execute(code, reactive=CELL, request_id="sleeps"))
    await recorder.until(lambda: recorder.text("sleeps"))
    assert kernel._client is not None
    kernel._client.see_to_interrupt(sent_at)
    assert (await asyncio.wait_for(run, DEADLINE_S)).ename == "KeyboardInterrupt"


@pytest.mark.parametrize("times", [20, pytest.param(1_000, marks=pytest.mark.slow)])
async def test_none_is_lost_and_none_comes_twice(kernel: KernelConnection, recorder: Recorder, times: int) -> None:
    code = """
    import time
    try: time.sleep(60)
    except KeyboardInterrupt:
        try: time.sleep(0.15)
        except KeyboardInterrupt: print('twice')
    """
    for n in range(times):
        request = f"time-{times}-{n}"
        run = asyncio.create_task(kernel.execute(code, reactive=CELL, request_id=request))
        await recorder.until(partial(recorder.of, ExecuteInputEvent, request))
        await kernel.interrupt()
        await asyncio.wait_for(run, DEADLINE_S)
        assert recorder.text(request) == ""
        recorder.events.clear()


def _has_said(recorder: Recorder, text: str) -> bool:
    return recorder.text("late") == text


async def test_a_cell_that_awaits_is_cancelled(kernel: KernelConnection, recorder: Recorder) -> None:
    code = "import asyncio\nprint('on', flush=True)\nawait asyncio.sleep(60)"
    run = asyncio.create_task(kernel.execute(code, reactive=CELL, request_id="awaits"))
    await recorder.until(lambda: "on" in recorder.text("awaits"))
    await kernel.interrupt()
    reply = await asyncio.wait_for(run, DEADLINE_S)
    assert (reply.ename, reply.interrupted) == ("CancelledError", True)
