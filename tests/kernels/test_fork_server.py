"""The fork server: whom it forks, what it has imported, how it and its kernels begin, die and end."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactive_kernels import DiedEvent, KernelPool, KernelStartError, PoolLimits
from reactive_kernels.fork_server import (
    ForkedProcess,
    ForkUnavailable,
    end_fork_servers,
    fork_kernel,
    fork_server_report,
    plan,
)
from reactive_kernels.fork_server.server.wire import Inbox, pack
from tests.kernels.launchers import (
    FORKED,
    fork_servers,
    gone,
    kernel_of,
    launch_of,
    launch_of_pool,
    run,
    server_of,
    spec_with_preload,
    value,
)
from tests.kernels.recorder import DEADLINE_S, Recorder

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")]

CPUS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.fixture(autouse=True)
def no_servers() -> Iterator[None]:
    """No fork server before, and none after."""
    end_fork_servers()
    yield
    end_fork_servers()


@pytest.fixture
async def pool(anyio_backend: str, no_servers: None) -> AsyncIterator[KernelPool]:
    async with KernelPool(PoolLimits(spares=0), default_kernel=FORKED) as pool:
        yield pool


@pytest.fixture
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("k")


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))


# Its children


async def test_kernels_are_children_of_one_process_without_threads(pool: KernelPool) -> None:
    async with kernel_of(pool, FORKED) as one, kernel_of(pool, FORKED) as other:
        server = server_of(one)
        assert server == server_of(other)
        assert server.num_threads() == 1
        assert server.parent() == psutil.Process()


async def test_no_two_kernels_have_the_same_chance(pool: KernelPool) -> None:
    code = """
    import multiprocessing, os, random, uuid
    import numpy
    drawn = [random.random(), numpy.random.rand(), str(uuid.uuid4()), str(uuid.uuid1()), random.SystemRandom().random(),
             multiprocessing.current_process().authkey.hex(), numpy.random.default_rng().random()]
    """
    preload = spec_with_preload(pool, ["numpy", "multiprocessing"])
    async with kernel_of(pool, preload) as one, kernel_of(pool, preload) as other:
        assert server_of(one) == server_of(other)
        for kernel in (one, other):
            await run(kernel, code)
        pairs = zip(await value(one, "drawn"), await value(other, "drawn"), strict=True)
        assert not [pair for pair in pairs if pair[0] == pair[1]]


async def test_no_more_kernels_start_at_once_than_there_are_processors(no_servers: None, directory: Path) -> None:
    startup = directory / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    gate, go_on, arrived = str(directory / "gate"), asyncio.Event(), asyncio.Semaphore(0)
    (startup / "wait.py").write_text(
        f"import socket\nwith socket.socket(socket.AF_UNIX) as gate:\n    gate.connect({gate!r})\n    gate.recv(1)"
    )

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.release()
        await go_on.wait()
        writer.close()

    launches = [launch_of(directory, IPYTHONDIR=str(directory / "ipython")) for _ in range(CPUS + 3)]
    await fork_server_report(launches[0])
    (server,) = fork_servers()
    async with await asyncio.start_unix_server(keep, gate), asyncio.timeout(DEADLINE_S):
        starts = [asyncio.create_task(fork_kernel(launch)) for launch in launches]
        for _ in range(CPUS):
            await arrived.acquire()
        await fork_server_report(launches[0])
        assert len(server.children()) == CPUS
        go_on.set()
        kernels = await asyncio.gather(*starts)
    assert len(server.children()) == CPUS + 3
    for kernel in kernels:
        kernel.release()


async def test_spares_are_forked_and_replaced() -> None:
    async with KernelPool(PoolLimits(spares=2), default_kernel=FORKED) as pool:
        await pool.ready()
        first = await pool.acquire(listener=Recorder())
        second = await pool.acquire(listener=Recorder())
        await pool.ready()
        assert server_of(first) == server_of(second)
        assert len(server_of(first).children()) == 4


# Who is not forked


async def test_a_path_with_modules_of_the_same_names_is_served_the_ordinary_way(
    pool: KernelPool, directory: Path
) -> None:
    source = "from _bisect import *\nbisect, insort = bisect_right, insort_right\nmine = True"
    (directory / "bisect.py").write_text(source)
    path = os.pathsep.join([str(directory), os.environ.get("PYTHONPATH", "")])
    async with kernel_of(pool, FORKED) as usual, kernel_of(pool, FORKED, env={"PYTHONPATH": path}) as kernel:
        server_of(usual)
        assert psutil.Process(kernel.pid).parent() == psutil.Process()
        assert await value(kernel, "__import__('bisect').mine") is True


async def test_what_only_a_new_process_heeds_has_a_server_of_its_own(pool: KernelPool) -> None:
    async with kernel_of(pool, FORKED) as usual, kernel_of(pool, FORKED, env={"PYTHONHASHSEED": "7"}) as fixed:
        assert server_of(usual) != server_of(fixed)
        code = [sys.executable, "-c", "print(hash('a'))"]
        wanted = await asyncio.to_thread(
            subprocess.check_output, code, env={**os.environ, "PYTHONHASHSEED": "7"}, text=True
        )
        assert await value(fixed, "hash('a')") == int(wanted)


async def test_the_first_kernels_secrets_are_not_the_others(pool: KernelPool) -> None:
    async with kernel_of(pool, FORKED, env={"MY_TOKEN": "tell-nobody"}), kernel_of(pool, FORKED) as other:
        at_birth = "open('/proc/self/environ').read()"
        assert await value(other, f"'tell-nobody' in {at_birth} or 'MY_TOKEN' in __import__('os').environ") is False


async def test_an_interpreter_without_ipykernel_is_left_to_the_ordinary_launcher(
    pool: KernelPool, caplog: pytest.LogCaptureFixture
) -> None:
    name = spec_with_preload(pool, [])
    file = Path(os.environ["JUPYTER_DATA_DIR"]) / "kernels" / name / "kernel.json"
    spec = json.loads(file.read_text())
    spec["argv"][1:1] = ["-I", "-S"]
    file.write_text(json.dumps(spec))
    for _ in range(2):
        with pytest.raises(KernelStartError, match=r"No module named.*ipykernel_launcher"):
            await pool.acquire(name, listener=Recorder())
    assert caplog.text.count("does not start") == 1


COMMAND = ["python", "-m", "ipykernel_launcher", "-f", "k.json"]


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ([], {}),
        (["/nowhere/python", "-m", "ipykernel_launcher"], {}),
        (["python", "-m", "other_kernel", "-f", "k.json"], {}),
        (["python", "-c", "pass"], {}),
        (["python", "script.py", "-m", "ipykernel_launcher"], {}),
        (["sh", "-m", "ipykernel_launcher"], {}),
        (COMMAND, {"independent": True}),
        (COMMAND, {"preexec_fn": print}),
        (COMMAND, {"stdout": subprocess.PIPE}),
        (COMMAND, {"stdin": 0}),
    ],
)
async def test_what_only_popen_can_do_is_left_to_it(command: list[str], options: dict[str, Any]) -> None:
    assert plan(command, {"env": os.environ, **options}, []) is None


# Starts that fail


async def test_a_directory_that_is_not_there_is_told(pool: KernelPool, directory: Path) -> None:
    with pytest.raises(KernelStartError, match=r"FileNotFoundError.*nowhere"):
        await pool.acquire(cwd=directory / "nowhere", listener=Recorder())


async def test_a_failure_is_told_with_its_traceback(no_servers: None, directory: Path) -> None:
    with pytest.raises(KernelStartError, match=r"(?s)could not start.*Traceback.*init_sockets"):
        await fork_kernel(launch_of(directory, ip=f"/nowhere/{'x' * 200}"))


async def test_a_start_nobody_waits_for_leaves_no_process(no_servers: None, directory: Path) -> None:
    launches = [launch_of(directory) for _ in range(CPUS + 4)]
    await fork_server_report(launches[0])
    (server,) = fork_servers()
    for moment in range(4):
        starts = [asyncio.create_task(fork_kernel(launch)) for launch in launches]
        if moment:
            await asyncio.wait(starts, timeout=0.02 * moment)
        for start in starts:
            start.cancel()
        for started in await asyncio.gather(*starts, return_exceptions=True):
            if isinstance(started, ForkedProcess):
                started.release()
    await gone(*(child.pid for child in server.children()))
    assert (await fork_server_report(launches[0]))["refused"] == {}


# When the server dies


async def test_kernels_outlive_their_server_and_the_next_has_another(pool: KernelPool) -> None:
    async with kernel_of(pool, FORKED) as kernel:
        await run(kernel, "x = 5\nimport subprocess\nchild = subprocess.Popen(['sleep', '600'])")
        child = await value(kernel, "child.pid")
        old = server_of(kernel)
        old.kill()
        await gone(old.pid)
        assert await value(kernel, "x") == 5
        async with kernel_of(pool, FORKED) as other:
            assert server_of(other) != old
        recorder: Any = kernel.listener
        running = asyncio.create_task(kernel.execute("print('on', flush=True)\nwhile True: pass"))
        await recorder.until(recorder.text)
        await kernel.interrupt()
        assert (await asyncio.wait_for(running, DEADLINE_S)).ename == "KeyboardInterrupt"
        assert kernel.pid is not None
        os.kill(kernel.pid, signal.SIGKILL)
        died = await recorder.first(DiedEvent)
        assert died.exit_code is None
        assert "unknown" in died.message
        await gone(child)
        await kernel.restart()
        assert await value(kernel, "1 + 1") == 2


async def test_orphans_end_when_they_are_released(pool: KernelPool) -> None:
    async with kernel_of(pool, FORKED) as kernel:
        pid = kernel.pid
        assert pid is not None
        server_of(kernel).kill()
    await gone(pid)


async def test_starts_under_way_survive_the_servers_death(no_servers: None, directory: Path) -> None:
    launches = [launch_of(directory) for _ in range(CPUS + 6)]
    await fork_server_report(launches[0])
    (server,) = fork_servers()
    starts = [asyncio.create_task(fork_kernel(launch)) for launch in launches]
    await asyncio.wait(starts, return_when=asyncio.FIRST_COMPLETED)
    server.kill()
    kernels = await asyncio.wait_for(asyncio.gather(*starts), DEADLINE_S)
    assert all(psutil.pid_exists(kernel.pid) for kernel in kernels)
    for kernel in kernels:
        kernel.release()
    await gone(*(kernel.pid for kernel in kernels))


# When its owner ends

OWNER = """
import asyncio, os, signal, sys, time
import psutil
from reactive_kernels import KernelPool, PoolLimits

