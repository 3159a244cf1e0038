"""Kernels in control groups of their own, where the system lets us make some: limits hold, and who meets one is told.

Skipped where it does not; then `test_cgroups` shows that this is found out, and said.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reactive_kernels import DiedEvent, Forking, KernelPool, PoolLimits, ResourceLimits
from reactive_kernels.cgroups import Cgroup, Cgroups, NoCgroups
from tests.kernels.launchers import gone, kernel_of, run, value
from tests.kernels.recorder import DEADLINE_S, Recorder

pytestmark = pytest.mark.anyio

MIB = 2**20
LIMITS = ResourceLimits(memory_bytes=320 * MIB, processes=60, names={"memory_bytes": "MY_MEMORY"})


@pytest.fixture(scope="module")
def groups() -> None:
    try:
        if len(Cgroups.find().controllers) < 3:
            pytest.skip("not all controllers can be had here")
    except NoCgroups as why:
        pytest.skip(f"no control groups can be made here: {why}")


@pytest.fixture(params=Forking)
async def pool(anyio_backend: str, groups: None, request: pytest.FixtureRequest) -> AsyncIterator[KernelPool]:
    async with KernelPool(PoolLimits(spares=0), forking=request.param, resources=LIMITS) as pool:
        yield pool


def group_of(pid: int) -> Cgroup:
    where = Path(f"/proc/{pid}/cgroup").read_text().split("0::")[1].strip()
    return Cgroup(Path("/sys/fs/cgroup" + where))


async def test_a_group_holds_all_that_a_kernel_starts_and_is_removed_with_it(pool: KernelPool) -> None:
    async with kernel_of(pool, "python3") as kernel:
        assert kernel.pid is not None
        group = group_of(kernel.pid)
        assert group.path.name.startswith("rnb-")
        assert (group.read("memory.max"), group.read("pids.max")) == (352 * MIB, 60)
        await run(kernel, "import subprocess\nescaped = subprocess.Popen(['sleep', '600'], start_new_session=True)")
        escaped = await value(kernel, "escaped.pid")
        assert group_of(escaped).path == group.path
    await gone(escaped)
    assert not group.path.exists()


async def test_a_kernel_that_is_killed_for_its_memory_dies_with_the_reason(pool: KernelPool) -> None:
    async with kernel_of(pool, "python3") as kernel, kernel_of(pool, "python3") as other:
        recorder = kernel.listener = Recorder()
        # Shared memory is no part of what a process holds by itself, so that only the group can refuse it.
        code = "import mmap\nheld = mmap.mmap(-1, 500_000_000)\nfor n in range(0, 500_000_000, 4096): held[n] = 1"
        running = asyncio.create_task(kernel.execute(code))
        died = await recorder.first(DiedEvent)
        reason = "killed by SIGKILL: its processes together may use 320 MiB (MY_MEMORY) of memory"
        assert died.message.startswith(f"The kernel died ({reason}")
        await asyncio.gather(running, return_exceptions=True)
        assert await value(other, "6 * 7") == 42
        await kernel.restart()
        assert await value(kernel, "6 * 7") == 42


async def test_that_a_process_of_a_kernel_was_killed_is_told_with_the_next_error(pool: KernelPool) -> None:
    code = """
    import multiprocessing, time
    def hold(size):
        held = bytearray(size)
        for place in range(0, size, 4096):
            held[place] = 1
        time.sleep(600)
    forking = multiprocessing.get_context('fork')
    holders = [forking.Process(target=hold, args=(100_000_000,), daemon=True) for _ in range(5)]
    for holder in holders:
        holder.start()
    while all(holder.is_alive() for holder in holders):
        time.sleep(0.01)
    """
    async with kernel_of(pool, "python3") as kernel:
        await run(kernel, code)
        reply = await kernel.execute("1 / 0")
        assert "The system has killed" in str(reply.evalue)
        assert "MY_MEMORY" in str(reply.evalue)


async def test_too_many_processes_fail_and_say_so(pool: KernelPool) -> None:
    async with kernel_of(pool, "python3") as kernel, kernel_of(pool, "python3") as other:
        code = "import subprocess\nmany = [subprocess.Popen(['sleep', '600']) for _ in range(100)]"
        reply = await asyncio.wait_for(kernel.execute(code), DEADLINE_S)
        assert (reply.ename, "may have 60 processes" in str(reply.evalue)) == ("BlockingIOError", True)
        await run(other, code.replace("100", "10"))


@pytest.mark.parametrize("forking", Forking)
async def test_processors_are_shared_out(groups: None, forking: Forking) -> None:
    code = """
    import time
    began, used = time.monotonic(), time.process_time()
    while time.monotonic() < began + 3:
        pass
    used = time.process_time() - used
    """
    limits = ResourceLimits(processors=0.5)
    async with (
        KernelPool(PoolLimits(spares=0), forking=forking, resources=limits) as pool,
        kernel_of(pool, "python3") as kernel,
    ):
        await run(kernel, code)
        assert await value(kernel, "used") < 2.2
