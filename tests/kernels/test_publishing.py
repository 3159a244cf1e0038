"""What a kernel publishes: whole, in order, and from whichever thread it comes; an interrupt cuts no message in two."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from reactive_kernels import KernelConnection
from tests.kernels.recorder import DEADLINE_S, Recorder

pytestmark = pytest.mark.anyio
CELL = {"cell": "c", "bind": {}, "forget": [], "writes": [], "mutates": []}

MIXED = """
import sys
from IPython.display import display
for number in range(300):
    print("out", number)
    display(number)
    print("err", number, file=sys.stderr)
"""
THREADS = r"""
import threading
from IPython.display import display
def show(name):
    for number in range(200):
        display((name, number))
        print(f"{name} {number}\n", end="", flush=True)
threads = [threading.Thread(target=show, args=(name,)) for name in "abcd"]
for thread in threads: thread.start()
show("main")
for thread in threads: thread.join()
"""
FORK = r"""
import os, threading
from IPython.display import display
def show():
    while not ended:
        display("in a thread")
ended = []
thread = threading.Thread(target=show)
thread.start()
codes = []
for number in range(20):
    child = os.fork()
    if not child:
        try:
            print(f"child {number}\n", end="", flush=True)
        finally:
            os._exit(0)
    codes.append(os.waitpid(child, 0)[1])
ended.append(1)
thread.join()
print("parent", set(codes))
"""
DYING = r"""
import gc
from IPython.display import display
class Loud:
    def __init__(self): self.me = self
    def __del__(self): print("gone\n", end="", flush=True)
gc.set_threshold(3)
for number in range(300):
    Loud()
    {show}(number)
gc.set_threshold(700)
gc.collect();
"""
WITHIN = """
import signal
from dateutil import tz
from IPython.display import display
usual = tz.tzutc.utcoffset
def utcoffset(self, when):
    signal.raise_signal(signal.SIGINT)
    return usual(self, when)
tz.tzutc.utcoffset = utcoffset
try:
    display("whole")
finally:
    tz.tzutc.utcoffset = usual
"""
TALK = {
    "display": "from IPython.display import display\nwhile True: display('x' * 100)",
    "print": "while True: print('x' * 100, flush=True)",
    "both": "from IPython.display import display\nwhile True:\n    print('x')\n    display('y')",
}


def lines(recorder: Recorder, request: str, *kinds: str) -> list[str]:
    """What was shown and written, a line each, in order, with its kind."""
    told = ""
    for output in recorder.outputs(request):
        if output["output_type"] == "stream" and output["name"] in kinds:
            told += output["text"]
        elif output["output_type"] != "stream":
            told += f"shown {output['data']['text/plain']}\n"
    return told.splitlines()


async def test_streams_and_outputs_come_in_order(kernel: KernelConnection, recorder: Recorder) -> None:
    reply = await kernel.execute(MIXED, request_id="mixed", reactive=CELL, timeout=DEADLINE_S)
    assert reply.status == "ok"
    out = [(f"out {number}", f"shown {number}") for number in range(300)]
    assert lines(recorder, "mixed", "stdout") == [line for pair in out for line in pair]
    err = [(f"shown {number}", f"err {number}") for number in range(300)]
    assert lines(recorder, "mixed", "stderr") == [line for pair in err for line in pair]


async def test_threads_speak_beside_each_other_each_in_order(kernel: KernelConnection, recorder: Recorder) -> None:
    reply = await kernel.execute(THREADS, request_id="threads", reactive=CELL, timeout=DEADLINE_S)
    assert reply.status == "ok"
    await recorder.until(lambda: len(lines(recorder, "threads", "stdout")) >= 2_000)
    told = lines(recorder, "threads", "stdout")
    for name in ("a", "b", "c", "d", "main"):
        shown = [line for line in told if line.startswith(f"shown ('{name}',")]
        assert shown == [f"shown ('{name}', {number})" for number in range(200)]
        written = [line for line in told if line.startswith(f"{name} ")]
        assert written == [f"{name} {number}" for number in range(200)]


async def test_a_fork_of_the_kernel_can_speak_while_others_do(kernel: KernelConnection, recorder: Recorder) -> None:
    reply = await kernel.execute(FORK, request_id="fork", reactive=CELL, timeout=DEADLINE_S)
    assert reply.status == "ok"
    said = {"parent {0}", *(f"child {number}" for number in range(20))}
    await recorder.until(lambda: said <= set(lines(recorder, "fork", "stdout")))


@pytest.mark.parametrize("show", ["display", "print"])
async def test_what_objects_say_when_they_end_cuts_no_message_in_two(
    kernel: KernelConnection, recorder: Recorder, show: str
) -> None:
    """Python may end them between any two steps, also while their thread writes or sends a message."""
    request = f"dying {show}"
    reply = await kernel.execute(DYING.replace("{show}", show), request_id=request, reactive=CELL, timeout=DEADLINE_S)
    assert reply.status == "ok"
    await recorder.until(lambda: "".join(lines(recorder, request, "stdout")).count("gone") == 300)
    if show == "display":
        assert lines(recorder, request) == [f"shown {number}" for number in range(300)]


async def test_an_interrupt_waits_for_the_message_that_is_being_written(
    kernel: KernelConnection, recorder: Recorder
) -> None:
    """Writing a date asks its time zone, in Python; were the answer an exception, orjson would crash the kernel."""
    reply = await kernel.execute(WITHIN, request_id="within", reactive=CELL, timeout=DEADLINE_S)
    assert reply.ename == "KeyboardInterrupt"
    assert recorder.outputs("within")[0]["data"] == {"text/plain": "'whole'"}
    assert (await kernel.execute("6 * 7", reactive=CELL, timeout=DEADLINE_S)).status == "ok"


@pytest.mark.parametrize("how", TALK)
async def test_an_interrupt_cuts_no_message_in_two(kernel: KernelConnection, recorder: Recorder, how: str) -> None:
    """Half a message would take the next one with it: a result, or the word that the kernel is idle."""
    for number in range(25):
        recorder.events.clear()
        request, next_request = f"{how} {number}", f"after {how} {number}"
        run = asyncio.create_task(kernel.execute(TALK[how], request_id=request, reactive=CELL, timeout=DEADLINE_S))
        await recorder.until(partial(recorder.outputs, request))
        await kernel.interrupt()
        assert (await run).ename == "KeyboardInterrupt"
        assert recorder.outputs(request)[-1]["ename"] == "KeyboardInterrupt"
        after = await kernel.execute("6 * 7", request_id=next_request, reactive=CELL, timeout=DEADLINE_S)
        assert after.status == "ok"
        assert lines(recorder, next_request) == ["shown 42"]
