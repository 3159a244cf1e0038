"""A fork server that hangs is killed and replaced; what runs goes on, and what ends is noticed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from reactive_kernels import DiedEvent, KernelPool, PoolLimits
from reactive_kernels.fork_server import end_fork_servers, fork_kernel, fork_server_report, servers
from tests.kernels.launchers import fork_servers, gone, is_forked, kernel_of, launch_of, run, server_of, value
from tests.kernels.recorder import DEADLINE_S

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server that hangs is given less time than usual."""
    monkeypatch.setattr(servers, "_ANSWER_S", 2.0)
    monkeypatch.setattr(servers, "_ANSWER_IMPORTING_S", 6.0)
    end_fork_servers()
    yield
    end_fork_servers()


@pytest.fixture
async def pool(anyio_backend: str, impatient: None) -> AsyncIterator[KernelPool]:
    async with KernelPool(PoolLimits(spares=0)) as pool:
        yield pool


async def test_one_that_is_stopped_is_replaced_and_its_kernels_go_on(pool: KernelPool) -> None:
    async with kernel_of(pool, "python3") as before:
        await run(before, "x = 5")
        stopped = server_of(before)
        stopped.suspend()
        kernels = await asyncio.wait_for(
            asyncio.gather(*(pool.acquire(listener=lambda event: None) for _ in range(8))), DEADLINE_S
        )
        assert {server_of(kernel) for kernel in kernels}.isdisjoint({stopped})
        assert await asyncio.gather(*(value(kernel, "6 * 7") for kernel in kernels)) == [42] * 8
        await gone(stopped.pid)
        assert await value(before, "x") == 5
        await asyncio.gather(*map(pool.release, kernels))
        assert len(fork_servers()) == 1


async def test_a_death_is_noticed_while_the_server_hangs(pool: KernelPool) -> None:
    async with kernel_of(pool, "python3") as kernel:
        server_of(kernel).suspend()
        recorder: Any = kernel.listener
        running = asyncio.create_task(kernel.execute("import os; os.kill(os.getpid(), 9)"))
        died = await recorder.first(DiedEvent)
        assert died.exit_code is None
        assert "unknown" in died.message
        await asyncio.gather(running, return_exceptions=True)
        await kernel.restart()
        assert await value(kernel, "1 + 1") == 2


async def test_a_kernel_is_ended_while_its_server_hangs(pool: KernelPool) -> None:
    async with kernel_of(pool, "python3") as kernel:
        pid = kernel.pid
        server_of(kernel).suspend()
    assert pid is not None
    await gone(pid)


async def test_requests_that_fill_the_way_to_it_do_not_wait_for_ever(directory: Path) -> None:
    first, *launches = [launch_of(directory, FILLING="x" * 100_000) for _ in range(7)]
    (await fork_kernel(first)).release()
    (stopped,) = fork_servers()
    stopped.suspend()
    kernels = await asyncio.wait_for(asyncio.gather(*map(fork_kernel, launches)), 2 * DEADLINE_S)
    await gone(stopped.pid)
    for kernel in kernels:
        kernel.release()


@pytest.fixture
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("k")


HANGS_THE_SECOND_TIME = """
import pathlib, time
tried = pathlib.Path(__file__).with_suffix(".tried")
if tried.exists():
    tried.with_suffix(".again").touch()
    time.sleep(600)
tried.touch()
"""


async def test_one_that_gets_stuck_in_an_import_is_replaced_by_one_without(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (directory / "stuck_later.py").write_text(HANGS_THE_SECOND_TIME)
    path = os.pathsep.join([str(directory), os.environ.get("PYTHONPATH", "")])
    launch, again = [launch_of(directory, ("stuck_later",), PYTHONPATH=path) for _ in range(2)]
    first = await fork_kernel(launch)
    (stuck,) = fork_servers()
    async with asyncio.timeout(DEADLINE_S):
        while not (directory / "stuck_later.again").exists():  # noqa: ASYNC110 (nothing tells of a file)
            await asyncio.sleep(0.01)
    second = await asyncio.wait_for(fork_kernel(again), 2 * DEADLINE_S)
    await gone(stuck.pid)
    assert "hung while it imported stuck_later: the next does without" in caplog.text
    assert (await fork_server_report(launch))["refused"] == {}
    for kernel in (first, second):
        assert kernel.poll() is None
        kernel.release()


async def test_a_module_whose_trial_takes_too_long_is_left_out(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "_IMPORT_S", 3.0)
    (directory / "endless.py").write_text("import time; time.sleep(600)")
    path = os.pathsep.join([str(directory), os.environ.get("PYTHONPATH", "")])
    launch = launch_of(directory, ("endless", "colorsys"), PYTHONPATH=path)
    report = await asyncio.wait_for(fork_server_report(launch), 2 * DEADLINE_S)
    assert report["refused"] == {"endless": "it takes more than 3 s"}
    assert "colorsys" in report["modules"]


async def test_one_that_hangs_as_it_starts_is_given_up(
    directory: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(servers, "_ANSWER_IMPORTING_S", 1.0)
    program = "import os, sys\nif 'server' in ' '.join(sys.orig_argv): os.kill(os.getpid(), 19)"
    (directory / "sitecustomize.py").write_text(program)
    path = os.pathsep.join([str(directory), os.environ.get("PYTHONPATH", "")])
    async with KernelPool(PoolLimits(spares=0), environment={"PYTHONPATH": path}) as pool:
        for _ in range(2):
            async with kernel_of(pool, "python3") as kernel:
                assert not is_forked(kernel)
                assert await value(kernel, "6 * 7") == 42
    assert caplog.text.count("does not start (it hung)") == 1
    assert fork_servers() == []


async def test_kernels_that_are_slow_to_start_do_not_keep_others_waiting(pool: KernelPool, directory: Path) -> None:
    startup = directory / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "wait.py").write_text("import time; time.sleep(600)")
    slow = [
        asyncio.create_task(pool.acquire(env={"IPYTHONDIR": str(directory)}, listener=lambda event: None))
        for _ in range(3 * (os.cpu_count() or 1))
    ]
    async with kernel_of(pool, "python3") as kernel:
        assert await value(kernel, "6 * 7") == 42
    assert not any(start.done() for start in slow)
    for start in slow:
        start.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


async def test_nothing_of_one_that_hangs_outlives_its_owner(directory: Path) -> None:
    launch = launch_of(directory)
    kernel = await fork_kernel(launch)
    (stopped,) = fork_servers()
    os.kill(stopped.pid, signal.SIGSTOP)
    os.kill(kernel.pid, signal.SIGSTOP)
    await asyncio.to_thread(end_fork_servers)
    await gone(stopped.pid)
    kernel.release()
    await gone(kernel.pid)
