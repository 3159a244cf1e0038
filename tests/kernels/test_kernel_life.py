"""How kernels begin, die, restart and end, and what they leave behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from reactive_kernels import (
    DeadKernelError,
    DiedEvent,
    ExecuteInputEvent,
    Forking,
    KernelConnection,
    KernelError,
    KernelEvent,
    KernelLimitError,
    KernelPool,
    KernelStartError,
    NoSuchKernel,
    OutputEvent,
    PoolLimits,
)
from reactive_kernels.fork_server import end_fork_servers
from tests.kernels.launchers import children
from tests.kernels.recorder import DEADLINE_S, Recorder

pytestmark = pytest.mark.anyio


async def value(kernel: KernelConnection, expression: str) -> str:
    reply = await kernel.execute("", silent=True, user_expressions={"value": expression})
    return str(reply.user_expressions["value"]["data"]["text/plain"])


def install_spec(folder: Path, name: str, argv: list[str], **more: Any) -> None:
    place = folder / "kernels" / name
    place.mkdir(parents=True)
    spec = {"argv": argv, "display_name": name.title(), "language": "python", **more}
    (place / "kernel.json").write_text(json.dumps(spec))


async def gone(pid: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        await asyncio.to_thread(psutil.wait_procs, [process], DEADLINE_S)
        assert process.status() == psutil.STATUS_ZOMBIE


@pytest.fixture(scope="module", params=Forking)
async def pool(anyio_backend: str, request: pytest.FixtureRequest) -> AsyncIterator[KernelPool]:
    """One whose kernels are launched by themselves, then one whose kernels are forked."""
    async with KernelPool(PoolLimits(spares=0), forking=request.param) as pool:
        yield pool


@pytest.fixture
def no_servers() -> None:
    """No child of this process that is not a kernel."""
    end_fork_servers()


async def first_child() -> psutil.Process:
    async with asyncio.timeout(DEADLINE_S):
        while not (found := children()):  # noqa: ASYNC110 (nothing tells of a new process)
            await asyncio.sleep(0)
    return found[0]


# Death


async def test_a_killed_kernel_is_reported_within_a_second(pool: KernelPool) -> None:
    recorder = Recorder()
    kernel = await pool.acquire(listener=recorder)
    run = asyncio.create_task(kernel.execute("print('on', flush=True)\nwhile True: pass"))
    await recorder.until(recorder.text)
    started = time.monotonic()
    assert kernel.pid is not None
    os.kill(kernel.pid, signal.SIGKILL)
    with pytest.raises(DeadKernelError, match="SIGKILL"):
        await run
    assert time.monotonic() - started < 1
    (died,) = recorder.of(DiedEvent)
    assert (died.exit_code, died.request_id) == (-9, None)
    assert not kernel.alive
    with pytest.raises(DeadKernelError, match="Restart"):
        await kernel.execute("1")
    with pytest.raises(DeadKernelError):
        await kernel.interrupt()
    with pytest.raises(DeadKernelError):
        kernel.comm_msg("c", {})
    await pool.release(kernel)
    assert len(recorder.of(DiedEvent)) == 1


async def test_last_words_are_heard_before_the_death(pool: KernelPool) -> None:
    recorder = Recorder()

    def slow(event: KernelEvent) -> None:
        time.sleep(0.001)
        recorder(event)

    kernel = await pool.acquire(listener=slow)
    code = """
    import os, time
    for n in range(300):
        print(n, flush=True)
    time.sleep(0.1)  # for what was printed to leave the process
    os._exit(3)
    """
    with pytest.raises(DeadKernelError, match="exit code 3"):
        await kernel.execute(code)
    assert isinstance(recorder.events[-1], DiedEvent)
    assert recorder.text() == "".join(f"{n}\n" for n in range(300))
    await kernel.restart()
    assert await value(kernel, "1 + 1") == "2"
    await pool.release(kernel)


async def test_children_do_not_outlive_a_kernel(pool: KernelPool) -> None:
    recorder = Recorder()
    kernel = await pool.acquire(listener=recorder)
    start = "import subprocess\nchild = subprocess.Popen(['sleep', '600'])"
    await kernel.execute(start)
    first = int(await value(kernel, "child.pid"))
    assert kernel.pid is not None
    os.kill(kernel.pid, signal.SIGKILL)
    await recorder.first(DiedEvent)
    await gone(first)
    await kernel.restart()
    await kernel.execute(start)
    second = int(await value(kernel, "child.pid"))
    await pool.release(kernel)
    await gone(second)


# Restart


async def test_a_restart_gives_a_fresh_process_to_the_same_connection(pool: KernelPool, tmp_path: Path) -> None:
    recorder = Recorder()
    kernel = await pool.acquire(cwd=tmp_path, env={"COLOUR": "blue"}, listener=recorder)
    await kernel.execute("x = 1")
    identity, pid = kernel.id, kernel.pid
    run = asyncio.create_task(kernel.execute("import time\nprint('on', flush=True)\ntime.sleep(600)"))
    await recorder.until(recorder.text)
    await kernel.restart()
    with pytest.raises(DeadKernelError, match="restarted"):
        await run
    assert kernel.id == identity
    assert kernel.pid not in (pid, None)
    assert kernel.has_helper
    assert await value(kernel, "'x' in globals()") == "False"
    assert await value(kernel, "__import__('os').getcwd()") == repr(str(tmp_path))
    assert await value(kernel, "__import__('os').environ['COLOUR']") == "'blue'"
    assert recorder.of(DiedEvent) == []
    assert await kernel.call("variables") == []
    await pool.release(kernel)


async def test_what_a_kernel_does_as_it_ends_is_done(pool: KernelPool, tmp_path: Path) -> None:
    kernel = await pool.acquire(listener=Recorder())
    mark = tmp_path / "mark"
    await kernel.execute(f"import atexit, pathlib\natexit.register(pathlib.Path({str(mark)!r}).write_text, 'bye')")
    await kernel.restart()
    assert mark.read_text() == "bye"
    await pool.release(kernel)


# The end


async def test_an_end_leaves_no_process_and_no_file() -> None:
    async with KernelPool(PoolLimits(spares=0)) as pool:
        kernel = await pool.acquire(listener=Recorder())
        directory = Path(kernel.connection_info["ip"]).parent
        assert directory.stat().st_mode & 0o777 == 0o700
        assert directory.parent.stat().st_mode & 0o777 == 0o700
        pid = kernel.pid
        assert pid is not None
        await pool.release(kernel)
        await pool.release(kernel)
        assert [path.name for path in directory.parent.iterdir()] == ["lock"]
        assert not psutil.pid_exists(pid)
        assert pool.running == 0
    assert not directory.parent.exists()


async def test_a_kernel_that_will_not_end_is_killed(pool: KernelPool) -> None:
    kernel = await pool.acquire(listener=Recorder())
    recorder = Recorder()
    kernel.listener = recorder
    code = """
    import signal, sys
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print('on', flush=True)
    while True:
        try:
            while True: pass
        except KeyboardInterrupt:
            pass
    """
    run = asyncio.create_task(kernel.execute(code))
    await recorder.until(recorder.text)
    pid = kernel.pid
    assert pid is not None
    started = time.monotonic()
    await kernel.shutdown(timeout=0.3)
    assert time.monotonic() - started < 4
    with pytest.raises(DeadKernelError, match="shut down"):
        await run
    await gone(pid)
    await kernel.shutdown()
    with pytest.raises(DeadKernelError):
        await kernel.restart()
    await pool.release(kernel)


async def test_kernels_end_with_the_server(tmp_path: Path) -> None:
    script = """
