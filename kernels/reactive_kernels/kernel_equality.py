"""Whether a cell that ran again made what it had made before, inside a kernel: then what depends on it need not run.

Compared are whole values, up to a size, by their exact types and never by code of the user's; then the old ones stay in
the place of the new. Rules: what cannot be changed counts name by name; everything else that the cell left must be
equal together, object for object, or none of it counts, since names may share objects; and nothing of it that could be
changed may be shared with what other cells made, before or now, for it might be shared otherwise than it was.
"""

from __future__ import annotations

import collections
import time
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .kernel_containers import Container, Tuple
from .kernel_kinds import FIXED
from .kernel_objects import Class, Function, Instance
from .kernel_types import kind_of

_MOST_OBJECTS = 20_000
_MOST_BYTES = 1 << 26
_LONGEST_S = 0.1
_BETWEEN_LOOKS = 64
# Of a class; the rest of what makes it differ from another is compared.
_OF_THE_RUN = frozenset(["__dict__", "__weakref__", "__module__", "__doc__", "__firstlineno__"])
_CONTAINERS = frozenset(
    [list, dict, set, collections.deque, collections.defaultdict, collections.OrderedDict, collections.Counter]
)

Pairs = list[tuple[Any, Any]]


class Different(Exception):
    """They are not equal, or that can't be told."""


def equal_names(old: Mapping[str, Any], new: Mapping[str, Any], others: Iterable[Any]) -> set[str]:
    """The names that stand for equal values in both. `others`: values that other cells made."""
    found = {name for name in new if name in old and _same_fixed(old[name], new[name])}
    rest = [name for name in new if type(new[name]) not in FIXED]
    try:
        if rest:
            comparison = Comparison()
            comparison.compare([(old[name], new[name]) for name in rest])
            comparison.check_unshared(others)
    except Exception:  # Different, or a value of another make than it seems
        return found
    return found.union(rest)


def _same_fixed(one: Any, other: Any) -> bool:
    if type(one) is not type(other) or type(one) not in FIXED:
        return False
    return one is other or (one == other and (type(one) in (int, str, bytes) or repr(one) == repr(other)))


class Comparison:
    """Two structures, compared object for object: each of one stands for the same of the other wherever it occurs."""

    def __init__(self) -> None:
        self._pairs: dict[int, tuple[Any, Any]] = {}
        self._back: dict[int, int] = {}
        self._bytes = 0

    def compare(self, todo: Pairs) -> None:
        """Raises Different."""
        while todo:
            one, other = todo.pop()
            if type(one) in FIXED:
                if not _same_fixed(one, other):
                    raise Different
            elif id(one) in self._pairs or id(other) in self._back:
                if self._back.get(id(other)) != id(one):
                    raise Different
            else:
                self._pairs[id(one)] = one, other
                self._back[id(other)] = id(one)
                if len(self._pairs) > _MOST_OBJECTS:
                    raise Different
                if one is not other:
                    todo.extend(self._parts(one, other))

    def check_unshared(self, others: Iterable[Any]) -> None:
        """That nothing of either, but what both share, is part of these values. Raises Different."""
        own = {key for one, other in self._pairs.values() if one is not other for key in (id(one), id(other))}
        if not own:
            return
        todo, seen = list(others), set()
        deadline = time.perf_counter() + _LONGEST_S
        for value in todo:  # grows
            key = id(value)
            if key in own:
                raise Different
            kind = None if key in seen else kind_of(value)
            if kind is None:
                continue
            seen.add(key)
            todo.extend(kind.parts(value))
            if len(seen) % _BETWEEN_LOOKS == 0 and time.perf_counter() > deadline:
                raise Different

    def _parts(self, one: Any, other: Any) -> Pairs:
        if type(one) is not type(other):  # instances of a class that was made anew as well
            return [(type(one), type(other)), *_instances(one, other)]
        kind = kind_of(one)
        if isinstance(kind, Function):
            return _functions(one, other)
        if isinstance(kind, Class):
            return _classes(one, other)
        if isinstance(kind, Instance):
            return _instances(one, other)
        if isinstance(kind, Tuple) and type(one) is tuple:
            return _zipped(one, other)
        if isinstance(kind, Container) and type(one) in _CONTAINERS:
            details = [
                (getattr(value, "default_factory", None), getattr(value, "maxlen", None)) for value in (one, other)
            ]
            return _zipped(details[0], details[1]) + _zipped(kind.items(one), kind.items(other))
        if type(one) is types.MethodType:
            return [(one.__self__, other.__self__), (one.__func__, other.__func__)]
        if type(one) is types.CellType and kind is not None:
            return _zipped(kind.state(one), kind.state(other))
        self._compare_data(one, other)
        return []

    def _compare_data(self, one: Any, other: Any) -> None:
        found = _DATA.get((type(one).__module__.partition(".")[0], type(one).__name__))
        if found is None:
            raise Different
        size, data = found
        self._bytes += size(one) + size(other)
        if self._bytes > _MOST_BYTES or data(one) != data(other):
            raise Different


