"""`reactive-nb convert`: from one file format to another."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import reactive_nb, read_ipynb, script


def test_there_and_back_again(tmp_path: Path) -> None:
    source = script(tmp_path / "a.py", "x = 1", "print(x)")
    text = source.read_text()
    done = reactive_nb("convert", "a.py", "a.ipynb", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "a.py → a.ipynb\n")
    notebook = read_ipynb(tmp_path / "a.ipynb")
    assert [cell.source for cell in notebook.cells] == ["x = 1", "print(x)"]
    assert reactive_nb("convert", "a.ipynb", "b.py", cwd=tmp_path).returncode == 0
    assert [line for line in (tmp_path / "b.py").read_text().splitlines() if not line.startswith("#") and line] == [
        line for line in text.splitlines() if not line.startswith("#") and line
    ]


@pytest.mark.parametrize(("suffix", "beginning"), [(".html", "<!DOCTYPE html>"), (".md", "")])
def test_to_a_page(tmp_path: Path, suffix: str, beginning: str) -> None:
    script(tmp_path / "a.py", "answer = 42")
    assert reactive_nb("convert", "a.py", f"a{suffix}", cwd=tmp_path).returncode == 0
    page = (tmp_path / f"a{suffix}").read_text()
    assert page.lower().startswith(beginning.lower())
    assert "42" in page


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    script(tmp_path / "a.py", "1")
    (tmp_path / "a.ipynb").write_text("precious")
    done = reactive_nb("convert", "a.py", "a.ipynb", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "a.ipynb exists already; --force overwrites it.\n")
    assert (tmp_path / "a.ipynb").read_text() == "precious"
    assert reactive_nb("convert", "a.py", "a.ipynb", "--force", cwd=tmp_path).returncode == 0
    assert read_ipynb(tmp_path / "a.ipynb").cells[0].source == "1"


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("missing.py", "x.ipynb", "missing.py: No such file or directory"),
        ("page.md", "x.py", "page.md: .md files can be written, not read."),
        ("a.py", "x.docx", "No notebook format is known for 'x.docx'; there are .ipynb, .py, .html, .md."),
        ("a.docx", "x.py", "No notebook format is known for 'a.docx'; there are .ipynb, .py, .html, .md."),
        ("a.py", "no/x.md", "no: There is no such folder"),
        ("folder", "x.py", "folder: Is a directory"),
        ("a.py", "folder.md", "folder.md: Is a directory"),
        ("garbage.ipynb", "x.py", "garbage.ipynb: Not JSON"),
    ],
)
def test_what_can_not_be_converted_is_refused_in_a_line(tmp_path: Path, source: str, target: str, said: str) -> None:
    script(tmp_path / "a.py", "1")
    (tmp_path / "page.md").write_text("# a")
    (tmp_path / "garbage.ipynb").write_text("garbage")
    (tmp_path / "a.docx").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.md").mkdir()
    before = sorted(tmp_path.iterdir())
    done = reactive_nb("convert", source, target, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before


def test_what_runs_have_left_can_be_left_out(tmp_path: Path) -> None:
    script(tmp_path / "a.py", "print('seen')")
    assert reactive_nb("run", "a.py", "--output", "ran.ipynb", cwd=tmp_path).returncode == 0
    assert reactive_nb("convert", "ran.ipynb", "bare.ipynb", "--no-outputs", cwd=tmp_path).returncode == 0
    (cell,) = read_ipynb(tmp_path / "bare.ipynb").cells
    assert (cell.source, cell.outputs, cell.execution_count, "reactive_nb" in cell.metadata) == (
        "print('seen')", [], None, False,
    )  # fmt: skip
