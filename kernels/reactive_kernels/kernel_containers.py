"""What can be changed in place of Python's own containers (see `kernel_kinds`), and of types made from them."""

from __future__ import annotations

import collections
import itertools
import operator
from collections.abc import Callable, Iterable
from typing import Any

from .kernel_kinds import MOST_BYTES, MOST_ITEMS, CannotCopy, Convert, Kind, Sample, changeable, identical


class Container(Kind):
    """A built-in container, or a type made from one: its items, in order."""

    pictured = True

    def __init__(self, base: Any, items: Callable[[Any], list[Any]], first: Callable[[Any], Iterable[Any]]) -> None:
        self.base, self.items, self.first = base, items, first
        self.length: Callable[[Any], int] = base.__len__

    def state(self, value: Any, wanted: bool = False) -> Any:
        size = self.length(value)
        if size > MOST_ITEMS:
            return Sample(size, self.first(value))
        return self.items(value)

    def same(self, value: Any, state: Any) -> bool:
        now = self.state(value)
        if type(state) is Sample:
            return state.same(now)
        return type(now) is list and identical(now, state)

    def parts(self, value: Any) -> list[Any]:
        return self.parts_of(self.state(value))

    def parts_of(self, state: Any) -> list[Any]:
        return changeable(state.items if type(state) is Sample else state)


class Listed(Container):
    def empty(self, value: Any) -> Any:
        return self.base.__new__(type(value))

    def fill(self, new: Any, state: Any, convert: Convert) -> None:
        list.extend(new, map(convert, state))


class Deque(Container):
    def empty(self, value: Any) -> Any:
        new = collections.deque.__new__(type(value))
        collections.deque.__init__(new, (), value.maxlen)
        return new

    def fill(self, new: Any, state: Any, convert: Convert) -> None:
        collections.deque.extend(new, map(convert, state))


class Mapped(Container):
    def empty(self, value: Any) -> Any:
        return self.base.__new__(type(value))

    def fill(self, new: Any, state: Any, convert: Convert) -> None:
        half = len(state) // 2
        for place in range(half):
            self.base.__setitem__(new, state[place], convert(state[place + half]))


class Defaulted(Mapped):
    """A `defaultdict`: what makes its values comes last."""

    def fill(self, new: Any, state: Any, convert: Convert) -> None:
        super().fill(new, state, convert)
        new.default_factory = convert(state[-1])


class Unordered(Container):
    """A set. Its order depends on its past, so a copy counts only if it has the same."""

    def empty(self, value: Any) -> Any:
        return set.__new__(type(value))

    def fill(self, new: Any, state: Any, convert: Convert) -> None:
        set.update(new, state)
        if not all(map(operator.is_, set.__iter__(new), state)):
            raise CannotCopy


class Tuple(Kind):
    def parts(self, value: Any) -> list[Any]:
        if tuple.__len__(value) > MOST_ITEMS:
            return changeable(tuple.__getitem__(value, slice(32)))
        return changeable(value if type(value) is tuple else list(tuple.__iter__(value)))

    def whole(self, value: Any, state: Any, convert: Convert) -> Any:
        return tuple.__new__(type(value), map(convert, tuple.__iter__(value)))


class Frozen(Kind):
    """A frozenset: no copy is made of one whose items were changed, for it might have another order."""

    def parts(self, value: Any) -> list[Any]:
        return changeable(list(itertools.islice(frozenset.__iter__(value), MOST_ITEMS)))


class Buffer(Kind):
    """A bytearray."""

    def state(self, value: Any, wanted: bool = False) -> Any:
        size = bytearray.__len__(value)
        if size > MOST_BYTES and not wanted:
            step = size // 1024
            return Sample(size, bytes(bytearray.__getitem__(value, slice(None, None, step))))
        return bytes(value)

    def same(self, value: Any, state: Any) -> bool:
        now = self.state(value, type(state) is bytes)
        return state.same(now) if type(state) is Sample else bool(now == state)

    def empty(self, value: Any) -> Any:
        return bytearray.__new__(type(value))

    def fill(self, new: Any, state: Any, convert: Convert) -> None:
        bytearray.extend(new, state)
