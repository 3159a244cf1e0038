"""What a kernel did: it started, ran a cell, died; and what is learned from it.

A run reports which names it really bound, removed and changed in place. Names that the analysis missed become observed
definitions of the cell until its source changes, and whoever waited for them runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from reactive_kernels import ExecuteReply
from reactive_nb.execution.ambient import is_ambient
from reactive_nb.execution.reasons import ReasonKind
from reactive_nb.execution.records import Outcome, inputs_now
from reactive_nb.execution.scheduler import with_dependants
from reactive_nb.formats import kernelspecs
from reactive_nb.models import Cell, CellError, KernelState
from reactive_nb.schemas.runs import RunState
from reactive_nb.services import views
from reactive_nb.services.effects import StartKernel
from reactive_nb.services.operations import (
    BatchEnded,
    CellFinished,
    CellStarted,
    ForeignRun,
    InterruptIgnored,
    KernelChanged,
)
from reactive_nb.services.reducer.ahead import reach_after
from reactive_nb.services.reducer.next_cell import begin, is_premature
from reactive_nb.services.reducer.planning import mark_done, mark_ended, pull_in_dependants, replace_run
from reactive_nb.services.reducer.results import Report, leave_no_trace, record_run, seen_from
from reactive_nb.services.reducer.runs import abandon, forget_runs, lose_records, replace_kernel
from reactive_nb.services.reducer.transition import Transition
from reactive_nb.services.reducer.widgets import run_behind
from reactive_nb.services.state import Execution


def kernel_changed(operation: KernelChanged, step: Transition) -> None:
    state = operation.state
    language = operation.language or step.state.language
    _note_language(step, operation)
    if (state, operation.message, language) == (step.state.kernel, step.state.kernel_message, step.state.language):
        return
    step.change(kernel=state, kernel_message=operation.message, language=language, batches=operation.batches)
    if state is KernelState.DEAD:
        message = operation.message or "The kernel died."
        abandon(step, RunState.FAILED, message, "kernel")
        forget_runs(step, ReasonKind.DIED)
        if step.state.notebook.settings.restart_dead_kernel and step.before.kernel.alive:
            step.change(kernel=KernelState.STARTING)
            step.do(StartKernel())
    elif state is KernelState.NONE:
        abandon(step, RunState.FAILED, operation.message or "The kernel was shut down.", "kernel")
        forget_runs(step, ReasonKind.ENDED)


def _note_language(step: Transition, operation: KernelChanged) -> None:
    """What the kernel says of its language is kept with the notebook, for whoever shows it without a kernel."""
    notebook = step.state.notebook
    if operation.language_info:
        metadata = kernelspecs.with_language(notebook.metadata, operation.language_info)
        if metadata is not notebook.metadata:
            step.change(notebook=replace(notebook, metadata=metadata))
            step.save(urgent=False)


def cell_started(operation: CellStarted, step: Transition) -> None:
    running = step.state.running
    if running is None or running.number != operation.number:
        return
    running = _as_it_begins(step, running)
    step.change(running=running)
    begin(step, running)
    cell = step.state.notebook.cell(running.cell)
    if cell is None or running.void:
        return
    if cell.outputs:
        views.clear_outputs(step.events, cell.id)
    step.set_cell(
        replace(cell, outputs=(), error=None, execution_count=None, started_at=operation.at, duration_ms=None)
    )


def _as_it_begins(step: Transition, running: Execution) -> Execution:
    """What was planned may have changed since the kernel was given the cell, perhaps together with others."""
    now = step.now()
    if running.void or running.cell not in now.graph.nodes:
        return replace(running, started=True, premature=True)
    inputs = inputs_now(now.graph, now.records, running.cell)
    if is_premature(now, step.state.stale, running, inputs):
        return replace(running, started=True, premature=True)
    return replace(running, started=True, inputs=inputs, graph=now.graph)


def cell_finished(operation: CellFinished, step: Transition) -> None:
    running = step.state.running
    if running is None or running.number != operation.number:
        return  # its kernel is gone, and was said to be
    _go_on(step)
    cell = step.state.notebook.cell(running.cell)
    report: Report = (operation.reply.report if operation.reply else None) or {}
    if cell is None or running.void:
        leave_no_trace(step, running.cell, report)
        _give_up_kernel(step, operation)
        return
    if cell.id not in step.graph.nodes:  # disabled meanwhile
        leave_no_trace(step, running.cell, report)
        _show(step, cell, operation)
        _give_up_kernel(step, operation)
        return
    if operation.outcome is Outcome.ERROR and _waits_for_name_below(step, cell, report.get("name_error")):
        leave_no_trace(step, cell.id, report)
        return
    report = seen_from(step.graph, cell.id, report)
    refined = _learn(step, cell, operation, report)
    record_run(step, running, cell, operation.outcome, report, refined=refined)
    _run_who_shares(step, cell.id)
    _note_new_ways(step, cell.id, report)
    _show(step, cell, operation)
    mark_ended(step, running, operation.outcome)
    run_behind(step, {cell.id})  # widgets may have been moved while it ran
    _give_up_kernel(step, operation)


def _give_up_kernel(step: Transition, operation: CellFinished) -> None:
    """A cell of which the kernel did not say how it ended may still be running, and nothing else can then."""
    if operation.outcome is Outcome.KERNEL:
        abandon(step, RunState.FAILED, operation.message or "The kernel does not answer.", "kernel")


def _go_on(step: Transition) -> None:
    """The kernel turns to the next cell that it has been given, if there is one."""
    ahead = step.state.ahead
    step.change(running=ahead[0] if ahead else None, ahead=ahead[1:])
    if step.state.kernel_message is not None:  # what was said of the cell that has ended
        step.change(kernel_message=None)


def interrupt_ignored(operation: InterruptIgnored, step: Transition) -> None:
    if step.state.running is None:
        return
    if operation.restart:
        replace_kernel(step, "The kernel was restarted: the cell took no notice of an interrupt.")
    else:
        step.change(kernel_message="The cell takes no notice of the interrupt. Restart the kernel to end it.")


def batch_ended(operation: BatchEnded, step: Transition) -> None:
    """What was given ahead was given on an assumption that did not hold, or there was no time left for it."""
    running = step.state.running
    if running is None or running.number != operation.number:
        return
    dropped = {running.cell, *(execution.cell for execution in step.state.ahead)}
    runs = (replace(run, pending=run.pending - dropped) if run.interrupted else run for run in step.state.runs)
    reach = reach_after(step.state.given - 1 - len(step.state.ahead))
    step.change(running=None, ahead=(), runs=tuple(runs), reach=reach)


def _waits_for_name_below(step: Transition, cell: Cell, name: str | None) -> bool:
    """A name it failed for is first defined further down: then this was no result, and it runs again after that."""
    known = step.state.knowledge[cell.id]
    if name is None or name in known.missed:
        return False
    matters = name in step.graph.writers and name not in step.graph.nodes[cell.id].providers
    step.know(cell.id, replace(known, missed=known.missed | {name}))
    if not matters or name not in step.graph.nodes[cell.id].providers:
        return False
    now = step.now()
    run = next((run for run in step.state.runs if cell.id in run.pending and not run.interrupted), None)
    if run is None:
        return False
    dependants = with_dependants(now, {cell.id}, follow=step.state.following(run))
    replace_run(step, replace(run, pending=run.pending | dependants))
    step.touch(cell.id, *step.graph.users_of(cell.id))
    return True


def _learn(step: Transition, cell: Cell, operation: CellFinished, report: Report) -> bool:
    """Whether the run wrote or read other names, unseen in the source, than was known: then the graph is refined.

    What this run did counts, not what earlier ones did: a fresh run would know no more.
    """
    known = step.state.knowledge[cell.id]
    bound = {name for part in ("bound", "deleted") for name in report.get(part, ())}
    in_place = {name for part in ("changed", "below") for name in report.get(part, ())}
    as_written = step.graph.nodes[cell.id].writes - known.observed
    observed = frozenset((bound | in_place) - as_written)
    changed = observed - bound
    looked_at = frozenset(report.get("read", ())) - known.analysis.uses
    ambient = frozenset(filter(is_ambient, looked_at)), frozenset(filter(is_ambient, observed))
    refined = _note_ambient(step, cell.id, *ambient)
    known = step.state.knowledge[cell.id]
    read = frozenset(name for name in looked_at if not is_ambient(name))
    if operation.outcome in (Outcome.INTERRUPTED, Outcome.KERNEL):
        observed |= known.observed
        changed |= known.changed
        read |= known.read
    wrote = observed == known.observed and changed == known.changed
    if wrote and read == known.read:
        return refined
    if wrote and not any(name in step.graph.writers for name in read ^ known.read):
        step.know(cell.id, replace(known, read=read))  # it counts when somebody comes to write them
        return refined
    concerned = step.graph.users_of(cell.id) | {cell.id}
    step.refresh()
    stale = step.state.stale
    step.know(cell.id, replace(known, observed=observed, changed=changed, read=read))
    step.refresh()
    pull_in_dependants(step, cell.id, concerned | step.graph.users_of(cell.id) | (step.state.stale - stale))
    return True


def _run_who_shares(step: Transition, cell: str) -> None:
    """Others find what the cell has made of objects that it waited for, or made of them the last time."""
    sharing = step.sharing() - {cell}
    if sharing:
        step.touch(*sharing)
        step.refresh()
        pull_in_dependants(step, cell, sharing & step.state.stale)


def _note_new_ways(step: Transition, cell: str, report: Report) -> None:
    """By names that the cell has made, cells further down come to objects that they change: they change those too.

    They have not run since; when they do, they report what they really change.
    """
    graph, places = step.graph, step.graph.places
    learned: dict[str, set[str]] = {}
    for name, other in report.get("ways", ()):
        if places.get(other, -1) > places[cell] and other in graph.nodes and name not in graph.nodes[other].writes:
            learned.setdefault(other, set()).add(name)
    for other, names in learned.items():
        known = step.state.knowledge[other]
        step.know(other, replace(known, observed=known.observed | names, changed=known.changed | names))
    if learned:
        pull_in_dependants(step, cell, learned.keys())


def _note_ambient(step: Transition, cell: str, read: frozenset[str], changed: frozenset[str]) -> bool:
    """State without a name that a run may have looked at, and that it changed; whether the cell's inputs are others so.

    What is looked at matters only once some cell changes it, and then for all that have.
    """
    concerned = False
    state = step.state
    known = state.knowledge[cell]
    if read != known.ambient:
        step.change(knowledge=state.knowledge.set(cell, replace(known, ambient=read)))
        if (read ^ known.ambient) & state.ambient:
            step.regraph(cell)
            concerned = True
    if not changed <= state.ambient:
        step.change(ambient=state.ambient | changed, settled=state.settled.doubting(changed))
        knowledge = step.state.knowledge
        step.regraph(*(other for other in knowledge if not knowledge[other].ambient.isdisjoint(changed)))
    return concerned


def _show(step: Transition, cell: Cell, operation: CellFinished) -> None:
    reply = operation.reply
    error: CellError | None = None
    if operation.outcome is not Outcome.OK:
        message = operation.message or _error_text(operation.outcome, reply)
        name = ((reply.report if reply else None) or {}).get("name_error")
        error = views.failure(step.state, cell.id, operation.outcome, message, name)
    step.set_cell(
        replace(
            step.state.notebook.by_id[cell.id],
            execution_count=reply.execution_count if reply and cell.type.runs else None,
            duration_ms=round(operation.duration_ms, 3),
            error=error,
        )
    )


def _error_text(outcome: Outcome, reply: ExecuteReply | None) -> str:
    told = ": ".join(filter(None, (reply.ename, reply.evalue))) if reply else ""
    if told or outcome is not Outcome.ERROR:
        return told or "It was interrupted."
    return "It failed; what it printed may say why."


def foreign_run(_: ForeignRun, step: Transition) -> None:
    """Nobody knows what the names hold now: every cell is stale. What is `bound` stays so, until something runs."""
    running = step.state.running
    if running is not None and running.started:  # it has ended, though that has not been heard
        mark_done(step, running.cell)
        step.change(running=replace(running, void=True))
    step.change(forget=step.state.forget | step.state.records.keys())
    lose_records(step, ReasonKind.FOREIGN)
    step.touch_everything()


HANDLERS: dict[type, Callable[[Any, Transition], None]] = {
    KernelChanged: kernel_changed,
    CellStarted: cell_started,
    CellFinished: cell_finished,
    BatchEnded: batch_ended,
    InterruptIgnored: interrupt_ignored,
    ForeignRun: foreign_run,
}
