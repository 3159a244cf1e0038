"""Reading simple statements and definitions, in the order in which Python evaluates their parts."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from reactive_nb.execution.analysis.call_names import CALLING_AT_ONCE
from reactive_nb.execution.analysis.calls import CallReader, called_name
from reactive_nb.execution.analysis.environment import ClassBody
from reactive_nb.execution.analysis.flow import BOUND
from reactive_nb.execution.analysis.late import DEFERRED_ANNOTATIONS
from reactive_nb.execution.analysis.mutators import Use
from reactive_nb.execution.analysis.scopes import (
    annotations_of,
    type_alias_parts,
    type_parameter_parts,
    type_parameters,
)
from reactive_nb.execution.analysis.values import EMPTY, Value, contained, detached, element, merge, merge_all


class StatementReader(CallReader):
    """Adds statements without branches."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: ast.stmt | None = None
        """The cell's last statement."""

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call):
            self.read_call(node.value, Use.SHOWN if node is self.shown else Use.DISCARDED)
        else:
            self.read(node.value)

    # -- binding

    def read_kept(self, node: ast.expr) -> Value:
        """Read an expression whose value is assigned."""
        return self.read_call(node, Use.KEPT) if isinstance(node, ast.Call) else self.read(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        items = _items(node.value)
        if items is not None and any(len(_items(target) or ()) == len(items) for target in node.targets):
            values = [self.read_kept(item) for item in items]
            whole = merge_all([contained(value) for value in values])
            for target in node.targets:
                parts = _items(target)
                if parts is not None and len(parts) == len(values):
                    for part, value in zip(parts, values, strict=True):
                        self.bind(part, value)
                else:
                    self.bind(target, whole)
            return
        value = self.read_kept(node.value)
        for target in node.targets:
            self.bind(target, value)

    def bind(self, target: ast.expr, value: Value) -> None:
        """Assign `value` to a target of any form."""
        match target:
            case ast.Name(id=name):
                self.store(name, value)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                for item in items:
                    self.bind(item, element(value))
            case ast.Starred(value=inner):
                self.bind(inner, contained(value))
            case ast.Attribute() | ast.Subscript():
                self.assign_part(target, value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        target = node.target
        if isinstance(target, ast.Name):
            before = self.load(target.id)
            value = self.use(node.value)
            self.change(before, target.id, value)
            own = self.own_key(target.id)
            self.store(target.id, merge(before._replace(own=before.own - {own or ""}), contained(value)))
        else:
            self.bind(target, self.use(node.value))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.bind(node.target, self.read_kept(node.value))
        elif not isinstance(node.target, ast.Name):
            self._touch_target(node.target)
        if not self._annotations_are_deferred():
            with self.quietly():
                self.read(node.annotation)
        elif self.frames and isinstance(self.frames[-1], ClassBody) and not self.late.future_annotations:
            self.frames[-1].annotations.append(node.annotation)

    def _touch_target(self, target: ast.expr) -> None:
        """`o.a: int` evaluates `o`, and assigns nothing."""
        if isinstance(target, (ast.Attribute, ast.Subscript)):
            self.read(target.value)
            if isinstance(target, ast.Subscript):
                self.read(target.slice)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self._delete_target(target)

    def _delete_target(self, target: ast.expr) -> None:
        match target:
            case ast.Name(id=name):
                self.delete(name)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                for item in items:
                    self._delete_target(item)
            case ast.Attribute() | ast.Subscript():
                self.assign_part(target, EMPTY)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.store(alias.asname or alias.name.partition(".")[0], EMPTY)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module == "__future__" and not node.level:
            if any(alias.name == "annotations" for alias in node.names):
                self.late.future_annotations = True
            return
        for alias in node.names:
            if alias.name == "*":
                self.opaque.add(f"from {'.' * node.level}{node.module or ''} import *")
            else:
                self.store(alias.asname or alias.name, EMPTY)

    def visit_Global(self, node: ast.Global) -> None:
        for frame in reversed(self.frames):
            if isinstance(frame, ClassBody):
                frame.globals.update(node.names)
                return

    def visit_Pass(self, node: ast.Pass) -> None:
        return

    def visit_TypeAlias(self, node: ast.stmt) -> None:
        name, value = type_alias_parts(node)
        frame = self.parameters_frame(node)
        parts = [*type_parameter_parts(node), value]
        self.store(name.id, self.late.expressions(parts, self.hidden_from_types() | frame.names.keys(), self.private))

    def visit_Assert(self, node: ast.Assert) -> None:
        self.use(node.test)
        if node.msg is not None:
            base = self.state
            self.state = base.fork()
            self.use(node.msg)
            self.state = base
        self.follow(node.test, True)

    def visit_Raise(self, node: ast.Raise) -> None:
        for part in (node.exc, node.cause):
            if part is not None:
                self.use(part)
        self.stop()

    # -- definitions

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        decorators = self._decorators(node.decorator_list)
        value = merge(decorators, contained(self.read_all((*node.args.defaults, *node.args.kw_defaults))))
        frame = self.parameters_frame(node)
        found = list(annotations_of(node))
        types = self.hidden_from_types() | frame.names.keys()
        if not self._annotations_are_deferred():
            with self.frame(frame), self.quietly():
                self.read_all(found)
        elif not self.late.future_annotations:
            value = merge(value, self._annotations(found, types, self.private, at_once=bool(node.decorator_list)))
        if type_parameters(node):
            value = merge(value, self.late.expressions(type_parameter_parts(node), types, self.private))
        body = self.late.function(node, self.hidden() | frame.names.keys(), self.private)
        self._call_decorated(node.decorator_list, body)
        self.store(node.name, merge(value, body))

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        value = self._decorators(node.decorator_list)
        parameters = self.parameters_frame(node)
        if parameters.names:
            types = self.hidden_from_types() | parameters.names.keys()
            value = merge(value, self.late.expressions(type_parameter_parts(node), types, self.private))
        with self.frame(parameters):
            value = merge(value, detached(self.read_all((*node.bases, *(k.value for k in node.keywords)))))
            value = merge(value, self._class_body(node))
        self.store(node.name, value)

    def _class_body(self, node: ast.ClassDef) -> Value:
        frame = ClassBody(node.name, self.new_prefix())
        for name in ("__module__", "__qualname__"):
            self.state.put(frame.prefix + name, BOUND, EMPTY)
        value = EMPTY
        with self.frame(frame):
            self.read_block(node.body)
            if frame.annotations:
                at_once = bool(node.decorator_list or node.bases or node.keywords)
                value = self._annotations(frame.annotations, self.hidden_from_types(), node.name, at_once=at_once)
        for key in frame.keys:
            value = merge(value, contained(self.state.value(key)))
        return value._replace(own=frozenset(key for key in value.own if "\0" not in key))

    def _annotations(
        self, found: Iterable[ast.expr], hidden: Iterable[str], private: str | None, *, at_once: bool
    ) -> Value:
        """Annotations that are evaluated when asked for: by a decorator or a base class, perhaps at once."""
        value = self.late.expressions(found, hidden, private)
        if at_once:
            self.call(value)
        return value

    def _decorators(self, decorators: Iterable[ast.expr]) -> Value:
        value = EMPTY
        for decorator in decorators:
            value = merge(value, self.use(decorator))
        return detached(value)

    def _call_decorated(self, decorators: Iterable[ast.expr], value: Value) -> None:
        """`@interact` calls what it decorates at once; most decorators do not."""
        for decorator in decorators:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if called_name(called) in CALLING_AT_ONCE:
                self.call(value)

    def _annotations_are_deferred(self) -> bool:
        return DEFERRED_ANNOTATIONS or self.late.future_annotations


def _items(node: ast.expr) -> list[ast.expr] | None:
    """The items of a tuple or list without a star."""
    if isinstance(node, (ast.Tuple, ast.List)) and not any(isinstance(item, ast.Starred) for item in node.elts):
        return node.elts
    return None
