"""The notebooks' kernels as users meet them: how they start, whatever their kernelspec is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import psutil
import pytest

from tests.api.service import new_notebook, running

pytestmark = pytest.mark.anyio


def texts_in(folder: Path) -> list[str]:
    texts = [file.read_text() for file in folder.glob("*.ipynb")]
    assert texts
    return texts


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
