"""Real notebooks, run by our command line and by nbclient: the same outputs, cell by cell.

What differs is listed here with its reason. A cell that is blocked by one that raised shows no outputs of its own,
where nbclient, told to go on, runs it into a second error; so notebooks in which something raises are compared once
more with `--allow-errors`, which runs every cell.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.notebooks import corpus, golden

RUN_LIMIT_S = 180

EXPLAINED: dict[str, dict[int, str]] = {
    "ipython/examples/IPython Kernel/Importing Notebooks.ipynb": {
        16: "a terminal's text is kept as the terminal would show it, so a reset of colours that are not set is dropped"
    },
    "ipywidgets/docs/source/examples/Widget Asynchronous.ipynb": {
        9: "output that a task writes after its cell has ended is kept; nbclient no longer listens"
    },
}


@dataclass(frozen=True)
class Ran:
    """What the command line made of a notebook."""

    status: int
    executed: dict[str, Any]
    summary: dict[str, Any]

    @property
    def blocked(self) -> set[int]:
        """The places of cells that did not run because one they need had raised."""
        place = {cell["id"]: index for index, cell in enumerate(self.executed["cells"])}
        return {place[cell["id"]] for cell in self.summary["cells"] if cell["status"] == "blocked"}


def run(path: Path, *options: str) -> Ran:
    with tempfile.TemporaryDirectory(prefix="real-") as scratch:
        copy = golden.copy_of(path, Path(scratch))
        out = Path(scratch) / "executed.ipynb"
        done = subprocess.run(
            [sys.executable, "-m", "reactive_nb", "run", str(copy), "--json", "--output", str(out), *options],
            capture_output=True,
            text=True,
            timeout=RUN_LIMIT_S,
            stdin=subprocess.DEVNULL,
            cwd=scratch,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        executed = nbformat.read(out, as_version=4)  # type: ignore[no-untyped-call]  # has no types
        nbformat.validate(executed)
        return Ran(done.returncode, json.loads(json.dumps(executed)), json.loads(done.stdout))


@functools.cache
def expected(path: Path) -> golden.Run:
    return golden.run(path)


def differences(path: Path, ran: Ran, unless: set[int]) -> list[str]:
    unless = unless | set(EXPLAINED.get(corpus.name(path), {}))
    found = golden.compare(path, ran.executed, golden=expected(path))
    return [text for text in found if not any(text.startswith(f"cell {index}:") for index in unless)]


@pytest.mark.parametrize("path", corpus.notebooks(), ids=corpus.name)
def test_a_real_notebook_gives_what_nbclient_gives(path: Path) -> None:
    ran = run(path)
    assert not differences(path, ran, unless=ran.blocked)
    if ran.status == 0:
        assert not ran.blocked
        return
    everything = run(path, "--allow-errors")
    assert not everything.blocked
    assert not differences(path, everything, unless=set())
