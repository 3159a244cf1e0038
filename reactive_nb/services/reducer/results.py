"""What a finished run leaves behind: its record, and whose versions the namespace then holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from reactive_nb.execution.records import Inputs, Outcome, Records, RunRecord, inputs_now
from reactive_nb.models import Cell, CellType, DependencyGraph
from reactive_nb.models.persistent import PersistentMap
from reactive_nb.services.reducer.transition import Transition
from reactive_nb.services.state import Execution

Report = Mapping[str, Any]
"""What the kernel-side helper says of a run; empty if the kernel has none."""


NOBODY: frozenset[str] = frozenset()


def seen_from(graph: DependencyGraph, cell_id: str, report: Report) -> Report:
    """The report, where names of cells further down whose objects the cell changed too are set apart as `below`.

    It was not given them, or ahead of their time: what it does to them counts for nobody else. Objects of these cells
    that it could not leave as they were are `lent` to it.
    """
    own = graph.nodes[cell_id].writes.union(report.get("bound", ()), report.get("deleted", ()))
    changed = [name for name in report.get("changed", ()) if name not in own]
    below = {name for name in (*changed, *report.get("elsewhere", ())) if graph.writer_above(cell_id, name) is None}
    if not below:
        return report
    parts: dict[str, Any] = {part: [name for name in report[part] if name not in below] for part in ("changed", "kept")}
    place = graph.places
    parts["spoiled"], parts["lent"] = [], []
    for other, name in report["spoiled"]:
        is_lent = name in below and place.get(other, -1) > place[cell_id]
        parts["lent" if is_lent else "spoiled"].append([other, name])
    return {**report, **parts, "below": sorted(below)}


def record_run(
    step: Transition, running: Execution, cell: Cell, outcome: Outcome, report: Report, *, refined: bool = False
) -> None:
    """Note how the run of `cell` ended and what it did to names. `refined`: it is why the graph is another now."""
    state, graph = step.state, step.graph
    writes = graph.nodes[cell.id].writes
    kept = frozenset(report["kept"]) if "kept" in report else writes
    deleted = frozenset(report.get("deleted", ()))
    goes_on = cell.config.continue_on_error or "raises-exception" in (cell.metadata.get("tags") or ())
    provides = outcome is Outcome.OK or (outcome is Outcome.ERROR and goes_on)
    below = frozenset(report.get("below", ()))
    record = RunRecord(
        number=running.number,
        source=running.source,
        inputs=_with_learned(running, graph, state.records) if refined else running.inputs,
        outcome=outcome,
        provides=provides,
        kept=kept,
        deleted=deleted,
        below=below,
        since=_since(state.records.get(cell.id), report.get("same", ())) if provides else {},
        widgets=dict(report.get("widgets", ())),
        widgets_read={comm: running.moves.get(comm, 0) for comm in report.get("widgets_read", ())},
    )
    note_readers(step, cell.id, record.widgets_read)
    records = spoil(state.records.set(cell.id, record), cell.id, report)
    bound = state.bound.without(*deleted, *below) | dict.fromkeys(kept, cell.id)
    unsettled = {name for name in writes if name in graph.several} | below
    if not record.provides:
        unsettled |= kept
    before = state.records.get(cell.id)
    if before is not None:
        unsettled |= before.kept - kept
    lending = state.lending.union(other for other, _ in report.get("lent", ()))
    step.change(records=records, bound=bound, settled=state.settled.ended(running.place), lending=lending)
    step.unsettle(unsettled)
    if cell.type is CellType.CODE:
        step.overtake(cell.id)
    step.touch(
        cell.id, *graph.users_of(cell.id), *(other for other, _ in report.get("spoiled", ()) if other in graph.nodes)
    )


def _with_learned(running: Execution, graph: DependencyGraph, records: Records) -> Inputs:
    """The inputs of a run that was seen to use other names than was known when it began.

    A name of which another cell is the provider by now is left as it was: the run did not get that one's.
    """
    cell, then = running.cell, running.graph
    if then is graph:
        return running.inputs
    given = {name for name, _, _ in running.inputs}

    def as_then(name: str) -> bool:
        return then.writer_above(cell, name) == graph.writer_above(cell, name)

    found = inputs_now(graph, records, cell)
    used = {name for name, _, _ in found}
    kept = [entry for entry in running.inputs if entry[0] in used or not as_then(entry[0])]
    return tuple(sorted([*kept, *(entry for entry in found if entry[0] not in given and as_then(entry[0]))]))


def _since(before: RunRecord | None, same: Iterable[str]) -> dict[str, int]:
    """For each name that the run left as the one before it had: the number of the run that made it so."""
    if before is None or not before.provides:
        return {}
    return {name: before.since.get(name, before.number) for name in same if name in before.kept - before.spoiled}


def note_readers(step: Transition, cell: str, widgets: Iterable[str]) -> None:
    """The cell has looked at these widgets."""
    readers = step.state.readers
    more = {comm: readers.get(comm, NOBODY) | {cell} for comm in widgets if cell not in readers.get(comm, NOBODY)}
    if more:
        step.change(readers={**readers, **more})


def leave_no_trace(step: Transition, cell_id: str, report: Report) -> None:
    """The cell was removed while it ran, provides nothing any more, or runs again: what it did to names is undone."""
    state = step.state
    names, deleted = frozenset(report.get("kept", ())), frozenset(report.get("deleted", ()))
    step.change(
        lost=state.lost.without(cell_id),
        records=spoil(state.records.without(cell_id), cell_id, report),
        forget=state.forget | {cell_id},
        bound=state.bound.without(*deleted) | dict.fromkeys(names, cell_id),
    )
    step.unsettle(names | deleted)
    step.reconsider_overtaking()


def spoil(records: PersistentMap[str, RunRecord], cell_id: str, report: Report) -> PersistentMap[str, RunRecord]:
    """`records`, where those whose objects the cell has changed in place say so."""
    for other, name in report.get("spoiled", ()):
        record = records.get(other)
        if record is not None and record.provides and other != cell_id:  # nobody needs what a failed cell made
            records = records.set(other, replace(record, spoiled=record.spoiled | {name}))
    for other, name in report.get("lent", ()):
        record = records.get(other)
        if record is not None and record.provides and cell_id in records:
            lent = {**record.lent, name: {**record.lent.get(name, {}), cell_id: records[cell_id].number}}
            records = records.set(other, replace(record, lent=lent))
    return records
