"""A chain of 200 cells, `x0 = 1`, `x1 = x0 + 1`, …: its first cell is edited, and all run again. Time per cell.

Ours: from sending `cell.update` and `notebook.run` to `run.finished`. marimo's editor: from the request that gives the
first cell its new code to `completed-run`. jupyter_client and nbclient run the 200 sources one after the other and
know of no dependencies: from the first request to the last reply and idle; nbclient starts its kernel with the history
in memory, all others have it on disk. `App.run()` is marimo's fastest way: the graph in this process, without editing,
kernel, messages or documents. The last cell shows its value, and each turn checks it.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import itertools
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from tests.benchmarks.peers import jupyter_client, marimo, reactive_nb
from tests.benchmarks.processes import clean_environment
from tests.benchmarks.rounds import Contestant, Turn, in_rounds
from tests.benchmarks.samples import Result

ROUNDS, QUICK_ROUNDS = 9, 2
OURS, BARE, MARIMO = "reactive-nb, WebSocket", "jupyter_client, in sequence", "marimo edit, WebSocket"
CELLS = 200
GOAL = "at most 0.6 times marimo's"
LAST = f"c{CELLS - 1}"


async def measure(*, quick: bool) -> list[Result]:
    """One run of the chain a turn."""
    contestants = [
        Contestant(OURS, _ours),
        Contestant(BARE, _jupyter_client, jupyter_client.PACKAGE),
        Contestant("nbclient, in sequence", _nbclient, "nbclient"),
        Contestant(MARIMO, _marimo, marimo.PACKAGE),
        Contestant("marimo App.run(), no server", _marimo_app, marimo.PACKAGE),
    ]
    rows = await in_rounds(contestants, QUICK_ROUNDS if quick else ROUNDS)
    return [
        Result("chain", f"Chain of {CELLS} cells, run again after its first was edited", "ms a cell", rows, goal=GOAL)
    ]


def sources(start: int) -> list[str]:
    """The cells; the last one shows `start + CELLS - 1`."""
    chain = [f"x0 = {start}", *(f"x{place} = x{place - 1} + 1" for place in range(1, CELLS))]
    return [*chain[:-1], f"{chain[-1]}\nx{CELLS - 1}"]


def check(shown: object, start: int) -> None:
    """Raise RuntimeError unless the last cell showed what it should."""
    if str(start + CELLS - 1) not in str(shown):
        raise RuntimeError(f"the last cell shows {shown!r} where the first is {start}")


@asynccontextmanager
async def _ours() -> AsyncIterator[Turn]:
    async with reactive_nb.service() as server, reactive_nb.rest(server) as client:
        notebook = await reactive_nb.create(client, sources(1))
        async with reactive_nb.live(server, notebook) as live:
            await live.say("notebook.run")
            await live.until(reactive_nb.finished)
            starts = itertools.count(1000)

            async def turn() -> list[float]:
                start, shown = next(starts), []

                def is_over(message: reactive_nb.Message) -> bool:
                    shown.append(reactive_nb.shown(message, LAST))
                    return reactive_nb.finished(message)

                began = time.perf_counter()
                await live.say("cell.update", cell_id="c0", changes={"source": f"x0 = {start}"})
                await live.say("notebook.run")
                await live.until(is_over)
                took = time.perf_counter() - began
                check(shown, start)
                return [took / CELLS]

            yield turn


@asynccontextmanager
async def _jupyter_client() -> AsyncIterator[Turn]:
    async with jupyter_client.client() as kernel:
        starts = itertools.count(1000)

        async def turn() -> list[float]:
            start, shown = next(starts), None
            began = time.perf_counter()
            for source in sources(start):
                shown = await jupyter_client.end(kernel, kernel.execute(source))
            took = time.perf_counter() - began
            check(shown, start)
            return [took / CELLS]

        yield turn


@asynccontextmanager
async def _nbclient() -> AsyncIterator[Turn]:
    notebook = _document(sources(1))
    runner = NotebookClient(notebook, kernel_name="python3")
    starts = itertools.count(1000)
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        environment = clean_environment(Path(directory))
        async with runner.async_setup_kernel(cwd=directory, env=environment, **jupyter_client.SILENT):

            async def turn() -> list[float]:
                start = next(starts)
                notebook.cells[0].source = f"x0 = {start}"
                began = time.perf_counter()
                for place, cell in enumerate(notebook.cells):
                    await runner.async_execute_cell(cell, place)
                took = time.perf_counter() - began
                check(notebook.cells[-1].outputs, start)
                return [took / CELLS]

            yield turn


@asynccontextmanager
async def _marimo() -> AsyncIterator[Turn]:
    async with (
        marimo.service() as server,
        marimo.rest(server) as client,
        marimo.session(server, client) as session,
    ):
        await session.over()
        await session.run({f"c{place}": source for place, source in enumerate(sources(1))})
        await session.over()
        starts = itertools.count(1000)

        async def turn() -> list[float]:
            start, shown = next(starts), []

            def is_over(message: marimo.Message) -> bool:
                shown.append(marimo.shown(message, LAST))
                return marimo.is_over(message)

            began = time.perf_counter()
            await session.run({"c0": f"x0 = {start}"})
            await session.until(is_over)
            took = time.perf_counter() - began
            check(shown, start)
            return [took / CELLS]

        yield turn


@asynccontextmanager
async def _marimo_app() -> AsyncIterator[Turn]:
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        app = _app(Path(directory, "chain.py"))

        async def turn() -> list[float]:
            began = time.perf_counter()
            _, names = await asyncio.to_thread(app.run)
            took = time.perf_counter() - began
            check(names[f"x{CELLS - 1}"], 1)
            return [took / CELLS]

        yield turn


def _document(code: list[str]) -> Any:
    """A Jupyter notebook of these cells."""
    v4: Any = nbformat.v4
    return v4.new_notebook(cells=[v4.new_code_cell(source) for source in code])


def _app(path: Path) -> Any:
    """marimo's `App` of the chain, from a file in marimo's format."""
    importlib.import_module(marimo.PACKAGE)
    cells = ["@app.cell\ndef _():\n    x0 = 1\n    return (x0,)"]
    cells += [
        f"@app.cell\ndef _(x{place - 1}):\n    x{place} = x{place - 1} + 1\n    return (x{place},)"
        for place in range(1, CELLS)
    ]
    path.write_text("\n\n\n".join(["import marimo\n\napp = marimo.App()", *cells, ""]), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("chain_of_the_benchmarks", path)
    if spec is None or spec.loader is None:
        raise RuntimeError(f"{path} can't be loaded")
    module = importlib.util.module_from_spec(spec)
    with contextlib.redirect_stdout(None):
        spec.loader.exec_module(module)
    return module.app
