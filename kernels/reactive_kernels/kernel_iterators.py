"""What is used up by being used (see `kernel_kinds`), inside a kernel: iterators, files, random generators."""

from __future__ import annotations

import functools
import gc
import operator
import random
from collections.abc import Callable
from typing import Any

from .kernel_kinds import CannotCopy, Convert, Kind, changeable


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
        now = gc.get_referents(value)
        return len(now) == len(state) and all(map(operator.is_, now, state))

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
        now = self.state(value)
        return len(now) == len(state) and all(map(operator.is_, now, state))

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
    """A function with `functools.cache`: how often it was called, and what it keeps. Copied while that is nothing."""

    def state(self, value: Any, wanted: bool = False) -> Any:
        return value.cache_info()

    def same(self, value: Any, state: Any) -> bool:
        return bool(value.cache_info() == state)

    def whole(self, value: Any, state: Any, convert: Convert) -> Any:
        if state.hits or state.misses:
            raise CannotCopy
        new: Any = functools.lru_cache(**value.cache_parameters())(convert(value.__wrapped__))
        vars(new).update((name, convert(part)) for name, part in vars(value).items() if name not in vars(new))
        return new
