"""Kernels that say too much, or nothing that makes sense: nobody else is held up, and nothing grows without end."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable

import pytest

from reactive_kernels import CommOpenEvent, KernelConnection, OutputEvent, OutputStore
from reactive_kernels.backlog import BacklogLimits
from tests.kernels.recorder import DEADLINE_S, Recorder
from tests.kernels.stub_kernel import Message, StubKernel
from tests.kernels.test_kernel_client import connected, execute

pytestmark = pytest.mark.anyio

SMALL = BacklogLimits(messages=20, comms=2)


def saying(*said: Callable[[StubKernel, Message], None]) -> Callable[[StubKernel, Message], None]:
    def answer(kernel: StubKernel, message: Message) -> None:
        kernel.status("busy", message)
        for say in said:
            say(kernel, message)
        kernel.reply(message)
        kernel.status("idle", message)

    return answer


def printed(kernel: StubKernel, message: Message) -> None:
    for n in range(5_000):
        kernel.publish("stream", {"name": "stdout", "text": f"{n}\n"}, message)


async def test_output_that_nobody_could_follow_is_left_out_and_the_run_ends() -> None:
    said = threading.Event()
    async with connected(saying(printed, lambda *_: said.set()), SMALL) as (client, _, recorder):
        run = asyncio.create_task(execute(client))
        await recorder.first(OutputEvent)
        said.wait(DEADLINE_S)  # the loop is held up by something else meanwhile
        assert (await run)["status"] == "ok"
        text = recorder.text()
        assert text.startswith("0\n")
        assert text.endswith("4999\n")
        assert "messages" in text
        assert "left out" in text
        assert len(recorder.of(OutputEvent)) < 5_000


async def test_widgets_whose_news_was_left_out_are_asked_how_they_are() -> None:
    asked, said = [], threading.Event()

    def flood(kernel: StubKernel, message: Message) -> None:
        kernel.publish("comm_open", {"comm_id": "w", "target_name": "jupyter.widget", "data": {"state": {}}}, message)
        kernel.publish("comm_open", {"comm_id": "other", "target_name": "mine", "data": {}}, message)
        for n in range(20_000):
            for comm in ("w", "other"):
                kernel.publish("comm_msg", {"comm_id": comm, "data": {"method": "update", "state": {"n": n}}}, message)

    def answer(kernel: StubKernel, message: Message) -> None:
        if message["msg_type"] == "comm_msg":
            asked.append(message["content"])
        else:
            saying(*[] if said.is_set() else [flood, lambda *_: said.set()])(kernel, message)

    async with connected(answer, SMALL) as (client, _, recorder):
        run = asyncio.create_task(execute(client))
        await recorder.first(CommOpenEvent)
        said.wait(DEADLINE_S)
        await run
        await execute(client)  # the kernel has heard what was sent before
    assert {content["comm_id"] for content in asked} == {"w"}
    assert asked[0]["data"] == {"method": "request_state"}


async def test_rubbish_without_end_fills_no_log(caplog: pytest.LogCaptureFixture) -> None:
    def rubbish(kernel: StubKernel, message: Message) -> None:
        for n in range(2_000):
            kernel.iopub.send_multipart([b"rubbish"])
            kernel.iopub.send_multipart([b"<IDS|MSG>", b"wrong %d" % n, b"{}", b"{}", b"{}", b"{}"])

    with caplog.at_level(logging.WARNING):
        async with connected(saying(rubbish)) as (client, _, _):
            assert (await execute(client))["status"] == "ok"
    assert len(caplog.records) == 1
    assert "malformed" in caplog.text


async def test_tasks_that_are_begun_and_never_ended_are_not_remembered_for_ever() -> None:
    def begun(kernel: StubKernel, message: Message) -> None:
        for n in range(5_000):
            kernel.publish("status", {"execution_state": "busy"}, {"header": {"msg_id": f"m{n}", "session": "x"}})

    async with connected(saying(begun)) as (client, _, _):
        await execute(client)
        assert client.busy
        assert len(client._incoming.busy) <= 1_000


# Real kernels


class Clock:
    """How long the loop was kept from other work by ourselves, at most."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    async def watch(self) -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.002)
            self.longest_s = max(self.longest_s, time.thread_time() - before)


@pytest.fixture
async def clock(kernel: KernelConnection, recorder: Recorder) -> Clock:
    return Clock()


async def test_a_huge_text_comes_in_pieces(kernel: KernelConnection, clock: Clock) -> None:
    store = OutputStore()
    pieces = []

    def listen(event: object) -> None:
        if isinstance(event, OutputEvent):
            pieces.append(event)
            store.apply("c", event)

    kernel.listener = listen
    watch = asyncio.create_task(clock.watch())
    await kernel.execute("print('a' + 'x' * 50_000_000 + 'z')", timeout=DEADLINE_S)
    watch.cancel()
    assert len(pieces) > 50
    (output,) = store.outputs("c")
    assert output["text"][0] == "a"
    assert output["text"][-2:] == "z\n"
    assert clock.longest_s < 0.2


async def test_what_is_too_large_to_be_kept_is_not_even_read(kernel: KernelConnection, recorder: Recorder) -> None:
    await kernel.execute("from IPython.display import HTML\nHTML('x' * 130_000_000)", timeout=DEADLINE_S)
    assert "1 messages (130.0 MB) left out" in recorder.text()


async def test_a_large_output_is_parsed_beside_the_loop_and_in_order(
    kernel: KernelConnection, recorder: Recorder
) -> None:
    code = "from IPython.display import HTML, display\nprint('before')\ndisplay(HTML('x' * 5_000_000))\nprint('after')"
    await kernel.execute(code, request_id="large", timeout=DEADLINE_S)
    shown = [output.get("text") or len(output["data"]["text/html"]) for output in recorder.outputs("large")]
    assert shown == ["before\n", 5_000_000, "after\n"]
