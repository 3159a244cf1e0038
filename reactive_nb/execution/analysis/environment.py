"""What reading, binding, deleting and changing a name means at one point of a cell.

The environment holds the state of names (`flow`), the scopes that surround the point (comprehensions, class bodies,
exception handlers), and the sets that come out in the end. The rule: a read counts as a use only where the name may
still be another cell's, and what is changed in place counts only where the object may be.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from reactive_nb.execution.analysis.flow import BOUND, GONE, OLD, State, TooComplex, flatten
from reactive_nb.execution.analysis.late import LateReader
from reactive_nb.execution.analysis.names import is_history
from reactive_nb.execution.analysis.scopes import mangled
from reactive_nb.execution.analysis.timeline import Timeline
from reactive_nb.execution.analysis.values import EMPTY, Value, contained, merge, owned

MAX_STEPS = 1_000_000
_MANY = 50


@dataclass(slots=True)
class Comprehension:
    """The names of a comprehension, or type parameters: seen from everywhere inside."""

    names: dict[str, Value] = field(default_factory=dict)
    sees_class: bool = False
    """Whether the names of a class body around are seen: so it is for type parameters."""


@dataclass(slots=True)
class ClassBody:
    """A class body: its names are seen from its own statements only."""

    name: str
    prefix: str
    globals: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    annotations: list[ast.expr] = field(default_factory=list)


@dataclass(slots=True)
class HandlerName:
    """`e` of `except E as e`, which is gone after the handler."""

    name: str
    key: str
    in_class: bool = False
    """Then it is seen from the class's own statements only."""


Frame = Comprehension | ClassBody | HandlerName


@dataclass(slots=True)
class Loop:
    """A loop being read."""

    base: State
    since: int = 0
    breaks: list[State] = field(default_factory=list)
    continues: list[State] = field(default_factory=list)
    mentioned: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    """Keys mentioned, and changed in place, in the loop: the next round may find other values in them."""


