"""What the user's variables hold, told from inside the kernel: one line each, or pages of a table.

Runs beside `kernel_side` and registers its functions there. Rules: an answer is JSON, comes in bounded time however
large or ill-behaved a value is, changes nothing, and never raises for a value it does not know: it says less instead.
Values are never printed whole; an object's own `__repr__` runs against the clock.
"""

from __future__ import annotations

import datetime
import decimal
import itertools
import math
import sys
import time
import types
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

_PREVIEW = 200
_CELL = 1_000
_REPR_S = 0.05
_ALL_S = 1.0
_ITEMS = 20
_DEPTH = 3
_ROWS = 1_000
_COLUMNS = 500
_SAFE_INTEGER = 2**53
_LONGEST_INTEGER_BITS = 4_000
_PLAIN = frozenset([bool, float, complex, type(None), range, datetime.date, datetime.datetime, datetime.timedelta])
_LIBRARIES = frozenset(["pandas", "polars", "pyarrow", "numpy"])


class _TooSlow(BaseException):
    """Raised inside a `__repr__` whose time is up."""


_bases = type.__dict__["__mro__"].__get__  # past whatever a metaclass makes of these
_qualified_name = type.__dict__["__qualname__"].__get__


def _module(kind: type) -> str:
    module = _guarded(lambda: kind.__module__, "")
    return module if type(module) is str else ""


def _type_name(value: Any) -> str:
    kind = type(value)
    module, name = _module(kind), str(_qualified_name(kind))
    return _clip(name if module in ("", "builtins", "__main__") else module + "." + name)


def _is(value: Any, kinds: type | tuple[type, ...]) -> bool:
    """Whether it is of these types by its making; what it says of its class is not asked."""
    return issubclass(type(value), kinds)


def _family(value: Any) -> str:
    """The library that a value's type comes from, or extends: "pandas", say."""
    roots = [_module(base).partition(".")[0] for base in _bases(type(value))]
    return next((root for root in roots if root in _LIBRARIES), roots[0])


def _clip(text: str, limit: int = _PREVIEW) -> str:
    """At most so much of a text, as a string that can be encoded."""
    part = str.__getitem__(text, slice(limit + 1))
    shown = part if len(part) <= limit else part[: limit - 1] + "…"
    return shown.encode("utf-8", "replace").decode("utf-8")


def _guarded(make: Callable[[], Any], otherwise: Any) -> Any:
    try:
        return make()
    except BaseException:  # a value may fail in any way when looked at; the caller has said what to show then
        return otherwise


def _timed(make: Callable[[], Any], otherwise: Any) -> Any:
    """What a value's own code says, given up when it takes too long; also when that code is being debugged."""
    if sys.gettrace() is not None:
        return otherwise
    deadline = time.perf_counter() + _REPR_S

    def watch(frame: Any, event: str, argument: Any) -> Any:
        if time.perf_counter() > deadline:
            raise _TooSlow
        frame.f_trace_opcodes = True  # a loop on one line makes no other event
        return watch

    sys.settrace(watch)
    try:
        return make()
    except BaseException:  # as above
        return otherwise
    finally:
        sys.settrace(None)


def _timed_repr(value: Any) -> str:
    fallback = f"<{_type_name(value)} object>"
    if _guarded(lambda: getattr(type(value), "__repr__", None) is object.__repr__, False):
        return fallback
    return str(_timed(lambda: _clip(repr(value)), fallback))


def preview(value: Any, depth: int = _DEPTH) -> str:
    """One line that shows what a value is, at most 200 characters."""
    return _clip(" ".join(_part(value, depth).split()))


def _part(value: Any, depth: int) -> str:
    return str(_guarded(lambda: _clip(_preview(value, depth), _CELL), f"<{_type_name(value)}>"))


def _preview(value: Any, depth: int) -> str:
    kind = type(value)
    if kind is str:
        return repr(value[:_PREVIEW])
    if kind in (bytes, bytearray):
        return repr(bytes(value[:_PREVIEW]))
    if kind is int:
        bits = value.bit_length()
        return repr(value) if bits <= _LONGEST_INTEGER_BITS else f"<int of {bits} bits>"
    if kind in _PLAIN:
        return repr(value)
    if kind in (list, tuple, set, frozenset, dict):
        return _preview_container(value, depth)
    if _is(value, types.ModuleType):
        return f"module {value.__name__}"
    if _is(value, type):
        return f"class {_qualified_name(value)}"
    if callable(value) and hasattr(value, "__qualname__"):
        return _preview_function(value)
    return _preview_object(value, depth)


def _preview_container(value: Any, depth: int) -> str:
    brackets = "[]" if type(value) is list else "()" if type(value) is tuple else "{}"
    if depth <= 0:
        return brackets[0] + "…" + brackets[1]
    shown: list[str] = []
    length = 0
    for item in value.items() if type(value) is dict else value:
        if len(shown) == _ITEMS or length > _PREVIEW:
            shown.append("…")
            break
        parts = item if type(value) is dict else (item,)
        text = ": ".join(_part(part, depth - 1) for part in parts)
        shown.append(text)
        length += len(text) + 2
    comma = "," if type(value) is tuple and len(value) == 1 else ""
    return brackets[0] + ", ".join(shown) + comma + brackets[1]


