"""The analysis of a Python cell: source in, sets of names out.

Pure: no kernel, no I/O. The rule: it never raises, and takes bounded time whatever the source; a cell that can't be
analysed says so in `error`, with empty sets.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import lru_cache
from types import MappingProxyType

from reactive_nb.execution.analysis.branches import CellReader
from reactive_nb.execution.analysis.flow import BOUND, GONE, OLD, TooComplex
from reactive_nb.execution.analysis.names import is_history
from reactive_nb.execution.analysis.syntax import CellSyntaxError, parse_cell
from reactive_nb.execution.analysis.values import EMPTY, Value, merge
from reactive_nb.models.analysis import Analysis, Late, SyntaxProblem

_CACHED_CHARACTERS = 16_000
_CACHED_CELLS = 4_096


def analyse_python(source: str) -> Analysis:
    """What is known of a cell from its source, IPython's syntax included. Never raises: see `Analysis.error`."""
    return _remembered(source) if len(source) <= _CACHED_CHARACTERS else _analyse(source)


def _analyse(source: str) -> Analysis:
    try:
        tree = parse_cell(source)
        reader = CellReader()
        reader.shown = tree.body[-1] if tree.body else None
        reader.read_block(tree.body)
        return _result(reader)
    except CellSyntaxError as error:
        return Analysis(error=SyntaxProblem(error.message, error.line, error.column))
    except (RecursionError, MemoryError):
        return Analysis(error=SyntaxProblem("The cell is nested too deeply to be analysed.", 1, 1))
    except TooComplex:
        return Analysis(error=SyntaxProblem("The cell is too complex to be analysed.", 1, 1))


_remembered = lru_cache(maxsize=_CACHED_CELLS)(_analyse)


def _result(reader: CellReader) -> Analysis:
    marks = {key: mark for key, mark in reader.state.marks.items() if "\0" not in key}
    defines = _names(key for key, mark in marks.items() if mark & BOUND)
    deletes = _names(key for key, mark in marks.items() if mark & GONE and not (mark & BOUND and not mark & ~BOUND))
    return Analysis(
        uses=_names(reader.uses),
        certain=_names(reader.state.read),
        defines=defines,
        maybe=_names(key for key, mark in marks.items() if mark not in (BOUND, GONE, OLD)),
        mutates=_names(reader.mutates),
        deletes=deletes,
        late=_late(reader, defines),
        opaque=_names(reader.opaque | reader.late.opaque),
    )


def _names(names: Iterable[str]) -> frozenset[str]:
    """Interned, since the same few names are in every cell of a notebook."""
    return frozenset(sys.intern(name) for name in names)


def _late(reader: CellReader, defines: frozenset[str]) -> MappingProxyType[str, Late]:
    """What each name bound or changed here needs later, through the other names bound here that flow into it."""
    values = {name: reader.state.value(name) for name in defines}
    for name, value in reader.mutated_values.items():
        values[name] = merge(values.get(name, EMPTY), value)
    late: dict[str, Late] = {}
    for name, value in values.items():
        whole = _with_own(reader, value, name) if reader.filled else value
        if any((whole.reads, whole.writes, whole.mutates, whole.carries)):
            late[name] = Late(*(_names(n for n in part if not is_history(n)) for part in _parts(whole)))
    return MappingProxyType({name: entry for name, entry in late.items() if entry != Late()})


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
