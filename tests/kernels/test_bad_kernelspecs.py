"""Kernelspecs that are no good: a clear error for who asked, in time, and nothing else is disturbed."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from reactive_kernels import DeadKernelError, KernelPool, KernelStartError, KernelTimeout, NoSuchKernel, PoolLimits
from tests.kernels.launchers import gone, value
from tests.kernels.recorder import DEADLINE_S, Recorder
from tests.kernels.test_kernel_life import install_spec

pytestmark = pytest.mark.anyio

PROGRAM = str(Path(__file__).parent / "bad_kernel.py")
START_S = 5.0
MOST_MEMORY = 500_000_000


@pytest.fixture
async def pool(anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[KernelPool]:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    async with KernelPool(PoolLimits(spares=0)) as patient:  # the fork server of the good kernels takes longer
        await patient.release(await patient.acquire(listener=Recorder()))
    async with KernelPool(PoolLimits(spares=0, start_timeout=START_S)) as pool:
        yield pool


@pytest.fixture
def install(tmp_path: Path) -> Any:
    """`install("dies")`: a kernelspec of that name, which starts that program."""

    def do(how: str) -> str:
        install_spec(tmp_path, how.replace("_", "-"), [sys.executable, PROGRAM, how, "{connection_file}"])
        return how.replace("_", "-")

    return do


@asynccontextmanager
async def undisturbed(pool: KernelPool) -> AsyncIterator[None]:
    """Meanwhile another notebook's kernel answers again and again, and our memory does not grow without end."""
    kernel = await pool.acquire(listener=Recorder())
    over = asyncio.Event()

    async def work() -> None:
        answers = 0
        while not over.is_set() or answers < 5:
            assert await value(kernel, "6 * 7") == 42
            answers += 1

    me = psutil.Process()
    memory, running = me.memory_info().rss, pool.running
    working = asyncio.create_task(work())
    try:
        yield
    finally:
        over.set()
        await asyncio.wait_for(working, DEADLINE_S)
        assert pool.running == running
        await pool.release(kernel)
    assert me.memory_info().rss - memory < MOST_MEMORY


REFUSED = {
    "dies": r"'Dies' ended as it started \(exit code 1\)\. It said:\nthere is no licence",
    "is_killed": "ended as it started .*SIGKILL",
    "never_answers": "did not answer within 5 s. It said:\nthinking about it",
    "prints_rubbish": "did not answer within 5 s. It said:",
    "prints_rubbish_and_dies": r"ended as it started \(exit code 3\)",
    "signs_wrongly": "did not answer within 5 s, and something that it said .* its signature is wrong",
    "sends_rubbish": "did not answer within 5 s, and something that it said .* it has too few parts",
    "never_publishes": "did not answer within 5 s",
    "floods_and_never_answers": "did not answer within 5 s",
}


@pytest.mark.parametrize("how", REFUSED)
async def test_what_does_not_start_is_refused_in_time(pool: KernelPool, install: Any, how: str) -> None:
    name = install(how)
    async with undisturbed(pool):
        began = time.monotonic()
        with pytest.raises(KernelStartError, match=f"(?s){REFUSED[how]}") as refused:
            await pool.acquire(name, listener=Recorder())
        assert time.monotonic() - began < START_S + DEADLINE_S / 2
        assert len(str(refused.value)) < 6_000
    assert [one for one in psutil.process_iter(["cmdline"]) if PROGRAM in (one.info["cmdline"] or ())] == []


async def test_those_that_do_not_start_do_not_keep_others_waiting(pool: KernelPool, install: Any) -> None:
    name = install("never_answers")
    waiting = [asyncio.create_task(pool.acquire(name, listener=Recorder())) for _ in range(8)]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    good = await asyncio.wait_for(pool.acquire(listener=Recorder()), DEADLINE_S)
    assert await value(good, "6 * 7") == 42
    assert done
    for ended in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(ended, KernelStartError)


async def test_a_kernelspec_that_is_not_there_is_named(pool: KernelPool) -> None:
    async with undisturbed(pool):
        with pytest.raises(NoSuchKernel, match="no kernel named 'nowhere' here"):
            await pool.acquire("nowhere", listener=Recorder())


async def test_a_program_that_is_not_there_is_named(pool: KernelPool, tmp_path: Path) -> None:
    install_spec(tmp_path, "gone", ["/nowhere/at/all", "{connection_file}"])
    async with undisturbed(pool):
        with pytest.raises(KernelStartError, match=r"could not be started.*/nowhere/at/all"):
            await pool.acquire("gone", listener=Recorder())


@pytest.mark.parametrize("how", ["floods_but_answers", "floods_when_asked"])
async def test_a_flood_is_its_own_notebooks_affair(pool: KernelPool, install: Any, how: str) -> None:
    name = install(how)
    async with undisturbed(pool):
        kernel = await pool.acquire(name, listener=lambda event: None)
        pid = kernel.pid
        if how == "floods_but_answers":
            await kernel.execute("", timeout=DEADLINE_S)
        else:
            with pytest.raises(KernelTimeout, match="did not finish 'execute' within 5 s"):
                await kernel.execute("", timeout=START_S)
        await pool.release(kernel)
        assert pid is not None
        await gone(pid)


async def test_one_that_ends_at_the_first_cell_is_a_death(pool: KernelPool, install: Any) -> None:
    name = install("ends_when_asked")
    async with undisturbed(pool):
        kernel = await pool.acquire(name, listener=Recorder())
        with pytest.raises(DeadKernelError, match="exit code 7"):
            await kernel.execute("1")
        await pool.release(kernel)


class EndlessProvisioner(LocalProvisioner):
    """Whose launch never comes to an end."""

    ended = 0

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        await asyncio.Event().wait()

    async def kill(self, restart: bool = False) -> None:
        EndlessProvisioner.ended += 1


async def test_a_provisioner_that_never_comes_to_an_end_is_given_up(
    pool: KernelPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = KernelProvisionerFactory.instance().provisioners
    monkeypatch.setitem(known, "endless", EntryPoint("endless", f"{__name__}:EndlessProvisioner", "any"))
    install_spec(tmp_path, "endless", ["any"], metadata={"kernel_provisioner": {"provisioner_name": "endless"}})
    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])
    async with undisturbed(pool):
        with pytest.raises(KernelStartError, match="'endless' was not started within 5 s"):
            await pool.acquire("endless", listener=Recorder())
    assert EndlessProvisioner.ended == 1
