"""Reading expressions: what each uses, and what its value may hold.

Operands that may not be evaluated are read in a branch of their own. Calls are the subject of `calls`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from reactive_nb.execution.analysis.call_names import COPYING
from reactive_nb.execution.analysis.conditions import bound_if
from reactive_nb.execution.analysis.environment import Comprehension, Environment
from reactive_nb.execution.analysis.flow import BOUND, join
from reactive_nb.execution.analysis.mutators import is_ambient, is_selection, root_name
from reactive_nb.execution.analysis.scopes import children, type_parameter_names
from reactive_nb.execution.analysis.values import EMPTY, Value, contained, detached, element, merge, merge_all


class ExpressionReader(Environment):
    """Each method takes a node, and returns the value of it."""

    _methods: ClassVar[dict[type[ast.AST], Callable[[Any, Any], Value]]] = {}
    """Filled as kinds of nodes are met; there is one class of readers."""

    def read(self, node: ast.expr) -> Value:
        kind = type(node)
        method = self._methods.get(kind)
        if method is None:
            method = self._methods[kind] = getattr(type(self), f"visit_{kind.__name__}", ExpressionReader._plain)
        return method(self, node)

    def read_all(self, nodes: Iterable[ast.expr | None]) -> Value:
        return merge_all([self.read(node) for node in nodes if node is not None])

    def use(self, node: ast.expr) -> Value:
        """Read an expression whose value is put to use here, so that a function in it may be called."""
        value = self.read(node)
        if not isinstance(node, (ast.Name, ast.Constant)):
            self.call(value)
        return value

    def _plain(self, node: ast.expr) -> Value:
        """Operators and formatting: any operand may be called, and the result is data."""
        for child in children(node):
            if isinstance(child, ast.expr):
                self.use(child)
        return EMPTY

    def visit_Constant(self, node: ast.Constant) -> Value:
        return EMPTY

    def visit_Name(self, node: ast.Name) -> Value:
        return self.load(node.id) if self.frames else self.read_name(node.id, node.id)

    def visit_Attribute(self, node: ast.Attribute) -> Value:
        return element(self.read_base(node.value))

    def visit_Subscript(self, node: ast.Subscript) -> Value:
        base = self.read_base(node.value)
        self.use(node.slice)
        copied = isinstance(node.value, ast.Attribute) and node.value.attr in COPYING
        return detached(base) if copied or is_selection(node.slice) else element(base)

    def read_base(self, node: ast.expr) -> Value:
        """Read what an attribute or an item is taken from."""
        return self.use(node)

    def visit_Starred(self, node: ast.Starred) -> Value:
        return element(self.use(node.value))

    def visit_Await(self, node: ast.Await) -> Value:
        return self.use(node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> Value:
        value = self.read(node.value)
        self.store(node.target.id, value)
        return value

    def visit_Lambda(self, node: ast.Lambda) -> Value:
        defaults = contained(self.read_all((*node.args.defaults, *node.args.kw_defaults)))
        return merge(defaults, self.late.function(node, self.hidden(), self.private))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Value:
        value = self.use(node.operand)
        return EMPTY if isinstance(node.op, ast.Not) else detached(value)

    def visit_BinOp(self, node: ast.BinOp) -> Value:
        operands = [node.right]
        left = node.left
        while isinstance(left, ast.BinOp):  # long sums lean to the left
            operands.append(left.right)
            left = left.left
        return detached(merge_all([self.use(operand) for operand in (left, *reversed(operands))]))

    def visit_BoolOp(self, node: ast.BoolOp) -> Value:
        first, *rest = node.values
        value = self.use(first)
        return merge(value, self.perhaps(rest))

    def visit_Compare(self, node: ast.Compare) -> Value:
        self.use(node.left)
        self.use(node.comparators[0])
        self.perhaps(node.comparators[1:])
        return EMPTY

    def visit_IfExp(self, node: ast.IfExp) -> Value:
        self.use(node.test)
        base = self.state
        branches, value = [], EMPTY
        for part, truth in ((node.body, True), (node.orelse, False)):
            self.state = base.fork()
            self.follow(node.test, truth)
            value = merge(value, self.read(part))
            branches.append(self.state)
        self.state = base
        join(base, branches)
        return value

    def follow(self, test: ast.expr, truth: bool) -> None:
        """Here `test` has been read, and was `truth`: what it has surely bound then is bound."""
        if isinstance(test, (ast.BoolOp, ast.UnaryOp)):
            for name in bound_if(test, truth):
                key = self.key_for(name)
                if key is not None and self.state.mark(key) & BOUND:
                    self.state.put(key, BOUND, self.state.value(key))

    def perhaps(self, nodes: Iterable[ast.expr]) -> Value:
        """Read expressions that may not be evaluated."""
        base = self.state
        self.state = base.fork()
        value = merge_all([self.use(node) for node in nodes])
        branch, self.state = self.state, base
        join(base, [branch, base.fork()])
        return value

    # -- containers

    def _display(self, node: ast.Tuple | ast.List | ast.Set) -> Value:
        return merge_all([contained(self.read(item)) for item in node.elts])

    visit_Tuple = visit_List = visit_Set = _display

    def visit_Dict(self, node: ast.Dict) -> Value:
        values = []
        for key, item in zip(node.keys, node.values, strict=True):
            if key is not None:
                self.use(key)
            values.append(contained(self.read(item)))
        return merge_all(values)

    # -- comprehensions

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> Value:
        first, *others = node.generators
        items = element(self.use(first.iter))
        base = self.state
        self.state = base.fork()
        with self.frame(Comprehension()):
            self._generator(first, items)
            for generator in others:
                self._generator(generator, element(self.use(generator.iter)))
            if isinstance(node, ast.DictComp):
                self.use(node.key)
                value = contained(self.read(node.value))
            else:
                value = contained(self.read(node.elt))
        branch, self.state = self.state, base
        join(base, [branch, base.fork()])
        return value

    visit_ListComp = visit_SetComp = visit_DictComp = _comprehension

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> Value:
        """Most are used up at once, but one that is kept looks its names up when it is."""
        value = self._comprehension(node)
        later = [part for generator in node.generators for part in (*generator.ifs, generator.target)]
        later += [generator.iter for generator in node.generators[1:]]
        names = {n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}
        late = self.late.expressions([*later, node.elt], self.hidden() | names, self.private)
        return merge(value, late)

    def _generator(self, generator: ast.comprehension, items: Value) -> None:
        self._comprehension_target(generator.target, items)
        for condition in generator.ifs:
            self.use(condition)
            self.follow(condition, True)

    def _comprehension_target(self, target: ast.expr, value: Value) -> None:
        frame = self.frames[-1]
        match target:
            case ast.Name(id=name) if isinstance(frame, Comprehension):
                frame.names[name] = value
            case ast.Tuple(elts=items) | ast.List(elts=items):
                for item in items:
                    self._comprehension_target(item, element(value))
            case ast.Starred(value=inner):
                self._comprehension_target(inner, value)
            case ast.Attribute() | ast.Subscript():
                self.assign_part(target, value)

    def assign_part(self, target: ast.Attribute | ast.Subscript, value: Value) -> None:
        """Assign to an attribute or an item: the object it belongs to changes."""
        base = self.read_base(target.value)
        if isinstance(target, ast.Subscript):
            self.use(target.slice)
        if not is_ambient(target):
            self.change(base, root_name(target.value), value)

    # -- the rest

    def visit_JoinedStr(self, node: ast.JoinedStr) -> Value:
        for part in node.values:
            self.read(part)
        return EMPTY

    def visit_FormattedValue(self, node: ast.FormattedValue) -> Value:
        self.use(node.value)
        if node.format_spec is not None:
            self.read(node.format_spec)
        return EMPTY

    def visit_TemplateStr(self, node: ast.AST) -> Value:
        """`t"…"`: the values stay in the template."""
        return contained(self.read_all(part for part in children(node) if isinstance(part, ast.expr)))

    visit_Interpolation = visit_TemplateStr

    def parameters_frame(self, node: ast.AST) -> Comprehension:
        """Type parameters, as names seen from inside."""
        return Comprehension(dict.fromkeys(type_parameter_names(node), EMPTY), sees_class=True)
