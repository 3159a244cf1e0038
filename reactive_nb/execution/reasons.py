"""Why a cell is stale: what a run would use now, beside what its last run used.

A pure function of what the scheduler looks at; nothing is noted when things happen, so a reason can be given at any
time and vanishes with what it speaks of. The rules: a cell is outdated exactly if it has a reason of its own, and stale
exactly if it has any; what is said of a cell follows from itself and its providers alone, so that it costs what is
told. Who wants to know where staleness comes from follows it upwards: `causes`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from reactive_nb.execution.records import Inputs, Outcome, RunRecord, inputs_now
from reactive_nb.execution.scheduler import Situation, left_changed, outdated, overtaken_by

DISABLED, DEFINED_TWICE = -1, -2
"""Numbers that stand for no run in `Inputs`."""


class ReasonKind(StrEnum):
    """What has become of a cell since its last run."""

    NEVER_RAN = "never-ran"
    OPENED = "opened"
    """Its outputs are from before the notebook was opened."""
    RESTARTED = "kernel-restarted"
    DIED = "kernel-died"
    ENDED = "kernel-ended"
    """The kernel was shut down."""
    REPLACED = "kernel-replaced"
    """The notebook was given another kernel."""
    FOREIGN = "foreign-run"
    """Another client of the kernel has run something: nobody knows what the names hold."""
    EDITED = "edited"
    INTERRUPTED = "interrupted"
    UNFINISHED = "unfinished"
    """The kernel did not come to an end with it."""
    WAITS = "waits"
    """It failed for a name that is first defined further down, and runs again after that."""
    INPUT_RAN = "input-ran"
    INPUT_MOVED = "input-moved"
    """The name comes from another cell now."""
    INPUT_NEW = "input-new"
    """The name came from no cell."""
    INPUT_GONE = "input-gone"
    """The name comes from no cell any more."""
    INPUT_DISABLED = "input-disabled"
    DEFINED_TWICE = "defined-twice"
    """Which other cells define the name has changed, in a notebook that allows one."""
    CHANGED_IN_PLACE = "changed-in-place"
    """The object that it leaves was changed by a cell that has nothing to do with the name any more."""
    WIDGET_MOVED = "widget-moved"
    ABOVE_RAN = "above-ran"
    """A cell above has run, in a language of which nobody can tell what that changes."""
    INPUT_STALE = "input-stale"
    """The one reason that is not its own: a provider is stale."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One of them, with the names and cells that it is about."""

    kind: ReasonKind
    names: tuple[str, ...] = ()
    cell: str | None = None
    """The cell that did it, or that the names come from now."""
    was: str | None = None
    """The cell that the names came from when it ran."""


Step: TypeAlias = tuple[str, tuple[str, ...]]
"""A cell, and the names that it gets from the one before."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A cell that is outdated by itself and makes another stale."""

    cell: str
    path: tuple[Step, ...]
    """From the cause to the cell that is asked about: each user in turn, with the names that it gets."""


def reasons(
    now: Situation, stale: AbstractSet[str], cell: str, unrun: ReasonKind, missed: AbstractSet[str]
) -> tuple[Reason, ...]:
    """All there are, the cell's own first; none if it is fresh.

    `unrun`: the reason if it has no run that counts; `missed`: names that it failed for, in runs that were no result.
    """
    record = now.records.get(cell)
    if record is None:
        waits = tuple(sorted(missed & now.graph.providers[cell].keys()))
        if waits and unrun is ReasonKind.OPENED:
            return (Reason(ReasonKind.WAITS, waits, now.graph.providers[cell][waits[0]]),)
        return (Reason(unrun),)
    return (*_own_reasons(now, cell, record), *_stale_inputs(now, stale, cell))


def _own_reasons(now: Situation, cell: str, record: RunRecord) -> Iterator[Reason]:
    if record.source != now.sources[cell]:
        yield Reason(ReasonKind.EDITED)
    if record.outcome is Outcome.INTERRUPTED:
        yield Reason(ReasonKind.INTERRUPTED)
    elif record.outcome is Outcome.KERNEL:
        yield Reason(ReasonKind.UNFINISHED)
    inputs = inputs_now(now.graph, now.records, cell)
    if inputs != record.inputs:
        yield from _gathered(_changed_inputs(record.inputs, inputs))
    left = {*left_changed(now, cell), *record.below & now.graph.nodes[cell].writes}
    if left:
        yield Reason(ReasonKind.CHANGED_IN_PLACE, tuple(sorted(left)))
    moved = {comm for comm, then in record.widgets_read.items() if now.moves.get(comm, 0) != then}
    if moved:
        yield Reason(ReasonKind.WIDGET_MOVED, _widget_names(now, cell, moved))
    above = overtaken_by(now, cell)
    if above is not None:
        yield Reason(ReasonKind.ABOVE_RAN, cell=above)


