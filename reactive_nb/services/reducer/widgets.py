"""Widgets are inputs: when one is moved, the cells that have looked at it run again.

The rule: a move makes stale each cell whose last run read the widget, and (unless the notebook is lazy, or the cell
runs only when it is asked to) runs it with all that depends on it. The cell that made the widget has not read it, in
this sense, and does not run. What was stale before for another reason stays so: a move runs no edited cell. There is at
most one such run; moves that come while it lasts widen it, so that the newest value wins and no backlog builds up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from reactive_nb.execution.pending import Pending
from reactive_nb.execution.scheduler import Situation, behind_widgets, everybody, stale_ancestors, with_dependants
from reactive_nb.schemas.events import RunStarted
from reactive_nb.services.effects import StopBatch
from reactive_nb.services.operations import MoveWidget
from reactive_nb.services.reducer.results import NOBODY
from reactive_nb.services.reducer.transition import Transition
from reactive_nb.services.state import Run


def move_widget(operation: MoveWidget, step: Transition) -> None:
    state, comm = step.state, operation.comm_id
    readers = {cell for cell in state.readers.get(comm, NOBODY) if _reads(step, cell, comm)}
    step.change(
        moves={**state.moves, comm: state.moves.get(comm, 0) + 1},
        readers={**state.readers, comm: frozenset(readers)},
    )
    step.touch(*readers)
    if state.ahead:
        step.do(StopBatch())  # what was given ahead may look at the widget
    run_behind(step, readers, operation.run_id)


def _reads(step: Transition, cell: str, comm: str) -> bool:
    record = step.state.records.get(cell)
    return record is not None and comm in record.widgets_read and cell in step.graph.nodes


def run_behind(step: Transition, readers: set[str], run_id: str | None = None) -> None:
    """Those of `readers` that are behind the widgets they looked at are to run.

    Without `run_id` only as part of a run that is under way.
    """
    readers = {cell for cell in readers if step.state.records[cell].widgets_read}
    if not readers:
        return
    now = step.now()
    if now.lazy:
        return
    wanted = {cell for cell in readers - now.manual if _is_only_behind(step, now, cell)}
    current = _under_way(step, wanted)
    cells = with_dependants(now, wanted, follow=everybody) if wanted else wanted
    if current is not None:
        widened = replace(current, pending=current.pending | cells)
        step.change(runs=tuple(widened if run is current else run for run in step.state.runs))
    elif cells and run_id is not None:
        asked = now.graph.in_document_order(wanted)
        step.change(runs=(*step.state.runs, Run(run_id, asked, Pending(cells), of_widgets=True)))
        step.emit(RunStarted(run_id=run_id, cells=list(now.graph.in_running_order(cells))))


def _under_way(step: Transition, wanted: set[str]) -> Run | None:
    """The run that widgets have caused, or the one in which one of these cells has just ended."""
    going = [run for run in step.state.runs if not run.interrupted]
    ended = (run for run in going if run.done and run.done[-1] in wanted)
    return next((run for run in going if run.of_widgets), None) or next(ended, None)


def _is_only_behind(step: Transition, now: Situation, cell: str) -> bool:
    """Whether the cell's result is out of date for a widget's move, and nothing that it needs was edited."""
    record = now.records[cell]
    if record.source != now.sources[cell] or not behind_widgets(record, now.moves):
        return False
    above = stale_ancestors(now, step.state.stale, [cell]) - step.state.pending
    return all(other in now.records and now.records[other].source == now.sources[other] for other in above)


HANDLERS: dict[type, Callable[[Any, Transition], None]] = {MoveWidget: move_widget}
