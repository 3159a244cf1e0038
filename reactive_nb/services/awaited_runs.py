"""The runs that somebody waits for: from when they are asked for until they are over, and what is answered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from reactive_nb.schemas.events import Event, InputRequested, RunFinished, RunStarted
from reactive_nb.schemas.runs import RunResponse, RunState
from reactive_nb.services import views
from reactive_nb.services.state import SessionState


class AwaitedRun:
    """One of them: what was planned, and its end once that is there."""

    def __init__(self) -> None:
        self.planned: list[str] = []
        self.over: asyncio.Future[RunFinished] = asyncio.get_running_loop().create_future()

    @property
    def end(self) -> RunFinished | None:
        return self.over.result() if self.over.done() else None

    async def wait(self, timeout_s: float) -> bool:
        """Until it is over or time is up; False if it will not be heard of any more."""
        await asyncio.wait({self.over}, timeout=timeout_s)
        return not self.over.cancelled()

    def hear(self, event: RunStarted | RunFinished) -> None:
        if isinstance(event, RunStarted):
            self.planned = event.cells
        elif not self.over.done():
            self.over.set_result(event)


class AwaitedRuns:
    """Those of one notebook, by id."""

    def __init__(self) -> None:
        self._runs: dict[str, AwaitedRun] = {}

    @contextlib.contextmanager
    def awaiting(self, run_id: str) -> Iterator[AwaitedRun]:
        run = self._runs[run_id] = AwaitedRun()
        try:
            yield run
        finally:
            self._runs.pop(run_id, None)

    def hear(self, event: Event) -> None:
        if isinstance(event, RunStarted | RunFinished) and event.run_id in self._runs:
            self._runs[event.run_id].hear(event)

    def give_up(self) -> None:
        """The notebook is closed: nothing more will be heard."""
        for run in self._runs.values():
            run.over.cancel()


def run_response(state: SessionState, run_id: str, awaited: AwaitedRun, question: InputRequested | None) -> RunResponse:
    """How a run stands, with the cells that ran and those that should have or will. `question`: what a cell asks."""
    if (end := awaited.end) is not None:
        cells, run_state, message = list(dict.fromkeys([*end.cells, *awaited.planned])), end.state, end.message
    else:
        run = next((run for run in state.runs if run.id == run_id), None)
        pending = state.graph.in_running_order(run.pending) if run else ()
        cells, run_state, message = [*(run.done if run else ()), *pending], RunState.RUNNING, None
        if question is not None:
            message = f"Cell {question.cell_id} is waiting for input: {question.prompt!r}."
    return RunResponse(
        run_id=run_id,
        state=run_state,
        cells=[views.run_cell(state, cell) for cell in cells if state.notebook.cell(cell) is not None],
        message=message,
        revision=state.notebook.revision,
    )