def _stale_inputs(now: Situation, stale: AbstractSet[str], cell: str) -> Iterator[Reason]:
    provided = sorted(now.graph.providers[cell].items())
    return _gathered((ReasonKind.INPUT_STALE, name, provider, None) for name, provider in provided if provider in stale)


Difference: TypeAlias = tuple[ReasonKind, str, str | None, str | None]
"""Kind, name, the cell it comes from now, the cell it came from."""


def _changed_inputs(then: Inputs, now: Inputs) -> Iterator[Difference]:
    """How two sets of inputs differ, name by name."""
    old, new = _by_name(then), _by_name(now)
    for name in sorted(old.runs.keys() | new.runs.keys() | old.disabled.keys() | new.disabled.keys()):
        yield from _changed_input(name, old, new)
    for name in sorted(
        name for name in old.twice.keys() | new.twice.keys() if old.twice.get(name) != new.twice.get(name)
    ):
        yield ReasonKind.DEFINED_TWICE, name, min(old.twice.get(name, set()) ^ new.twice.get(name, set())), None


def _changed_input(name: str, old: _Named, new: _Named) -> Iterator[Difference]:
    before, after = old.runs.get(name), new.runs.get(name)
    was = before[0] if before else None
    if after is not None and before is not None:
        if after[0] != before[0]:
            yield ReasonKind.INPUT_MOVED, name, after[0], was
        elif after[1] != before[1]:
            yield ReasonKind.INPUT_RAN, name, after[0], None
    elif after is not None:
        yield ReasonKind.INPUT_NEW, name, after[0], None
    elif new.disabled.get(name) != old.disabled.get(name) and name in new.disabled:
        yield ReasonKind.INPUT_DISABLED, name, new.disabled[name], was
    elif before is not None or name not in new.disabled:
        yield ReasonKind.INPUT_GONE, name, None, was or old.disabled[name]


@dataclass(frozen=True, slots=True)
class _Named:
    runs: dict[str, tuple[str, int]]
    disabled: dict[str, str]
    twice: dict[str, set[str]]


def _by_name(inputs: Inputs) -> _Named:
    found = _Named({}, {}, {})
    for name, cell, number in inputs:
        if number == DISABLED:
            found.disabled[name] = cell
        elif number == DEFINED_TWICE:
            found.twice.setdefault(name, set()).add(cell)
        else:
            found.runs[name] = cell, number
    return found


def _gathered(differences: Iterator[Difference]) -> Iterator[Reason]:
    """One reason for all names that it holds for."""
    names: dict[tuple[ReasonKind, str | None, str | None], list[str]] = {}
    for kind, name, cell, was in differences:
        names.setdefault((kind, cell, was), []).append(name)
    for (kind, cell, was), found in names.items():
        yield Reason(kind, tuple(found), cell, was)


def _widget_names(now: Situation, cell: str, comms: AbstractSet[str]) -> tuple[str, ...]:
    """Under which names the cell gets these widgets; some may be held by something else."""
    found = set()
    for name, provider in now.graph.providers[cell].items():
        record = now.records.get(provider)
        if record is not None and record.widgets.get(name) in comms:
            found.add(name)
    return tuple(sorted(found))


def causes(now: Situation, stale: AbstractSet[str], cell: str, most: int) -> list[Cause]:
    """The cells that are outdated by themselves and make `cell` stale, itself among them: nearest first."""
    found: list[Cause] = []
    nearer: dict[str, Step | None] = {cell: None}
    todo = deque([cell] if cell in stale else ())
    while todo and len(found) < most:
        current = todo.popleft()
        if outdated(now, current):
            found.append(Cause(current, _path(nearer, current)))
        names: dict[str, list[str]] = {}
        for name, provider in sorted(now.graph.providers[current].items()):
            if provider in stale and provider not in nearer:
                names.setdefault(provider, []).append(name)
        for provider in now.graph.in_document_order(names):
            nearer[provider] = current, tuple(names[provider])
            todo.append(provider)
    return found


def _path(nearer: Mapping[str, Step | None], cell: str) -> tuple[Step, ...]:
    path: list[Step] = []
    while (step := nearer[cell]) is not None:
        path.append(step)
        cell = step[0]
    return tuple(path)
