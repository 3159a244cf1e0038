"""A variable as a table, page by page: dataframes, series, arrays, lists, dicts and sets; of others their one value.

Runs beside `kernel_side` and registers its function there. The rules are those of `kernel_variables`: an answer is
JSON, bounded, and changes nothing. Sorting and filtering are `kernel_table_rows`, loaded when first asked for.
"""

from __future__ import annotations

import itertools
import math
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from .kernel_later import later

_of = later(f"{__package__}.kernel_variables")

Json = dict[str, Any]

_ROWS = 1_000
_COLUMNS = 500
_LABEL = 1_000
_LIBRARIES = frozenset(["pandas", "polars", "pyarrow", "numpy"])
_RESULT = re.compile(r"_[1-9]\d{0,9}")


def variable(
    name: str,
    offset: int = 0,
    limit: int = 100,
    cell: str | None = None,
    sort: int | None = None,
    descending: bool = False,
    filters: Sequence[Sequence[Any]] = (),
) -> Json:
    """A page of a variable as a table: kind, total rows, columns (name, type), rows from `offset` on.

    `cell`: what that cell made of the name. `_5` is the result of the execution with that count. `sort`: a column's
    place; `filters`: each a column's place, a comparison and a text. What can't be answered gives a `problem`.
    """
    found = _find(name, cell)
    if not found:
        made = "" if cell is None else f" that cell {cell!r} has made"
        return {"missing": True, "problem": f"The kernel has no variable {name!r}{made}."}
    value = found[0]
    offset, limit = max(0, int(offset)), max(0, min(int(limit), _ROWS))
    places: Sequence[int] | None = None
    if sort is not None or filters:
        rows = later(f"{__package__}.kernel_table_rows")
        if not _has_rows(value):
            return {"missing": False, "problem": "This is no table: it can't be sorted or filtered."}
        try:
            places = _remembered((name, cell, sort, descending, filters), value, rows.places)
        except rows.Unanswerable as error:
            return {"missing": False, "problem": str(error)}
    total = _of.guarded(lambda: _length(value), 0)
    wanted = (
        range(min(offset, total), min(offset + limit, total))
        if places is None
        else list(places[offset : offset + limit])
    )
    kind, total, columns, count, page = _of.guarded(lambda: _table(value, wanted), None) or _no_table(value)
    return {
        "name": name,
        "type": _of.type_name(value),
        "kind": kind,
        "total": total,
        "matching": total if places is None else len(places),
        "columns": [{"name": _label(label), "type": _label(of)} for label, of in columns],
        "columns_total": count,
        "places": [int(place) for place in wanted][: len(page)] or list(range(len(page))),
        "rows": [[_of.plain(part) for part in row[:_COLUMNS]] for row in page],
        "offset": offset,
    }


_last: list[Any] = []
"""The question that was asked last, and the places that answer it: the next is mostly for its next page."""


def _remembered(question: tuple[Any, ...], value: Any, places: Callable[..., Sequence[int]]) -> Sequence[int]:
    """The places, found anew if a cell has run meanwhile, or the value is another."""
    count = sys.modules["_reactive_nb"].namespace.shell.execution_count
    key = (question, id(value), _length(value), count)
    if not _last or _last[0] != key:
        found = places(value, _of.family_of(value), *question[2:])
        _last[:] = [key, found]
    return _last[1]  # type: ignore[no-any-return]


def _find(name: str, cell: str | None) -> list[Any]:
    """The value of that name, if there is one."""
    namespace = sys.modules["_reactive_nb"].namespace
    if cell is not None:
        held = namespace.versions.get(cell, {})
        return [held[name]] if name in held else []
    if _RESULT.fullmatch(name):
        results = namespace.names.get("_oh")
        count = int(name[1:])
        return [results[count]] if _of.is_a(results, dict) and count in results else []
    held = namespace.names
    return [held[name]] if name in held and namespace.is_users(name) else []


def _length(value: Any) -> int:
    """Rows of what may be a table; what others say of their length is not asked."""
    if _of.family_of(value) in _LIBRARIES or _of.is_a(value, (list, tuple, dict, set, frozenset)):
        return len(value)
    return 0


def _has_rows(value: Any) -> bool:
    kind = _of.guarded(lambda: _table(value, range(0)), _no_table(value))[0]
    return bool(kind != "value")


def _label(value: Any) -> str:
    return str(_of.guarded(lambda: _of.clip(str(value), _LABEL), f"<{_of.type_name(value)}>"))


