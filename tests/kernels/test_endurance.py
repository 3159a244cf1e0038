"""Many kernels, one after the other and at once: all start, and nothing of them stays."""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

import psutil
import pytest

from reactive_kernels import Forking, KernelConnection, KernelPool, PoolLimits
from reactive_kernels.fork_server import end_fork_servers
from tests.kernels.launchers import kernel_of, run, value
from tests.kernels.recorder import DEADLINE_S, Recorder

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(os.name == "nt", reason="counts descriptors")]


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where runtime directories are made; of short name, as sockets need it."""
    with tempfile.TemporaryDirectory(prefix="k-") as name:
        monkeypatch.setenv("XDG_RUNTIME_DIR", name)
        yield Path(name)


@pytest.fixture(params=Forking)
async def pool(anyio_backend: str, base: Path, request: pytest.FixtureRequest) -> AsyncIterator[KernelPool]:
    end_fork_servers()
    await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.05) for _ in range(50)))  # all of the loop's threads
    async with KernelPool(PoolLimits(spares=1), forking=request.param) as pool:
        yield pool


def held(base: Path) -> tuple[object, ...]:
    """Descriptors and threads of this process and of its fork server, all processes, and the files."""
    me = psutil.Process()
    processes = me.children(recursive=True)
    servers = [one for one in processes if one.ppid() == me.pid and "fork_server" in " ".join(one.cmdline())]
    files = sorted(path.name for path in base.rglob("*") if path.name == "lock" or path.is_dir())
    counts = [(one.num_fds(), one.num_threads()) for one in (me, *servers)]
    return counts, threading.active_count(), len(processes), len(files)


@pytest.mark.parametrize("cycles", [20, pytest.param(200, marks=pytest.mark.slow)])
async def test_cycles_leave_everything_flat(pool: KernelPool, base: Path, cycles: int) -> None:
    async def cycle() -> None:
        async with kernel_of(pool, "python3") as kernel:
            assert (await kernel.execute("1 + 1")).status == "ok"

    async def work(cycles: int) -> tuple[object, ...]:
        for _ in range(cycles // 2):
            await asyncio.gather(cycle(), cycle())
        await pool.ready()
        return held(base)

    before = await work(4)
    after = await work(cycles)
    async with asyncio.timeout(DEADLINE_S):
        while after != before:
            await asyncio.sleep(0.05)
            after = held(base)


async def test_a_pool_that_is_closed_leaves_no_file(base: Path) -> None:
    async with KernelPool(PoolLimits(spares=2)) as pool:
        await pool.ready()
        kernel = await pool.acquire(listener=Recorder())
        assert await value(kernel, "6 * 7") == 42
        assert len(os.listdir(base)) == 1
    assert os.listdir(base) == []


@pytest.mark.parametrize("forking", [Forking.AUTO, pytest.param(Forking.NEVER, marks=pytest.mark.slow)])
async def test_fifty_notebooks_opened_at_once_all_get_their_kernel(base: Path, forking: Forking) -> None:
    async with KernelPool(PoolLimits(spares=1, start_timeout=120), forking=forking) as pool:
        await pool.ready()
        kernels = await asyncio.gather(*(pool.acquire(listener=Recorder()) for _ in range(50)))
        assert len({kernel.pid for kernel in kernels}) == 50
        assert await asyncio.gather(*(value(kernel, "6 * 7") for kernel in kernels)) == [42] * 50
    assert os.listdir(base) == []


async def latencies(kernel: KernelConnection, until: asyncio.Event) -> list[float]:
    """How long a trivial cell takes, again and again."""
    found: list[float] = []
    while not until.is_set() or len(found) < 20:
        began = time.perf_counter()
        assert (await kernel.execute("x = 1")).status == "ok"
        found.append(time.perf_counter() - began)
        await asyncio.sleep(0.005)
    return found


@asynccontextmanager
async def measured(kernel: KernelConnection) -> AsyncIterator[list[float]]:
    """The latencies of what is done meanwhile."""
    over, found = asyncio.Event(), list[float]()
    measuring = asyncio.create_task(latencies(kernel, over))
    try:
        yield found
    finally:
        over.set()
        found += await measuring


async def test_a_burst_of_twenty_does_not_starve_what_runs(base: Path) -> None:
    async with KernelPool(PoolLimits(spares=2)) as pool:
        await pool.ready()
        running = await pool.acquire(listener=Recorder())
        await pool.ready()
        await run(running, "x = 0")
        async with measured(running) as quiet:
            await asyncio.sleep(0)
        async with measured(running) as burst:
            kernels = await asyncio.gather(*(pool.acquire(listener=Recorder()) for _ in range(20)))
            assert await asyncio.gather(*(value(kernel, "6 * 7") for kernel in kernels)) == [42] * 20
        print(f"a trivial cell: {median(quiet) * 1000:.1f} ms, in the burst {median(burst) * 1000:.1f} ms")
        assert median(burst) < 30 * median(quiet) + 0.1
        await pool.ready()
        assert pool.running == 21
        assert len(pool._spares) == 2


async def test_spares_make_room_for_kernels_that_are_wanted(base: Path) -> None:
    async with KernelPool(PoolLimits(spares=2, max_kernels=3)) as pool:
        await pool.ready()
        kernels = await asyncio.gather(*(pool.acquire(listener=Recorder()) for _ in range(3)))
        await pool.ready()
        assert (pool.running, len(pool._spares)) == (3, 0)
        assert await asyncio.gather(*(value(kernel, "6 * 7") for kernel in kernels)) == [42] * 3
        await pool.release(kernels[0])
        await pool.ready()
        assert len(pool._spares) == 1
        other = await pool.acquire("reactive-python", listener=Recorder())
        assert await value(other, "6 * 7") == 42
