"""Which formats there are, and what they cost who does not use them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reactive_nb.formats import FORMATS, FormatError, format_for
from reactive_nb.models import Cell, Notebook


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a.ipynb", "ipynb"), (Path("/x/B.PY"), "py"), ("a.b.html", "html"), ("x.htm", "html"), ("README.md", "md")],
)
def test_a_file_name_tells_its_format(path: Path | str, expected: str) -> None:
    assert format_for(path).name == expected


@pytest.mark.parametrize("path", ["notebook", "a.docx", ".ipynb/x"])
def test_other_names_are_refused(path: str) -> None:
    with pytest.raises(FormatError, match="No notebook format"):
        format_for(path)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_writes_and_those_that_read_read_what_they_wrote(name: str) -> None:
    known = FORMATS[name]
    notebook = Notebook("n", cells=(Cell("a", source="x = 1"),))
    data = known.write(notebook)
    assert b"x" in data
    if known.read is not None:
        assert known.read(data, fallback_name="f").cells == notebook.cells


def test_importing_the_formats_imports_none_of_the_libraries_behind_them(tmp_path: Path) -> None:
    code = (
        "import sys, reactive_nb.formats as f; f.read_ipynb(f.write_ipynb(f.Notebook('n')));"
        "print(sorted({'nbformat', 'nbconvert', 'jupytext', 'bleach', 'jinja2', 'traitlets'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code]
    assert subprocess.check_output(command, cwd=tmp_path, env=environment, text=True) == "[]\n"


def test_what_the_libraries_can_do_without_is_not_imported_and_there_for_others(tmp_path: Path) -> None:
    code = (
        "import sys, reactive_nb.formats as f;"
        "[f.FORMATS[name].write(f.Notebook('n')) for name in f.FORMATS];"
        "assert {'nbformat', 'nbconvert', 'jupytext', 'jsonschema'} <= set(sys.modules);"
        "print(sorted({'rfc3987_syntax', 'jupyter_server'} & set(sys.modules))); import rfc3987_syntax, jupyter_server"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code]
    assert subprocess.check_output(command, cwd=tmp_path, env=environment, text=True) == "[]\n"
