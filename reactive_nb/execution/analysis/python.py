"""The analysis of a Python cell: source in, sets of names out.

Pure: no kernel, no I/O. The rule: it never raises, and takes bounded time whatever the source; a cell that can't be
analysed says so in `error`, with empty sets.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from reactive_nb.execution.analysis.branches import CellReader
from reactive_nb.execution.analysis.flow import BOUND, GONE, OLD, TooComplex
from reactive_nb.execution.analysis.namespaces import with_names
from reactive_nb.execution.analysis.remembered import Remembered
from reactive_nb.execution.analysis.syntax import CellSyntaxError, check_with_compiler, parse_cell
from reactive_nb.execution.analysis.values import EMPTY, Value, merge, merge_all
from reactive_nb.models.analysis import NO_LATE, NO_NAMES, NO_ORDER, Analysis, Late, Order, SyntaxProblem

_MOST_REMEMBERED = 32_000_000
"""Characters of source: tens of thousands of ordinary cells."""


def analyse_python(source: str) -> Analysis:
    """What is known of a cell from its source, IPython's syntax included. Never raises: see `Analysis.error`."""
    return _remembered(source)


def _analyse(source: str) -> Analysis:
    try:
        tree = with_names(parse_cell(source), source)
        reader = CellReader()
        reader.shown = tree.body[-1] if tree.body else None
        reader.read_block(tree.body)
        if reader.unchecked:
            check_with_compiler(source, tree)
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


_remembered = Remembered(_analyse, _MOST_REMEMBERED)


def analysis_of(reader: CellReader) -> Analysis:
    """What was found in a cell that has been read."""
    defines, maybe, deletes = [], [], []
    for key, mark in reader.state.marks.items():
        if "\0" not in key:
            if mark & BOUND:
                defines.append(key)
            if mark & GONE:
                deletes.append(key)
            if mark not in (BOUND, GONE, OLD):
                maybe.append(key)
    late, meanwhile = _late(reader, defines)
    return Analysis(
        uses=_names(reader.uses),
        certain=_names(reader.state.read),
        defines=_names(defines),
        maybe=_names(maybe),
        mutates=_names(reader.mutates),
        deletes=_names(deletes),
        late=late,
        meanwhile=meanwhile,
        order=_order(reader),
        opaque=_names(reader.opaque | reader.late.opaque),
    )


def _names(names: Collection[str]) -> frozenset[str]:
    return frozenset(names) if names else NO_NAMES


def _order(reader: CellReader) -> Order:
    """What is bound before what is read, kept only where there is such."""
    timeline = reader.timeline
    settled = {name: when for name, when in timeline.settled.items() if when < timeline.now}
    if not settled:
        return NO_ORDER
    first = min(settled.values())
    reached = {name: when for name, when in timeline.reached.items() if when > first}
    return Order(settled, reached) if reached else NO_ORDER


def _late(reader: CellReader, defines: Iterable[str]) -> tuple[Mapping[str, Late], Mapping[str, Late]]:
    """What each name bound or changed here needs later, and what it needed meanwhile."""
    timeline = reader.timeline
    values, seen = {}, {}
    for name in defines:
        value = reader.state.value(name)
        if value is not EMPTY:
            values[name] = value
            if timeline.was_seen(name):
                seen[name] = value
    for name, stored in reader.mutated_values.items():
        value = merge_all(stored)
        values[name] = merge(values.get(name, EMPTY), value)
        if timeline.was_seen_changed(name):
            seen[name] = merge(seen.get(name, EMPTY), value)
    for name, value in timeline.former.items():
        seen[name] = merge(seen.get(name, EMPTY), value)
    late: dict[str, Late] = {}
    for name, value in values.items():
        entry = _entry(reader, name, value)
        if entry is not None:
            late[name] = entry
    meanwhile: dict[str, Late] = {}
    for name, value in seen.items():
        entry = late.get(name) if value is values.get(name) else _entry(reader, name, value)
        if entry is not None:
            meanwhile[name] = entry
    return late or NO_LATE, meanwhile or NO_LATE


def _entry(reader: CellReader, name: str, value: Value) -> Late | None:
    """What flows into `name`, through the other names bound here that it holds."""
    whole = _with_own(reader, value, name) if reader.filled else value
    if not (whole.reads or whole.writes or whole.mutates or whole.carries):
        return None
    return Late(whole.reads, whole.writes, whole.carries, whole.mutates)


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
