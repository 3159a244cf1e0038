"""Reading calls: what is called, what is changed in place, what the result may hold, and magics."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from reactive_nb.execution.analysis.call_names import (
    CONSUMING,
    LAZY,
    PASSING,
    PLAIN,
    STORING,
    STORING_FUNCTIONS,
    TAKING_OUT,
    VIEWS,
)
from reactive_nb.execution.analysis.embedded import code_of, effect_of, expressions
from reactive_nb.execution.analysis.expressions import ExpressionReader
from reactive_nb.execution.analysis.flow import BOUND, GONE, join
from reactive_nb.execution.analysis.late import OPAQUE_FUNCTIONS
from reactive_nb.execution.analysis.magics import Effect
from reactive_nb.execution.analysis.mutators import Use, changed_by, root_name
from reactive_nb.execution.analysis.syntax import CellSyntaxError
from reactive_nb.execution.analysis.values import EMPTY, Value, contained, detached, element, merge_all

MAX_NESTED_MAGICS = 20

_QUERY_NAME = re.compile(r"@([^\W\d]\w*)")


class CallReader(ExpressionReader):
    """Adds calls to what is read."""

    def __init__(self) -> None:
        super().__init__()
        self._magics = 0

    def read_base(self, node: ast.expr) -> Value:
        """A call whose result something is done to at once is no in-place method that returns nothing."""
        return self.read_call(node, Use.KEPT) if isinstance(node, ast.Call) else super().read_base(node)

    def visit_Call(self, node: ast.Call) -> Value:
        return self.read_call(node, Use.NESTED)

    def read_call(self, node: ast.Call, use: Use) -> Value:
        """Read a call; `use` is what becomes of its result."""
        effect = effect_of(node)
        if effect is not None:
            return self.run_magic(effect, node.lineno)
        name = called_name(node.func)
        receiver = EMPTY
        if isinstance(node.func, ast.Attribute):
            receiver = self.read_base(node.func.value)
            function = element(receiver)
        else:
            function = self.use(node.func)
        keeps = name in LAZY or (name in STORING if isinstance(node.func, ast.Attribute) else name in STORING_FUNCTIONS)
        values = self._arguments(node, keeps)
        self._note_opaque(node, name)
        self._query_names(node, name)
        self._change(node, use, receiver, values)
        return self._result(node, name, receiver, function, list(values.values()))

    def _arguments(self, node: ast.Call, keeps: bool) -> dict[ast.expr, Value]:
        read = self.read if keeps else self.use
        values = {argument: read(argument) for argument in node.args}
        for keyword in node.keywords:
            values[keyword.value] = read(keyword.value)
        if len(node.keywords) > 1 and len({keyword.arg for keyword in node.keywords}) < len(node.keywords):
            self.unchecked = True
        return values

    def _note_opaque(self, node: ast.Call, name: str) -> None:
        if not isinstance(node.func, ast.Name) or self.own_key(name) is not None:
            return
        if name in OPAQUE_FUNCTIONS or (name in ("locals", "vars", "dir") and not node.args and name != "dir"):
            self.opaque.add(name)

    def _query_names(self, node: ast.Call, name: str) -> None:
        """`df.query("a > @limit")` reads `limit`."""
        if name in ("query", "eval") and isinstance(node.func, ast.Attribute) and node.args:
            text = node.args[0]
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                self._look_up(_QUERY_NAME.findall(text.value))

    def _look_up(self, names: Iterable[str]) -> None:
        """Read names that need not be there."""
        base = self.state
        self.state = base.fork()
        for name in names:
            self.load(name)
        branch, self.state = self.state, base
        join(base, [branch, base.fork()])

    def _change(self, node: ast.Call, use: Use, receiver: Value, values: dict[ast.expr, Value]) -> None:
        changed = changed_by(node, use)
        if not changed:
            return
        name = called_name(node.func)
        for target in changed:
            given = merge_all([value for argument, value in values.items() if argument is not target])
            if isinstance(node.func, ast.Attribute) and target is node.func.value:
                self.change(receiver, root_name(target), _kept(name, given))
            else:
                stored = given if name in STORING_FUNCTIONS else EMPTY
                self.change(values.get(target, EMPTY), root_name(target), stored)

    def _result(self, node: ast.Call, name: str, receiver: Value, function: Value, values: list[Value]) -> Value:
        """What the result may hold."""
        if isinstance(node.func, ast.Attribute):
            if name in VIEWS:
                return element(receiver)
            if name in CONSUMING:
                return detached(receiver)
        elif isinstance(node.func, ast.Name) and self.own_key(name) is None:
            if name in PLAIN:
                return EMPTY
            if name in TAKING_OUT:
                return self._taken_out(node, values)
            if name in PASSING:
                return merge_all([contained(value) for value in values])
        return detached(merge_all([function, *values]))

    def _taken_out(self, node: ast.Call, values: list[Value]) -> Value:
        """The result of `getattr(o, name, default)`, `next(it, default)`, `max(xs, key=f)`, `max(a, b)`."""
        if not values:
            return EMPTY
        first = 2 if called_name(node.func) == "getattr" else 1
        return merge_all([element(values[0]), *values[first : len(node.args)]])

    # -- magics

    def run_magic(self, effect: Effect, line: int) -> Value:
        """Read what a magic on `line` does with names; `%time expression` has the value of the expression."""
        if self._magics >= MAX_NESTED_MAGICS:
            raise CellSyntaxError("Magics are nested too deeply to be analysed.")
        self._look_up_expressions(expressions(effect))
        if effect.opaque:
            self.opaque.add(effect.opaque)
        self._magics += 1
        try:
            result = self._run_code(effect)
        except CellSyntaxError as error:
            raise error.moved(effect.line + line - 1) from None
        self._magics -= 1
        for name in effect.binds:
            self.store(name, EMPTY)
        for name in effect.may_bind:
            key = self.key_for(name)
            if key is not None:
                self.maybe(key, BOUND)
        for name in effect.deletes:
            self._look_up([name])
            key = self.key_for(name)
            if key is not None:
                self.put(key, GONE, EMPTY)
        return result

    def _run_code(self, effect: Effect) -> Value:
        code = code_of(effect)
        if effect.isolated is not None:
            self.call(self.late.block(code))
        elif len(code) == 1 and isinstance(code[0], ast.Expr):
            return self.use(code[0].value)
        else:
            self.read_block(code)
        return EMPTY

    def _look_up_expressions(self, found: list[ast.expr]) -> None:
        base = self.state
        self.state = base.fork()
        for expression in found:
            self.use(expression)
        branch, self.state = self.state, base
        join(base, [branch, base.fork()])

    def read_block(self, body: list[ast.stmt]) -> None:
        raise NotImplementedError


def _kept(method: str, given: Value) -> Value:
    """What an object holds of what a method that changes it was given: perhaps its code, and itself if it is stored."""
    if method in CONSUMING:
        return EMPTY
    return given if method in STORING else detached(given)


def called_name(node: ast.expr) -> str:
    """The last part of what is called, `shuffle` of `np.random.shuffle`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
