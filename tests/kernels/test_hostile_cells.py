"""Cells that do harm, by mistake or on purpose: their kernel may die of it, which is told; nobody else notices."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from reactive_kernels import DeadKernelError, DiedEvent, Forking, KernelConnection, KernelPool, PoolLimits
from tests.kernels.launchers import gone, kernel_of, run, value
from tests.kernels.recorder import DEADLINE_S, Recorder

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(sys.platform == "win32", reason="harm of POSIX")]

KILLED = r"killed by SIG(ABRT|SEGV|BUS|KILL)"
HARM: dict[str, tuple[str, str | None]] = {
    "closes every descriptor": ("import os; os.closerange(0, 4096)", KILLED),
    "closes the sockets": ("import os; os.closerange(3, 4096)", KILLED),
    "closes its standard streams": ("import os; [os.close(number) for number in range(3)]", None),
    "kills its process group": ("import os, signal; os.killpg(0, signal.SIGKILL)", "killed by SIGKILL"),
    "becomes another program": ("import os; os.execvp('true', ['true'])", "exit code 0|another program"),
    "becomes another program that goes on": (
        "import os; os.execvp('sleep', ['sleep', '600'])",
        "its process runs another program",
    ),
    "becomes another Python": (
        "import os, sys; os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(600)'])",
        "its process runs another program",
    ),
    "ends in a thread": (
        "import os, threading, time; threading.Timer(0.1, os._exit, [7]).start(); time.sleep(600)",
        "exit code 7",
    ),
    "reads where nothing is": ("import ctypes; ctypes.string_at(0)", KILLED),
    "forbids all in files to come": ("import os; os.umask(0o777)", None),
    "removes where it works": (
        "import os, tempfile; place = tempfile.mkdtemp(); os.chdir(place); os.rmdir(place)",
        None,
    ),
    "blocks every signal": ("import signal; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))", None),
    "ignores what would end it": (
        "import signal; [signal.signal(number, signal.SIG_IGN) for number in (1, 2, 3, 15)]",
        None,
    ),
    "forks itself": ("import os; os.fork()", None),
    "starts many threads": (
        "import threading, time\n"
        "for _ in range(1000): threading.Thread(target=time.sleep, args=[600], daemon=True).start()",
        None,
    ),
    "starts many processes": (
        "import subprocess\nmany = [subprocess.Popen(['sleep', '600']) for _ in range(100)]",
        None,
    ),
    "stops the kernel's loop": ("get_ipython().kernel.io_loop.stop()", "exit code 0"),
    "removes the kernel's files": (
        "import ipykernel, os, shutil; shutil.rmtree(os.path.dirname(ipykernel.get_connection_file()))",
        None,
    ),
    "removes all kernels' files": (
        "import ipykernel, pathlib, shutil; shutil.rmtree(pathlib.Path(ipykernel.get_connection_file()).parents[1])",
        None,
    ),
}


@pytest.fixture(scope="module", params=Forking)
async def pool(anyio_backend: str, request: pytest.FixtureRequest) -> AsyncIterator[KernelPool]:
    async with KernelPool(PoolLimits(spares=0, shutdown_timeout=2), forking=request.param) as pool:
        yield pool


@pytest.fixture(scope="module")
async def other(pool: KernelPool) -> AsyncIterator[KernelConnection]:
    """One that is there from the first harm to the last."""
    async with kernel_of(pool, "python3") as kernel:
        yield kernel


@pytest.mark.parametrize("harm", HARM)
async def test_others_do_not_notice(pool: KernelPool, other: KernelConnection, harm: str) -> None:
    code, death = HARM[harm]
    async with kernel_of(pool, "python3") as kernel:
        recorder = kernel.listener = Recorder()
        doing = kernel.execute(code, timeout=DEADLINE_S)
        if death is None:
            await doing
        else:
            (ended,) = await asyncio.gather(doing, return_exceptions=True)
            died = await recorder.first(DiedEvent)
            assert re.search(death, died.message)
            assert ended.status == "ok" if not isinstance(ended, BaseException) else isinstance(ended, DeadKernelError)
        assert await value(other, "6 * 7") == 42
        async with asyncio.timeout(DEADLINE_S):
            await kernel.restart()  # a start, in the same pool, that comes after the harm
        assert await value(kernel, "6 * 7") == 42
        assert kernel.pid is not None
        families = [one for one in psutil.Process().children(recursive=True) if _is_of(one, kernel.pid)]
    for process in families:
        await gone(process.pid)


def _is_of(process: psutil.Process, pid: int) -> bool:
    try:
        return process.pid == pid or pid in [parent.pid for parent in process.parents()]
    except psutil.NoSuchProcess:
        return False


async def test_one_that_was_stopped_goes_on_when_it_is_interrupted(pool: KernelPool) -> None:
    async with kernel_of(pool, "python3") as kernel:
        code = "import os, signal, time; os.kill(os.getpid(), signal.SIGSTOP); time.sleep(600)"
        running = asyncio.create_task(kernel.execute(code))
        await _stopped(kernel)
        await kernel.interrupt()
        reply = await asyncio.wait_for(running, DEADLINE_S)
        assert reply.interrupted
        assert await value(kernel, "6 * 7") == 42


async def _stopped(kernel: KernelConnection) -> None:
    assert kernel.pid is not None
    async with asyncio.timeout(DEADLINE_S):
        while psutil.Process(kernel.pid).status() != psutil.STATUS_STOPPED:  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.01)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
async def test_an_idle_kernel_holds_no_memory_that_it_has_freed(pool: KernelPool) -> None:
    async with kernel_of(pool, "python3") as kernel:
        await run(kernel, "x = 1")
        await asyncio.sleep(0.5)  # it gives back what its start has freed a moment after that
        before = _private_mb(kernel.pid)
        code = "import ctypes; trim = getattr(ctypes.CDLL(None), 'malloc_trim', None); trim and trim(0)"
        await run(kernel, code)
        assert before - _private_mb(kernel.pid) < 4


def _private_mb(pid: int | None) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024