import asyncio, sys
from reactive_kernels import KernelPool, PoolLimits

async def main():
    pool = KernelPool(PoolLimits(spares=0))
    kernel = await pool.acquire(listener=lambda event: None)
    print(kernel.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, env=environment, cwd=tmp_path
    )
    assert server.stdout is not None
    pid = int(await asyncio.wait_for(server.stdout.readline(), DEADLINE_S))
    server.kill()
    await server.wait()
    await gone(pid)


# Kernelspecs


async def test_an_unknown_kernelspec_is_named_with_the_known_ones(pool: KernelPool) -> None:
    with pytest.raises(NoSuchKernel, match=r"no kernel named 'klingon' here \(installed: .*python3"):
        await pool.acquire("klingon", listener=Recorder())


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["/nowhere/at/all", "{connection_file}"], "could not be started.*/nowhere/at/all"),
        ([sys.executable, "-c", "raise SystemExit('no such luck')"], "ended as it started.*exit code 1.*no such luck"),
        ([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], "ended as it started.*SIGKILL"),
        ([sys.executable, "-c", "print('thinking', flush=True); import time; time.sleep(600)"], "1 s.*thinking"),
    ],
)
async def test_kernels_that_do_not_start_say_why(
    argv: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    install_spec(tmp_path, "broken", argv)
    async with KernelPool(PoolLimits(spares=0, start_timeout=1)) as pool:
        with pytest.raises(KernelStartError, match=f"(?s){says}"):
            await pool.acquire("broken", listener=Recorder())
        assert pool.running == 0
    assert children() == [] or all("sleep(600)" not in " ".join(child.cmdline()) for child in children())


async def test_an_unreadable_kernelspec_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    (tmp_path / "kernels" / "bad").mkdir(parents=True)
    (tmp_path / "kernels" / "bad" / "kernel.json").write_text("{not json")
    async with KernelPool(PoolLimits(spares=0)) as pool:
        with pytest.raises(KernelStartError, match="bad"):
            await pool.acquire("bad", listener=Recorder())


async def test_kernelspecs_are_listed_with_the_default_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    install_spec(tmp_path, "other", ["other"], language="julia")
    specs = KernelPool().kernelspecs()
    assert (specs["python3"]["default"], specs["other"]["default"]) == (True, False)
    assert specs["other"]["language"] == "julia"
    assert specs["other"]["display_name"] == "Other"


async def test_a_kernelspec_may_ask_for_interrupts_by_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    install_spec(tmp_path, "polite", argv, interrupt_mode="message", env={"FROM_SPEC": "yes"})
    async with KernelPool(PoolLimits(spares=0)) as pool:
        recorder = Recorder()
        kernel = await pool.acquire("polite", listener=recorder)
        assert await value(kernel, "__import__('os').environ['FROM_SPEC']") == "'yes'"
        run = asyncio.create_task(kernel.execute("print('on', flush=True)\nwhile True: pass"))
        await recorder.until(recorder.text)
        await kernel.interrupt()
        assert (await run).ename == "KeyboardInterrupt"


# Where and with what


async def test_kernels_get_their_directory_and_environment_but_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY", "DATABASE_URL", "JUPYTERHUB_API_TOKEN", "ANY_OTHER"):
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    (tmp_path / "beside.py").write_text("name = 'imported from beside'")
    async with KernelPool(PoolLimits(spares=0), environment={"POOL": "p"}) as pool:
        kernel = await pool.acquire(cwd=tmp_path, env={"MINE": "m"}, listener=Recorder())
        found = await value(kernel, "dict(__import__('os').environ)")
        assert "secret" not in found
        for wanted in ("'POOL': 'p'", "'MINE': 'm'", "'OMP_NUM_THREADS': '3'", "'PATH': "):
            assert wanted in found
        assert await value(kernel, "__import__('os').getcwd()") == repr(str(tmp_path))
        assert await value(kernel, "__import__('beside').name") == "'imported from beside'"


async def test_a_spare_is_taken_at_once_and_moved(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("name = 'imported from beside'")
    async with KernelPool(PoolLimits(spares=1), environment={"POOL": "p"}) as pool:
        await pool.ready()
        started = time.monotonic()
        kernel = await pool.acquire(cwd=tmp_path, env={"MINE": "m"}, listener=Recorder())
        assert time.monotonic() - started < 0.5
        assert pool.running == 1
        assert await value(kernel, "__import__('os').getcwd()") == repr(str(tmp_path))
        assert await value(kernel, "__import__('beside').name") == "'imported from beside'"
        assert await value(kernel, "[__import__('os').environ[n] for n in ('POOL', 'MINE')]") == "['p', 'm']"
        assert await value(kernel, "_dh") == f"[{Path(tmp_path)!r}]"
        assert (await kernel.execute("1")).execution_count == 1
        await kernel.restart()
        assert await value(kernel, "__import__('os').getcwd()") == repr(str(tmp_path))
        assert await value(kernel, "__import__('os').environ['MINE']") == "'m'"


async def test_a_spare_that_died_is_not_handed_out(no_servers: None) -> None:
    async with KernelPool(PoolLimits(spares=1), forking=Forking.NEVER) as pool:
        await pool.ready()
        (child,) = children()
        child.kill()
        await gone(child.pid)
        kernel = await pool.acquire(listener=Recorder())
        assert kernel.pid != child.pid
        assert await value(kernel, "1 + 1") == "2"


async def test_a_directory_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    async with KernelPool(PoolLimits(spares=1)) as pool:
        await pool.ready()
        with pytest.raises(KernelStartError, match="nowhere"):
            await pool.acquire(cwd=tmp_path / "nowhere", listener=Recorder())
        assert pool.running == 0


async def test_a_pool_holds_no_more_than_its_limit() -> None:
    async with KernelPool(PoolLimits(spares=0, max_kernels=2)) as pool:
        results = await asyncio.gather(*(pool.acquire(listener=Recorder()) for _ in range(3)), return_exceptions=True)
        assert sum(isinstance(result, KernelConnection) for result in results) == 2
        (refused,) = (result for result in results if isinstance(result, BaseException))
        assert isinstance(refused, KernelLimitError)
        assert "Shut one down" in str(refused)
        await pool.release(next(result for result in results if isinstance(result, KernelConnection)))
        await pool.acquire(listener=Recorder())


async def test_a_closed_pool_starts_nothing(no_servers: None) -> None:
    pool = KernelPool(PoolLimits(spares=1), forking=Forking.NEVER)
    async with pool:
        pass
    with pytest.raises(KernelError, match="closed"):
        await pool.acquire(listener=Recorder())
    await pool.aclose()
    assert children() == []


async def test_closing_a_pool_ends_what_is_being_started(no_servers: None) -> None:
    pool = KernelPool(PoolLimits(spares=1), forking=Forking.NEVER)
    wanted = asyncio.create_task(pool.acquire(listener=Recorder()))
    await first_child()
    await asyncio.wait_for(pool.aclose(), DEADLINE_S)
    with pytest.raises(KernelError, match="closed"):
        await wanted
    assert children() == []


async def test_who_no_longer_waits_for_a_kernel_leaves_none(no_servers: None) -> None:
    async with KernelPool(PoolLimits(spares=0), forking=Forking.NEVER) as pool:
        wanted = asyncio.create_task(pool.acquire(listener=Recorder()))
        child = await first_child()
        wanted.cancel()
        with pytest.raises(asyncio.CancelledError):
            await wanted
        await gone(child.pid)
        assert pool.running == 0
        assert (await (await pool.acquire(listener=Recorder())).execute("1")).status == "ok"


# Other clients


async def test_what_another_client_runs_is_seen_and_marked_foreign(pool: KernelPool) -> None:
    recorder = Recorder()
    kernel = await pool.acquire(listener=recorder)

    def run_from_elsewhere() -> None:
        other = BlockingKernelClient()
        info: Any = dict(kernel.connection_info)
        other.load_connection_info(info)
        other.start_channels(hb=False)
        try:
            other.execute_interactive("y = 5\nprint('from elsewhere')", timeout=DEADLINE_S, output_hook=lambda m: None)
        finally:
            other.stop_channels()
            other.context.destroy(linger=0)

    await asyncio.to_thread(run_from_elsewhere)
    seen = await recorder.first(ExecuteInputEvent)
    assert (seen.foreign, seen.request_id, seen.code) == (True, None, "y = 5\nprint('from elsewhere')")
    assert (await recorder.first(OutputEvent)).request_id is None
    await kernel.execute("y", request_id="ours")
    assert [event.foreign for event in recorder.of(ExecuteInputEvent)] == [True, False]
    assert recorder.outputs("ours")[0]["data"] == {"text/plain": "5"}
    await pool.release(kernel)
