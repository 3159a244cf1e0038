"""Who refers to what a cell changed in place, and how others are given it as it was (see `kernel_pictures`).

Loaded when a cell has changed something. Rules: the cost is bounded by number and by time; a change is blamed on every
name and version from which the changed object is reached; a copy is made only where nobody would miss it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from .kernel_kinds import CannotCopy, Kind
from .kernel_objects import Module
from .kernel_pictures import BETWEEN_LOOKS, LONGEST_S, Pictures
from .kernel_types import kind_of

_MOST_NODES = 20_000
_DEEPEST = 50


class Reach:
    """From which values changed ones are reached, now or as they were before."""

    def __init__(self, roots: Iterable[Any], pictures: Pictures, changed: set[int]) -> None:
        self.pictures = pictures
        self.changed = changed
        self.nodes: dict[int, tuple[Any, Kind]] = {}
        self.held: dict[int, int] = {}
        """How often the values in `nodes` refer to one."""
        self._parents: dict[int, list[int]] = {}
        self._walk(list(roots))
        self.dirty = self._above(changed)

    def _walk(self, todo: list[Any]) -> None:
        deadline = time.perf_counter() + LONGEST_S
        for value in todo:  # grows
            key = id(value)
            if key in self.nodes:
                continue
            kind = kind_of(value)
            if kind is None:
                continue
            self.nodes[key] = value, kind
            todo.extend(self._parts(key, value, kind))
            taken = len(self.nodes)
            if taken == _MOST_NODES or (taken % BETWEEN_LOOKS == 0 and time.perf_counter() > deadline):
                break

    def _parts(self, key: int, value: Any, kind: Kind) -> list[Any]:
        now = _parts(value, kind)
        for part in () if isinstance(kind, Module) else now:  # the copy would not be seen there
            self.held[id(part)] = self.held.get(id(part), 0) + 1
        seen = self.pictures.seen.get(key)
        before = seen[1].parts_of(seen[2]) if seen is not None else []
        for part in (*now, *before):
            self._parents.setdefault(id(part), []).append(key)
        return now + before

    def _above(self, changed: set[int]) -> set[int]:
        found = set(changed)
        todo = list(changed)
        while todo:
            for parent in self._parents.get(todo.pop(), ()):
                if parent not in found:
                    found.add(parent)
                    todo.append(parent)
        return found


class Restorer:
    """Makes what values were before they were changed, from pictures; only of what nobody unknown refers to.

    A reference that is not accounted for may be one from a place where nobody would see the copy.
    """

    def __init__(self, reach: Reach, references: Mapping[int, int]) -> None:
        """`references`: how often names, versions and the like refer to a value."""
        self._reach = reach
        self._made: dict[int, Any] = {}
        pictured = reach.pictures.references()
        self._accounted = {
            key
            for key in reach.dirty & reach.nodes.keys()
            if count(reach.nodes, key)
            == reach.held.get(key, 0) + pictured.get(key, 0) + (key in reach.pictures.seen) + references.get(key, 0)
        }

    def as_before(self, value: Any) -> Any:
        """The value as it was: a copy, or itself if no part of it was changed. Raises CannotCopy."""
        trial = dict(self._made)
        made = self._convert(value, trial, 0)
        self._made = trial
        return made

    def copies_of_changed(self) -> set[int]:
        """The identities of what was made in the place of objects that were changed themselves."""
        return {id(self._made[key]) for key in self._reach.changed if key in self._made}

    def _convert(self, value: Any, made: dict[int, Any], depth: int) -> Any:
        key = id(value)
        if key in made:
            return made[key]
        if key not in self._reach.dirty:
            return value
        seen = self._reach.pictures.seen.get(key)
        if depth > _DEEPEST or key not in self._accounted or (seen is None and key in self._reach.changed):
            raise CannotCopy  # the last: it was changed, and there was no time for a picture of it before
        if seen is not None:
            _, kind, state = seen
        else:
            kind = self._reach.nodes[key][1]
            state = kind.state(value)
        if not kind.exact(state):
            raise CannotCopy

        def convert(part: Any) -> Any:
            return self._convert(part, made, depth + 1)

        new = kind.whole(value, state, convert)
        if new is NotImplemented:
            new = made[key] = kind.empty(value)
            kind.fill(new, state, convert)
        made[key] = new
        return new


def _parts(value: Any, kind: Kind) -> list[Any]:
    try:
        return kind.parts(value)
    except Exception:  # a value that can't be looked at is as good as unknown
        return []


def leads_to(value: Any, identities: Collection[int]) -> bool:
    """Whether an object of these identities is the value or part of it."""
    todo, seen = [value], set()
    deadline = time.perf_counter() + LONGEST_S
    for part in todo:  # grows
        key = id(part)
        if key in identities:
            return True
        kind = None if key in seen else kind_of(part)
        if kind is None:
            continue
        seen.add(key)
        todo.extend(_parts(part, kind))
        if len(seen) == _MOST_NODES or (len(seen) % BETWEEN_LOOKS == 0 and time.perf_counter() > deadline):
            break
    return False


def count(nodes: Mapping[int, tuple[Any, Any]], key: int) -> int:
    """How often a value is referred to, but by `nodes`."""
    return sys.getrefcount(nodes[key][0]) - _OWN


_OWN = 0
_OWN = count({0: (object(), None)}, 0)
