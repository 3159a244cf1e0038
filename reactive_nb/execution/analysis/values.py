"""What the analysis remembers of a value: the code and the objects that may be reached through it.

Nothing is said about types. The rule: better too much than too little, but data that cannot hold code holds none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

NONE: frozenset[str] = frozenset()


class Value(NamedTuple):
    """An abstract value. All sets are of names at module level."""

    reads: frozenset[str] = NONE
    """Globals read when the value, or something in it, is called."""
    writes: frozenset[str] = NONE
    """Globals bound or deleted then."""
    mutates: frozenset[str] = NONE
    """Globals whose object is changed then."""
    carries: frozenset[str] = NONE
    """Names of other cells whose values are, or may be, somewhere in this one."""
    own: frozenset[str] = NONE
    """The same for names bound in this cell."""
    roots: frozenset[str] = NONE
    """Names of other cells whose object, or a part of it, this may be."""
    parts: frozenset[str] = NONE
    """Names of other cells whose object may be an element of this one."""

    @property
    def calls(self) -> bool:
        """Whether calling it may touch globals."""
        return bool(self.reads or self.writes or self.mutates)


EMPTY = Value()


def merge(a: Value, b: Value) -> Value:
    """A value that may be either, or hold both."""
    if a is EMPTY or a is b:
        return b
    if b is EMPTY:
        return a
    return Value(a[0] | b[0], a[1] | b[1], a[2] | b[2], a[3] | b[3], a[4] | b[4], a[5] | b[5], a[6] | b[6])


def merge_all(values: Sequence[Value]) -> Value:
    """A value that may be any of `values`, or hold all of them; in one step, however many there are."""
    if len(values) < 3:
        return EMPTY if not values else values[0] if len(values) == 1 else merge(*values)
    full = [value for value in values if value is not EMPTY]
    if len(full) < 3:
        return merge_all(full)
    return Value(*(NONE.union(*parts) for parts in zip(*full, strict=True)))


def element(value: Value) -> Value:
    """An item, an attribute or a slice of `value`."""
    if not value.parts or value.parts <= value.roots:
        return value
    return Value(value[0], value[1], value[2], value[3], value[4], value.roots | value.parts, value[6])


def contained(value: Value) -> Value:
    """A new container with `value` inside."""
    if not value.roots:
        return value
    return Value(value[0], value[1], value[2], value[3], value[4], NONE, value.parts | value.roots)


def detached(value: Value) -> Value:
    """A new object made from `value`: it may hold its code, but changing it does not change `value`."""
    if not value.roots and not value.parts:
        return value
    return Value(value[0], value[1], value[2], value[3], value[4])


def owned(value: Value, key: str) -> Value:
    """`value`, read from what this cell bound to `key`."""
    own = frozenset((key,))
    return value if own == value.own else Value(value[0], value[1], value[2], value[3], own, value[5], value[6])
