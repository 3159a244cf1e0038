"""State without a name that cells change and rely on, inside a kernel: directory, random generators, styles.

Each kind has an adapter: is its module loaded, what is its state, is it the same, put it back. It is treated as a name,
one with a space in it, which no variable can have: a cell that changed it provides a version, and before a cell runs it
is made what it was at the cell's place. Who reads it can't be seen, so a cell counts as a reader if it may be one:

* the global random generators of `random` and numpy: a cell that drew from it, or speaks of seeding it. Until a cell
  seeds one it is left alone: who runs `rand()` again wants new numbers. Of the cell that loads numpy's, as its first
  use does, the source tells whether it drew or seeded;
* matplotlib's style: a cell during which it was looked up;
* print options of pandas and numpy: a cell that uses something of a library, or of a module of the user's own;
* working directory, environment, module path, warning filters: a cell that calls anything.

A reader runs again only when the state it would find is another one: a provider that runs again and leaves the same
state makes nobody stale. What the loading of modules changes is nobody's, unless the cell's source speaks of it; a cell
that is run again with the same source once its modules are loaded leaves what it left with their loading.
"""

from __future__ import annotations

import os
import random
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_ABSENT = object()


class Ambient:
    """One kind of such state. These methods are only called while the module is loaded."""

    name = ""
    module = ""
    mentioned = re.compile("")
    """What the source of a cell that changes it speaks of, if modules change it too when they are loaded."""

    was_read = False
    """Whether it was looked up since a cell began, where that can be told."""

    def begin(self) -> None:
        """A cell begins."""

    def state(self) -> Any:
        """The state now, as a value of its own."""

    def same(self, state: Any) -> bool:
        """Whether the state now is that one."""
        return self.equal(self.state(), state)

    def equal(self, one: Any, other: Any) -> bool:
        """Whether two states are the same."""
        return bool(one == other)

    def restore(self, state: Any) -> None:
        """Put a state back."""

    def first(self) -> Any:
        """The state before any cell, when it is first looked at after a cell has loaded the module."""
        return self.state()

    def restore_first(self, state: Any) -> None:
        self.restore(state)

    def counts(self, before: Any) -> bool:
        """Whether a change is one that a cell provides."""
        return True


class WorkingDirectory(Ambient):
    name, module = "working directory", "os"
    mentioned = re.compile(r"chdir|%cd|\bcd\b")

    def state(self) -> Any:
        try:
            return os.getcwd()
        except OSError:
            return ""

    def restore(self, state: Any) -> None:
        os.chdir(state)


class Environment(Ambient):
    name, module = "environment variables", "os"
    mentioned = re.compile(r"environ|putenv|%env|dotenv|setenv")

    def state(self) -> Any:
        return dict(getattr(os.environ, "_data", os.environ))

    def same(self, state: Any) -> bool:
        return bool(getattr(os.environ, "_data", os.environ) == state)

    def restore(self, state: Any) -> None:
        now = self.state()
        for key in now.keys() - state.keys():
            del os.environ[os.fsdecode(key)]
        for key, value in state.items():
            if now.get(key) != value:
                os.environ[os.fsdecode(key)] = os.fsdecode(value)


class ModulePath(Ambient):
    name, module = "module search path", "sys"
    mentioned = re.compile(r"sys\.path|addsitedir")

    def state(self) -> Any:
        return list(sys.path)

    def same(self, state: Any) -> bool:
        return bool(sys.path == state)

    def restore(self, state: Any) -> None:
        sys.path[:] = state


class WarningFilters(Ambient):
    name, module = "warning filters", "warnings"
    mentioned = re.compile(r"warn|filter")

    def state(self) -> Any:
        return list(warnings.filters)

    def same(self, state: Any) -> bool:
        return bool(warnings.filters == state)

    def restore(self, state: Any) -> None:
        filters: Any = warnings.filters
        filters[:] = state
        changed: Callable[[], None] | None = getattr(warnings, "_filters_mutated", None)
        if changed is not None:
            changed()


class RandomGenerator(Ambient):
    """The generator of the module `random`."""

    name, module = "random generator", "random"
    _ROUNDS = 64

    def state(self) -> Any:
        return random.getstate()

    def restore(self, state: Any) -> None:
        random.setstate(state)

    def restore_first(self, state: Any) -> None:
        """Nobody had seeded it."""
        random.seed()

    def counts(self, before: Any) -> bool:
        """Whether it was seeded: drawing alone leads from the state before to that of now, within some rounds."""
        other, now = type(random._inst)(), random.getstate()[1][:-1]
        other.setstate(before)
        for _ in range(self._ROUNDS):
            if other.getstate()[1][:-1] == now:
                return False
            other.getrandbits(32 * len(now))
        return True


_ADAPTERS: list[Ambient] = [WorkingDirectory(), Environment(), ModulePath(), WarningFilters(), RandomGenerator()]
CALLING = frozenset(adapter.name for adapter in _ADAPTERS[:4])
PRINTING = frozenset(["pandas options", "numpy print options"])
_LIBRARIES = {"numpy": "numpy", "numpy.random": "numpy.random", "pandas": "pandas", "matplotlib": "matplotlib"}
_CALLS = re.compile(r"[(!%@?]|\bimport\b")


