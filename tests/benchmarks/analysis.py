"""How long it takes to read 10,000 cells for their names: every cell of the real notebooks that marimo takes too.

None is read twice. marimo compiles each cell as well, which it needs anyway; ours is compiled in the kernel.
"""

from __future__ import annotations

import ast
import importlib
import itertools
import time
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from reactive_nb.execution.analysis import analyse_python
from tests.benchmarks.peers import marimo
from tests.benchmarks.rounds import Contestant, Turn, in_rounds
from tests.benchmarks.samples import Result
from tests.notebooks import corpus

ROUNDS, QUICK_ROUNDS = 5, 1
CELLS, QUICK_CELLS = 10_000, 500
GOAL = "less than 1,000"
OURS, MARIMO = "our analyser", "marimo's compile_cell"

_number = itertools.count()


async def measure(*, quick: bool) -> list[Result]:
    """All in this process, one after the other."""
    count = QUICK_CELLS if quick else CELLS
    contestants = [
        _contestant(OURS, lambda: analyse_python, count),
        _contestant(MARIMO, _compile_cell, count, marimo.PACKAGE),
    ]
    rows = await in_rounds(contestants, QUICK_ROUNDS if quick else ROUNDS)
    return [Result("analysis", f"Names of {count:,} cells", "ms", rows, goal=GOAL)]


def _contestant(
    name: str, read: Callable[[], Callable[[str], object]], count: int, needs: str | None = None
) -> Contestant:
    @asynccontextmanager
    async def entered() -> AsyncIterator[Turn]:
        function = read()
        cells = [source for source in corpus_cells() if _is_plain(source)]

        async def turn() -> list[float]:
            sources = [f"{source}\n# {next(_number)}" for source in itertools.islice(itertools.cycle(cells), count)]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                start = time.perf_counter()
                for source in sources:
                    function(source)
                return [time.perf_counter() - start]

        yield turn

    return Contestant(name, entered, needs)


def corpus_cells() -> list[str]:
    """The code cells of the real notebooks, each once."""
    cells = (cell for path in corpus.notebooks() for cell in corpus.read(path).cells)
    return list(dict.fromkeys(cell.source for cell in cells if cell.cell_type == "code" and cell.source.strip()))


def _is_plain(source: str) -> bool:
    """Whether it is what marimo allows: no magics, and no import of everything."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return False
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return not any(alias.name == "*" for node in imports for alias in node.names)


def _compile_cell() -> Callable[[str], object]:
    compile_cell: Any = importlib.import_module("marimo._ast.compiler").compile_cell
    return lambda source: compile_cell(source, cell_id="0")