Table = tuple[str, int, list[tuple[Any, Any]], int, list[list[Any]]]
"""Kind, rows there are, the first columns (name, type), columns there are, rows of these columns."""


def _table(value: Any, places: Sequence[int]) -> Table:
    """The rows at these places, which are all there; a `range` of them is cut out, a list picked."""
    family = _of.family_of(value)
    if family == "pandas" and hasattr(value, "iloc") and hasattr(value, "index"):
        return _pandas_table(value, places)
    if family in ("polars", "pyarrow") and hasattr(value, "slice") and hasattr(value, "schema"):
        part = _picked(value, places)
        labels = getattr(value, "column_names", None) or list(value.columns)
        polars = family == "polars"
        shown = labels[:_COLUMNS]
        picked = [(label, part[label]) for label in shown]
        columns = [(label, one.dtype if polars else one.type) for label, one in picked]
        lists = [one.to_list() if polars else one.to_pylist() for _, one in picked]
        return "dataframe", value.shape[0], columns, len(labels), _rows(lists)
    if family == "polars" and hasattr(value, "to_list"):
        return "series", len(value), [(value.name, value.dtype)], 1, _rows([_picked(value, places).to_list()])
    if family == "numpy" and getattr(value, "shape", None) and hasattr(value, "dtype"):
        return _array_table(value, places)
    if _of.is_a(value, dict):
        items = _picked_items(value.items(), places)
        return "dict", len(value), [("key", ""), ("value", "")], 2, [[key, item] for key, item in items]
    if _of.is_a(value, (list, tuple)):
        return "list", len(value), [("value", "")], 1, [[value[place]] for place in places]
    if _of.is_a(value, (set, frozenset)):
        return "set", len(value), [("value", "")], 1, [[item] for item in _picked_items(value, places)]
    return _no_table(value)


def _picked(value: Any, places: Sequence[int]) -> Any:
    """Rows of a table of polars or pyarrow."""
    if type(places) is range:
        return value.slice(places.start, len(places))
    if hasattr(value, "gather"):
        return value.gather(places)
    return value[places] if _of.family_of(value) == "polars" else value.take(places)


def _picked_items(items: Any, places: Sequence[int]) -> list[Any]:
    if type(places) is range:
        return list(itertools.islice(items, places.start, places.stop))
    held = list(items)
    return [held[place] for place in places]


def _no_table(value: Any) -> Table:
    return "value", 1, [("value", _of.type_name(value))], 1, [[value if type(value) is str else _of.preview(value)]]


def _rows(columns: list[list[Any]]) -> list[list[Any]]:
    return [[column[place] for column in columns] for place in range(len(columns[0]))] if columns else []


def _pandas_table(value: Any, places: Sequence[int]) -> Table:
    part = value.iloc[_index(places)]
    columns: list[tuple[Any, Any]] = []
    lists: list[list[Any]] = []
    for level in range(_of.index_levels(value)):
        labels = part.index.get_level_values(level)
        columns.append(("" if labels.name is None else labels.name, labels.dtype))
        lists.append(labels.tolist())
    if hasattr(value, "columns"):
        for place, label in enumerate(value.columns[:_COLUMNS]):
            column = part.iloc[:, place]
            columns.append((label, column.dtype))
            lists.append(column.tolist())
        count = _of.index_levels(value) + len(value.columns)
        return "dataframe", len(value), columns[:_COLUMNS], count, _rows(lists[:_COLUMNS])
    columns.append(("" if value.name is None else value.name, value.dtype))
    lists.append(part.tolist())
    return "series", len(value), columns, len(columns), _rows(lists)


def _index(places: Sequence[int]) -> Any:
    """What takes rows out of a frame or an array: a slice, which copies nothing, or a list."""
    return slice(places.start, places.stop) if type(places) is range else list(places)


def _array_table(value: Any, places: Sequence[int]) -> Table:
    part = value[_index(places)]
    if value.dtype.names:
        columns = [(label, value.dtype[label]) for label in value.dtype.names[:_COLUMNS]]
        return "array", len(value), columns, len(value.dtype.names), [list(row) for row in part.tolist()]
    if value.ndim == 1:
        return "array", len(value), [("0", value.dtype)], 1, [[item] for item in part.tolist()]
    width = math.prod(value.shape[1:])
    columns = [(str(i), value.dtype) for i in range(min(width, _COLUMNS))]
    shown = part.reshape(len(part), width)[:, :_COLUMNS].tolist()
    return "array", len(value), columns, width, shown


if __package__ == "_reactive_nb":
    sys.modules["_reactive_nb"].function(variable)
