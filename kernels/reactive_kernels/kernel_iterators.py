"""What is used up by being used, or leads to other objects (see `kernel_kinds`), inside a kernel.

Iterators, files, random generators, caches; views, wrapped methods, weak references; and the arrays of the standard
library. Loaded when a value is met that is none of the most usual.
"""

from __future__ import annotations

import collections
import functools
import gc
import operator
import random
import threading
import types
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from .kernel_kinds import (
    MOST_BYTES,
    CannotCopy,
    Convert,
    Kind,
    Sample,
    changeable,
    class_dict,
    identical,
    is_users,
    module_of,
)


class Holder(Kind):
    """What has no state but the objects that it shows or leads to: views, wrapped methods, weak references."""

    def __init__(self, held: Callable[[Any], list[Any]] = gc.get_referents) -> None:
        self._held = held

    def parts(self, value: Any) -> list[Any]:
        return changeable(self._held(value))


class Held(Kind):
    """A container of unknown make: the objects that it refers to."""

    pictured = True

    def state(self, value: Any, wanted: bool = False) -> Any:
        return gc.get_referents(value)

    def same(self, value: Any, state: Any) -> bool:
        return identical(gc.get_referents(value), state)

    def parts(self, value: Any) -> list[Any]:
        return changeable(gc.get_referents(value))

    def parts_of(self, state: Any) -> list[Any]:
        return changeable(state)

    def exact(self, state: Any) -> bool:
        return False


class Stepping(Kind):
    """An iterator over something: how far it is, as `__length_hint__` or `__reduce__` of built-in types tell."""

    def state(self, value: Any, wanted: bool = False) -> Any:
        return operator.length_hint(value, 0)

    def same(self, value: Any, state: Any) -> bool:
        return bool(self.state(value) == state)

    def parts(self, value: Any) -> list[Any]:
        return changeable(value.__reduce__()[1])

    def exact(self, state: Any) -> bool:
        return False


class Nested(Kind):
    """An iterator over others."""

    def state(self, value: Any, wanted: bool = False) -> Any:
        return [part for part in value.__reduce__()[1] if type(part) is int]

    def same(self, value: Any, state: Any) -> bool:
        return bool(self.state(value) == state)

    def parts(self, value: Any) -> list[Any]:
        return [item for part in value.__reduce__()[1] for item in (part if type(part) is tuple else [part])]


class Generator(Kind):
    def state(self, value: Any, wanted: bool = False) -> Any:
        frame = value.gi_frame
        return [] if frame is None else [frame.f_lasti, *frame.f_locals.values()]

    def same(self, value: Any, state: Any) -> bool:
        return identical(self.state(value), state)

    def exact(self, state: Any) -> bool:
        return False


class Consumed(Holder):
    """A file, or an iterator that does not tell how far it is: to use it is to change it."""

    def same(self, value: Any, state: Any) -> bool:
        return False

    def exact(self, state: Any) -> bool:
        return False


class Draws(Kind):
    """A generator of random numbers."""

    def state(self, value: Any, wanted: bool = False) -> Any:
        return random.Random.getstate(value)

    def same(self, value: Any, state: Any) -> bool:
        return bool(random.Random.getstate(value) == state)

    def empty(self, value: Any) -> Any:
        return random.Random.__new__(type(value))

    def fill(self, new: Any, state: Any, convert: Convert) -> None:
        random.Random.setstate(new, state)


class Cached(Holder):
    """A function of the user's with `functools.cache`: how often it was called, and what it keeps.

    It is copied while that is nothing.
    """

    def state(self, value: Any, wanted: bool = False) -> Any:
        return value.cache_info() if is_users(module_of(value)) else None

    def same(self, value: Any, state: Any) -> bool:
        return state is None or bool(value.cache_info() == state)

    def parts(self, value: Any) -> list[Any]:
        return super().parts(value) if is_users(module_of(value)) else []

    def whole(self, value: Any, state: Any, convert: Convert) -> Any:
        if state.hits or state.misses:
            raise CannotCopy
        new: Any = functools.lru_cache(**value.cache_parameters())(convert(value.__wrapped__))
        vars(new).update((name, convert(part)) for name, part in vars(value).items() if name not in vars(new))
        return new


class Numbers(Kind):
    """An `array.array`."""

    def state(self, value: Any, wanted: bool = False) -> Any:
        size = len(value)
        if size * value.itemsize > MOST_BYTES and not wanted:
            return Sample(size, [value[:: max(1, size // 1024)].tobytes()])
        return value.tobytes()

    def same(self, value: Any, state: Any) -> bool:
        now = self.state(value, type(state) is bytes)
        return bool(now.size == state.size and now.items == state.items if type(state) is Sample else now == state)

    def empty(self, value: Any) -> Any:
        return type(value)(value.typecode)

    def fill(self, new: Any, state: Any, convert: Convert) -> None:
        new.frombytes(state)


_mappings: list[dict[Any, Any]] = [{}, collections.OrderedDict()]
_HOLDERS: list[Any] = [type(view) for made in _mappings for view in (made.keys(), made.values(), made.items())]
_HOLDERS += [memoryview, type(gc.get_referents(memoryview(b""))[0]), types.MappingProxyType, types.MethodWrapperType]
_HOLDERS += [staticmethod, classmethod, property, functools.singledispatchmethod]
_ITERATED: tuple[Any, ...] = ([], (), {}, "", b"", set(), range(0), {}.values(), {}.items())
_KINDS: dict[Any, Kind | None] = {
    **dict.fromkeys(_HOLDERS, Holder()),
    **dict.fromkeys([type(iter(value)) for value in _ITERATED], Stepping()),
    **dict.fromkeys([zip, map, filter, enumerate, reversed], Nested()),
    types.GeneratorType: Generator(),
    type(functools.lru_cache(len)): Cached(),
    weakref.ref: Holder(lambda value: [value()]),
    threading.local: Holder(lambda value: [value.__dict__]),
}
_DRAWS = Draws()


def base_of(bases: Iterable[type]) -> Kind | None:
    """What is known of a type that is made from one of these."""
    return _DRAWS if random.Random in bases and random.SystemRandom not in bases else None


def kind_of_type(kind: type) -> Kind | None:
    """What is known of a type of Python's own."""
    if kind.__module__ == "array":
        return Numbers()
    if kind.__module__ == "xml.etree.ElementTree" or kind.__name__ == "_lru_list_elem":
        return Held()
    return _KINDS.get(kind)


def if_used_up(bases: Iterable[type]) -> Kind | None:
    """What is known of any other iterator."""
    return Consumed() if any("__next__" in class_dict(base) for base in bases) else None
