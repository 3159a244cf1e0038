from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import reactive_kernels
import reactive_nb

PUBLIC_LINES = (
    "from reactive_nb.models import Notebook, Cell, CellType, CellStatus",
    "from reactive_nb.schemas import NotebookResponse, CreateCellRequest",
    "from reactive_nb.services import locked_update_cell",
    "from reactive_nb.storage import save_notebook, load_notebook",
    "from reactive_nb.execution import execute_python_cell, scheduler",
    "from reactive_nb.core import settings, get_current_user",
)
SLOW_MODULES = ("litellm", "boto3", "botocore", "openai", "pandas", "matplotlib", "duckdb", "nbconvert", "jupytext")


def modules_loaded_by(program: str, directory: Path) -> set[str]:
    """What a new Python has loaded after `program`."""
    roots = [str(Path(package.__path__[0]).parent) for package in (reactive_nb, reactive_kernels)]
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys\nprint(*sys.modules, sep='\\n')"],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(roots))},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("line", PUBLIC_LINES)
def test_public_line_works_alone(line: str, tmp_path: Path) -> None:
    modules_loaded_by(line, tmp_path)


def test_public_lines_load_nothing_slow(tmp_path: Path) -> None:
    assert not modules_loaded_by("\n".join(PUBLIC_LINES), tmp_path).intersection(SLOW_MODULES)


def test_application_loads_nothing_slow(tmp_path: Path) -> None:
    assert not modules_loaded_by("from reactive_nb.main import app", tmp_path).intersection(SLOW_MODULES)


def test_command_line_answers_without_loading_the_service(tmp_path: Path) -> None:
    program = "import contextlib, io\nfrom reactive_nb.cli import main\n"
    program += "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()): main(['--help'])"
    assert not modules_loaded_by(program, tmp_path).intersection({"fastapi", "IPython", *SLOW_MODULES})


def test_kernel_layer_stands_alone(tmp_path: Path) -> None:
    loaded = modules_loaded_by("import reactive_kernels", tmp_path)
    assert not [name for name in loaded if name.partition(".")[0] in ("reactive_nb", "fastapi", "starlette")]
