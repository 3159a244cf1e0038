"""Runs are asked for, interrupted, and lost with their kernel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from reactive_nb.execution.pending import Pending
from reactive_nb.execution.reasons import ReasonKind
from reactive_nb.execution.settled import Settled
from reactive_nb.models import CellError, KernelState
from reactive_nb.models.persistent import PersistentMap, PersistentSet
from reactive_nb.schemas.events import RunStarted
from reactive_nb.schemas.runs import RunState
from reactive_nb.services.choosing import choice
from reactive_nb.services.effects import InterruptKernel, ReplaceKernel, StopBatch
from reactive_nb.services.errors import TooManyRuns
from reactive_nb.services.operations import InterruptRun, RestartKernel, RunCells
from reactive_nb.services.reducer.planning import finish_run
from reactive_nb.services.reducer.transition import Transition
from reactive_nb.services.state import Run

MAX_RUNS = 1_000
"""Of one notebook, that are not over. Each costs a little with every cell that runs."""


def run_cells(operation: RunCells, step: Transition) -> None:
    now = step.now()
    cells = choice(step.state, now, operation.scope, operation.cells).cells
    if len(step.state.runs) >= MAX_RUNS:
        raise TooManyRuns(f"Too many runs are waiting: {MAX_RUNS:,} of this notebook are not over yet.")
    run = Run(operation.run_id, operation.cells, Pending(cells), scope=operation.scope)
    step.change(runs=(*step.state.runs, run))
    step.emit(RunStarted(run_id=operation.run_id, cells=list(now.graph.in_running_order(cells))))


def interrupt_run(_: InterruptRun, step: Transition) -> None:
    """The rest of the plan, and requests sent before, are dropped; their cells stay stale.

    What is asked for from now on waits until the running cell has ended, and runs then.
    """
    running, ahead = step.state.running, step.state.ahead
    if running is not None:
        step.do(InterruptKernel())
        step.change(
            running=replace(running, interrupted=True), ahead=tuple(replace(e, interrupted=True) for e in ahead)
        )
    if ahead:
        step.do(StopBatch())
    ended: list[Run] = []
    going: list[Run] = []
    for run in step.state.runs:
        keeps = running is not None and running.cell in run.pending
        (going if keeps else ended).append(run)
    step.change(runs=tuple(replace(run, pending=Pending({running.cell}), interrupted=True) for run in going if running))
    for run in ended:
        finish_run(step, run, RunState.INTERRUPTED)


def restart_kernel(_: RestartKernel, step: Transition) -> None:
    replace_kernel(step, "The kernel was restarted.")


def replace_kernel(step: Transition, message: str) -> None:
    """A fresh kernel in the place of this one; `message` says why what was running is over."""
    abandon(step, RunState.INTERRUPTED, message, "interrupted")
    forget_runs(step, ReasonKind.RESTARTED)
    step.change(kernel=KernelState.RESTARTING, kernel_message=None)
    step.do(ReplaceKernel(start=True))


def abandon(step: Transition, state: RunState, message: str, kind: str) -> None:
    """The kernel is gone, and with it what was running and what was to run."""
    running = step.state.running
    if running is not None:
        cell = step.state.notebook.cell(running.cell)
        if cell is not None:
            step.set_cell(replace(cell, error=CellError(kind, message)))
            step.touch(cell.id)
    runs = step.state.runs
    step.change(runs=(), running=None, ahead=())
    for run in runs:
        if running is not None and running.started and running.cell in run.pending:
            run = replace(run, done=(*run.done, running.cell))
        finish_run(step, run, state, message)


def forget_runs(step: Transition, why: ReasonKind) -> None:
    """Nothing that ran counts any more: no version of any name is left."""
    lose_records(step, why)
    step.change(
        bound=PersistentMap(),
        unsettled=PersistentSet(),
        settled=Settled(),
        forget=PersistentSet(),
        moves={},
        readers={},
    )
    step.touch_everything()


def lose_records(step: Transition, why: ReasonKind) -> None:
    """What is known of the runs that there were holds no more."""
    step.change(settled=step.state.settled.nowhere(), leading=())
    step.change(records=PersistentMap(), lost=step.state.lost | dict.fromkeys(step.state.records, why))


HANDLERS: dict[type, Callable[[Any, Transition], None]] = {
    RunCells: run_cells,
    InterruptRun: interrupt_run,
    RestartKernel: restart_kernel,
}
