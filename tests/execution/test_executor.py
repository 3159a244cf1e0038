"""One cell on one real kernel: every way in which its run can end."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from reactive_kernels import KernelConnection, KernelEvent, KernelPool, OutputEvent, PoolLimits
from reactive_nb.execution import execute_python_cell
from reactive_nb.execution.executor import show_values
from reactive_nb.execution.namespace import NamespaceStep
from reactive_nb.execution.records import Outcome

pytestmark = pytest.mark.anyio

DEADLINE_S = 30.0


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def pool(anyio_backend: str) -> AsyncIterator[KernelPool]:
    async with KernelPool(PoolLimits(spares=0)) as pool:
        yield pool


@pytest.fixture(scope="module")
async def shared(pool: KernelPool) -> AsyncIterator[KernelConnection]:
    connection = await pool.acquire(listener=lambda event: None)
    yield connection
    await pool.release(connection)


@pytest.fixture
async def kernel(shared: KernelConnection) -> KernelConnection:
    await shared.execute("%reset -f", silent=True)
    return shared


def step(
    cell: str, *writes: str, bind: dict[str, str | None] | None = None, mutates: tuple[str, ...] = ()
) -> NamespaceStep:
    return NamespaceStep(cell, bind or {}, (), writes, mutates)


async def test_outputs_come_with_the_result(kernel: KernelConnection) -> None:
    result = await execute_python_cell(kernel, "print('a')\n1 + 1")
    assert (result.outcome, result.message) == (Outcome.OK, None)
    assert [output["output_type"] for output in result.outputs] == ["stream", "execute_result"]
    assert result.outputs[1]["data"]["text/plain"] == "2"
    assert result.duration_ms > 0


async def test_the_listener_hears_outputs_too_and_is_left_as_it_was(kernel: KernelConnection) -> None:
    heard: list[KernelEvent] = []
    kernel.listener = heard.append
    await execute_python_cell(kernel, "print('a')")
    assert [event.output["text"] for event in heard if isinstance(event, OutputEvent)] == ["a\n"]
    assert kernel.listener == heard.append
    kernel.listener = lambda event: None


async def test_outputs_are_left_to_the_listener_where_that_is_wanted(kernel: KernelConnection) -> None:
    assert (await execute_python_cell(kernel, "print('a')", collect=False)).outputs == []


@pytest.mark.parametrize(
    ("source", "name"),
    [("1 / 0", "ZeroDivisionError"), ("x (", "SyntaxError"), ("nothing", "NameError"), ("%nothing", "UsageError")],
)
async def test_an_error_is_an_outcome(kernel: KernelConnection, source: str, name: str) -> None:
    result = await execute_python_cell(kernel, source)
    assert result.reply is not None
    assert (result.outcome, result.reply.ename) == (Outcome.ERROR, name)
    assert result.outputs


async def test_an_interrupt_is_an_outcome(kernel: KernelConnection) -> None:
    begun = asyncio.Event()
    kernel.listener = lambda event: begun.set() if isinstance(event, OutputEvent) else None
    run = asyncio.create_task(execute_python_cell(kernel, "import time\nprint(1, flush=True)\ntime.sleep(60)"))
    async with asyncio.timeout(DEADLINE_S):
        await begun.wait()
        await kernel.interrupt()
        assert (await run).outcome is Outcome.INTERRUPTED
    kernel.listener = lambda event: None


async def test_time_that_is_up_is_an_outcome(kernel: KernelConnection) -> None:
    result = await execute_python_cell(kernel, "import time\ntime.sleep(60)", timeout=0.2)
    assert result.outcome is Outcome.TIMEOUT
    assert result.message == "The cell's time limit of 0.2 s was reached; it was interrupted."
    assert (await execute_python_cell(kernel, "1")).outcome is Outcome.OK


async def test_a_kernel_that_dies_or_is_dead_is_an_outcome(pool: KernelPool) -> None:
    kernel = await pool.acquire(listener=lambda event: None)
    died = await execute_python_cell(kernel, "import os\nos._exit(1)")
    dead = await execute_python_cell(kernel, "1")
    assert (died.outcome, dead.outcome) == (Outcome.KERNEL, Outcome.KERNEL)
    assert died.message == dead.message == "The kernel died (exit code 1). Restart it to go on."
    await pool.release(kernel)


async def test_a_kernel_that_is_killed_while_a_limited_cell_runs(pool: KernelPool) -> None:
    kernel = await pool.acquire(listener=lambda event: None)
    assert kernel.pid is not None
    run = asyncio.create_task(execute_python_cell(kernel, "import time\ntime.sleep(60)", timeout=30))
    await kernel.complete("x", 1)
    os.kill(kernel.pid, signal.SIGKILL)
    async with asyncio.timeout(DEADLINE_S):
        assert (await run).outcome is Outcome.KERNEL
    await pool.release(kernel)


async def test_a_step_binds_before_and_reports_after(kernel: KernelConnection) -> None:
    await execute_python_cell(kernel, "x = [1]", step=step("a", "x"))
    await execute_python_cell(kernel, "x = 'other'", step=step("b", "x"))
    result = await execute_python_cell(
        kernel, "x.append(2)\nprint(x)", step=step("c", "x", bind={"x": "a"}, mutates=("x",))
    )
    assert result.outputs[0]["text"] == "[1, 2]\n"
    assert result.reply is not None
    assert result.reply.report is not None
    assert result.reply.report["changed"] == ["x"]
    assert result.reply.report["spoiled"] == [["a", "x"]], "of what was not looked at before nothing can be given back"


async def test_what_a_cell_is_known_to_use_is_given_back_as_it_was(kernel: KernelConnection) -> None:
    await execute_python_cell(kernel, "x = [1]", step=step("a", "x"))
    changing = replace(step("b", "x", mutates=("x",)), uses=("x",))
    result = await execute_python_cell(kernel, "x.append(2)\nprint(x)", step=changing)
    assert result.outputs[0]["text"] == "[1, 2]\n"
    assert result.reply is not None
    assert result.reply.report is not None
    assert result.reply.report["spoiled"] == []
    again = await execute_python_cell(kernel, "print(x)", step=step("c", bind={"x": "a"}))
    assert again.outputs[0]["text"] == "[1]\n"


async def test_values_are_shown_by_any_python_kernel(kernel: KernelConnection) -> None:
    """Without a step the kernel does it by itself, as every Jupyter kernel can."""
    await execute_python_cell(kernel, "x = 'text'")
    result, shown = await show_values(kernel, ["x", "1 / 0", "x * 2"])
    assert [one.data.get("text/plain") for one in shown] == ["'text'", None, "'texttext'"]
    assert (result.outcome, result.message) == (Outcome.ERROR, "ZeroDivisionError: division by zero")
    assert shown[1].error == "ZeroDivisionError: division by zero"
    assert (await show_values(kernel, []))[1] == []
