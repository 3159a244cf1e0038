"""What the user's variables hold, told from inside the kernel: one line each.

Runs beside `kernel_side` and registers its function there. Rules: an answer is JSON, comes in bounded time however
large or ill-behaved a value is, changes nothing, and never raises for a value it does not know: it says less instead.
Values are never printed whole; an object's own `__repr__` runs against the clock.
"""

from __future__ import annotations

import datetime
import decimal
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
_SAFE_INTEGER = 2**53
_LONGEST_INTEGER_BITS = 4_000
_PLAIN = frozenset([bool, float, complex, type(None), range, datetime.date, datetime.datetime, datetime.timedelta])
_LIBRARIES = frozenset(["pandas", "polars", "pyarrow", "numpy"])


class _TooSlow(BaseException):
    """Raised inside a `__repr__` whose time is up."""


_bases = type.__dict__["__mro__"].__get__  # past whatever a metaclass makes of these
_qualified_name = type.__dict__["__qualname__"].__get__


def _module(kind: type) -> str:
    module = guarded(lambda: kind.__module__, "")
    return module if type(module) is str else ""


def type_name(value: Any) -> str:
    kind = type(value)
    module, name = _module(kind), str(_qualified_name(kind))
    return clip(name if module in ("", "builtins", "__main__") else module + "." + name)


def is_a(value: Any, kinds: type | tuple[type, ...]) -> bool:
    """Whether it is of these types by its making; what it says of its class is not asked."""
    return issubclass(type(value), kinds)


def family_of(value: Any) -> str:
    """The library that a value's type comes from, or extends: "pandas", say."""
    roots = [_module(base).partition(".")[0] for base in _bases(type(value))]
    return next((root for root in roots if root in _LIBRARIES), roots[0])


def clip(text: str, limit: int = _PREVIEW) -> str:
    """At most so much of a text, as a string that can be encoded."""
    part = str.__getitem__(text, slice(limit + 1))
    shown = part if len(part) <= limit else part[: limit - 1] + "…"
    return shown.encode("utf-8", "replace").decode("utf-8")


def guarded(make: Callable[[], Any], otherwise: Any) -> Any:
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
    fallback = f"<{type_name(value)} object>"
    if guarded(lambda: getattr(type(value), "__repr__", None) is object.__repr__, False):
        return fallback
    return str(_timed(lambda: clip(repr(value)), fallback))


def preview(value: Any, depth: int = _DEPTH) -> str:
    """One line that shows what a value is, at most 200 characters."""
    return clip(" ".join(_part(value, depth).split()))


def _part(value: Any, depth: int) -> str:
    return str(guarded(lambda: clip(_preview(value, depth), _CELL), f"<{type_name(value)}>"))


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
    if is_a(value, types.ModuleType):
        return f"module {value.__name__}"
    if is_a(value, type):
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
    family, name = family_of(value), type(value).__name__
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
    if is_a(value, (list, tuple, set, frozenset, dict)):
        return f"<{type_name(value)} of {len(value):,}>"
    return _timed_repr(value)


def _field(value: Any, name: str, depth: int) -> str:
    return str(guarded(lambda: _part(getattr(value, name, None), depth), "…"))


def shape_of(value: Any) -> list[int] | None:
    """Rows and columns and so on, or the number of items; None for what has neither."""
    if is_a(value, (str, bytes, bytearray, list, tuple, set, frozenset, dict)):
        return [len(value)]
    family = family_of(value)
    if family in ("builtins", "__main__") or is_a(value, (type, types.ModuleType)):
        return None
    look = guarded if family in _LIBRARIES else _timed
    shape = look(lambda: [int(n) for n in value.shape], None)
    return None if shape is None or any(not 0 <= n <= _SAFE_INTEGER for n in shape) else shape


def index_levels(value: Any) -> int:
    """How many columns pandas' index is worth; none where it only counts the rows."""
    index = value.index
    counts = type(index).__name__ == "RangeIndex" and (index.start, index.step) == (0, 1)
    return 0 if counts and index.name is None else int(index.nlevels)


def size_of(value: Any) -> int | None:
    """Bytes held, as far as that is known without looking at every element."""
    family = family_of(value)
    look = guarded if family in _LIBRARIES else _timed
    size = None
    if family == "pandas" and hasattr(value, "memory_usage"):
        used = look(lambda: value.memory_usage(index=True, deep=False), None)
        used = look(lambda: value.memory_usage(deep=False), 0) if used is None else used
        size = look(lambda: int(used.sum()) if hasattr(used, "sum") else int(used), None)
    elif family == "polars" and hasattr(value, "estimated_size"):
        size = look(lambda: int(value.estimated_size()), None)
    elif family not in ("builtins", "__main__") and not is_a(value, (type, types.ModuleType)):
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
    kind = type_name(value)
    return {
        "name": name.encode("utf-8", "replace").decode(),
        "type": kind,
        "shape": guarded(lambda: shape_of(value), None) if in_time else None,
        "size": guarded(lambda: size_of(value), None) if in_time else None,
        "preview": preview(value) if in_time else f"<{kind}>",
    }


def plain(value: Any) -> Any:
    """A cell of a table as JSON that every client can hold: exact or a string, null for what is missing."""
    return guarded(lambda: _plain(value), f"<{type_name(value)}>")


def _plain(value: Any) -> Any:
    if value is None or value is True or value is False:
        return value
    if type(value) is str:
        return clip(value, _CELL)
    if type(value) is int:
        return value if -_SAFE_INTEGER <= value <= _SAFE_INTEGER else preview(value)
    if type(value) is float:
        return value if math.isfinite(value) else None if value != value else str(value)
    if is_a(value, (datetime.date, datetime.time)):
        return None if type(value).__name__ == "NaTType" else guarded(lambda: clip(value.isoformat()), preview(value))
    if is_a(value, decimal.Decimal):
        return clip(str(value), _CELL)
    if family_of(value) == "numpy" and hasattr(value, "item") and getattr(value, "shape", None) == ():
        item = value.item()
        return plain(item) if type(item) is not type(value) else preview(value)
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    return preview(value)


if __package__ == "_reactive_nb":
    sys.modules["_reactive_nb"].function(variables)
