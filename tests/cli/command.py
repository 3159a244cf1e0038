"""The command line as people use it: a process of its own, its output, its exit status."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import nbformat
import psutil

Json = dict[str, Any]

ROOT = Path(__file__).parents[2]
DEADLINE_S = 60.0
TOKEN = "a-token-for-tests"


def environment(**variables: str) -> dict[str, str]:
    """This process's, without settings of the service."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REACTIVE_NB_", "DYNAMODB_"))}
    kept.pop("NOTEBOOK_STORAGE_DIR", None)
    return kept | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'kernels'}", "COLUMNS": "100"} | variables


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "reactive_nb", *map(str, arguments)]


def reactive_nb(*arguments: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=environment(**variables),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=DEADLINE_S,
        check=False,
    )


@dataclass
class Server:
    """`reactive-nb serve`, answering."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    _up: threading.Event = field(default_factory=threading.Event)

    def read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip())
            if line.startswith("Ctrl-C"):
                self._up.set()
        self._up.set()

    def wait_until_up(self) -> None:
        assert self._up.wait(DEADLINE_S), self.lines
        assert self.process.poll() is None, self.lines

    @property
    def url(self) -> str:
        found = re.search(r"(http://\S+?)\?token=", "\n".join(self.lines))
        assert found, self.lines
        return found[1]

    @property
    def port(self) -> int:
        return int(self.url.split(":")[2].strip("/"))

    def client(self) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return httpx2.Client(base_url=f"{self.url}api/v1/", headers=headers, timeout=DEADLINE_S)

    def kernels(self) -> list[psutil.Process]:
        """The kernel processes it has started, or that its fork server has."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        told = {child.pid: " ".join(child.cmdline()) for child in children}
        forked = {child.pid for child in children if "fork_server" in told.get(child.ppid(), "")}
        return [child for child in children if "ipykernel" in told[child.pid] or child.pid in forked]


@contextmanager
def serving(directory: Path, *arguments: str | Path, start: str = "serve", **variables: str) -> Iterator[Server]:
    """A server over `directory`, on a free port."""
    process = subprocess.Popen(
        command(
            start, "--no-browser", "--token", TOKEN, "--port", "0", "--storage-dir", directory / "notebooks", *arguments
        ),
        cwd=directory,
        env=environment(**variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    server = Server(process)
    reader = threading.Thread(target=server.read)
    reader.start()
    try:
        server.wait_until_up()
        yield server
    finally:
        process.kill()
        process.wait(DEADLINE_S)
        reader.join(DEADLINE_S)
        if process.stderr is not None:
            process.stderr.close()


def gone(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those of `processes` that are still there after a while."""
    _, left = psutil.wait_procs(processes, timeout=20)
    return left


def script(path: Path, *sources: str) -> Path:
    """A percent script with these cells."""
    path.write_text("".join(f"# %%\n{source}\n\n" for source in sources))
    return path


def read_ipynb(path: Path) -> Any:
    """A notebook as nbformat reads it, and finds it valid."""
    reader: Any = nbformat
    notebook = reader.read(path, as_version=4)
    reader.validate(notebook)
    return notebook


def write_ipynb(path: Path, *sources: str) -> None:
    """A notebook as nbformat writes it."""
    writer: Any = nbformat
    cells = [writer.v4.new_code_cell(source) for source in sources]
    writer.write(writer.v4.new_notebook(cells=cells), path)
