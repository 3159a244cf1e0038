"""Whatever way a service ends, nothing that it started stays: not even what is stopped, deaf, or never looks."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from tests.kernels.launchers import gone
from tests.kernels.recorder import DEADLINE_S
from tests.kernels.test_kernel_life import install_spec

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")]

# Starts kernels of several kinds, does something to them, and prints the ids of all processes that it has started.
SERVICE = """
import asyncio, os, signal, sys
import psutil
from reactive_kernels import Forking, KernelPool, PoolLimits

def is_guardian(process):
    return process.cmdline()[-2:-1] and process.cmdline()[-2].endswith("guardian/program.py")

async def main(how):
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    pool = KernelPool(PoolLimits(spares=1))
    launching = KernelPool(PoolLimits(spares=0), forking=Forking.NEVER)
    kernels = [await pool.acquire(listener=print), await launching.acquire(listener=print)]
    for kernel in kernels:
        kernel.listener = lambda event: None
        await kernel.execute("import subprocess; child = subprocess.Popen(['sleep', '600'])")
    await pool.ready()
    deaf = asyncio.create_task(launching.acquire("deaf", listener=print))
    everybody = []
    while not any("deaf.py" in " ".join(one.cmdline()) for one in everybody):
        await asyncio.sleep(0.02)
        everybody = psutil.Process().children(recursive=True)
    for one in everybody:
        if how == "stopped" and not is_guardian(one):
            one.suspend()
    if how == "busy":
        for kernel in kernels:
            asyncio.ensure_future(kernel.execute("sum(iter(int, 1))"))  # which never lets another thread run
        await asyncio.sleep(0.5)
    if how == "unguarded":
        for one in everybody:
            if is_guardian(one):
                one.kill()
        kernels.append(await pool.acquire(listener=lambda event: None))
        await pool.ready()
        everybody = psutil.Process().children(recursive=True)
    print(*(one.pid for one in everybody), flush=True)
    await asyncio.sleep(600)

asyncio.run(main(sys.argv[1]))
"""
DEAF = """
import signal, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
time.sleep(600)
"""


@asynccontextmanager
async def service(how: str, folder: Path) -> AsyncIterator[tuple[subprocess.Popen[bytes], list[int]]]:
    (folder / "deaf.py").write_text(DEAF)
    install_spec(folder, "deaf", [sys.executable, str(folder / "deaf.py"), "{connection_file}"])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "JUPYTER_PATH": str(folder)}
    command = [sys.executable, "-c", SERVICE, how]
    process = await asyncio.to_thread(
        subprocess.Popen[bytes], command, stdout=subprocess.PIPE, env=environment, cwd=folder
    )
    try:
        assert process.stdout is not None
        said = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), 3 * DEADLINE_S)
        yield process, [int(pid) for pid in said.split()]
    finally:
        process.kill()
        await asyncio.to_thread(process.communicate)


@pytest.mark.parametrize("how", ["idle", "stopped", "busy", "unguarded"])
async def test_nothing_outlives_a_service_that_is_killed(how: str, tmp_path: Path) -> None:
    async with service(how, tmp_path) as (process, started):
        assert len(started) >= 8  # guardian, fork server, three kernels, one that is none, two children
        process.kill()
        await gone(*started)


async def test_the_guardian_itself_ends_with_the_service_and_heeds_no_signal_meant_for_that(tmp_path: Path) -> None:
    async with service("idle", tmp_path) as (process, started):
        (guardian,) = [pid for pid in started if "guardian/program.py" in " ".join(psutil.Process(pid).cmdline())]
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(guardian, number)
        assert psutil.Process(guardian).num_fds() <= 4 + len(started)
        process.kill()
        await gone(*started)