def _preview_function(value: Any) -> str:
    code = getattr(value, "__code__", None)
    if code is None:
        return f"{value.__qualname__}(…)"
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return f"{value.__qualname__}({', '.join(names)})"


def _preview_object(value: Any, depth: int) -> str:
    family, name = _family(value), type(value).__name__
    if family in ("pandas", "polars", "pyarrow") and hasattr(value, "columns") and hasattr(value, "shape"):
        names = getattr(value, "column_names", None) or list(value.columns[:_ITEMS])
        rows, columns = value.shape
        return "{} {:,} × {:,}: {}".format(name, rows, columns, ", ".join(map(str, names[:_ITEMS])))
    if family in ("pandas", "polars") and hasattr(value, "dtype") and hasattr(value, "head"):
        head = value.head(_ITEMS)
        items = head.to_list() if hasattr(head, "to_list") else list(head)
        return f"{name} {len(value):,} {value.dtype}: {_preview_container(items, depth)}"
    if family == "numpy" and hasattr(value, "ravel") and hasattr(value, "shape") and value.shape:
        head = value.flat[:_ITEMS].tolist()
        dimensions = " × ".join(map(str, value.shape))
        return f"{name} {dimensions} {value.dtype}: {_preview_container(head, depth)}"
    fields = getattr(type(value), "__dataclass_fields__", None)
    if fields is not None and depth > 0:
        pairs = [f + "=" + _field(value, f, depth - 1) for f in list(fields)[:_ITEMS]]
        return type(value).__qualname__ + "(" + ", ".join(pairs) + ")"
    if _is(value, (list, tuple, set, frozenset, dict)):
        return f"<{_type_name(value)} of {len(value):,}>"
    return _timed_repr(value)


def _field(value: Any, name: str, depth: int) -> str:
    return str(_guarded(lambda: _part(getattr(value, name, None), depth), "…"))


def shape_of(value: Any) -> list[int] | None:
    """Rows and columns and so on, or the number of items; None for what has neither."""
    if _is(value, (str, bytes, bytearray, list, tuple, set, frozenset, dict)):
        return [len(value)]
    family = _family(value)
    if family in ("builtins", "__main__") or _is(value, (type, types.ModuleType)):
        return None
    look = _guarded if family in _LIBRARIES else _timed
    shape = look(lambda: [int(n) for n in value.shape], None)
    return None if shape is None or any(not 0 <= n <= _SAFE_INTEGER for n in shape) else shape


def size_of(value: Any) -> int | None:
    """Bytes held, as far as that is known without looking at every element."""
    family = _family(value)
    look = _guarded if family in _LIBRARIES else _timed
    size = None
    if family == "pandas" and hasattr(value, "memory_usage"):
        used = look(lambda: value.memory_usage(index=True, deep=False), None)
        used = look(lambda: value.memory_usage(deep=False), 0) if used is None else used
        size = look(lambda: int(used.sum()) if hasattr(used, "sum") else int(used), None)
    elif family == "polars" and hasattr(value, "estimated_size"):
        size = look(lambda: int(value.estimated_size()), None)
    elif family not in ("builtins", "__main__") and not _is(value, (type, types.ModuleType)):
        size = look(lambda: int(value.nbytes), None)
    if size is None:
        size = look(lambda: sys.getsizeof(value), None)
    return size if size is not None and 0 <= size <= _SAFE_INTEGER else None


def variables(names: list[str] | None = None) -> list[Json]:
    """One line for each of the user's variables (or of those named): name, type, shape, size in bytes, preview."""
    core = sys.modules["_reactive_nb"]
    namespace = core.namespace
    held = namespace.names.copy()
    named = [name for name in (held if names is None else names) if type(name) is str and name in held]
    chosen = [name for name in named if namespace.is_users(name)]
    deadline = time.perf_counter() + _ALL_S
    return [_describe(name, held[name], time.perf_counter() < deadline) for name in sorted(chosen)]


def _describe(name: str, value: Any, in_time: bool) -> Json:
    kind = _type_name(value)
    return {
        "name": name.encode("utf-8", "replace").decode(),
        "type": kind,
        "shape": _guarded(lambda: shape_of(value), None) if in_time else None,
        "size": _guarded(lambda: size_of(value), None) if in_time else None,
        "preview": preview(value) if in_time else f"<{kind}>",
    }


def plain(value: Any) -> Any:
    """A cell of a table as JSON that every client can hold: exact or a string, null for what is missing."""
    return _guarded(lambda: _plain(value), f"<{_type_name(value)}>")