def _zipped(some: Any, others: Any) -> Pairs:
    if len(some) != len(others):
        raise Different
    return [(some[place], others[place]) for place in range(len(some))]


def _by_name(some: Mapping[str, Any], others: Mapping[str, Any]) -> Pairs:
    if list(some) != list(others):
        raise Different
    return _zipped(list(some.values()), list(others.values()))


def _functions(one: Any, other: Any) -> Pairs:
    if one.__globals__ is not other.__globals__:
        raise Different
    annotated = "__annotate__" if hasattr(one, "__annotate__") else "__annotations__"
    parts = ("__code__", "__qualname__", "__module__", "__defaults__", "__kwdefaults__", "__dict__", annotated)
    if one.__code__ != other.__code__ or getattr(one, "__type_params__", ()) or getattr(other, "__type_params__", ()):
        raise Different
    pairs = [(getattr(one, part), getattr(other, part)) for part in parts[1:]]
    return pairs + _zipped(one.__closure__ or (), other.__closure__ or ())


def _classes(one: Any, other: Any) -> Pairs:
    if type(one) is not type or one.__qualname__ != other.__qualname__:
        raise Different
    held = [{name: part for name, part in vars(made).items() if name not in _OF_THE_RUN} for made in (one, other)]
    return [(one.__doc__, other.__doc__), *_by_name(held[0], held[1]), *_zipped(one.__bases__, other.__bases__)]


def _instances(one: Any, other: Any) -> Pairs:
    kind, alike = kind_of(one), kind_of(other)
    if not isinstance(kind, Instance) or not isinstance(alike, Instance) or not (kind.plain and alike.plain):
        raise Different
    held, slots, _ = kind.state(one)
    others, other_slots, _ = alike.state(other)
    return _by_name(held, others) + _zipped(slots, other_slots)


def _array(value: Any) -> Any:
    if value.base is not None or value.dtype.hasobject:
        raise Different
    return value.dtype, value.shape, value.strides, value.flags.writeable, value.tobytes("A")


def _frame(value: Any) -> Any:
    if value._attrs:
        raise Different
    axes = [_index(axis) for axis in value.axes]
    blocks = [(block.mgr_locs.as_array.tobytes(), *_column(block.values)) for block in value._mgr.blocks]
    return axes, blocks, repr(value.flags), repr(getattr(value, "name", None))


def _index(axis: Any) -> Any:
    if type(axis).__name__ == "RangeIndex":
        return repr(axis)
    if type(axis).__name__ not in ("Index", "DatetimeIndex"):
        raise Different
    return type(axis), repr(list(axis.names)), repr(getattr(axis, "freq", None)), _column(axis._values)


def _column(values: Any) -> Any:
    if type(values).__module__.startswith("numpy"):
        if values.dtype.hasobject:  # as pandas before 3 keeps texts
            return values.dtype, values.shape, values.strides, _plain_items(values)
        return values.dtype, values.shape, values.strides, values.tobytes("A")
    if type(values.dtype).__name__ not in _COMPARABLE:
        raise Different
    return repr(values.dtype), [(type(item), repr(item)) for item in values.ravel().tolist()]


def _plain_items(values: Any) -> Any:
    items = values.ravel().tolist()
    if not _PLAIN.issuperset(map(type, items)):
        raise Different
    return [(type(item), repr(item)) for item in items]


_PLAIN = frozenset([str, bytes, int, float, bool, type(None)])
_COMPARABLE = frozenset(["StringDtype", "DatetimeTZDtype", "BooleanDtype", "Int64Dtype", "Float64Dtype"])

_Size = Callable[[Any], int]
_DATA: dict[tuple[str, str], tuple[_Size, Callable[[Any], Any]]] = {
    ("builtins", "bytearray"): (len, bytes),
    ("random", "Random"): (lambda value: 1, lambda value: value.getstate()),
    ("numpy", "ndarray"): (lambda value: int(value.nbytes), _array),
    ("pandas", "DataFrame"): (lambda value: int(value.memory_usage().sum()), _frame),
    ("pandas", "Series"): (lambda value: int(value.memory_usage()), _frame),
    ("polars", "DataFrame"): (lambda value: int(value.estimated_size()), lambda value: value.serialize()),
    (
        "polars",
        "Series",
    ): (lambda value: int(value.estimated_size()), lambda value: value.to_frame().serialize()),
}
