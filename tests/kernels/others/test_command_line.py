"""`reactive-nb run` and `convert` with notebooks of other people's kernels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import reactive_nb
from tests.kernels.others.kernels import KERNELS
from tests.kernels.others.speech import SPEECHES, Speech

pytestmark = pytest.mark.usefixtures("installed")


def notebook(path: Path, *sources: str, **metadata: Any) -> Path:
    """A notebook as Jupyter writes it."""
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "id": f"c{place}", "metadata": {}, "execution_count": None, "outputs": [], "source": text}
        for place, text in enumerate(sources)
    ]
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["bash", "scheme", "ipykernel-7.2"])
def test_a_notebook_runs_on_the_kernel_that_it_names(tmp_path: Path, name: str) -> None:
    speech = SPEECHES[name]
    spec = {"name": name, "display_name": "As the file has it", "language": KERNELS[name].language}
    info = {"name": KERNELS[name].language, "file_extension": ".as-the-file-has-it"}
    path = notebook(tmp_path / "a.ipynb", speech.remember, speech.recall, kernelspec=spec, language_info=info)
    done = reactive_nb("run", path, "--output", "done.ipynb", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "done.ipynb").read_text(encoding="utf-8"))
    assert "42" in str(written["cells"][1]["outputs"])
    assert written["metadata"]["kernelspec"] == spec
    assert written["metadata"]["language_info"] == info
    assert all("type" not in cell["metadata"].get("reactive_nb", {}) for cell in written["cells"])


def test_another_kernel_can_be_named(tmp_path: Path) -> None:
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = notebook(tmp_path / "a.ipynb", "echo hello", "ls /not/there", "echo on", **python)
    done = reactive_nb("run", path, "--kernel", "bash", "--output", "done.ipynb", "--json", cwd=tmp_path)
    assert done.returncode == 1
    assert [cell["status"] for cell in json.loads(done.stdout)["cells"]] == ["success", "error", "success"]
    written = json.loads((tmp_path / "done.ipynb").read_text(encoding="utf-8"))
    assert written["metadata"]["kernelspec"] == {"name": "bash", "display_name": "Bash", "language": "bash"}
    assert written["metadata"]["language_info"]["name"] == "bash"
    assert "hello" in str(written["cells"][0]["outputs"])


def test_parameters_are_for_python(tmp_path: Path) -> None:
    path = notebook(tmp_path / "a.ipynb", "echo hello")
    done = reactive_nb("run", path, "--kernel", "bash", "--param", "x=1", cwd=tmp_path)
    assert (done.returncode, "bash" in done.stderr) == (2, True)


@pytest.mark.parametrize("speech", [SPEECHES["bash"]], ids=["bash"])
def test_a_notebook_is_converted_without_its_kernel(tmp_path: Path, speech: Speech) -> None:
    """Nothing is started, so the kernel need not be there."""
    spec = {"name": "bash-of-mine", "display_name": "Bash", "language": "bash"}
    notebook(tmp_path / "a.ipynb", speech.say_hello, kernelspec=spec)
    for target in ("a.py", "a.md", "a.html"):
        assert reactive_nb("convert", "a.ipynb", target, cwd=tmp_path).returncode == 0
    assert reactive_nb("convert", "a.py", "back.ipynb", cwd=tmp_path).returncode == 0
    back = json.loads((tmp_path / "back.ipynb").read_text(encoding="utf-8"))
    assert back["metadata"]["kernelspec"] == spec
    assert "".join(back["cells"][0]["source"]) == speech.say_hello
