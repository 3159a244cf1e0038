"""How much memory overwritten versions may take, inside a kernel: beyond it the oldest are let go.

A version is overwritten when its name holds another value. Until then it costs nothing, for the value is in use. Sizes
are what the values themselves tell cheaply (`nbytes`, the blocks of a frame, `sys.getsizeof`), estimated from a few
items where there are many; what is shared, with a value in use or with another version, counts once or not at all.
Rules: nothing is looked at before a name has a second version; a value's own code is never run.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from .kernel_kinds import FIXED, module_of

_SHARE = 4
_WITHOUT_KNOWING = 1 << 30
_SAMPLED = 64
_DEPTH = 3

_SMALL = 64
_SMALL_TYPES = FIXED - {str, bytes}

Versions = dict[str, dict[str, Any]]


def default_limit() -> int:
    """A quarter of the machine's memory, in bytes."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _SHARE
    except (AttributeError, ValueError, OSError):
        return _WITHOUT_KNOWING


def buffers_of(value: Any, depth: int = _DEPTH) -> dict[int, int]:
    """What a value takes: the identity of each piece of memory → its size in bytes. `depth`: of what is looked into."""
    library = module_of(type(value)).partition(".")[0]
    try:
        if library == "numpy" and hasattr(value, "nbytes"):
            whole = value
            while whole.base is not None and hasattr(whole.base, "nbytes"):
                whole = whole.base
            return {id(whole): int(whole.nbytes)}
        if library == "pandas" and hasattr(value, "_mgr"):
            blocks = value._mgr.blocks
            return {id(getattr(block, "refs", block.values)): int(block.values.nbytes) for block in blocks}
        if library == "polars" and hasattr(value, "estimated_size"):
            return {id(value): int(value.estimated_size())}
        if library == "torch" and hasattr(value, "element_size"):
            return {int(value.data_ptr()): int(value.element_size() * value.nelement())}
    except Exception:  # a library of another age
        return {id(value): sys.getsizeof(value)}
    return {id(value): _size(value, depth)}


def _size(value: Any, depth: int) -> int:
    """Roughly what a value takes, with what it refers to."""
    kind = type(value)
    try:
        own: int = sys.getsizeof(value) if kind in _SIZED else kind.__basicsize__
    except Exception:
        return 0
    if kind in FIXED or not depth:
        return own
    if kind in (list, tuple, set, frozenset):
        return own + _sampled_size(value, len(value), depth)
    if kind is dict:
        items = itertools.chain.from_iterable(itertools.islice(value.items(), _SAMPLED))
        return own + _sampled_size(items, 2 * len(value), depth)
    held = getattr(value, "__dict__", None) if module_of(kind) == "__main__" else None
    return own + (_sampled_size(held.values(), len(held), depth) if type(held) is dict else 0)


_SIZED = frozenset([list, tuple, set, frozenset, dict, str, bytes, bytearray, int])


def _sampled_size(items: Iterable[Any], count: int, depth: int) -> int:
    taken = list(itertools.islice(items, 2 * _SAMPLED))
    size = sum(sum(buffers_of(item, depth - 1).values()) if depth > 1 else sys.getsizeof(item) for item in taken)
    return size * count // len(taken) if taken else 0


class VersionMemory:
    """Which versions are overwritten, oldest first, and what they take."""

    def __init__(self, versions: Versions, limit: int | None = None) -> None:
        """`versions`: those that there are; `limit`: in bytes, None for a quarter of the memory."""
        self.limit = default_limit() if limit is None else limit
        self._last = {name: cell for cell, held in versions.items() for name in held}
        """Name → the cell whose version is to be left when all has run: that one is never let go."""
        self._passing: dict[str, str] = {}
        """Name → a cell whose version of it another will follow, and that the name may still hold."""
        self._overwritten: dict[tuple[str, str], None] = {}
        self._at_most = 0

    def note(
        self, cell: str, made: Iterable[str], overwritten: Collection[str], versions: Versions, names: Mapping[str, Any]
    ) -> bool:
        """A cell has made versions of these names; whether those that are overwritten may be too much.

        `overwritten`: names that a cell further down writes too; `names`: what they hold now.
        """
        for name, other in list(self._passing.items()):
            if versions.get(other, {}).get(name) is not names.get(name):
                del self._passing[name]
                self._overwrite(other, name, versions)
        for name in made:
            self._overwritten.pop((cell, name), None)
            if name in overwritten:
                self._passing[name] = cell
                if self._last.get(name) == cell:
                    del self._last[name]
            else:
                before = self._last.get(name, cell)
                self._last[name] = cell
                if before != cell:
                    self._overwrite(before, name, versions)
        return self._at_most > self.limit

    def _overwrite(self, cell: str, name: str, versions: Versions) -> None:
        if (cell, name) not in self._overwritten and name in versions.get(cell, ()):
            self._overwritten[cell, name] = None
            value = versions[cell][name]
            self._at_most += _SMALL if type(value) in _SMALL_TYPES else sum(buffers_of(value).values())

    def let_go(self, versions: Versions, in_use: Iterable[Any]) -> list[list[str]]:
        """Drop the oldest versions beyond the limit; which, as [cell, name]."""
        used: set[int] = set()
        for value in in_use:
            if type(value) not in _SMALL_TYPES:
                used.update(buffers_of(value))
        there = [(cell, name) for cell, name in self._overwritten if name in versions.get(cell, ())]
        found = {key: _without(buffers_of(versions[key[0]][key[1]]), used) for key in there}
        holders = Counter(itertools.chain.from_iterable(found.values()))
        total = sum({key: size for buffers in found.values() for key, size in buffers.items()}.values())
        gone: list[list[str]] = []
        for (cell, name), buffers in found.items():
            if total <= self.limit:
                break
            holders.subtract(buffers.keys())
            freed = sum(size for key, size in buffers.items() if not holders[key])
            if buffers:
                total -= freed
                del versions[cell][name]
                gone.append([cell, name])
        self._overwritten = {(c, n): None for c, n in there if n in versions[c]}
        self._at_most = total
        return gone


def _without(buffers: dict[int, int], used: set[int]) -> dict[int, int]:
    return {key: size for key, size in buffers.items() if key not in used}
