"""`reactive-nb run`: a notebook without a server."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.cli.command import DEADLINE_S, command, environment, gone, reactive_nb, read_ipynb, script, write_ipynb


def test_a_notebook_runs_and_its_results_are_written(tmp_path: Path) -> None:
    source = script(tmp_path / "sums.py", "print(total)", "total = 40 + 2", "total")
    done = reactive_nb("run", source, "--output", "done.ipynb", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"{source}: 3 of 3 cells ran\n"
    written = read_ipynb(tmp_path / "done.ipynb")
    assert written.cells[0].outputs[0].text == "42\n"
    assert written.cells[2].outputs[0].data == {"text/plain": "42"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["done.ipynb", "sums.py"]


def test_a_notebook_keeps_its_results_in_place(tmp_path: Path) -> None:
    write_ipynb(tmp_path / "a.ipynb", "6 * 7")
    (tmp_path / "a.ipynb").chmod(0o640)
    assert reactive_nb("run", "a.ipynb", "-o", "a.ipynb", cwd=tmp_path).returncode == 0
    assert read_ipynb(tmp_path / "a.ipynb").cells[0].outputs[0].data["text/plain"] == "42"
    assert (tmp_path / "a.ipynb").stat().st_mode & 0o777 == 0o640


def test_a_failed_cell_is_shown_with_its_traceback(tmp_path: Path) -> None:
    script(tmp_path / "bad.py", "x = 1 / 0", "print(x)", "print('other')")
    done = reactive_nb("run", "bad.py", "-o", "bad.ipynb", cwd=tmp_path)
    assert done.returncode == 1
    assert "cell 1 (" in done.stderr
    assert "    x = 1 / 0" in done.stderr
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert "It needs x from cell" in done.stderr
    assert done.stderr.endswith("bad.py: 1 of 3 cells ran, 2 did not succeed\n")
    assert "\x1b" not in done.stderr
    assert read_ipynb(tmp_path / "bad.ipynb").cells[0].outputs[0].ename == "ZeroDivisionError"


def test_errors_that_are_allowed_stop_nothing(tmp_path: Path) -> None:
    script(tmp_path / "bad.py", "x = 1\nraise ValueError", "print(x)")
    done = reactive_nb("run", "bad.py", "--allow-errors", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert [cell["status"] for cell in told["cells"]] == ["error", "success"]
    assert (done.returncode, done.stderr) == (1, "")


def test_json_and_nothing_else(tmp_path: Path) -> None:
    script(tmp_path / "a.py", "x = 1", "print(x)")
    done = reactive_nb("run", "a.py", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert (told["notebook"], told["ok"], told["state"], told["message"]) == ("a.py", True, "finished", None)
    assert [cell["status"] for cell in told["cells"]] == ["success", "success"]
    assert told["cells"][1]["outputs"][0]["text"] == "1\n"
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("n=2027", "2027"),
        ("n=1.5", "1.5"),
        ("n=[1, 'a']", "[1, 'a']"),
        ("n=True", "True"),
        ("n=None", "None"),
        ("n=plain text", "'plain text'"),
        ("n=", "''"),
        ("n=a=b", "'a=b'"),
        ("n='2027'", "'2027'"),
        ("n=-3", "-3"),
        ("n=os.system('x')", '''"os.system('x')"'''),
    ],
)
def test_parameters_are_literals_or_strings(tmp_path: Path, given: str, value: str) -> None:
    script(tmp_path / "a.py", "print(repr(n))")
    done = reactive_nb("run", "a.py", "--json", f"--param={given}", cwd=tmp_path)
    assert json.loads(done.stdout)["cells"][-1]["outputs"][0]["text"] == f"{value}\n"


def test_parameters_go_after_the_cell_that_is_tagged_for_them(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('# %% tags=["parameters"]\na = 1\nb = 2\n\n# %%\nprint(a, b)\n')
    done = reactive_nb("run", "a.py", "-p", "a=10", "-o", "a.ipynb", cwd=tmp_path)
    assert done.returncode == 0
    cells = read_ipynb(tmp_path / "a.ipynb").cells
    assert [cell.metadata.get("tags") for cell in cells] == [["parameters"], ["injected-parameters"], None]
    assert cells[2].outputs[0].text == "10 2\n"
    again = reactive_nb("run", "a.ipynb", "-p", "a=11", "-o", "a.ipynb", cwd=tmp_path)
    assert again.returncode == 0
    cells = read_ipynb(tmp_path / "a.ipynb").cells
    assert (len(cells), cells[2].outputs[0].text) == (3, "11 2\n")


def test_it_runs_in_the_notebooks_own_folder(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "data.txt").write_text("found")
    script(tmp_path / "inner" / "a.py", "print(open('data.txt').read())")
    assert reactive_nb("run", "inner/a.py", cwd=tmp_path).returncode == 0


def test_time_that_is_up_is_told(tmp_path: Path) -> None:
    script(tmp_path / "slow.py", "import time; time.sleep(60)", "2")
    done = reactive_nb("run", "slow.py", "--timeout", "10", "-o", "slow.ipynb", cwd=tmp_path)
    assert done.returncode == 1
    assert "The time limit of 10 s was reached; the run was interrupted." in done.stderr
    assert done.stderr.endswith("0 of 2 cells ran, 2 did not succeed\n")
    assert read_ipynb(tmp_path / "slow.ipynb").cells[0].outputs[0].ename == "KeyboardInterrupt"


def test_a_kernel_that_dies_is_told_with_the_cell_it_died_in(tmp_path: Path) -> None:
    script(tmp_path / "dies.py", "x = 1", "import os; os._exit(3)", "x")
    done = reactive_nb("run", "dies.py", cwd=tmp_path)
    assert done.returncode == 1
    assert "cell 2 (" in done.stderr
    assert done.stderr.count("The kernel died (exit code 3).") == 1


BAD = [
    ("a file that is not there", ["run", "missing.ipynb"], "missing.ipynb: No such file or directory"),
    ("a file without suffix that is not there", ["run", "missing"], "missing: No such file or directory"),
    ("a folder", ["run", "folder"], "folder: Is a directory; give the notebook's own file, .ipynb or .py"),
    ("this folder", ["run", "."], ".: Is a directory; give the notebook's own file, .ipynb or .py"),
    ("a folder named like a notebook", ["run", "folder.ipynb"], "folder.ipynb: Is a directory"),
    ("no JSON", ["run", "garbage.ipynb"], "garbage.ipynb: Not JSON"),
    ("JSON, but no notebook", ["run", "other.ipynb"], "other.ipynb: Not a notebook"),
    ("an empty file", ["run", "empty.ipynb"], "empty.ipynb: The file is empty."),
    ("no text", ["run", "binary.py"], "binary.py: The script is not UTF-8 text"),
    ("an unknown format", ["run", "notes.txt"], "No notebook format is known for 'notes.txt'"),
    ("a format that can't be read", ["run", "page.html"], "page.html: .html files can be written, not read."),
    ("a parameter without a value", ["run", "ok.py", "-p", "year"], "--param year: give it as name=value"),
    ("a parameter without a name", ["run", "ok.py", "-p", "=1"], "'' is no Python name"),
    ("a parameter that is a keyword", ["run", "ok.py", "-p", "if=1"], "'if' is no Python name"),
    ("an unknown kernel", ["run", "ok.py", "--kernel", "nope"], "There is no kernel 'nope' here. Installed: "),
    ("an output in no folder", ["run", "ok.py", "-o", "no/x.ipynb"], "no: There is no such folder"),
    ("an output that is a folder", ["run", "ok.py", "-o", "folder.ipynb"], "folder.ipynb: Is a directory"),
    ("an output of no format", ["run", "ok.py", "-o", "x.xyz"], "No notebook format is known for 'x.xyz'"),
    ("a time limit of nothing", ["run", "ok.py", "--timeout", "0"], "argument --timeout: 0 is no number of seconds"),
    ("a time limit in words", ["run", "ok.py", "--timeout", "x"], "argument --timeout: x is no number of seconds"),
    ("no notebook at all", ["run"], "the following arguments are required: NOTEBOOK.ipynb"),
]


@pytest.mark.parametrize(("arguments", "said"), [pytest.param(row[1], row[2], id=row[0]) for row in BAD])
def test_what_can_not_be_run_is_refused_in_a_line(tmp_path: Path, arguments: list[str], said: str) -> None:
    for name in ("folder", "folder.ipynb"):
        (tmp_path / name).mkdir()
    (tmp_path / "garbage.ipynb").write_text("garbage")
    (tmp_path / "other.ipynb").write_text('{"a": 1}')
    (tmp_path / "empty.ipynb").touch()
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe")
    (tmp_path / "notes.txt").write_text("text")
    (tmp_path / "page.html").write_text("<p>")
    script(tmp_path / "ok.py", "open('ran', 'w')")
    done = reactive_nb(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1 or done.stderr.startswith("usage:")
    assert not (tmp_path / "ran").exists()


def test_an_output_that_can_not_be_written_after_all_is_told(tmp_path: Path) -> None:
    script(tmp_path / "ok.py", "1")
    done = reactive_nb("run", "ok.py", "-o", "/proc/x.ipynb", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("/proc/x.ipynb: ")
    assert len(done.stderr.splitlines()) == 1


def test_on_a_terminal_there_is_a_progress_bar_and_colour(tmp_path: Path) -> None:
    script(tmp_path / "bad.py", "x = 1", "1 / 0")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command("run", "bad.py"),
        cwd=tmp_path,
        env=environment(TERM="xterm-256color"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    while chunk := _read(ours):
        said += chunk
    os.close(ours)
    assert process.wait(DEADLINE_S) == 1
    text = said.decode()
    assert "starting the kernel" in text
    assert "/2" in text
    assert "\x1b[31mZeroDivisionError" in text


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side is closed
        return b""


STOPPED = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -signal.SIGKILL}


@pytest.mark.parametrize("signal_number", STOPPED)
def test_a_run_that_is_stopped_leaves_no_kernel_and_what_ran_is_written(
    tmp_path: Path, signal_number: signal.Signals
) -> None:
    os.mkfifo(tmp_path / "pipe")
    script(tmp_path / "slow.py", "print('kept')", "open('pipe', 'w').write('begun')\nimport time; time.sleep(600)", "3")
    with subprocess.Popen(
        command("run", "slow.py", "-o", "done.ipynb"),
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert (tmp_path / "pipe").read_text() == "begun"
        kernels = psutil.Process(process.pid).children(recursive=True)
        assert kernels
        process.send_signal(signal_number)
        _, said = process.communicate(timeout=DEADLINE_S)
    assert gone(kernels) == []
    assert process.returncode == STOPPED[signal_number]
    assert "asyncio" not in said  # the cell's traceback is told, none of ours
    assert (tmp_path / "done.ipynb").exists() == (signal_number is not signal.SIGKILL)
    if signal_number is not signal.SIGKILL:
        assert "Stopped: the run was interrupted." in said
        assert said.endswith("1 of 3 cells ran, 2 did not succeed\n")
        cells = read_ipynb(tmp_path / "done.ipynb").cells
        assert cells[0].outputs[0].text == "kept\n"
        assert cells[1].outputs[0].ename == "KeyboardInterrupt"
        assert cells[2].outputs == []


def test_a_cell_that_does_not_let_itself_be_interrupted_does_not_hold_up_the_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    deaf = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    script(
        tmp_path / "deaf.py", f"{deaf}\nprint('kept', flush=True)\nopen('pipe', 'w').write('begun')\nwhile True: pass"
    )
    with subprocess.Popen(
        command("run", "deaf.py", "-o", "done.ipynb"), cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL
    ) as process:
        assert (tmp_path / "pipe").read_text() == "begun"
        kernels = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        assert process.wait(DEADLINE_S) == 143
    assert gone(kernels) == []
    assert len(read_ipynb(tmp_path / "done.ipynb").cells) == 1


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    script(tmp_path / "a.py", "print('x' * 200_000)")
    with subprocess.Popen(
        command("run", "a.py", "--json"),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        said = process.stderr.read()
        assert process.wait(DEADLINE_S) == 1
    assert said == b""


def test_values_in_text_are_run_and_shown_in_what_is_made_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("# %% [markdown]\n# # Total: {{ x }}\n\n# %%\nx = 41 + 1\n")
    assert reactive_nb("convert", "a.py", "a.ipynb", cwd=tmp_path).returncode == 0
    assert reactive_nb("run", "a.ipynb", "-o", "done.ipynb", cwd=tmp_path).stderr == "a.ipynb: 2 of 2 cells ran\n"
    assert reactive_nb("convert", "done.ipynb", "done.md", cwd=tmp_path).returncode == 0
    assert (tmp_path / "done.md").read_text().startswith("# Total: 42\n")
    assert read_ipynb(tmp_path / "done.ipynb").cells[0].source == "# Total: {{ x }}"