async def main(how):
    pool = KernelPool(PoolLimits(spares=0), default_kernel="reactive-python")
    kernel = await pool.acquire(listener=lambda event: None)
    code = "import subprocess; child = subprocess.Popen(['sleep', '600'])"
    reply = await kernel.execute(code, user_expressions={"pid": "child.pid"})
    server = psutil.Process(kernel.pid).ppid()
    worker = os.fork() if how == "forked" else 0
    if how == "forked" and worker == 0:
        signal.pause()
    if how == "orphaned":
        os.kill(server, signal.SIGKILL)
    print(kernel.pid, reply.user_expressions["pid"]["data"]["text/plain"], server, worker, flush=True)
    if how != "left":
        await asyncio.sleep(600)

asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.parametrize("how", ["killed", "forked", "orphaned", "left"])
async def test_nothing_outlives_the_owner(how: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", OWNER, how]
    owner = await asyncio.to_thread(
        subprocess.Popen[bytes], command, stdout=subprocess.PIPE, env=environment, cwd=tmp_path
    )
    assert owner.stdout is not None
    said = await asyncio.wait_for(asyncio.to_thread(owner.stdout.readline), DEADLINE_S)
    kernel, child, server, worker = map(int, said.split())
    if how != "left":
        owner.kill()
    try:
        await gone(kernel, child, server)
    finally:
        if worker:  # which holds all that its parent held
            os.kill(worker, signal.SIGKILL)
    await asyncio.to_thread(owner.communicate)


async def test_fifty_beginnings_and_ends_leave_nothing(no_servers: None) -> None:
    async def cycle(pool: KernelPool) -> None:
        async with kernel_of(pool, FORKED) as kernel:
            await run(kernel, "1 + 1")

    async with KernelPool(PoolLimits(spares=0), default_kernel=FORKED) as pool:

        def held() -> tuple[int, ...]:
            me, (server,) = psutil.Process(), fork_servers()
            own = me.num_fds(), threading.active_count()
            return *own, server.num_fds(), server.num_threads(), len(server.children())

        async def work(cycles: int) -> None:
            for _ in range(cycles // 5):
                await asyncio.gather(*(cycle(pool) for _ in range(5)))

        await asyncio.gather(*(asyncio.to_thread(threading.Event().wait, 0.05) for _ in range(50)))
        await fork_server_report(launch_of_pool(pool))
        await work(5)
        gc.collect()  # what tests before this one have left is not to be counted
        before = held()
        await work(50)
        async with asyncio.timeout(DEADLINE_S):
            while any(now > then for now, then in zip(held(), before, strict=True)):  # noqa: ASYNC110 (nobody tells)
                await asyncio.sleep(0.01)


async def test_a_process_id_is_kept_until_its_owner_knows_of_the_end(no_servers: None, directory: Path) -> None:
    kernel = await fork_kernel(launch_of(directory))
    os.kill(kernel.pid, signal.SIGKILL)
    await gone(kernel.pid)
    assert psutil.Process(kernel.pid).status() == psutil.STATUS_ZOMBIE
    assert await asyncio.wait_for(kernel.ended(), DEADLINE_S) == -9
    assert not psutil.pid_exists(kernel.pid)
    kernel.terminate()  # nobody is hit


async def test_too_many_kinds_of_servers_are_refused(no_servers: None, directory: Path) -> None:
    for number in range(4):
        await fork_server_report(launch_of(directory, OMP_NUM_THREADS=str(number + 1)))
    with pytest.raises(ForkUnavailable, match="4 fork servers"):
        await fork_kernel(launch_of(directory, OMP_NUM_THREADS="9"))
    end_fork_servers()
    assert fork_servers() == []


@given(st.lists(st.dictionaries(st.text(), st.text())), st.lists(st.integers(1, 40)))
def test_messages_arrive_whole_in_whatever_pieces_they_come(messages: list[dict[str, str]], sizes: list[int]) -> None:
    stream, inbox, found = b"".join(map(pack, messages)), Inbox(), []
    for size in [*sizes, len(stream)]:
        inbox.feed(stream[:size])
        stream = stream[size:]
        while (message := inbox.next()) is not None:
            found.append(message)
    assert found == messages
