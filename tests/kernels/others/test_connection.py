"""A connection to any kernel: what it can do with ours it can do with theirs, as far as they can."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from reactive_kernels import (
    DeadKernelError,
    DiedEvent,
    ExecuteReply,
    InputRequestEvent,
    KernelConnection,
    KernelError,
    KernelPool,
    OutputEvent,
)
from tests.kernels.others.kernels import KERNELS
from tests.kernels.others.speech import Speech
from tests.kernels.recorder import DEADLINE_S, Recorder

pytestmark = pytest.mark.anyio

IPYTHON = ("ipykernel-6.31", "ipykernel-7.2")


def said(recorder: Recorder) -> str:
    """All that a cell shows, as text."""
    return "".join(
        output.get("text") or output.get("evalue") or str(output.get("data", {}).get("text/plain", ""))
        for output in recorder.outputs()
    )


async def run(kernel: KernelConnection, code: str) -> ExecuteReply:
    return await kernel.execute(code, timeout=DEADLINE_S)


async def interrupted(kernel: KernelConnection, running: asyncio.Task[ExecuteReply]) -> None:
    """Interrupt until it ends, as a user would: JavaScript's kernel misses what comes before it has begun to wait."""
    async with asyncio.timeout(DEADLINE_S):
        while not running.done():
            await kernel.interrupt()
            await asyncio.wait([running], timeout=1)


async def test_it_is_what_its_kernelspec_says(kernel: KernelConnection, name: str) -> None:
    assert kernel.language == KERNELS[name].language
    assert (kernel.implementation == "ipython") is (name in IPYTHON)
    assert kernel.pid is not None


async def test_only_ipykernel_is_spoken_to_over_other_sockets_than_tcp(kernel: KernelConnection, name: str) -> None:
    assert kernel.connection_info["transport"] == ("ipc" if name in IPYTHON else "tcp")


async def test_output_comes_with_its_run(kernel: KernelConnection, speech: Speech, recorder: Recorder) -> None:
    reply = await kernel.execute(speech.say_hello, request_id=f"hello-{kernel.id}", timeout=DEADLINE_S)
    assert reply.status == "ok"
    assert "hello" in recorder.text(f"hello-{kernel.id}")


async def test_values_are_kept_and_shown(kernel: KernelConnection, speech: Speech, recorder: Recorder) -> None:
    assert (await run(kernel, speech.remember)).status == "ok"
    first = (await run(kernel, speech.recall)).execution_count
    second = (await run(kernel, speech.recall)).execution_count
    assert "42" in said(recorder)
    assert first is not None
    assert second == first + 1


async def test_a_failure_is_one_and_the_next_cell_runs(
    kernel: KernelConnection, speech: Speech, recorder: Recorder
) -> None:
    reply = await run(kernel, speech.fail)
    assert reply.status == "error"
    assert speech.failure in f"{reply.evalue}{said(recorder)}"
    recorder.events.clear()
    assert (await run(kernel, speech.say_hello)).status == "ok"  # some kernels drop what comes right after an error
    assert "hello" in recorder.text()


async def test_code_is_completed(kernel: KernelConnection, speech: Speech) -> None:
    found = await kernel.complete(speech.typed, len(speech.typed), timeout=DEADLINE_S)
    assert speech.completed in [match.rstrip("(") for match in found["matches"]]
    assert found["cursor_end"] == len(speech.typed)


async def test_a_question_is_asked_and_answered(kernel: KernelConnection, speech: Speech, recorder: Recorder) -> None:
    if speech.ask is None:
        assert not recorder.of(InputRequestEvent)
        return
    asked = asyncio.create_task(run(kernel, speech.ask))
    question = await recorder.first(InputRequestEvent)
    assert question.prompt == "name? "
    kernel.reply_input("Ada")
    assert (await asked).status == "ok"
    assert "<Ada>" in said(recorder)


async def test_what_runs_without_end_is_interrupted(
    kernel: KernelConnection, speech: Speech, recorder: Recorder
) -> None:
    endless = asyncio.create_task(kernel.execute(speech.endless, timeout=DEADLINE_S))
    await recorder.until(lambda: "on" in recorder.text())
    await interrupted(kernel, endless)
    if speech.interrupt_kills:
        with pytest.raises(DeadKernelError):
            await endless
        await recorder.first(DiedEvent)
        return
    reply = await endless
    assert reply.status != "ok"
    assert reply.interrupted
    recorder.events.clear()
    async with asyncio.timeout(DEADLINE_S):
        while "hello" not in recorder.text():  # a second interrupt, sent because the first took long, may hit this cell
            await run(kernel, speech.say_hello)


async def test_a_restart_forgets_everything(kernel: KernelConnection, speech: Speech, recorder: Recorder) -> None:
    await run(kernel, speech.remember)
    await kernel.restart()
    recorder.events.clear()
    reply = await run(kernel, speech.recall)
    assert "42" not in said(recorder)
    assert reply.status == "error" or said(recorder).rstrip("\n") == (speech.unset or "").rstrip("\n")


async def test_its_death_is_noticed(kernel: KernelConnection, speech: Speech, recorder: Recorder) -> None:
    endless = asyncio.create_task(kernel.execute(speech.endless, timeout=DEADLINE_S))
    await recorder.until(lambda: "on" in recorder.text())
    assert kernel.pid is not None
    os.kill(kernel.pid, signal.SIGKILL)
    with pytest.raises(DeadKernelError):
        await endless
    assert (await recorder.first(DiedEvent)).exit_code == -signal.SIGKILL


async def test_what_only_the_helper_can_is_refused_in_words(kernel: KernelConnection, name: str) -> None:
    assert kernel.has_helper is (KERNELS[name].language == "python")
    assert kernel.takes_batches is (name in IPYTHON)
    if kernel.has_helper:
        await run(kernel, "shown = [1, 2]")
        assert "shown" in {row["name"] for row in await kernel.call("variables")}
        return
    with pytest.raises(KernelError, match="only Python kernels"):
        await kernel.call("variables")


@pytest.mark.parametrize("name", IPYTHON)
async def test_the_helper_needs_nothing_installed(pool: KernelPool, name: str, tmp_path: Path) -> None:
    recorder = Recorder()
    kernel = await pool.acquire(name, cwd=tmp_path, listener=recorder)
    try:
        assert kernel.has_helper
        await run(kernel, "import importlib.util as u\n[u.find_spec(n) for n in ('reactive_kernels', 'reactive_nb')]")
        assert recorder.of(OutputEvent)[-1].output["data"]["text/plain"] == "[None, None]"
    finally:
        await pool.release(kernel)
