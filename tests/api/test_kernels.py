"""The notebooks' kernels as users meet them: how they start, whatever their kernelspec is."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.api.service import new_notebook, running
from tests.kernels.test_kernel_life import install_spec

BAD_KERNEL = str(Path(__file__).parents[1] / "kernels" / "bad_kernel.py")

pytestmark = pytest.mark.anyio


def texts_in(folder: Path) -> list[str]:
    texts = [file.read_text() for file in folder.glob("*.ipynb")]
    assert texts
    return texts


@pytest.mark.parametrize(("how", "message"), {"never_answers": "did not answer within 2 s", "dies": "licence"}.items())
async def test_a_bad_kernelspec_is_its_own_notebooks_affair(
    how: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    install_spec(tmp_path, "bad", [sys.executable, BAD_KERNEL, how, "{connection_file}"])
    with running(tmp_path / "notebooks", kernel_start_timeout=2) as service:
        async with service.client() as client:
            good, bad = await new_notebook(client, "6 * 7"), await new_notebook(client, "x = 1", kernel_name="bad")
            await client.post(f"notebooks/{good['id']}/run", json={"wait": 30})
            failing = asyncio.create_task(client.post(f"notebooks/{bad['id']}/run", json={"wait": 30}))
            while not failing.done():
                await client.put(f"notebooks/{good['id']}/cells/c0", json={"source": f"6 * 7  # {time.time()}"})
                run = (await client.post(f"notebooks/{good['id']}/run", json={"wait": 30})).json()
                assert run["cells"][0]["outputs"][0]["data"]["text/plain"] == "42"
            refused = (await failing).json()
            assert refused["state"] == "failed"
            assert message in refused["message"]
            now = (await client.get(f"notebooks/{bad['id']}")).json()
            assert now["kernel"]["state"] == "dead"
            assert message in now["kernel"]["message"]
            changed = await client.put(f"notebooks/{bad['id']}/settings", json={"kernel_name": "python3"})
            assert changed.status_code == 200
            run = (await client.post(f"notebooks/{bad['id']}/run", json={"wait": 30})).json()
            assert run["state"] == "finished"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
async def test_an_ordinary_notebook_is_run_by_a_forked_kernel_and_stays_portable(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        async with service.client() as client:
            notebook = await new_notebook(client, "import os; os.getppid()")
            run = (await client.post(f"notebooks/{notebook['id']}/run", json={"wait": 30})).json()
            parent = int(run["cells"][0]["outputs"][0]["data"]["text/plain"])
            assert any(part.endswith("fork_server/server") for part in psutil.Process(parent).cmdline())
            assert notebook["kernel_name"] == "python3"
            exported = await client.get(f"notebooks/{notebook['id']}/export")
    for text in (exported.text, *texts_in(tmp_path)):
        assert json.loads(text)["metadata"]["kernelspec"]["name"] == "python3"


async def test_limits_are_told_by_the_names_of_their_settings(tmp_path: Path) -> None:
    with running(tmp_path, kernel_memory_limit="512MiB", max_kernels=1) as service:
        async with service.client() as client:
            first, second = await new_notebook(client, "bytearray(10**10)"), await new_notebook(client, "1")
            run = (await client.post(f"notebooks/{first['id']}/run", json={"wait": 30})).json()
            if sys.platform.startswith("linux"):
                assert "512 MiB (REACTIVE_NB_KERNEL_MEMORY_LIMIT)" in run["cells"][0]["error"]["message"]
                assert "REACTIVE_NB_KERNEL_MEMORY_LIMIT" in run["cells"][0]["outputs"][0]["traceback"][-1]
            refused = (await client.post(f"notebooks/{second['id']}/run", json={"wait": 30})).json()
            assert refused["message"] == (
                "1 kernel is running, which is the limit. Shut one down, or raise REACTIVE_NB_MAX_KERNELS."
            )
