"""What runs next: looked up anew whenever nothing is running.

A cell that is next may first need others (an edit made a provider stale, or its object was changed in place), or may
be blocked by one that failed; only then is it given to the kernel.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace

from reactive_nb.execution.namespace import NamespaceStep, final_bindings, not_final
from reactive_nb.execution.pending import Pending
from reactive_nb.execution.records import Outcome, RunRecord, inputs_now
from reactive_nb.execution.scheduler import Situation, with_dependants
from reactive_nb.execution.settled import Settled
from reactive_nb.models import CellError, CellType, DependencyGraph, KernelState
from reactive_nb.models.persistent import PersistentSet
from reactive_nb.schemas.events import RunFinished
from reactive_nb.schemas.runs import RunState
from reactive_nb.services import views
from reactive_nb.services.effects import BindNames, ExecuteBatch, StartKernel, StopBatch
from reactive_nb.services.reducer.ahead import look_ahead
from reactive_nb.services.reducer.next_cell import blocked_by, bound_after, execution_of, needed_first
from reactive_nb.services.reducer.transition import Transition
from reactive_nb.services.state import MOST_AT_ONCE, Execution, Run, SessionState

MOST_PULLS = 3
"""How often, in one run, a creator is run again because its object was changed in place."""
MOST_TIMES = 8
"""How often, in one run, a cell runs at all within a short time."""


def settle(step: Transition) -> None:
    """Graph, staleness and what runs next, after an operation."""
    step.refresh()
    if step.state.ahead and (
        step.state.graph is not step.before.graph or step.state.notebook.revision != step.before.notebook.revision
    ):
        step.do(StopBatch())
    _advance(step)
    step.refresh()


def _advance(step: Transition) -> None:
    """Finish the runs that are over, and give the kernel the next cell if it is free."""
    while step.state.running is None:
        _finish_runs(step)
        if not step.state.runs:
            _settle_names(step)
            return
        now = step.now()
        cell = next(step.state.pending_in_order())
        if _leave_circle(step, cell):
            continue
        if _is_fresh_again(step, cell):
            mark_needless(step, cell)
            continue
        if _pull_in(step, now, cell):
            continue
        unreadable = _unreadable(step.state, cell)
        if unreadable is not None:
            _end_without_running(step, cell, Outcome.ERROR, unreadable)
            continue
        blocked = _blocked(step, now, cell)
        if blocked is not None:
            _end_without_running(step, cell, Outcome.BLOCKED, blocked)
            continue
        if not step.state.notebook.by_id[cell].source.strip():
            _end_without_running(step, cell, Outcome.OK)
            continue
        if not step.state.kernel.alive:
            _start_kernel(step)
            return
        _start(step, now, cell)


def _unreadable(state: SessionState, cell: str) -> CellError | None:
    """What is wrong with the values in a text, or the parameters of SQL: there is nothing to be given to a kernel."""
    problem = state.knowledge[cell].problem
    if problem is None or state.notebook.by_id[cell].type not in (CellType.MARKDOWN, CellType.SQL):
        return None
    return CellError("syntax", problem.message, line=problem.line)


def _finish_runs(step: Transition) -> None:
    over = [run for run in step.state.runs if not run.pending]
    if over:
        step.change(runs=tuple(run for run in step.state.runs if run.pending))
        for run in over:
            finish_run(step, run, RunState.INTERRUPTED if run.interrupted else RunState.FINISHED)


def finish_run(step: Transition, run: Run, state: RunState, message: str | None = None) -> None:
    step.emit_last(RunFinished(run_id=run.id, state=state, cells=list(run.done), message=message))
    if run.done:
        step.save(urgent=False)


def _leave_circle(step: Transition, cell: str) -> bool:
    """Whether the cell has run so often of late that it would do so for ever, as cells that undo each other's work.

    Then that run is over, and what is stale stays so.
    """
    circling = [run for run in step.state.runs if cell in run.pending and _circles(run, cell, len(step.state.records))]
    for run in circling:
        replace_run(step, replace(run, pending=Pending()))
    return bool(circling)


def _circles(run: Run, cell: str, cells: int) -> bool:
    if run.done[-8 * MOST_TIMES :].count(cell) >= MOST_TIMES:
        return True
    return len(run.done) > 2 * cells + 8 * MOST_TIMES and run.done.count(cell) >= MOST_TIMES


def _is_fresh_again(step: Transition, cell: str) -> bool:
    """Whether all that made the cell stale has turned out to leave what it had left before."""
    state = step.state
    if cell in state.stale or cell not in state.records:
        return False
    providers = set(step.graph.nodes[cell].providers.values())
    if not any(provider in state.records and state.records[provider].since for provider in providers):
        return False
    return not any(
        cell in (run.asked or ()) or cell in run.pulled or run.of_widgets for run in state.runs if cell in run.pending
    )


def mark_needless(step: Transition, cell: str) -> None:
    """The cell need not run after all."""
    step.change(runs=tuple(replace(run, pending=run.pending - {cell}) for run in step.state.runs))


def _pull_in(step: Transition, now: Situation, cell: str) -> bool:
    """Whether others must run before `cell`: its stale ancestors, and creators of objects changed in place since."""
    run = next(run for run in step.state.runs if cell in run.pending)
    ancestors, creators = needed_first(now, step.state.stale, cell)
    creators = {c for c in creators if run.pulled.get(c, 0) < MOST_PULLS}
    more = (ancestors | creators) - step.state.pending
    if not more:
        return False
    pulled = {**run.pulled, **{c: run.pulled.get(c, 0) + 1 for c in creators}}
    wider = with_dependants(now, more, follow=step.state.following(run))
    replace_run(step, replace(run, pending=run.pending | wider, pulled=pulled))
    return True


def replace_run(step: Transition, run: Run) -> None:
    step.change(runs=tuple(run if other.id == run.id else other for other in step.state.runs))


def _blocked(step: Transition, now: Situation, cell: str) -> CellError | None:
    """What blocks the cell, as a fresh run would find it.

    Without the names that earlier runs of it missed, for that would not miss them; and a name that it was seen to read,
    unseen in the source, keeps nobody from trying.
    """
    blocked = blocked_by(step.state, now, cell)
    known = step.state.knowledge[cell]
    if blocked is None or not (known.missed or known.read):
        return blocked
    as_written: CellError | None = None
    for less in (replace(known, missed=frozenset(), read=frozenset()), replace(known, read=frozenset())):
        if less != known:
            step.know(cell, less)
            as_written = blocked_by(step.state, step.now(), cell)
            if as_written is not None:
                return as_written
    step.know(cell, known)
    step.refresh()
    return None if known.read else blocked


def _end_without_running(step: Transition, cell: str, outcome: Outcome, error: CellError | None = None) -> None:
    """It is blocked, or there is nothing in it: either way it leaves nothing behind."""
    if outcome is Outcome.BLOCKED:
        _unlearn(step, cell)
    state = step.state
    number = state.number + 1
    current = state.notebook.by_id[cell]
    record = RunRecord(
        number,
        step.state.notebook.sources[cell],
        inputs_now(step.graph, state.records, cell),
        outcome,
        provides=outcome is Outcome.OK,
    )
    before = state.records.get(cell)
    step.change(
        number=number,
        records=state.records.set(cell, record),
        forget=state.forget | {cell},
    )
    step.unsettle(step.graph.nodes[cell].writes | (before.kept if before else frozenset()))
    if current.type is CellType.CODE:
        step.overtake(cell)
    if current.outputs:
        views.clear_outputs(step.events, cell)
    if current.outputs or before is not None:  # it may have updated what others show
        step.forget_outputs(cell)
    step.set_cell(replace(current, outputs=(), error=error, execution_count=None, started_at=None, duration_ms=None))
    mark_done(step, cell)
    step.touch(cell, *step.graph.users_of(cell))


def _unlearn(step: Transition, cell: str) -> None:
    """What earlier runs showed it to bind does not hold for a cell that a fresh run would not get to run."""
    known = step.state.knowledge[cell]
    if not known.observed and not known.read:
        return
    users = step.graph.users_of(cell)
    step.know(cell, replace(known, observed=frozenset(), changed=frozenset(), read=frozenset()))
    pull_in_dependants(step, cell, users)


def pull_in_dependants(step: Transition, cell: str, concerned: AbstractSet[str]) -> None:
    """A run of `cell` concerns these others: they run too, with what depends on them, as far as its runs follow."""
    now = step.now()
    for run in step.state.runs:
        if cell in run.pending and not run.interrupted:
            follow = step.state.following(run)
            others = {other for other in concerned if other in now.graph.rank and follow(other)}
            more = with_dependants(now, others - now.manual, follow=follow) - {cell} - now.manual
            replace_run(step, replace(run, pending=run.pending | more))


def mark_done(step: Transition, cell: str) -> None:
    step.change(
        runs=tuple(
            replace(run, pending=run.pending - {cell}, done=(*run.done, cell)) if cell in run.pending else run
            for run in step.state.runs
        )
    )


def mark_ended(step: Transition, execution: Execution, outcome: Outcome) -> None:
    """A run of the cell has ended: it is not to run any more, but in runs which that was not good enough for.

    Those are the runs in which something above it is still to run, or the kernel began with it when the plan had
    changed already; and those that were asked for while it was being interrupted. An interrupted run awaits no more.
    """
    cell = execution.cell
    by_user = outcome is Outcome.INTERRUPTED and execution.interrupted
    if by_user:
        _run_what_was_interrupted(step, cell)
    again = execution.premature or by_user
    if not again:
        first = next(step.state.pending_in_order(), cell)
        again = first != cell and not _above(step.graph, cell).isdisjoint(step.state.pending)
    step.change(
        runs=tuple(
            replace(run, pending=run.pending - {cell}, done=(*run.done, cell))
            if cell in run.pending and (run.interrupted or not again)
            else run
            for run in step.state.runs
        )
    )


def _run_what_was_interrupted(step: Transition, cell: str) -> None:
    """Those who asked for all that is stale while the cell was being interrupted mean that cell too."""
    now = step.now()
    if cell in now.manual:
        return
    for run in step.state.runs:
        if run.asked is None and not run.interrupted and cell not in run.pending:
            more = with_dependants(now, {cell}, follow=step.state.following(run))
            replace_run(step, replace(run, pending=run.pending | more))


def _above(graph: DependencyGraph, cell: str) -> set[str]:
    """The cells that `cell` gets names from, however far up."""
    found: set[str] = set()
    todo = [cell]
    while todo:
        more = set(graph.nodes[todo.pop()].providers.values()) - found
        found |= more
        todo += more
    return found - {cell}


def _start_kernel(step: Transition) -> None:
    if step.state.kernel in (KernelState.NONE, KernelState.DEAD):
        step.change(kernel=KernelState.STARTING, kernel_message=None)
        step.do(StartKernel())


def _start(step: Transition, now: Situation, cell_id: str) -> None:
    first, effect = execution_of(step.state, now, cell_id)
    step.change(running=first, number=first.number)
    following = look_ahead(step) if step.state.batches else []
    if not following:
        step.do(effect)
        return
    executions = [part.execution for part in following]
    given = 1 + len(following)
    reach = min(4 * step.state.reach, MOST_AT_ONCE)  # unless it turns out to be too many, too
    settled = step.state.settled.counting_from(executions[-1].doubts)
    step.change(ahead=tuple(executions), number=executions[-1].number, given=given, reach=reach, settled=settled)
    step.do(ExecuteBatch((effect, *(part.effect for part in following)), tuple(part.condition for part in following)))


def _settle_names(step: Transition) -> None:
    """Nothing is left to run: leave each name as its last definer made it."""
    state = step.state
    if not state.unsettled and not state.forget:
        return
    if not state.kernel.alive:
        if not state.bound:
            step.change(unsettled=PersistentSet(), settled=Settled(), forget=PersistentSet())
        return
    bind = final_bindings(step.graph, state.records, state.bound, state.unsettled)
    names = NamespaceStep("", bind, tuple(sorted(state.forget)), (), ())
    left = not_final(step.graph, state.records, {*state.unsettled, *state.settled.doubtful})
    step.change(
        unsettled=PersistentSet(),
        settled=state.settled.finally_at_bottom(step.graph).doubting(left),
        forget=PersistentSet(),
        bound=bound_after(state.bound, names),
    )
    if bind or names.forget:
        step.do(BindNames(names))