class AmbientState:
    """What cells made of such state, and what it was before the first."""

    def __init__(self, library: Callable[[str], Ambient | None] | None = None) -> None:
        """`library`: the adapter for a module of a library, once that is loaded."""
        self.adapters = {adapter.name: adapter for adapter in _ADAPTERS}
        self.versions: dict[str, dict[str, Any]] = {}
        self._first = {name: adapter.state() for name, adapter in self.adapters.items()}
        self._now = dict(self._first)
        self._library = library
        self._waiting = set(_LIBRARIES)
        self._seeded: set[str] = set()
        self._sources: dict[str, tuple[str, bool]] = {}
        self._modules = 0
        self._has_begun = False
        self._is_quiet = True

    def forget(self, cell: str) -> None:
        self.versions.pop(cell, None)
        self._sources.pop(cell, None)

    def bind(self, name: str, cell: str | None) -> bool:
        """Make the state what a cell left, or what it was first (None); whether that is known."""
        adapter = self.adapters.get(name)
        if adapter is None:
            return cell is None
        state = _ABSENT if cell is None else self.versions.get(cell, {}).get(name, _ABSENT)
        try:
            if state is _ABSENT:
                self._seeded.discard(name)
                adapter.restore_first(self._first[name])
            else:
                self._seeded.add(name)
                adapter.restore(state)
            self._now[name] = adapter.state()
        except Exception:  # a directory that is gone, an option that is no more
            return False
        return cell is None or state is not _ABSENT

    @contextmanager
    def as_at_first(self) -> Iterator[None]:
        """Around what shall find the state that there was before any cell."""
        now = {name: adapter.state() for name, adapter in self.adapters.items()}
        for name, adapter in self.adapters.items():
            adapter.restore(self._first[name])
        try:
            yield
        finally:
            for name, adapter in self.adapters.items():
                adapter.restore(now[name])

    def begin(self, source: str, uses_objects: bool) -> None:
        """A cell begins; what was changed since the last one ended was changed by nobody."""
        self._is_quiet = not uses_objects and not _CALLS.search(source)
        if self._is_quiet:
            return
        if not self._has_begun:  # what a kernel finds imported was loaded by no cell
            self._has_begun = True
            self._look_for_libraries("")
        self._modules = len(sys.modules)
        for name, adapter in self.adapters.items():
            adapter.begin()
            if not adapter.same(self._now[name]):
                self._now[name] = adapter.state()

    def end(self, cell: str, source: str, of_libraries: Callable[[], bool]) -> tuple[list[str], list[str], list[str]]:
        """The cell has ended: what it changed, what it may have read, and where it left the same as the last time.

        `of_libraries`: whether it used anything of a library, or of a module of the user's own.
        """
        before, earlier = self.versions.pop(cell, {}), self._sources.get(cell)
        if self._is_quiet:
            self._sources.pop(cell, None)
            return [], [], []
        loaded = len(sys.modules) != self._modules
        if loaded and self._waiting:
            self._look_for_libraries(source)
        changed: dict[str, Any] = {}
        drawn: set[str] = set()
        for name, adapter in self.adapters.items():
            was = self._now[name]
            if adapter.same(was):
                continue
            self._now[name] = adapter.state()
            if name in _DRAWN:
                drawn.add(name)
            if loaded and adapter.mentioned.pattern and not adapter.mentioned.search(source):
                self._first[name] = self._now[name]
            elif name in self._seeded or (_SEEDS.search(source) if was is None else adapter.counts(was)):
                self._seeded.add(name)
                changed[name] = self._now[name]
        if earlier == (source, True) and not loaded:
            self._keep_what_loading_did(before, changed)
        if changed:
            self.versions[cell] = changed
        self._sources[cell] = source, loaded or earlier == (source, True)
        same = [
            name
            for name, state in changed.items()
            if name in before and (before[name] is state or self.adapters[name].equal(before[name], state))
        ]
        if _SEEDS.search(source):  # it may have left what it found, and yet not by itself
            drawn |= _DRAWN & self.adapters.keys()
        return sorted(changed), self._read(of_libraries, drawn), same

    def _keep_what_loading_did(self, before: dict[str, Any], changed: dict[str, Any]) -> None:
        for name, state in before.items():
            if self.adapters[name].mentioned.pattern:
                self.adapters[name].restore(state)
                self._now[name] = changed[name] = state

    def _read(self, of_libraries: Callable[[], bool], drawn: set[str]) -> list[str]:
        found = CALLING | drawn
        for name, adapter in self.adapters.items():
            if adapter.was_read or (name in PRINTING and of_libraries()):
                found |= {name}
        return sorted(found)

    def _look_for_libraries(self, source: str) -> None:
        """After a cell with that source. If it may have drawn, what the generator was before is not known: None."""
        for module in [module for module in self._waiting if module in sys.modules]:
            adapter = self._library(module) if self._library is not None else None
            self._waiting.discard(module)
            if adapter is not None:
                self._first[adapter.name] = self._now[adapter.name] = adapter.first()
                if adapter.name in _DRAWN and _DRAWS.search(source):
                    self._now[adapter.name] = None
                self.adapters[adapter.name] = adapter


_DRAWS = re.compile(r"random|seed|sampl|shuffl")
_SEEDS = re.compile(r"seed|set_?state")
_DRAWN = frozenset(["random generator", "numpy random generator"])
