"""`python -m tests.notebooks.promise FOLDER…`: the promise, held against every notebook found there.

Each notebook (loose, or in a source distribution) is opened: no cell may be in error for the notebook's shape. It is
run twice on fresh kernels: what differs then is chance, and is left out. Cells that have run are edited in a small way,
one after the other: what is stale runs, and everything must be as in a fresh run of the edited notebook; then the edit
is taken back, and everything must be as before. What differs is looked for in a second fresh run before it counts.
Printed are what broke the promise, and the share of the cells below that an edit ran again, beside the share whose
results really changed. With `--findings FILE` what was found is kept there, a line for each notebook, and those that
FILE knows are not examined again: so this may be stopped and called once more.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import re
import sys
import tarfile
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from reactive_kernels import KernelPool, PoolLimits
from reactive_nb.core.config import load_settings
from reactive_nb.formats.errors import FormatError
from reactive_nb.formats.ipynb import read_ipynb
from reactive_nb.models import Cell, CellStatus, CellType, Notebook, new_notebook_id
from reactive_nb.schemas.runs import RunState
from reactive_nb.services.operations import UpdateCell
from reactive_nb.services.reducer import initial_state
from reactive_nb.services.session import NotebookSession
from reactive_nb.services.views import cell_response
from reactive_nb.storage import MemoryStorage
from tests.notebooks.normalise import normalise
from tests.notebooks.small_edits import small_edit

Shown = Mapping[str, tuple[str, Any]]
"""Cell → its status and normalised outputs."""
NOT_OF_SHAPE = {"syntax", "exception", "interrupted", "timeout", "kernel"}
"""Kinds of errors that a notebook may have for what is in its cells."""
KERNEL = "reactive-python"
NOBODY = "http://127.0.0.1:9"
"""Who is asked for what is elsewhere: it is refused at once, wherever this runs."""
_PAGES = {"text/html", "application/javascript"}
_NUMBERS = re.compile(r"[0-9a-f]*\d[0-9a-f.-]*")

EXPLAINED: Mapping[str, str] = {
    "examples/IPython Kernel/Importing Notebooks.ipynb": "what is imported stays imported, as in Jupyter",
    "examples/user_guide/03-Applying_Customizations.ipynb": "the library itself keeps which backend was chosen",
    "ipycanvas/examples/offscreen_canvas.ipynb": "a timer's callback looks at names whenever it likes",
    "source/examples/Widget Asynchronous.ipynb": "tasks print whenever they like",
}
"""Notebooks about which nothing is promised, and why."""


@dataclass
class Finding:
    """What came of one notebook."""

    name: str
    cells: int = 0
    problems: list[str] = field(default_factory=list)
    ran: bool = False
    why_not: str = ""
    edits: int = 0
    below: int = 0
    """Cells below the edited ones, over all edits."""
    ran_again: int = 0
    changed: int = 0
    """Those of `below` that ran again, and those whose results changed."""
    chancy: int = 0
    """Cells that differed between two fresh runs, and so are not compared."""

    def __str__(self) -> str:
        if self.problems:
            return f"{len(self.problems)} times otherwise than promised"
        return f"as promised, {self.edits} edits" if self.ran else f"not run: {self.why_not}"


class Opened:
    """A notebook's session on a kernel of its own."""

    def __init__(self, session: NotebookSession) -> None:
        self.session = session

    async def run(self, limit_s: float) -> str:
        """Run what is stale; why it did not come to its end, if it did not."""
        answer = await self.session.run(wait=limit_s)
        if answer.state is RunState.RUNNING:
            await self.session.interrupt()
            return f"longer than {limit_s:g} s"
        return "" if answer.state is RunState.FINISHED else answer.message or answer.state.value

    async def edit(self, cell: str, source: str) -> None:
        await self.session.apply(UpdateCell(cell, source=source))

    def shown(self) -> dict[str, tuple[str, Any]]:
        state = self.session.state
        code = [cell for cell in state.notebook.cells if cell.type is CellType.PYTHON]
        return {cell.id: (state.statuses[cell.id].value, _comparable(normalise(cell.outputs))) for cell in code}

    def numbers(self) -> dict[str, int]:
        """Cell → the number of its last run."""
        return {cell: record.number for cell, record in self.session.state.records.items()}


def _comparable(outputs: list[Any]) -> list[Any]:
    """Without numbers where libraries number what they make, so that they depend on how much was made before."""
    found = []
    for output in outputs:
        if "data" in output:
            data = {
                kind: _NUMBERS.sub("#", str(text)) if kind in _PAGES else text for kind, text in output["data"].items()
            }
            output = {**output, "data": data}
        elif output.get("name") == "stderr":
            output = {**output, "text": _NUMBERS.sub("#", output["text"])}
        found.append(output)
    return found


