"""Cells that can be given to the kernel together: asking it for one at a time takes longer than most cells do.

What comes after a cell depends on what that cell does. So it is supposed that the cell does what its last run, or its
source, lets expect; the kernel checks that, and stops at the first that does something else. It stops as well when its
time is up: so it is given about as many as it came to the last time, and more again when it came to all.
"""

from __future__ import annotations

from dataclasses import dataclass

from reactive_nb.execution.records import Outcome
from reactive_nb.models import CellType
from reactive_nb.services.effects import Execute
from reactive_nb.services.reducer.next_cell import begin, blocked_by, execution_of, needed_first
from reactive_nb.services.reducer.results import record_run
from reactive_nb.services.reducer.transition import Transition
from reactive_nb.services.state import MOST_AT_ONCE, Execution, SessionState

Expected = dict[str, list[str]]
"""Parts of the report of a run (see `kernel_step`)."""


@dataclass(frozen=True, slots=True)
class Following:
    """A cell that may follow at once, if the one before did as expected."""

    condition: Expected
    execution: Execution
    effect: Execute


def look_ahead(step: Transition) -> list[Following]:
    """What the kernel can go on with after the cell that it is about to be given."""
    before = step.state.running
    if before is None or not _can_be_part(step.state, before.cell):
        return []
    found: list[Following] = []
    supposed = Transition(step.state)
    for cell in step.state.pending_in_order():
        if cell == before.cell:
            continue
        condition = _expected(supposed.state, before)
        if condition is None or not _can_be_part(supposed.state, cell) or len(found) + 1 >= step.state.reach:
            break
        _suppose(supposed, before, condition)
        now = supposed.now()
        ancestors, creators = needed_first(now, supposed.state.stale, cell)
        if ancestors - {cell} or creators or blocked_by(supposed.state, now, cell) is not None:
            break
        before, effect = execution_of(supposed.state, now, cell, ahead=True)
        supposed.change(number=before.number)
        found.append(Following(condition, before, effect))
    return found


def reach_after(done: int) -> int:
    """How many cells to give to a kernel that came to so many of those that it was given."""
    return min(done + done // 4 + 4, MOST_AT_ONCE)


def _can_be_part(state: SessionState, cell_id: str) -> bool:
    cell = state.notebook.by_id[cell_id]
    if cell.config.timeout is not None or not cell.source.strip():
        return False
    if cell.type is CellType.SQL:
        return state.notebook.settings.database is None and state.knowledge[cell_id].sql is not None
    return cell.type is CellType.PYTHON


def _expected(state: SessionState, execution: Execution) -> Expected | None:
    """What the run will report; None if that can't be told."""
    record = state.records.get(execution.cell)
    if record is not None and record.source == execution.source and record.outcome is Outcome.OK:
        return {"kept": sorted(record.kept), "deleted": sorted(record.deleted)}
    known = state.knowledge[execution.cell]
    analysis = known.analysis
    if known.problem or known.learned or analysis.maybe or analysis.opaque:
        return None
    if state.graph.nodes[execution.cell].writes != analysis.defines | analysis.mutates | analysis.deletes:
        return None
    return {
        "kept": sorted((analysis.defines | analysis.mutates) - analysis.deletes),
        "deleted": sorted(analysis.deletes),
    }


def _suppose(supposed: Transition, execution: Execution, report: Expected) -> None:
    begin(supposed, execution)
    record_run(supposed, execution, supposed.state.notebook.by_id[execution.cell], Outcome.OK, report)
