"""A kernel that runs into a limit tells its user which, and by how much; other kernels do not notice."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from reactive_kernels import (
    BatchCell,
    DiedEvent,
    ExecuteReply,
    Forking,
    KernelConnection,
    KernelPool,
    OutputEvent,
    PoolLimits,
    ResourceLimits,
)
from reactive_kernels.resource_limits import Usage, explain_end, explain_error
from tests.kernels.launchers import kernel_of, run, value
from tests.kernels.recorder import DEADLINE_S, Recorder

pytestmark = pytest.mark.anyio

MIB = 2**20
NAMES = {
    "memory_bytes": "MY_MEMORY",
    "cpu_seconds": "MY_SECONDS",
    "open_files": "MY_FILES",
    "processes": "MY_PROCESSES",
}
ALL = ResourceLimits(memory_bytes=512 * MIB, cpu_seconds=60, open_files=200, processes=100, names=NAMES)
NONE = ResourceLimits()

MEMORY = (
    "A process of the kernel may hold 512 MiB (MY_MEMORY) of memory. This one holds 300 MiB now, and what it wanted "
    "besides does not fit in the 212 MiB that are left."
)
ERRORS: list[tuple[ResourceLimits, Usage, str, str, str | None]] = [
    (ALL, Usage(memory_bytes=300 * MIB), "MemoryError", "", MEMORY),
    (ALL, Usage(memory_bytes=300 * MIB), "_ArrayMemoryError", "Unable to allocate 1 GiB", MEMORY),
    (ALL, Usage(memory_bytes=300 * MIB), "OSError", "[Errno 12] Cannot allocate memory", MEMORY),
    (ALL, Usage(memory_bytes=300 * MIB), "RuntimeError", "std::bad_alloc", MEMORY),
    (ALL, Usage(memory_bytes=300 * MIB, processes=10), "RuntimeError", "can't start new thread", MEMORY),
    (ALL, Usage(), "MemoryError", "", "A process of the kernel may hold 512 MiB (MY_MEMORY) of memory."),
    (
        ALL,
        Usage(processes=100),
        "BlockingIOError",
        "[Errno 11] Resource temporarily unavailable",
        "The kernel may have 100 (MY_PROCESSES) processes and threads and has 100.",
    ),
    (
        ALL,
        Usage(open_files=150),
        "OSError",
        "[Errno 24] Too many open files: 'x'",
        "A process of the kernel may have 200 (MY_FILES) files open; now it has 150.",
    ),
    (
        ALL,
        Usage(killed=1, group_peak_bytes=544 * MIB),
        "BrokenProcessPool",
        "",
        "The system has killed one of the kernel's processes, for its processes together may use 512 MiB (MY_MEMORY) "
        "of memory and wanted more than 544 MiB.",
    ),
    (ALL, Usage(memory_bytes=1), "ZeroDivisionError", "division by zero", None),
    (ALL, Usage(memory_bytes=1), "OSError", "[Errno 2] No such file or directory", None),
    (NONE, Usage(memory_bytes=1, open_files=1, processes=1), "MemoryError", "", None),
    (NONE, Usage(), "OSError", "[Errno 24] Too many open files", None),
    (NONE, Usage(), "RuntimeError", "can't start new thread", None),
]


@pytest.mark.parametrize(("limits", "usage", "ename", "evalue", "said"), ERRORS)
def test_errors_that_come_of_limits_are_explained(
    limits: ResourceLimits, usage: Usage, ename: str, evalue: str, said: str | None
) -> None:
    assert explain_error(limits, usage, ename, evalue) == said


@pytest.mark.parametrize(
    ("limits", "usage", "code", "said"),
    [
        (ALL, Usage(), -24, "its processor time, 60 s (MY_SECONDS), is used up"),
        (
            ALL,
            Usage(killed=1, group_peak_bytes=544 * MIB),
            -9,
            "its processes together may use 512 MiB (MY_MEMORY) of memory and wanted more than 544 MiB",
        ),
        (ALL, Usage(killed=1), -9, "its processes together may use 512 MiB (MY_MEMORY) of memory"),
        (ALL, Usage(), -9, None),
        (ALL, Usage(killed=1), 0, None),
        (ALL, Usage(killed=1), None, None),
        (NONE, Usage(killed=1), -9, None),
        (NONE, Usage(), -24, None),
    ],
)
def test_ends_that_come_of_limits_are_explained(
    limits: ResourceLimits, usage: Usage, code: int | None, said: str | None
) -> None:
    assert explain_end(limits, usage, code) == said


def test_limits_become_rlimits_and_files_of_a_group() -> None:
    limits = ResourceLimits(memory_bytes=1024 * MIB, cpu_seconds=9, open_files=200, processors=1.5, processes=70)
    assert limits.rlimits() == {
        "RLIMIT_DATA": (1024 * MIB, 1024 * MIB),
        "RLIMIT_CPU": (9, 14),
        "RLIMIT_NOFILE": (200, 200),
    }
    assert limits.group_files() == {
        "memory.max": str(1088 * MIB),
        "memory.swap.max": "0",
        "cpu.max": "150000 100000",
        "pids.max": "70",
    }
    assert (NONE.rlimits(), NONE.group_files()) == ({}, {})


# Real kernels

LIMITS = ResourceLimits(memory_bytes=512 * MIB, open_files=200, names=NAMES)

needs_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of Linux")


@pytest.fixture(scope="module", params=Forking)
async def pool(anyio_backend: str, request: pytest.FixtureRequest) -> AsyncIterator[KernelPool]:
    async with KernelPool(PoolLimits(spares=0), forking=request.param, resources=LIMITS) as pool:
        yield pool


@pytest.fixture(scope="module")
async def limited(pool: KernelPool) -> AsyncIterator[KernelConnection]:
    async with kernel_of(pool, "python3") as kernel:
        yield kernel


EXCEEDED = {
    "bytearray(10**10)": ("MemoryError", "may hold 512 MiB (MY_MEMORY) of memory. This one holds"),
    "import numpy; numpy.ones(10**9)": ("MemoryError", "may hold 512 MiB (MY_MEMORY) of memory. This one holds"),
    "[open('/dev/null') for n in range(300)]": ("OSError", "may have 200 (MY_FILES) files open; now it has"),
}


@needs_linux
@pytest.mark.parametrize("code", EXCEEDED)
async def test_what_goes_beyond_a_limit_fails_and_says_which(
    pool: KernelPool, limited: KernelConnection, code: str
) -> None:
    ename, said = EXCEEDED[code]
    recorder = limited.listener = Recorder()
    async with kernel_of(pool, "python3") as other:
        await run(other, "x = 5")
        reply = await limited.execute(code, request_id=f"run of {code}")
        assert reply.ename == ename
        (error,) = [event.output for event in recorder.of(OutputEvent) if event.output["output_type"] == "error"]
        assert error["ename"] == ename
        for evalue, traceback in ((reply.evalue, reply.traceback), (error["evalue"], error["traceback"])):
            assert said in str(evalue)
            assert said in traceback[-1]
        assert await value(other, "x") == 5
    assert await value(limited, "6 * 7") == 42


@needs_linux
async def test_a_cell_of_a_batch_too_says_which(limited: KernelConnection) -> None:
    replies: list[ExecuteReply] = []
    cells = [BatchCell(code, f"part {code}", {"cell": code}, {}) for code in ("x = 1", "bytearray(10**10)")]
    await limited.execute_batch(cells, replies.append, seconds=DEADLINE_S)
    assert [reply.ename for reply in replies] == [None, "MemoryError"]
    assert "MY_MEMORY" in str(replies[1].evalue)


@needs_linux
async def test_an_error_without_a_limit_is_left_as_it_is(limited: KernelConnection) -> None:
    reply = await limited.execute("1 / 0")
    assert reply.evalue == "division by zero"


@needs_linux
async def test_limits_hold_for_all_that_a_kernel_starts_and_can_not_be_lifted(limited: KernelConnection) -> None:
    code = "import resource as r; print(*r.getrlimit(r.RLIMIT_DATA), *r.getrlimit(r.RLIMIT_NOFILE))"
    await run(limited, f"import subprocess, sys\nsaid = subprocess.check_output([sys.executable, '-c', {code!r}])")
    assert await value(limited, "said.decode().split()") == [str(512 * MIB)] * 2 + ["200"] * 2
    code = """
    import multiprocessing, resource
    with multiprocessing.get_context('fork').Pool(1) as workers:
        found = workers.apply(resource.getrlimit, (resource.RLIMIT_NOFILE,))
    """
    await run(limited, code)
    assert await value(limited, "found") == [200, 200]


@needs_linux
@pytest.mark.parametrize("forking", Forking)
async def test_processor_time_that_is_used_up_is_a_death_that_says_so(forking: Forking) -> None:
    limits = ResourceLimits(cpu_seconds=3, names=NAMES)
    async with (
        KernelPool(PoolLimits(spares=0), forking=forking, resources=limits) as pool,
        kernel_of(pool, "python3") as kernel,
        kernel_of(pool, "python3") as other,
    ):
        recorder = kernel.listener = Recorder()
        running = asyncio.create_task(kernel.execute("while True: pass"))
        died = await recorder.first(DiedEvent)
        assert died.message == "The kernel died (killed by SIGXCPU: its processor time, 3 s (MY_SECONDS), is used up)."
        await asyncio.gather(running, return_exceptions=True)
        assert await value(other, "6 * 7") == 42
        await kernel.restart()
        assert await value(kernel, "6 * 7") == 42


async def test_without_limits_a_kernel_has_those_of_the_service() -> None:
    if sys.platform == "win32":
        return
    import resource

    async with KernelPool(PoolLimits(spares=0)) as pool, kernel_of(pool, "python3") as kernel:
        for name in ("RLIMIT_DATA", "RLIMIT_CPU", "RLIMIT_NOFILE"):
            found = await value(kernel, f"__import__('resource').getrlimit(__import__('resource').{name})")
            assert tuple(found) == resource.getrlimit(getattr(resource, name))