@contextlib.asynccontextmanager
async def opened(pool: KernelPool, notebook: Notebook, directory: Path) -> AsyncIterator[Opened]:
    storage = MemoryStorage(working_directory=directory)
    await storage.open()
    stored = await storage.create(replace(notebook, id=new_notebook_id(), owner="local"))
    settings = load_settings(notebook_storage_dir=directory)
    session = NotebookSession(
        stored, storage=storage, pool=pool, settings=settings, directory=directory, allow_stdin=False
    )
    try:
        yield Opened(session)
    finally:
        await session.close()


async def fresh(
    pool: KernelPool, notebook: Notebook, directory: Path, limit_s: float
) -> tuple[dict[str, tuple[str, Any]], str]:
    async with opened(pool, notebook, directory) as one:
        problem = await one.run(limit_s)
        return one.shown(), problem


def _name(path: Path) -> str:
    return "/".join(path.parts[-3:])


async def examine(pool: KernelPool, path: Path, options: argparse.Namespace) -> Finding:
    """Hold the promise against one notebook."""
    found = Finding(_name(path))
    try:
        notebook = read_ipynb(await asyncio.to_thread(path.read_bytes), fallback_name=path.stem)
    except FormatError as error:
        found.why_not = f"no notebook: {error}"
        return found
    notebook = replace(notebook, kernel_name=KERNEL)
    found.cells = sum(cell.type is CellType.PYTHON for cell in notebook.cells)
    found.problems += list(_errors_of_shape(notebook))
    chance = random.Random(f"{options.seed} {found.name}")
    async with opened(pool, notebook, path.parent) as one:
        began = time.monotonic()
        found.why_not = await one.run(options.limit)
        took = time.monotonic() - began
        before = one.shown()
        good = [cell for cell, (status, _) in before.items() if status == CellStatus.SUCCESS]
        if found.why_not or len(good) * 2 < found.cells or not good:
            found.why_not = found.why_not or f"{found.cells - len(good)} of {found.cells} cells raise or are blocked"
            return found
        found.ran = True
        second, problem = await fresh(pool, notebook, path.parent, options.limit)
        chancy = {cell for cell in before if before[cell] != second.get(cell)}
        found.chancy = len(chancy)
        if problem:
            found.why_not = problem
            return found
        checks = max(1, min(options.checks, int(options.limit / max(took, 0.1))))
        for cell in _cells_to_edit(one.session.notebook, good, chance, options.edits):
            if time.monotonic() - began > options.each:
                break
            await _edit_and_take_back(pool, one, path, cell, before, chancy, found, chance, options, checks > 0)
            checks -= 1
    return found


def _errors_of_shape(notebook: Notebook) -> Iterator[str]:
    state = initial_state(notebook)
    for cell in notebook.cells:
        error = cell_response(state, cell.id).error
        if error is not None and error.kind not in NOT_OF_SHAPE:
            yield f"cell {cell.id} is in error as it is opened: {error.message}"


def _cells_to_edit(notebook: Notebook, good: Sequence[str], chance: random.Random, most: int) -> list[Cell]:
    candidates = [notebook.by_id[cell] for cell in good if small_edit(notebook.by_id[cell].source, random.Random(0))]
    return chance.sample(candidates, min(most, len(candidates)))


async def _edit_and_take_back(
    pool: KernelPool,
    one: Opened,
    path: Path,
    cell: Cell,
    before: Shown,
    chancy: set[str],
    found: Finding,
    chance: random.Random,
    options: argparse.Namespace,
    check: bool,
) -> None:
    edited = small_edit(cell.source, chance)
    if edited is None:
        return
    ran_before = one.numbers()
    await one.edit(cell.id, edited)
    problem = await one.run(options.limit)
    after, ran_after = one.shown(), one.numbers()
    if check and not problem:
        expected, problem = await fresh(pool, one.session.notebook, path.parent, options.limit)
        if not problem:
            if any(after.get(other) != expected[other] for other in expected if other not in chancy):
                again, _ = await fresh(pool, one.session.notebook, path.parent, options.limit)
                chancy |= {other for other in expected if expected[other] != again.get(other)}
                found.chancy = len(chancy)
            label = f"after cell {cell.id} became {edited[:80]!r}"
            found.problems += _differences(after, expected, chancy, label)
            order = list(before)
            below = order[order.index(cell.id) + 1 :]
            found.edits += 1
            found.below += len(below)
            found.ran_again += sum(ran_before.get(other) != ran_after.get(other) for other in below)
            found.changed += sum(expected.get(other) != before[other] for other in below if other not in chancy)
    await one.edit(cell.id, cell.source)
    problem = await one.run(options.limit) or problem
    if not problem:
        found.problems += _differences(one.shown(), before, chancy, f"when cell {cell.id} was as before")
        if one.session.state.stale - set(one.session.state.situation().manual):
            found.problems.append(f"stale when cell {cell.id} was as before: {sorted(one.session.state.stale)}")


