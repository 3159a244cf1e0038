"""The service killed with -9, and the next one: no process and no directory of it stays."""

from __future__ import annotations

import tempfile
from pathlib import Path

import psutil
import pytest

from tests.cli.command import gone, serving
from tests.cli.test_serve import new_notebook, run

CHILD = "import subprocess; child = subprocess.Popen(['sleep', '600'])"
FOREVER = "sum(iter(int, 1))"  # which lets no other thread run


@pytest.mark.parametrize("forking", ["auto", "never"])
def test_a_killed_service_leaves_no_process_and_the_next_no_directory(tmp_path: Path, forking: str) -> None:
    with tempfile.TemporaryDirectory(prefix="k-") as runtime:
        settings = {"XDG_RUNTIME_DIR": runtime, "REACTIVE_NB_FORK_KERNELS": forking, "REACTIVE_NB_WARM_KERNELS": "1"}
        with serving(tmp_path, **settings) as server:
            busy, idle = new_notebook(server, CHILD, FOREVER), new_notebook(server, CHILD)
            assert run(server, idle, wait=60)["state"] == "finished"
            assert run(server, busy, wait=1)["state"] == "running"
            started = psutil.Process(server.process.pid).children(recursive=True)
            assert len(started) >= 5  # two kernels with a child each, the guardian, perhaps spares
            server.process.kill()
            assert gone(started) == []
        (left,) = Path(runtime).iterdir()
        with serving(tmp_path, **settings) as server:
            assert run(server, idle, wait=60)["state"] == "finished"
            (own,) = Path(runtime).iterdir()
            assert own != left
            server.process.terminate()
            server.process.wait(30)
        assert list(Path(runtime).iterdir()) == []