def _plain(value: Any) -> Any:
    if value is None or value is True or value is False:
        return value
    if type(value) is str:
        return _clip(value, _CELL)
    if type(value) is int:
        return value if -_SAFE_INTEGER <= value <= _SAFE_INTEGER else preview(value)
    if type(value) is float:
        return value if math.isfinite(value) else None if value != value else str(value)
    if _is(value, (datetime.date, datetime.time)):
        return None if type(value).__name__ == "NaTType" else _guarded(lambda: _clip(value.isoformat()), preview(value))
    if _is(value, decimal.Decimal):
        return _clip(str(value), _CELL)
    if _family(value) == "numpy" and hasattr(value, "item") and getattr(value, "shape", None) == ():
        item = value.item()
        return plain(item) if type(item) is not type(value) else preview(value)
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    return preview(value)


def variable(name: str, offset: int = 0, limit: int = 100) -> Json:
    """A page of a variable as a table: kind, total rows, columns (name, type), rows from `offset` on."""
    namespace = sys.modules["_reactive_nb"].namespace
    held = namespace.names
    if name not in held or not namespace.is_users(name):
        raise NameError(f"there is no variable named {name!r}")
    value = held[name]
    offset, limit = max(0, int(offset)), max(0, min(int(limit), _ROWS))
    kind, total, columns, rows = _guarded(lambda: _table(value, offset, limit), None) or _no_table(value)
    page = [[plain(cell) for cell in row[:_COLUMNS]] for row in rows]
    return {
        "name": name,
        "type": _type_name(value),
        "kind": kind,
        "total": total,
        "columns": [{"name": _label(label), "type": _label(of)} for label, of in columns[:_COLUMNS]],
        "columns_total": len(columns),
        "rows": page,
        "offset": offset,
    }


def _label(value: Any) -> str:
    return str(_guarded(lambda: _clip(str(value), _CELL), f"<{_type_name(value)}>"))


Table = tuple[str, int, list[tuple[Any, Any]], list[list[Any]]]


def _table(value: Any, offset: int, limit: int) -> Table:
    family, end = _family(value), offset + limit
    if family == "pandas" and hasattr(value, "iloc") and hasattr(value, "index"):
        return _pandas_table(value, offset, end)
    if family in ("polars", "pyarrow") and hasattr(value, "slice") and hasattr(value, "schema"):
        part = value.slice(offset, limit)
        labels = getattr(value, "column_names", None) or list(value.columns)
        polars = family == "polars"
        columns = [(label, value.schema[label] if polars else value.schema.field(label).type) for label in labels]
        lists = [part[label].to_list() if polars else part[label].to_pylist() for label in labels]
        return "dataframe", value.shape[0], columns, _rows(lists)
    if family == "polars" and hasattr(value, "to_list"):
        return "series", len(value), [(value.name, value.dtype)], _rows([value.slice(offset, limit).to_list()])
    if family == "numpy" and getattr(value, "shape", None) and hasattr(value, "dtype"):
        return _array_table(value, offset, end)
    if _is(value, dict):
        items = _slice(value.items(), offset, end)
        return "dict", len(value), [("key", ""), ("value", "")], [[key, item] for key, item in items]
    if _is(value, (list, tuple)):
        return "list", len(value), [("value", "")], [[item] for item in value[offset:end]]
    if _is(value, (set, frozenset)):
        return "set", len(value), [("value", "")], [[item] for item in _slice(value, offset, end)]
    return _no_table(value)


def _no_table(value: Any) -> Table:
    return "value", 1, [("value", _type_name(value))], [[value if type(value) is str else preview(value)]]


def _slice(items: Any, offset: int, end: int) -> list[Any]:
    return list(itertools.islice(items, offset, end))


def _rows(columns: list[list[Any]]) -> list[list[Any]]:
    return [[column[place] for column in columns] for place in range(len(columns[0]))] if columns else []


def _pandas_table(value: Any, offset: int, end: int) -> Table:
    part = value.iloc[offset:end]
    columns: list[tuple[Any, Any]] = []
    lists: list[list[Any]] = []
    if type(value.index).__name__ != "RangeIndex":
        for level in range(value.index.nlevels):
            labels = part.index.get_level_values(level)
            columns.append(("" if labels.name is None else labels.name, labels.dtype))
            lists.append(labels.tolist())
    if hasattr(value, "columns"):
        for place, label in enumerate(value.columns[:_COLUMNS]):
            column = part.iloc[:, place]
            columns.append((label, column.dtype))
            lists.append(column.tolist())
        return "dataframe", len(value), columns + [(label, "") for label in value.columns[_COLUMNS:]], _rows(lists)
    columns.append(("" if value.name is None else value.name, value.dtype))
    lists.append(part.tolist())
    return "series", len(value), columns, _rows(lists)


def _array_table(value: Any, offset: int, end: int) -> Table:
    part = value[offset:end]
    if value.dtype.names:
        columns = [(label, value.dtype[label]) for label in value.dtype.names]
        return "array", len(value), columns, [list(row) for row in part.tolist()]
    if value.ndim == 1:
        return "array", len(value), [("0", value.dtype)], [[item] for item in part.tolist()]
    width = math.prod(value.shape[1:])
    shown = part.reshape(len(part), width)[:, :_COLUMNS].tolist()
    return "array", len(value), [(str(i), value.dtype) for i in range(width)], shown


if __name__ == "_reactive_nb_variables":
    for _target in (variables, variable):
        sys.modules["_reactive_nb"].function(_target)
