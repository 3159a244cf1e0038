"""The state of names along a cell's control flow.

A state is a layer over the one before it: a branch writes into a layer of its own, and joining branches costs what they
changed, not what the cell has. The rule: a mark says all that may be true of a name at that point.
"""

from __future__ import annotations

from collections.abc import Sequence

from reactive_nb.execution.analysis.values import EMPTY, Value, merge

OLD = 1
"""The name may still be what other cells made it."""
BOUND = 2
"""This cell may have bound it."""
GONE = 4
"""This cell may have unbound it."""


class TooComplex(Exception):
    """The cell takes more steps to analyse than any real one."""


class State:
    """What may be true of each name at one point. Names are keys; those of class bodies carry a prefix."""

    __slots__ = ("live", "marks", "parent", "read", "values")

    def __init__(self, parent: State | None = None) -> None:
        self.parent = parent
        self.marks: dict[str, int] = {}
        self.values: dict[str, Value] = {}
        self.read: set[str] = set()
        """Names surely read, in this layer, as other cells made them."""
        self.live = True

    def mark(self, key: str) -> int:
        state: State | None = self
        while state is not None:
            mark = state.marks.get(key)
            if mark is not None:
                return mark
            state = state.parent
        return OLD

    def value(self, key: str) -> Value:
        """What this cell bound `key` to."""
        state: State | None = self
        while state is not None:
            value = state.values.get(key)
            if value is not None:
                return value
            state = state.parent
        return EMPTY

    def put(self, key: str, mark: int, value: Value) -> None:
        self.marks[key] = mark
        self.values[key] = value

    def add(self, key: str, mark: int, value: Value) -> None:
        """`key` may, besides what is known of it, be this."""
        self.put(key, self.mark(key) | mark, merge(self.value(key), value))

    def fork(self) -> State:
        return State(self)


def flatten(state: State, base: State) -> State:
    """One layer over `base` that says the same as the layers of `state` down to it."""
    if state.parent is base:
        return state
    layers: list[State] = []
    layer: State | None = state
    while layer is not None and layer is not base:
        layers.append(layer)
        layer = layer.parent
    result = State(base)
    result.live = state.live
    for layer in reversed(layers):
        result.marks |= layer.marks
        result.values |= layer.values
        result.read |= layer.read
    return result


def join(base: State, branches: Sequence[State]) -> None:
    """Make `base` what it is after one of `branches`, layers over it, was taken. Dead ones do not count."""
    live = [branch for branch in branches if branch.live]
    if not live:
        base.live = False
        live = list(branches)
    if len(live) == 1:
        base.marks |= live[0].marks
        base.values |= live[0].values
        base.read |= live[0].read
        return
    found: dict[str, tuple[int, Value, int]] = {}
    for branch in live:
        for key, mark in branch.marks.items():
            marks, value, count = found.get(key, (0, EMPTY, 0))
            found[key] = marks | mark, merge(value, branch.values[key]), count + 1
    for key, (mark, value, count) in found.items():
        if count < len(live):  # in some branch it is what it was
            mark, value = mark | base.mark(key), merge(value, base.value(key))
        base.put(key, mark, value)
    base.read |= set.intersection(*(branch.read for branch in live))
