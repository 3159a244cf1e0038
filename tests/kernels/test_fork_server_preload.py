"""What a fork server has imported before it forks, and what it leaves out."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from reactive_kernels import KernelPool, PoolLimits
from reactive_kernels.fork_server import (
    end_fork_servers,
    fork_kernel,
    fork_server_report,
)
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
from tests.kernels.recorder import Recorder

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


async def test_modules_of_the_setting_are_there_already(no_servers: None, directory: Path) -> None:
    report = await fork_server_report(launch_of(directory, ("numpy", "pandas", "duckdb", "matplotlib.pyplot")))
    assert {"numpy", "pandas", "duckdb", "matplotlib.pyplot"} <= set(report["modules"])
    assert report["refused"] == {}
    (server,) = fork_servers()
    assert server.num_threads() <= 1 + CPUS  # OpenBLAS's own, which it takes down before a fork


async def test_pandas_and_pictures_work_where_they_were_imported_before_the_fork(pool: KernelPool) -> None:
    name = spec_with_preload(pool, ["numpy", "pandas", "duckdb", "matplotlib.pyplot"])
    await fork_server_report(launch_of_pool(pool, name))
    code = """
    import sys
    there = [name for name in ('pandas', 'duckdb', 'matplotlib.pyplot') if name in sys.modules]
    import duckdb, numpy, pandas
    import matplotlib.pyplot as plt
    frame = pandas.DataFrame({'a': numpy.arange(1000.0)})
    product = float((numpy.ones((300, 300)) @ numpy.ones((300, 300))).sum())
    total = duckdb.sql('select sum(a) from frame').fetchall()[0][0]
    frame.plot();
    """
    async with kernel_of(pool, name) as kernel:
        await run(kernel, code)
        assert await value(kernel, "[there, product, total]") == [
            ["pandas", "duckdb", "matplotlib.pyplot"],
            300.0**3,
            499500.0,
        ]
        recorder: Any = kernel.listener
        assert ["image/png" in output.get("data", {}) for output in recorder.outputs()] == [True]


MODULES = {
    "with_thread": "import threading, time; threading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
    "with_context": "import zmq; context = zmq.Context(); socket = context.socket(zmq.PUSH)",
    "failing": "raise ValueError('no')",
    "crashing": "import os; os.abort()",
    "leaving": "raise SystemExit(3)",
    "fine": "",
}


async def test_modules_that_start_threads_or_fail_are_left_out_with_a_warning(
    no_servers: None, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name, source in MODULES.items():
        (directory / f"{name}.py").write_text(source)
    path = os.pathsep.join([str(directory), os.environ.get("PYTHONPATH", "")])
    launch = launch_of(directory, (*MODULES, "not_there_at_all"), PYTHONPATH=path)
    report = await fork_server_report(launch)
    assert report["refused"].keys() == {*MODULES, "not_there_at_all"} - {"fine"}
    assert "thread" in report["refused"]["with_thread"]
    assert "thread" in report["refused"]["with_context"]
    assert "fine" in report["modules"]
    assert not (MODULES.keys() - {"fine"}).intersection(report["modules"])
    (server,) = fork_servers()
    assert server.num_threads() == 1
    kernel = await fork_kernel(launch)
    assert "with_thread is not imported before kernels are forked" in caplog.text
    assert "not_there_at_all is not imported before kernels are forked: it is not installed" in caplog.text
    assert caplog.text.count("with_thread") == 1
    kernel.release()


async def test_packages_installed_meanwhile_make_it_begin_anew(pool: KernelPool, directory: Path) -> None:
    site_packages = directory / "site-packages"
    site_packages.mkdir()
    path = {"PYTHONPATH": os.pathsep.join([str(site_packages), os.environ.get("PYTHONPATH", "")])}
    async with kernel_of(pool, FORKED, env=path) as before:
        old = server_of(before)
        (site_packages / "just_installed.py").write_text("name = 'new'")
        async with kernel_of(pool, FORKED, env=path) as after:
            assert server_of(after) != old
            assert await value(after, "__import__('just_installed').name") == "new"
        assert await value(before, "1 + 1") == 2
    await gone(old.pid)


async def test_a_pools_spares_have_found_everything_imported(caplog: pytest.LogCaptureFixture) -> None:
    async with KernelPool(PoolLimits(spares=1), preload=["pandas", "antigravity_not_there"]) as pool:
        await pool.ready()
        kernel = await pool.acquire(listener=Recorder())
        server_of(kernel)
        assert await value(kernel, "'pandas' in __import__('sys').modules") is True
    assert "antigravity_not_there is not imported" in caplog.text
