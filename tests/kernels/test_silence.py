"""Kernels on other machines, whose end nobody tells: they are known to live by what they say."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reactive_kernels import DeadKernelError, DiedEvent, KernelConnection, KernelPool, PoolLimits
from tests.kernels.recorder import DEADLINE_S, Recorder
from tests.kernels.remote_provisioner import RemoteProvisioner, register

pytestmark = pytest.mark.anyio
SILENCE_S = 2.0


@pytest.fixture
async def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[KernelPool]:
    register()
    place = tmp_path / "kernels" / "remote"
    place.mkdir(parents=True)
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Remote",
        "language": "python",
        "metadata": {"kernel_provisioner": {"provisioner_name": "elsewhere"}},
    }
    (place / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    async with KernelPool(PoolLimits(spares=0, silence_timeout=SILENCE_S)) as pool:
        yield pool


@pytest.fixture
async def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def kernel(pool: KernelPool, recorder: Recorder) -> KernelConnection:
    kernel = await pool.acquire("remote", listener=recorder)
    assert kernel.pid is None
    return kernel


async def test_one_that_computes_is_not_silent(kernel: KernelConnection, recorder: Recorder) -> None:
    """Not even if its code lets no other thread of Python's run."""
    hog = f"import re, time\nt = time.time()\nwhile time.time() - t < {SILENCE_S * 1.5}: re.match('(a*)*b', 'a' * 20)"
    assert (await kernel.execute(hog, timeout=DEADLINE_S)).status == "ok"
    assert kernel.alive
    assert not recorder.of(DiedEvent)


async def test_one_that_is_silent_for_too_long_counts_as_dead(kernel: KernelConnection, recorder: Recorder) -> None:
    run = asyncio.create_task(kernel.execute("print('on', flush=True)\nwhile True: pass"))
    await recorder.until(recorder.text)
    RemoteProvisioner.started[-1].send_signal(signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(DeadKernelError, match="has not been heard of for 2 s"):
        await asyncio.wait_for(run, DEADLINE_S)
    assert time.monotonic() - began > SILENCE_S * 0.5
    assert [event.exit_code for event in recorder.of(DiedEvent)] == [None]
    assert not kernel.alive


async def test_it_can_be_restarted_and_the_old_one_is_ended(kernel: KernelConnection, recorder: Recorder) -> None:
    old = RemoteProvisioner.started[-1]
    old.send_signal(signal.SIGSTOP)
    await recorder.first(DiedEvent)
    await asyncio.wait_for(kernel.restart(), DEADLINE_S)
    assert old.poll() is not None
    assert (await kernel.execute("1")).status == "ok"


async def test_its_own_end_is_told_sooner(kernel: KernelConnection, recorder: Recorder) -> None:
    began = time.monotonic()
    RemoteProvisioner.started[-1].kill()
    assert (await recorder.first(DiedEvent)).exit_code == -9
    assert time.monotonic() - began < SILENCE_S


async def test_it_is_interrupted_as_any_other(kernel: KernelConnection, recorder: Recorder) -> None:
    run = asyncio.create_task(kernel.execute("print('on', flush=True)\nwhile True: pass"))
    await recorder.until(recorder.text)
    await kernel.interrupt()
    assert (await asyncio.wait_for(run, DEADLINE_S)).ename == "KeyboardInterrupt"
