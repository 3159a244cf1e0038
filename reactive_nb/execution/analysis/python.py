"""The analysis of a Python cell: source in, sets of names out.

Pure: no kernel, no I/O. The rule: it never raises, and takes bounded time whatever the source; a cell that can't be
analysed says so in `error`, with empty sets.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache

from reactive_nb.execution.analysis.branches import CellReader
from reactive_nb.execution.analysis.flow import BOUND, GONE, OLD, TooComplex
from reactive_nb.execution.analysis.names import is_history
from reactive_nb.execution.analysis.syntax import CellSyntaxError, parse_cell
from reactive_nb.execution.analysis.values import EMPTY, Value, merge
from reactive_nb.models.analysis import NO_LATE, NO_ORDER, Analysis, Late, Order, SyntaxProblem

_CACHED_CHARACTERS = 16_000
_CACHED_CELLS = 4_096

NOTHING = Late()


def analyse_python(source: str) -> Analysis:
    """What is known of a cell from its source, IPython's syntax included. Never raises: see `Analysis.error`."""
    return _remembered(source) if len(source) <= _CACHED_CHARACTERS else _analyse(source)


def _analyse(source: str) -> Analysis:
    try:
        tree = parse_cell(source)
        reader = CellReader()
        reader.shown = tree.body[-1] if tree.body else None
        reader.read_block(tree.body)
        return analysis_of(reader)
    except REFUSALS as error:
        return failure(error, source)


REFUSALS = (CellSyntaxError, TooComplex, RecursionError, MemoryError)
"""Why a cell can't be analysed."""


def failure(error: BaseException, source: str) -> Analysis:
    """The answer for a cell that can't be analysed."""
    if isinstance(error, CellSyntaxError):
        found = error.placed_in(source)
        return Analysis(error=SyntaxProblem(found.message, found.line, found.column))
    if isinstance(error, TooComplex):
        return Analysis(error=SyntaxProblem("The cell is too complex to be analysed.", 1, 1))
    return Analysis(error=SyntaxProblem("The cell is nested too deeply to be analysed.", 1, 1))


_remembered = lru_cache(maxsize=_CACHED_CELLS)(_analyse)


def analysis_of(reader: CellReader) -> Analysis:
    """What was found in a cell that has been read."""
    marks = {key: mark for key, mark in reader.state.marks.items() if "\0" not in key}
    defines = _names(key for key, mark in marks.items() if mark & BOUND)
    deletes = _names(key for key, mark in marks.items() if mark & GONE and not (mark & BOUND and not mark & ~BOUND))
    late, meanwhile = _late(reader, defines)
    return Analysis(
        uses=_names(reader.uses),
        certain=_names(reader.state.read),
        defines=defines,
        maybe=_names(key for key, mark in marks.items() if mark not in (BOUND, GONE, OLD)),
        mutates=_names(reader.mutates),
        deletes=deletes,
        late=late,
        meanwhile=meanwhile,
        order=_order(reader),
        opaque=_names(reader.opaque | reader.late.opaque),
    )


def _names(names: Iterable[str]) -> frozenset[str]:
    """Interned, since the same few names are in every cell of a notebook."""
    return frozenset(sys.intern(name) for name in names)


def _order(reader: CellReader) -> Order:
    """What is bound before what is read, kept only where there is such."""
    timeline = reader.timeline
    settled = {name: when for name, when in timeline.settled.items() if when < timeline.now}
    if not settled:
        return NO_ORDER
    first = min(settled.values())
    reached = {name: when for name, when in timeline.reached.items() if when > first}
    return Order(settled, reached) if reached else NO_ORDER


def _late(reader: CellReader, defines: frozenset[str]) -> tuple[Mapping[str, Late], Mapping[str, Late]]:
    """What each name bound or changed here needs later, and what it needed meanwhile."""
    values = {name: reader.state.value(name) for name in defines}
    seen = {name: value for name, value in values.items() if reader.timeline.was_seen(name)}
    for name, value in reader.mutated_values.items():
        values[name] = merge(values.get(name, EMPTY), value)
        if reader.timeline.was_seen_changed(name):
            seen[name] = merge(seen.get(name, EMPTY), value)
    for name, value in reader.timeline.former.items():
        seen[name] = merge(seen.get(name, EMPTY), value)
    late = _entries(reader, values)
    meanwhile = {
        name: entry if entry != late.get(name) else late[name] for name, entry in _entries(reader, seen).items()
    }
    return late or NO_LATE, meanwhile or NO_LATE


def _entries(reader: CellReader, values: Mapping[str, Value]) -> dict[str, Late]:
    """What flows into each name, through the other names bound here that it holds."""
    entries: dict[str, Late] = {}
    for name, value in values.items():
        whole = _with_own(reader, value, name) if reader.filled else value
        if any((whole.reads, whole.writes, whole.mutates, whole.carries)):
            late = Late(*(_names(n for n in part if not is_history(n)) for part in _parts(whole)))
            if late != NOTHING:
                entries[name] = late
    return entries


def _parts(value: Value) -> tuple[frozenset[str], ...]:
    return value.reads, value.writes, value.carries, value.mutates


def _with_own(reader: CellReader, value: Value, name: str) -> Value:
    """`value`, with what is in the names bound here that it holds: they may have changed since it was made."""
    seen = {name}
    todo = list(value.own)
    while todo:
        own = todo.pop()
        if own not in seen:
            seen.add(own)
            held = reader.state.value(own)
            reader.step(1 + len(held.reads) + len(held.carries))
            value = merge(value, held)
            todo.extend(held.own)
    return value
