"""The client against a stub kernel: answers in any order, too late, by half, or never."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import zmq
import zmq.asyncio

from reactive_kernels import DeadKernelError, KernelError, KernelTimeout, OutputEvent, StatusEvent
from reactive_kernels import client as client_module
from reactive_kernels.backlog import BacklogLimits
from reactive_kernels.client import KernelClient
from tests.kernels.recorder import DEADLINE_S, Recorder
from tests.kernels.stub_kernel import Message, StubKernel, well_behaved

pytestmark = pytest.mark.anyio

LATEST_S = 1.0  # 0.1 on a machine of its own


@asynccontextmanager
async def connected(
    answer: Callable[[StubKernel, Message], None] = well_behaved, limits: BacklogLimits | None = None
) -> AsyncIterator[tuple[KernelClient, StubKernel, Recorder]]:
    """A client connected to a stub that greets well and then answers by `answer`."""

    def greet_first(kernel: StubKernel, message: Message) -> None:
        known = message["header"]["msg_type"] == "kernel_info_request"
        (well_behaved if known else answer)(kernel, message)

    context = zmq.asyncio.Context()
    recorder = Recorder()
    with StubKernel(greet_first) as stub:
        client = KernelClient(context, stub.connection_info, recorder, limits)
        try:
            await asyncio.wait_for(client.greet(), DEADLINE_S)
            yield client, stub, recorder
        finally:
            await client.close()
            context.destroy(linger=0)


numbers = itertools.count()


async def execute(client: KernelClient, timeout: float | None = DEADLINE_S) -> dict[str, Any]:
    return await client.ask("shell", "execute_request", {"code": "1"}, run=f"run-{next(numbers)}", timeout=timeout)


@pytest.mark.parametrize("ping_pongs", [5_000, pytest.param(100_000, marks=pytest.mark.slow)])
async def test_no_reply_is_stranded_when_requests_overlap(ping_pongs: int) -> None:
    """A send may swallow the notice of a reply that comes in just then."""
    async with connected() as (client, _, _):

        async def play() -> float:
            slowest = 0.0
            for _ in range(ping_pongs // 2):
                started = time.perf_counter()
                await execute(client, timeout=5)
                slowest = max(slowest, time.perf_counter() - started)
            return slowest

        assert max(await asyncio.gather(play(), play())) < LATEST_S


async def test_no_reply_is_stranded_when_another_task_sends_meanwhile() -> None:
    async with connected() as (client, _, _):

        async def chatter() -> None:
            while True:
                client.send_comm("comm_msg", {"comm_id": "c", "data": {}}, None, ())
                await asyncio.sleep(0.002)

        talking = asyncio.create_task(chatter())
        try:
            for _ in range(300):
                await execute(client, timeout=1)
        finally:
            talking.cancel()


async def test_many_requests_at_once_each_get_their_reply() -> None:
    def answer(kernel: StubKernel, message: Message) -> None:
        kernel.status("busy", message)
        kernel.reply(message, evalue=message["header"]["msg_id"])
        kernel.status("idle", message)

    async with connected(answer) as (client, _, _):
        runs = [f"many-{n}" for n in range(200)]
        asked = [client.ask("shell", "execute_request", {"code": ""}, run=run, timeout=DEADLINE_S) for run in runs]
        assert [reply["evalue"] for reply in await asyncio.gather(*asked)] == runs


@pytest.mark.parametrize("idle_first", [True, False])
async def test_a_run_ends_only_with_both_reply_and_idle(idle_first: bool) -> None:
    def answer(kernel: StubKernel, message: Message) -> None:
        kernel.status("busy", message)
        for half in ("idle", "reply") if idle_first else ("reply", "idle"):
            kernel.status("idle", message) if half == "idle" else kernel.reply(message)
            time.sleep(0.2)
            kernel.publish("stream", {"name": "stdout", "text": "between"}, message)

    async with connected(answer) as (client, _, recorder):
        await execute(client)
        kinds = [type(event) for event in recorder.events]
        assert StatusEvent in kinds
        assert OutputEvent in kinds


async def test_an_idle_that_never_comes_is_not_waited_for_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_SETTLE_S", 0.2)

    def answer(kernel: StubKernel, message: Message) -> None:
        kernel.status("busy", message)
        kernel.reply(message, execution_count=3)

    async with connected(answer) as (client, _, _):
        assert (await execute(client))["execution_count"] == 3


async def test_a_reply_that_never_comes_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_SETTLE_S", 0.2)

    def answer(kernel: StubKernel, message: Message) -> None:
        kernel.status("busy", message)
        kernel.status("idle", message)

    async with connected(answer) as (client, _, _):
        with pytest.raises(KernelError, match="without a reply"):
            await execute(client)


async def test_a_run_whose_reply_was_lost_to_an_interrupt_counts_as_interrupted() -> None:
    def answer(kernel: StubKernel, message: Message) -> None:
        kernel.status("busy", message)
        time.sleep(0.1)
        kernel.status("idle", message)

    async with connected(answer) as (client, _, recorder):
        run = asyncio.create_task(execute(client))
        await recorder.first(StatusEvent)
        client.note_interrupt()
        assert (await run)["ename"] == "KeyboardInterrupt"


async def test_a_kernel_that_does_not_answer_times_out() -> None:
    async with connected(lambda kernel, message: None) as (client, _, _):
        with pytest.raises(KernelTimeout, match=r"'execute' within 0.1 s"):
            await execute(client, timeout=0.1)


async def test_requests_end_when_the_kernel_fails() -> None:
    async with connected(lambda kernel, message: None) as (client, _, _):
        runs = [asyncio.create_task(execute(client)) for _ in range(3)]
        await asyncio.sleep(0)
        client.fail(DeadKernelError("gone"))
        for run in runs:
            with pytest.raises(DeadKernelError, match="gone"):
                await run
        with pytest.raises(DeadKernelError, match="gone"):
            await execute(client)


async def test_a_kernel_that_takes_nothing_is_an_error_and_never_a_stall() -> None:
    async with connected() as (client, stub, _):
        stub.__exit__(None, None, None)
        started = time.monotonic()

        def flood() -> None:
            for _ in range(100_000):
                client.send_comm("comm_msg", {"comm_id": "c", "data": {}}, None, ())

        with pytest.raises(KernelError, match="does not take messages"):
            flood()
        assert time.monotonic() - started < 10
        client.fail(DeadKernelError("gone"))


async def test_a_request_the_kernel_overlooked_is_brought_to_its_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_UNHEARD_S", 0.1)
    overlooked: list[tuple[Message, list[bytes]]] = []

    def answer(kernel: StubKernel, message: Message) -> None:
        overlooked.append((message, kernel.ident))

    def wake(kernel: StubKernel, message: Message) -> None:
        well_behaved(kernel, message)
        for missed, ident in overlooked:
            kernel.ident = ident
            well_behaved(kernel, missed)
        overlooked.clear()

    async with connected(answer) as (client, stub, _):
        stub.answer = lambda kernel, message: (
            wake if message["header"]["msg_type"] == "kernel_info_request" else answer
        )(kernel, message)
        assert (await execute(client))["status"] == "ok"


async def test_malformed_and_unknown_messages_are_passed_over() -> None:
    def answer(kernel: StubKernel, message: Message) -> None:
        kernel.iopub.send_multipart([b"rubbish"])
        kernel.iopub.send_multipart([b"<IDS|MSG>", b"wrong signature", b"{}", b"{}", b"{}", b"{}"])
        kernel.publish("news_from_the_future", {"a": 1}, message)
        kernel.publish("status", {"execution_state": "dreaming"}, None)
        well_behaved(kernel, message)

    async with connected(answer) as (client, _, recorder):
        assert (await execute(client))["status"] == "ok"
        assert [type(event) for event in recorder.events] == [StatusEvent, StatusEvent]


async def test_a_kernel_without_a_welcome_is_asked_until_it_speaks() -> None:
    asked = 0

    def silent_at_first(kernel: StubKernel, message: Message) -> None:
        nonlocal asked
        asked += 1
        if asked < 3:
            kernel.reply(message)
        else:
            well_behaved(kernel, message)

    context = zmq.asyncio.Context()
    with StubKernel(silent_at_first) as stub:
        client = KernelClient(context, stub.connection_info, Recorder())
        try:
            await asyncio.wait_for(client.greet(), DEADLINE_S)
        finally:
            await client.close()
            context.destroy(linger=0)
    assert asked >= 3