def _differences(here: Shown, there: Shown, chancy: set[str], when: str) -> list[str]:
    return [
        f"{when}, cell {cell}: {_short(here.get(cell))} instead of {_short(there[cell])}"
        for cell in there
        if cell not in chancy and here.get(cell) != there[cell]
    ]


def _short(shown: object) -> str:
    text = repr(shown)
    return text if len(text) < 300 else f"{text[:200]} … {text[-80:]}"


def notebooks_in(folders: Sequence[Path], scratch: Path) -> list[Path]:
    """All notebooks below these folders, in source distributions too, which are unpacked into `scratch`."""
    found: list[Path] = []
    for folder in folders:
        found += folder.rglob("*.ipynb")
        for archive in sorted(folder.glob("*.tar.gz")):
            with tarfile.open(archive) as packed:
                packed.extractall(scratch / archive.name, filter="data")
            found += (scratch / archive.name).rglob("*.ipynb")
    return sorted(path for path in found if ".ipynb_checkpoints" not in path.parts)


async def main(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="notebooks-") as scratch:
        paths = notebooks_in(options.folders, Path(scratch))
        random.Random(options.seed).shuffle(paths)
        paths = paths[: options.notebooks or None]
        findings = _kept(options.findings)
        known = {found.name for found in findings}
        paths = [path for path in paths if _name(path) not in known and options.only in _name(path)]
        deadline = time.monotonic() + options.minutes * 60
        nobody = dict.fromkeys(("http_proxy", "https_proxy"), NOBODY)
        inline = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
        async with KernelPool(
            PoolLimits(spares=1), default_kernel=KERNEL, environment=nobody | inline, preload=options.preload
        ) as pool:
            await pool.ready()
            for number, path in enumerate(paths, 1):
                if time.monotonic() > deadline:
                    print(f"time is up: {len(paths) - number + 1} notebooks are left out")
                    break
                began = time.monotonic()
                found = await _examine_in_time(pool, path, options)
                findings.append(found)
                _keep(options.findings, found)
                print(f"{number}/{len(paths)} {found.name}: {found} ({time.monotonic() - began:.0f} s)", flush=True)
    return report(findings)


async def _examine_in_time(pool: KernelPool, path: Path, options: argparse.Namespace) -> Finding:
    """What never comes to an end, although each run of it is limited, is a problem of its own."""
    limit_s = options.each + 6 * options.limit
    try:
        async with asyncio.timeout(limit_s):
            return await examine(pool, path, options)
    except TimeoutError:
        return Finding(_name(path), problems=[f"no end after {limit_s:g} s"])


def _kept(file: Path | None) -> list[Finding]:
    if file is None or not file.exists():
        return []
    return [Finding(**json.loads(line)) for line in file.read_text().splitlines()]


def _keep(file: Path | None, found: Finding) -> None:
    if file is not None:
        with file.open("a") as kept:
            kept.write(json.dumps(asdict(found)) + "\n")


def report(findings: Sequence[Finding]) -> int:
    """Print the sums; 1 if the promise was broken."""
    ran = [found for found in findings if found.ran]
    broken = [found for found in findings if found.problems and found.name not in EXPLAINED]
    below = sum(found.below for found in ran) or 1
    print(f"\n{len(findings)} notebooks opened, {len(ran)} ran, {sum(found.edits for found in ran)} edits held against")
    print("a fresh run.")
    print(f"cells below an edit that ran again: {100 * sum(found.ran_again for found in ran) / below:.1f} %")
    print(f"cells below an edit whose results changed: {100 * sum(found.changed for found in ran) / below:.1f} %")
    chancy, cells = sum(found.chancy for found in ran), sum(found.cells for found in ran)
    print(f"cells that differed between two fresh runs: {chancy} of {cells}")
    print(f"notebooks for which the promise was broken: {len(broken)}")
    for found in broken:
        print(f"- {found.name}")
        for problem in found.problems[:5]:
            print(f"    {problem}")
    return int(bool(broken))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.notebooks.promise", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="with notebooks, or source distributions that hold some")
    parser.add_argument("--notebooks", type=int, default=0, help="how many, chosen by chance (0: all)")
    parser.add_argument("--edits", type=int, default=10, help="cells edited and put back in each")
    parser.add_argument("--checks", type=int, default=3, help="edits of each held against a fresh run")
    parser.add_argument("--limit", type=float, default=60, help="seconds for a run")
    parser.add_argument("--each", type=float, default=180, help="seconds for a notebook; no edit begins after them")
    parser.add_argument("--findings", type=Path, help="file that keeps what was found")
    parser.add_argument("--only", default="", help="notebooks whose path has this in it")
    parser.add_argument("--preload", nargs="*", default=[], help="modules that kernels find imported, to save time")
    parser.add_argument("--minutes", type=float, default=60, help="for everything")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(_options())))
