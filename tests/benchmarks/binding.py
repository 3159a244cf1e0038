"""What it costs a cell that its names are the versions that belong at its place: per cell, in the kernel and before it.

Measured of a notebook in which no name is defined twice, so that nothing is to be bound otherwise than it is; beside
it one in which all cells define the same name. `choosing` is what the session does to know what is to be bound;
`around` is what the code in the kernel does before and after a cell: it tells also what the cell bound and changed.
"""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

from reactive_kernels.kernel_namespace import Namespace
from reactive_kernels.kernel_step import Step
from reactive_nb.execution.namespace import bindings_for
from tests.benchmarks.samples import Result, Row
from tests.services.in_process import InProcessNotebook

CELLS, QUICK_CELLS = 1_000, 100
ROUNDS, QUICK_ROUNDS = 20, 2
MICROSECONDS = 1_000_000.0
GOAL = "choosing: less than 20, where nothing is redefined"
ONCE, AGAIN = "each name once", "one name in all"


async def measure(*, quick: bool) -> list[Result]:
    """All in this process."""
    cells, rounds = (QUICK_CELLS, QUICK_ROUNDS) if quick else (CELLS, ROUNDS)
    shapes = {
        ONCE: [f"x{number} = x{number - 1} + 1" if number else "x0 = 1" for number in range(cells)],
        AGAIN: ["x = 1", *["x = x + 1"] * (cells - 1)],
    }
    rows = [Row(f"choosing, {name}", tuple(_choosing(sources, rounds))) for name, sources in shapes.items()]
    rows += [Row("around, each name once", tuple(_around(cells, rounds)), against=rows[0].contestant)]
    return [Result("binding", f"Versions of names, a cell of {cells:,}", "µs", tuple(rows), GOAL)]


def _choosing(sources: list[str], rounds: int) -> list[float]:
    notebook = InProcessNotebook(*sources, examined=False)
    notebook.run()
    state = notebook.state
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        for cell in state.graph.order:
            others = state.settled.names_for(state.graph, cell, state.ambient, all_names=False)
            bindings_for(state.graph, state.records, cell, state.bound, others)
        found.append((time.perf_counter() - start) / len(sources) * MICROSECONDS)
    return found


def _around(cells: int, rounds: int) -> list[float]:
    names: dict[str, Any] = {"__name__": "__main__"}
    namespace = Namespace(SimpleNamespace(user_ns=names))
    found = []
    for _ in range(rounds):
        spent = 0.0
        for number in range(cells):
            request = {"cell": f"c{number}", "bind": {}, "writes": [f"x{number}"], "uses": [f"x{number - 1}"]}
            start = time.perf_counter()
            step = Step(namespace, request, f"x{number} = x{number - 1} + 1")
            step.prepare()
            spent += time.perf_counter() - start
            names[f"x{number}"] = number
            start = time.perf_counter()
            step.report({"status": "ok"})
            spent += time.perf_counter() - start
        found.append(spent / cells * MICROSECONDS)
    return found