class Environment:
    """Names at the point that is being read."""

    def __init__(self) -> None:
        self.state = State()
        self.catchers: list[State] = []
        """For each `try` around: what may be true where an exception leaves its body."""
        self.loops: list[Loop] = []
        self.frames: list[Frame] = []
        self.late = LateReader()
        self.timeline = Timeline()
        self.uses: set[str] = set()
        self.mutates: set[str] = set()
        self.mutated_values: dict[str, list[Value]] = {}
        """What was stored in the objects of other cells."""
        self.filled: set[str] = set()
        """Keys of this cell whose object was given something after it was bound."""
        self.opaque: set[str] = set()
        self.unchecked = False
        """Whether there may be a keyword given twice, which only the compiler refuses."""
        self._serial = 0
        self._steps = 0
        self._quiet = False
        self._foreign: dict[str, Value] = {}

    def step(self, count: int = 1) -> None:
        """Count work that may grow faster than the cell. Raises TooComplex."""
        self._steps += count
        if self._steps > MAX_STEPS:
            raise TooComplex

    # -- names

    @property
    def private(self) -> str | None:
        """The innermost class, by which `__x` is mangled."""
        for frame in reversed(self.frames):
            if isinstance(frame, ClassBody):
                return frame.name
        return None

    def hidden(self) -> set[str]:
        """Names around that are not globals for a function made here."""
        names: set[str] = set()
        for frame in self.frames:
            if isinstance(frame, Comprehension):
                names |= frame.names.keys()
        if any(isinstance(frame, ClassBody) for frame in self.frames):
            names.add("__class__")
        return names

    def hidden_from_types(self) -> set[str]:
        """The same for type parameters, aliases and annotations that are evaluated later: they see a class around."""
        names = self.hidden()
        if self.frames and isinstance(self.frames[-1], ClassBody):
            frame = self.frames[-1]
            bound = (key for key in frame.keys if self.state.mark(key) == BOUND)
            names.update(key.removeprefix(frame.prefix) for key in bound)
        return names

    @contextmanager
    def frame(self, frame: Frame) -> Iterator[None]:
        self.frames.append(frame)
        yield
        self.frames.pop()

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Mentions in here call nothing: annotations."""
        before, self._quiet = self._quiet, True
        yield
        self._quiet = before

    def new_prefix(self) -> str:
        self._serial += 1
        return f"{self._serial}\0"

    def load(self, name: str) -> Value:
        """The value of `name`, which is read here."""
        if self.frames:
            name = mangled(name, self.private)
            nested = False
            for frame in reversed(self.frames):
                if isinstance(frame, Comprehension):
                    if name in frame.names:
                        return frame.names[name]
                    nested = nested or not frame.sees_class
                elif isinstance(frame, HandlerName):
                    if name == frame.name and not (nested and frame.in_class):
                        return self.read_name(frame.key, name)
                elif not nested:
                    nested = True
                    if name not in frame.globals:
                        key = frame.prefix + name
                        mark = self.state.mark(key)
                        if mark & BOUND:
                            value = self._read_own(key)
                            return merge(value, self.read_name(name, name, certain=False)) if mark & OLD else value
        return self.read_name(name, name)

    def read_name(self, key: str, name: str, *, certain: bool = True) -> Value:
        """The module's `name`; inside of a handler its key may be another."""
        if name[0] in "_IO" and is_history(name):
            return EMPTY
        mark = self.state.mark(key)
        value = EMPTY
        if mark & OLD:
            self.uses.add(name)
            self.timeline.reach(name)
            if certain and mark == OLD and not self.opaque:  # what can't be seen may have bound it
                self.state.read.add(name)
            value = self._foreign.get(name, EMPTY)
            if value is EMPTY:
                only = frozenset((name,))
                self._foreign[name] = value = Value(carries=only, roots=only)
        return merge(value, self._read_own(key)) if mark & BOUND else value

    def _read_own(self, key: str) -> Value:
        value = self.state.value(key)
        for loop in self.loops:
            loop.mentioned.add(key)
        if not self._quiet:
            if value.carries or value.own:
                self.timeline.run()
            self.call(value)
        return owned(value, key)

    def key_for(self, name: str) -> str | None:
        """Where a binding of `name` goes; None if it is nobody's."""
        if self.frames:
            name = mangled(name, self.private)
            in_class = False
            for frame in reversed(self.frames):
                if isinstance(frame, HandlerName):
                    if name == frame.name and not in_class:
                        return frame.key
                elif isinstance(frame, ClassBody) and not in_class:
                    if name not in frame.globals:
                        frame.keys.add(frame.prefix + name)
                        return frame.prefix + name
                    in_class = True
        return None if is_history(name) else name

    def store(self, name: str, value: Value) -> None:
        """Bind `name`."""
        key = self.key_for(name)
        if key is not None:
            self.put(key, BOUND, value)

    def delete(self, name: str) -> None:
        """`del name`. In a class body, no global is meant."""
        key = self.key_for(name)
        if key is None or "\0" not in key:
            with self.quietly():
                self.load(name)
        if key is not None:
            self.put(key, GONE, EMPTY)

    def put(self, key: str, mark: int, value: Value) -> None:
        if len(value.carries) > _MANY or len(value.reads) > _MANY:
            self.step(len(value.carries) + len(value.reads))
        if "\0" not in key:
            self.timeline.bind(key, mark, self.state)
        self.state.put(key, mark, value)
        for catcher in self.catchers:
            catcher.add(key, mark, value)

    def maybe(self, key: str, mark: int, value: Value = EMPTY) -> None:
        """`key` may be bound or deleted here."""
        self.put(key, self.state.mark(key) | mark, merge(self.state.value(key), value))

    # -- calls and changes

    def call(self, value: Value) -> None:
        """Something in `value` may be called here: what it needs is needed now, unless this cell has bound it."""
        if not value.calls:
            return
        seen: set[str] = set()
        todo = [value]
        while todo:
            value = todo.pop()
            self.step(len(value.reads) + len(value.writes) + len(value.mutates))
            for name in value.reads - seen:
                seen.add(name)
                mark = self.state.mark(name)
                if mark & OLD:
                    self.uses.add(name)
                    self.timeline.reach(name)
                if mark & BOUND:
                    todo.append(self.state.value(name))
            for name in value.writes:
                self.maybe(name, BOUND)
            for name in value.mutates:
                self._change_name(name)

    def _change_name(self, name: str) -> None:
        mark = self.state.mark(name)
        if mark & OLD:
            self.mutates.add(name)
        if mark & BOUND:
            self.mutates |= self.state.value(name).roots

    def change(self, value: Value, name: str | None, stored: Value = EMPTY) -> None:
        """The object `value`, reached from the variable `name`, is changed in place; `stored` is now in it."""
        self.step(1 + len(value.roots))
        self.mutates |= value.roots
        stored = contained(stored)
        for root in value.roots:
            self.timeline.change(root)
            self.mutated_values.setdefault(root, []).append(stored)
        if name is None or self._is_inner(name):
            return
        key = self.key_for(name)
        if key is None:
            return
        for loop in self.loops:
            loop.changed.add(key)
        if stored is EMPTY or not self.state.mark(key) & BOUND:
            return
        self.filled.add(key)
        self.state.add(key, 0, stored)
        self.step(1 + len(self.state.values[key].carries))
        for catcher in self.catchers:
            catcher.add(key, 0, stored)

    def own_key(self, name: str) -> str | None:
        """The key of the binding of this cell, if any, that reading `name` finds here."""
        key = None if self._is_inner(name) else self.key_for(name)
        return key if key is not None and self.state.mark(key) & BOUND else None

    def _is_inner(self, name: str) -> bool:
        return any(isinstance(frame, Comprehension) and name in frame.names for frame in self.frames)

    # -- control flow

    def leave_to(self, loop: Loop) -> State:
        """The state here, as a layer over what it was before `loop`."""
        state = flatten(self.state.fork(), loop.base)
        self.step(len(state.marks))
        return state

    def stop(self) -> None:
        """What follows is not reached."""
        self.state.live = False

    def finish_loop(self, loop: Loop) -> None:
        """A later round may have found what an earlier one bound."""
        self.loops.pop()
        self.timeline.repeat(loop.since)
        for outer in self.loops:
            outer.mentioned |= loop.mentioned
            outer.changed |= loop.changed
        for key in loop.mentioned:
            self.call(self.state.value(key))
        for key in loop.changed:
            self.mutates |= self.state.value(key).roots
