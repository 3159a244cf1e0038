"""Our session without its kernel: operations are applied, and cells end as if one had run them.

More than a graph: each operation makes a document, a graph, what is stale, statuses, and the events for clients.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from reactive_kernels import ExecuteReply
from reactive_nb.execution.records import Outcome
from reactive_nb.models import Cell, KernelState, Notebook
from reactive_nb.services.operations import CellFinished, CellStarted, KernelChanged, Operation, RunCells, UpdateCell
from reactive_nb.services.reducer import apply, initial_state

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Reducer:
    """A session's state."""

    def __init__(self, sources: Sequence[str]) -> None:
        cells = tuple(Cell(id=f"c{place}", source=source) for place, source in enumerate(sources))
        self.state = initial_state(Notebook(id="n", cells=cells))

    def _do(self, operation: Operation) -> float:
        """How long it took, in seconds."""
        began = time.perf_counter()
        applied = apply(self.state, operation)
        took = time.perf_counter() - began
        self.state = applied.state
        return took

    def plan(self) -> None:
        """Decide what runs, and in which order, if all is to run."""
        apply(self.state, RunCells("planned"))

    def edit(self, place: int, source: str) -> None:
        """Give a cell another source."""
        self._do(UpdateCell(f"c{place}", source=source))

    def run(self) -> list[float]:
        """Run what is stale; how long the decisions about each cell took, in seconds."""
        self._do(RunCells("run"))
        if not self.state.kernel.alive:
            self._do(KernelChanged(KernelState.IDLE))
        found: list[float] = []
        while (running := self.state.running) is not None:
            names = sorted(self.state.graph.nodes[running.cell].writes)
            reply = ExecuteReply(
                status="ok", execution_count=running.number, report={"bound": names, "kept": names, "changed": []}
            )
            finished = CellFinished(running.number, Outcome.OK, reply, 1.0)
            found.append(self._do(CellStarted(running.number, NOW)) + self._do(finished))
        return found
