"""Reading statements with branches: what is surely bound after each, and what only maybe.

Each branch is read in a layer of its own over the state before it; an exception may leave a `try` body, or a `with`
that swallows exceptions, after any of its bindings.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, ClassVar

from reactive_nb.execution.analysis.calls import called_name
from reactive_nb.execution.analysis.conditions import constant
from reactive_nb.execution.analysis.environment import HandlerName, Loop
from reactive_nb.execution.analysis.flow import BOUND, GONE, OLD, State, flatten, join
from reactive_nb.execution.analysis.names import words
from reactive_nb.execution.analysis.statements import StatementReader
from reactive_nb.execution.analysis.values import EMPTY, Value, contained, element, merge

SWALLOWING: frozenset[str] = words("suppress raises assertRaises assertRaisesRegex Output ignored")
"""Context managers that end an exception."""

BRANCHING = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar, ast.With, ast.AsyncWith, ast.Match)


class CellReader(StatementReader):
    """Reads any block of statements."""

    _statements: ClassVar[dict[type[ast.stmt], Callable[[Any, Any], None]]] = {}

    def read_block(self, body: list[ast.stmt]) -> None:
        for statement in body:
            if not self.state.live:
                self.unchecked = True
                return
            kind = type(statement)
            method = self._statements.get(kind)
            if method is None:
                method = self._statements[kind] = getattr(CellReader, f"visit_{kind.__name__}")
            method(self, statement)
            if self.state.parent is None and kind in BRANCHING:
                self.timeline.join(self.state)

    def branch(self, base: State, body: list[ast.stmt], test: ast.expr | None = None) -> State:
        """Read `body` as a branch over `base`, taken where `test` is true."""
        before, self.state = self.state, base.fork()
        if test is not None:
            self.follow(test, True)
        self.read_block(body)
        result, self.state = self.state, before
        return result

    # -- if

    def visit_If(self, node: ast.If) -> None:
        base = self.state
        branches: list[State] = []
        current: ast.If | None = node
        while current is not None:  # a chain of elif is no recursion
            self.use(current.test)
            always = constant(current.test)
            if always is not False:
                branches.append(flatten(self.branch(self.state, current.body, current.test), base))
            else:
                self.unchecked = True
            if always is True:
                self.unchecked = self.unchecked or bool(current.orelse)
                self.state.live = False
                break
            rest = current.orelse
            if self.state is base:
                self.state = base.fork()
            self.follow(current.test, False)
            current = rest[0] if len(rest) == 1 and isinstance(rest[0], ast.If) else None
            if current is None:
                self.read_block(rest)
        if self.state is not base:
            branches.append(flatten(self.state, base))
            self.state = base
        base.live = True
        self.step(sum(len(branch.marks) for branch in branches))
        join(base, branches)

    # -- loops

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        items = element(self.use(node.iter))
        base = self.state
        loop = Loop(base, self.timeline.now)
        self.loops.append(loop)
        self.state = base.fork()
        self.bind(node.target, items)
        self.read_block(node.body)
        ends = self._round_ends(loop)
        if not _surely_has_items(node.iter):
            ends.append(base.fork())
        self._after_loop(loop, ends, node.orelse)

    visit_AsyncFor = visit_For

    def visit_While(self, node: ast.While) -> None:
        since = self.timeline.now
        self.use(node.test)
        base = self.state
        loop = Loop(base, since)
        self.loops.append(loop)
        self.state = base.fork()
        always = constant(node.test)
        if always is not False:
            self.follow(node.test, True)
            self.read_block(node.body)
        else:
            self.unchecked = True
            self.stop()
        ends = [*self._round_ends(loop), base.fork()]
        self._after_loop(loop, ends, node.orelse, endless=always is True)

    def _round_ends(self, loop: Loop) -> list[State]:
        """The states in which a round may end, and the next one begin."""
        ends = [flatten(self.state, loop.base), *loop.continues]
        for end in ends:
            end.read.clear()  # the loop may have no round
        self.state = loop.base
        return ends

    def _after_loop(self, loop: Loop, ends: list[State], orelse: list[ast.stmt], *, endless: bool = False) -> None:
        base = loop.base
        exhausted = base.fork()
        join(exhausted, ends)
        exhausted.live = exhausted.live and not endless
        self._leave_in_later_rounds(loop, ends)
        self.state = exhausted
        self.finish_loop(loop)
        if exhausted.live:
            self.read_block(orelse)
        else:
            self.unchecked = True
        for end in loop.breaks:
            end.read.clear()
        self.state = base
        join(base, [exhausted, *loop.breaks])

    def _leave_in_later_rounds(self, loop: Loop, ends: list[State]) -> None:
        """A `break` may come in a round that found what an earlier one left."""
        if not loop.breaks:
            return
        head = loop.base.fork()
        join(head, [*(end for end in ends if end.live), loop.base.fork()])
        for end in loop.breaks:
            self.step(len(head.marks))
            for key, mark in head.marks.items():
                if end.mark(key) & loop.base.mark(key):  # not surely bound anew in the last round
                    end.put(key, end.mark(key) | mark, merge(end.value(key), head.value(key)))

    def visit_Break(self, node: ast.Break) -> None:
        loop = self.loops[-1]
        loop.breaks.append(self.leave_to(loop))
        self.stop()

    def visit_Continue(self, node: ast.Continue) -> None:
        loop = self.loops[-1]
        loop.continues.append(self.leave_to(loop))
        self.stop()

    # -- try

    def visit_Try(self, node: ast.Try | ast.TryStar) -> None:
        base = self.state
        if not node.finalbody:
            join(base, self._guarded(node, base))
            return
        loop = self.loops[-1] if self.loops else Loop(base)
        breaks, continues = len(loop.breaks), len(loop.continues)
        leaving = base.fork()
        self.catchers.append(leaving)
        ends = self._guarded(node, base)
        self.catchers.pop()
        last = self._finally(base, ends, leaving, node.finalbody)
        for left in (*loop.breaks[breaks:], *loop.continues[continues:]):  # on their way through the `finally`
            left.marks |= last.marks
            left.values |= last.values

    visit_TryStar = visit_Try

    def _guarded(self, node: ast.Try | ast.TryStar, base: State) -> list[State]:
        """Read everything but the `finally`; the states in which it may end normally."""
        caught = base.fork()
        if node.handlers:
            self.catchers.append(caught)
        body = self.branch(base, node.body)
        if node.handlers:
            self.catchers.pop()
        ends = [self._continued(body, node.orelse, base)]
        ends.extend(self._handler(handler, caught, base) for handler in node.handlers)
        return ends

    def _continued(self, state: State, body: list[ast.stmt], base: State) -> State:
        self.state = state
        self.read_block(body)
        state, self.state = flatten(self.state, base), base
        return state

    def _handler(self, node: ast.ExceptHandler, caught: State, base: State) -> State:
        state = self.state = caught.fork()
        if node.type is not None:
            with self.quietly():
                self.read(node.type)
        if node.name is None:
            self.read_block(node.body)
        else:
            frame = HandlerName(node.name, self.new_prefix() + node.name, in_class=self.private is not None)
            self.state.put(frame.key, BOUND, EMPTY)
            with self.frame(frame):
                self.read_block(node.body)
            self._forget(node.name)
        state, self.state = flatten(state, base), base
        return state

    def _forget(self, name: str) -> None:
        """After a handler its name is unbound; a name of another cell is left alone."""
        key = self.key_for(name)
        if key is not None and self.state.mark(key) & BOUND:
            self.put(key, self.state.mark(key) & OLD | GONE, EMPTY)

    def _finally(self, base: State, ends: list[State], leaving: State, body: list[ast.stmt]) -> State:
        """Read a `finally`, which runs after any end, and after exceptions too; what it changes."""
        before = base.fork()
        join(before, [_copy(end, base) for end in (*ends, leaving)])
        before.live = True
        self.state = last = before.fork()
        self.read_block(body)
        self.state = base
        join(base, ends)
        base.marks |= last.marks
        base.values |= last.values
        base.read |= last.read
        base.live = base.live and last.live
        return last

    # -- with

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        swallowing = False
        for item in node.items:
            value = self.use(item.context_expr)
            swallowing = swallowing or _may_swallow(item.context_expr)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, value)
        if not swallowing:
            self.read_block(node.body)
            return
        base = self.state
        left = base.fork()
        self.catchers.append(left)
        body = self.branch(base, node.body)
        self.catchers.pop()
        join(base, [body, left])

    visit_AsyncWith = visit_With

    # -- match

    def visit_Match(self, node: ast.Match) -> None:
        subject = self.use(node.subject)
        base = self.state
        branches: list[State] = []
        current = base.fork()
        for case in node.cases:
            self.state = current
            with self.quietly():
                self._pattern_reads(case.pattern)
            guarded = self.state = current.fork()
            self._captures(case.pattern, subject)
            if case.guard is not None:
                self.use(case.guard)
            branches.append(flatten(self.branch(guarded, case.body), base))
            self.state = base
            irrefutable = _irrefutable(case.pattern)
            if case.guard is not None:  # captures stay when the guard says no
                join(current, [guarded] if irrefutable else [guarded, current.fork()])
            elif irrefutable:
                current.live = False
                break
            self.step(len(current.marks))
        join(base, [*branches, current])

    def _pattern_reads(self, pattern: ast.pattern) -> None:
        """Values and classes that a pattern compares with; beyond the first, a match may end before them."""
        found: list[ast.expr] = []
        for part in ast.walk(pattern):
            match part:
                case ast.MatchValue(value=value):
                    found.append(value)
                case ast.MatchClass(cls=cls):
                    found.append(cls)
                case ast.MatchMapping(keys=keys):
                    found.extend(keys)
        if found:
            self.perhaps(found)

    def _captures(self, pattern: ast.pattern, subject: Value) -> None:
        for part in ast.walk(pattern):
            match part:
                case ast.MatchAs(name=str(name)):
                    self.store(name, element(subject))
                case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                    self.store(name, contained(element(subject)))


def _copy(state: State, base: State) -> State:
    """The same layer over `base`, with nothing surely read."""
    copy = State(base)
    copy.marks, copy.values, copy.live = state.marks, state.values, state.live
    return copy


def _irrefutable(pattern: ast.pattern) -> bool:
    match pattern:
        case ast.MatchAs(pattern=None):
            return True
        case ast.MatchAs(pattern=ast.pattern() as inner):
            return _irrefutable(inner)
        case ast.MatchOr(patterns=patterns):
            return any(_irrefutable(inner) for inner in patterns)
    return False


def _surely_has_items(node: ast.expr) -> bool:
    """Whether iterating gives at least one item: displays, constants, and `range` of constants."""
    match node:
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return any(not isinstance(item, ast.Starred) for item in items)
        case ast.Dict(keys=keys):
            return any(key is not None for key in keys)
        case ast.Constant(value=str() | bytes() as value):
            return len(value) > 0
        case ast.Call(func=ast.Name(id="range"), args=[*bounds], keywords=[]):
            return _range_has_items(bounds)
        case ast.Call(func=ast.Name(id="enumerate" | "reversed" | "list" | "tuple" | "sorted"), args=[items, *_]):
            return _surely_has_items(items)
    return False


def _range_has_items(bounds: list[ast.expr]) -> bool:
    numbers: list[int] = []
    for bound in bounds:
        sign = 1
        if isinstance(bound, ast.UnaryOp) and isinstance(bound.op, ast.USub):
            bound, sign = bound.operand, -1
        if not isinstance(bound, ast.Constant) or type(bound.value) is not int:
            return False
        numbers.append(sign * bound.value)
    try:
        return bool(range(*numbers))
    except (TypeError, ValueError):
        return False


def _may_swallow(node: ast.expr) -> bool:
    """Whether a context manager may end an exception: known ones, and objects made elsewhere (an output widget)."""
    if isinstance(node, ast.Call):
        return called_name(node.func) in SWALLOWING
    return isinstance(node, (ast.Name, ast.Attribute, ast.Subscript))
