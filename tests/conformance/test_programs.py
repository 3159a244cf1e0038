"""Programs of other people that run notebooks, given our kernelspec as any other.

Jupyter Server and nbclient are tested with it beside the provisioner, in `tests/kernels/test_provisioner.py`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

LIMIT_S = 120
OURS = "reactive-python"


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """A notebook that shows a result, an output and where it runs, and one cell that fails as it should."""
    make: Any = nbformat.v4
    sources = [
        "x = 6",
        "print('six', x)\nx * 7",
        "import os, psutil\nany('fork_server' in part for part in psutil.Process(os.getppid()).cmdline())",
    ]
    cells = [make.new_code_cell(source) for source in sources]
    cells.append(make.new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]}))
    path = tmp_path / "in.ipynb"
    spec = {"name": OURS, "display_name": "Python 3 (reactive)", "language": "python"}
    nbformat.write(make.new_notebook(cells=cells, metadata={"kernelspec": spec}), path)  # type: ignore[no-untyped-call]  # has no types
    return path


def run(*arguments: str, cwd: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=cwd, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stderr


def check(cells: list[dict[str, Any]]) -> None:
    stream, result = cells[1]["outputs"]
    assert "".join(stream["text"]) == "six 6\n"
    assert "".join(result["data"]["text/plain"]) == "42"
    assert "".join(cells[2]["outputs"][0]["data"]["text/plain"]) == "True"


def test_nbconvert_executes_on_it(notebook: Path) -> None:
    options = ["--execute", "--to", "notebook", f"--ExecutePreprocessor.kernel_name={OURS}", "--output", "out.ipynb"]
    run("nbconvert", *options, notebook.name, cwd=notebook.parent)
    cells = json.loads(notebook.with_name("out.ipynb").read_text(encoding="utf-8"))["cells"]
    check(cells)
    assert cells[3]["outputs"][0]["ename"] == "ZeroDivisionError"


def test_papermill_executes_on_it(notebook: Path) -> None:
    options = ["--kernel", OURS, "--parameters", "x", "6"]
    document = json.loads(notebook.read_text(encoding="utf-8"))
    document["cells"][0]["metadata"]["tags"] = ["parameters"]
    document["cells"][0]["source"] = "x = 0"
    del document["cells"][3]  # it takes a cell that may fail for one that has failed
    notebook.write_text(json.dumps(document), encoding="utf-8")
    run("papermill", *options, notebook.name, "out.ipynb", cwd=notebook.parent)
    executed = json.loads(notebook.with_name("out.ipynb").read_text(encoding="utf-8"))
    check(executed["cells"][1:])  # it adds one for the parameters
