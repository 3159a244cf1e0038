"""The notebooks of nbclient's own tests, from its source distribution, run by us: what is stored in them must come out.

They are run as `reactive-nb run` does it, and compared as nbclient compares: each cell's outputs, without what changes
from run to run, and its execution count.
"""

from __future__ import annotations

import asyncio
import functools
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from reactive_nb.core.config import load_settings
from reactive_nb.formats import read_ipynb
from reactive_nb.formats.ipynb import document
from reactive_nb.models import CellConfig
from reactive_nb.services.headless import run_notebook
from tests.environments import Environment, made
from tests.notebooks import golden
from tests.notebooks.normalise import ANSI

NBCLIENT = Environment("nbclient-source", sources=("nbclient==0.11.0",))
LIMIT_S = 60.0
SVG = "image/svg+xml"
CONTEXT = re.compile(r"\s+\d+(?: |$)")
"""A line of source around the one that failed: how many are shown is IPython's matter."""
PLACE = re.compile(r"<ipython-input-[^>]+> in <module>.*|(?:Cell|Input) In ?\[\d+\], (?:in )?(?:line \d+|<.*)")

NOTEBOOKS: dict[str, dict[str, Any]] = {
    "Clear Output.ipynb": {},
    "Empty Cell.ipynb": {},
    "Factorials.ipynb": {},
    "HelloWorld.ipynb": {},
    "Inline Image.ipynb": {},
    "Interrupt.ipynb": {"allow_errors": True, "cell_timeout": 1.0},
    "JupyterWidgets.ipynb": {},
    "Other Comms.ipynb": {},
    "SVG.ipynb": {},
    "Skip Exceptions with Cell Tags.ipynb": {},
    "Skip Exceptions.ipynb": {"allow_errors": True},
    "Skip Execution with Cell Tag.ipynb": {},
    "Unicode.ipynb": {},
    "UnicodePy3.ipynb": {},
    "update-display-id.ipynb": {},
}

NOT_RUN = {
    "Autokill.ipynb": "stored without a result: that a kernel dies is tested elsewhere",
    "Check History in Memory.ipynb": "asserts that IPython keeps its history where nbclient has it kept",
    "Disable Stdin.ipynb": "stored without a result: that nobody answers is tested elsewhere",
    "Error.ipynb": "stored without a result",
    "Output.ipynb": "stored by older widgets, and compared by no test of nbclient's",
    "Parallel Execute A.ipynb": "needs what nbclient's test puts into it",
    "Parallel Execute B.ipynb": "needs what nbclient's test puts into it",
    "Sleep1s.ipynb": "shows the time",
}


@functools.cache
def files() -> Path:
    [found] = (made(NBCLIENT) / "sources").glob("nbclient-*/tests/files")
    return found


def executed(path: Path, directory: Path, *, allow_errors: bool = False, cell_timeout: float | None = None) -> Any:
    """The notebook as our executor leaves it, as a document of nbformat."""
    shutil.copytree(path.parent, directory, dirs_exist_ok=True)
    notebook = read_ipynb(path.read_bytes())
    if cell_timeout is not None:
        cells = tuple(replace(cell, config=CellConfig(timeout=cell_timeout)) for cell in notebook.cells)
        notebook = replace(notebook, cells=cells)
    running = run_notebook(notebook, load_settings(), directory=directory, allow_errors=allow_errors, timeout=LIMIT_S)
    return json.loads(json.dumps(document(asyncio.run(running).notebook)))


def results(notebook: dict[str, Any]) -> list[golden.CellResult]:
    """The cells, alike for all versions of IPython and for all ways to write the same SVG."""
    return golden.results({"cells": [comparable(cell) for cell in notebook["cells"]]})


def comparable(cell: dict[str, Any]) -> dict[str, Any]:
    if cell["cell_type"] != "code":
        return cell
    outputs = []
    for output in cell["outputs"]:
        changed = dict(output)
        if "traceback" in output:
            lines = ANSI.sub("", "\n".join(output["traceback"])).split("\n")
            changed["traceback"] = [PLACE.sub("<place>", line) for line in lines if not CONTEXT.match(line)]
        if SVG in output.get("data", {}):
            text = ElementTree.canonicalize("".join(output["data"][SVG]), strip_text=True)
            changed["data"] = {**output["data"], SVG: text}
        outputs.append(changed)
    return {**cell, "outputs": outputs}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_is_stored_comes_out(name: str, tmp_path: Path) -> None:
    path = files() / name
    stored = json.loads(path.read_text(encoding="utf-8"))
    ran = executed(path, tmp_path, **NOTEBOOKS[name])
    assert golden.differences(results(stored), results(ran)) == []
    counts = [[cell.get("execution_count") for cell in one["cells"]] for one in (stored, ran)]
    assert counts[0] == counts[1]


def test_none_is_forgotten() -> None:
    assert {path.name for path in files().glob("*.ipynb")} == NOTEBOOKS.keys() | NOT_RUN.keys()
