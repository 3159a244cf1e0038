"""What a function, a lambda or another piece of deferred code does with globals when it runs.

The scoping is Python's own, name for name what `symtable` says (a test holds it to that, over the standard library):
a name bound anywhere in a function is local to it, methods do not see their class's names, `global` and `nonlocal`
hold at any depth. One walk collects what each scope mentions, then the scopes are resolved. Order inside of a function
is not looked at.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable

from reactive_nb.execution.analysis.embedded import effect_of, expressions, statements
from reactive_nb.execution.analysis.magics import Effect
from reactive_nb.execution.analysis.mutators import Use, changed_by, is_ambient, root_name
from reactive_nb.execution.analysis.names import is_history
from reactive_nb.execution.analysis.scopes import (
    Kind,
    Scope,
    annotations_of,
    arguments,
    children,
    mangled,
    type_alias_parts,
    type_parameter_names,
    type_parameter_parts,
)
from reactive_nb.execution.analysis.values import Value

DEFERRED_ANNOTATIONS = sys.version_info >= (3, 14)

OPAQUE_FUNCTIONS: frozenset[str] = frozenset({"exec", "eval", "globals"})

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SIMPLE = (
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Import,
    ast.ImportFrom,
)


class LateReader:
    """Reads deferred code. `future_annotations`: whether annotations are strings, which nobody evaluates."""

    def __init__(self) -> None:
        self.future_annotations = False
        self.opaque: set[str] = set()
        self._reads: set[str] = set()
        self._writes: set[str] = set()
        self._mutates: set[str] = set()

    def function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, hidden: Iterable[str], private: str | None
    ) -> Value:
        """What the body does when called; `hidden` are names around it that are not globals."""
        outer = self._outer(hidden, private)
        self._body(node, outer)
        return self._resolved(outer)

    def expressions(self, nodes: Iterable[ast.AST], hidden: Iterable[str], private: str | None) -> Value:
        """What the evaluation of `nodes` does."""
        outer = self._outer(hidden, private)
        for node in nodes:
            self._walk(node, outer)
        return self._resolved(outer)

    def block(self, body: Iterable[ast.stmt]) -> Value:
        """What `body` does as the body of a function without parameters."""
        outer = self._outer((), None)
        scope = Scope(Kind.FUNCTION, outer, None)
        for statement in body:
            self._walk(statement, scope)
        return self._resolved(outer)

    def _outer(self, hidden: Iterable[str], private: str | None) -> Scope:
        self._reads, self._writes, self._mutates = set(), set(), set()
        return Scope(Kind.FUNCTION, None, private, hidden)

    def _resolved(self, scope: Scope) -> Value:
        todo = [scope]
        while todo:
            scope = todo.pop()
            todo.extend(scope.children)
            self._reads.update(name for name in scope.loads if scope.is_global(name))
            self._writes |= scope.bound & scope.globals
            for name in scope.mutated:
                if scope.is_global(name):
                    self._mutates.add(name)
                self._mutates.update(alias for alias in scope.aliases.get(name, ()) if scope.is_global(alias))
        return Value(_users(self._reads), _users(self._writes), _users(self._mutates))

    # -- the walk

    def _walk(self, node: ast.AST, scope: Scope) -> None:
        method = _WALKS.get(type(node))
        if method is not None:
            method(self, node, scope)
        else:
            for child in children(node):
                self._walk(child, scope)

    def _all(self, nodes: Iterable[ast.AST | None], scope: Scope) -> None:
        for node in nodes:
            if node is not None:
                self._walk(node, scope)

    def _name(self, node: ast.Name, scope: Scope) -> None:
        if isinstance(node.ctx, ast.Load):
            scope.load(node.id)
            return
        scope.bind(node.id)
        if isinstance(node.ctx, ast.Del) and scope.is_global(node.id):
            scope.load(node.id)

    def _global(self, node: ast.Global, scope: Scope) -> None:
        scope.globals.update(mangled(name, scope.private) for name in node.names)

    def _nonlocal(self, node: ast.Nonlocal, scope: Scope) -> None:
        scope.bound.update(mangled(name, scope.private) for name in node.names)

    def _import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        for alias in node.names:
            scope.bind(alias.asname or alias.name.partition(".")[0])

    def _handler(self, node: ast.ExceptHandler, scope: Scope) -> None:
        if node.name:
            scope.bind(node.name)
        self._all(children(node), scope)

    def _capture(self, node: ast.MatchAs | ast.MatchStar | ast.MatchMapping, scope: Scope) -> None:
        name = node.rest if isinstance(node, ast.MatchMapping) else node.name
        if name:
            scope.bind(name)
        self._all(children(node), scope)

    def _named(self, node: ast.NamedExpr, scope: Scope) -> None:
        self._walk(node.value, scope)
        while scope.kind is Kind.INNER and scope.parent is not None:
            scope = scope.parent
        scope.bind(node.target.id)

    def _annotated(self, node: ast.AnnAssign, scope: Scope) -> None:
        self._all((node.value,), scope)
        if isinstance(node.target, ast.Name):
            if node.value is not None or scope.kind is not Kind.CLASS:
                scope.bind(node.target.id)
        else:
            self._target(node.target, scope)
        if scope.kind is Kind.CLASS and not self.future_annotations:
            self._walk(node.annotation, scope)

    def _assign(self, node: ast.Assign, scope: Scope) -> None:
        if isinstance(node.value, ast.Call):
            self._call(node.value, scope, Use.KEPT)
        else:
            self._walk(node.value, scope)
        origin = root_name(node.value)
        for target in node.targets:
            self._target(target, scope)
            if origin and isinstance(target, ast.Name):
                scope.aliases.setdefault(target.id, set()).add(origin)

    def _augmented(self, node: ast.AugAssign, scope: Scope) -> None:
        self._walk(node.value, scope)
        if isinstance(node.target, ast.Name):
            scope.load(node.target.id)
            scope.mutated.add(mangled(node.target.id, scope.private))
            scope.bind(node.target.id)
        else:
            self._target(node.target, scope)

    def _delete(self, node: ast.Delete, scope: Scope) -> None:
        for target in node.targets:
            self._target(target, scope)

    def _for(self, node: ast.For | ast.AsyncFor, scope: Scope) -> None:
        self._walk(node.iter, scope)
        self._target(node.target, scope)
        origin = root_name(node.iter)
        if origin and isinstance(node.target, ast.Name):
            scope.aliases.setdefault(node.target.id, set()).add(origin)
        self._all((*node.body, *node.orelse), scope)

    def _target(self, target: ast.expr, scope: Scope) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            for item in target.elts:
                self._target(item, scope)
            return
        if isinstance(target, (ast.Attribute, ast.Subscript)) and not is_ambient(target):
            self._mutation(target.value, scope)
        self._walk(target, scope)

    def _mutation(self, node: ast.expr, scope: Scope) -> None:
        root = root_name(node)
        if root is not None:
            scope.mutated.add(mangled(root, scope.private))

    def _statement(self, node: ast.Expr, scope: Scope) -> None:
        if isinstance(node.value, ast.Call):
            self._call(node.value, scope, Use.DISCARDED)
        else:
            self._walk(node.value, scope)

    def _attribute(self, node: ast.Attribute | ast.Subscript, scope: Scope) -> None:
        if isinstance(node.value, ast.Call):
            self._call(node.value, scope, Use.KEPT)
        else:
            self._walk(node.value, scope)
        if isinstance(node, ast.Subscript):
            self._walk(node.slice, scope)

    def _call(self, node: ast.Call, scope: Scope, use: Use = Use.NESTED) -> None:
        effect = effect_of(node)
        if effect is not None:
            self._effect(effect, scope)
            return
        for changed in changed_by(node, use):
            self._mutation(changed, scope)
        if isinstance(node.func, ast.Name) and node.func.id in OPAQUE_FUNCTIONS and scope.is_global(node.func.id):
            self.opaque.add(node.func.id)
        self._all(children(node), scope)

    def _effect(self, effect: Effect, scope: Scope) -> None:
        """A magic inside of a function: its text sees the function's names, the Python it runs does not."""
        self._all(expressions(effect), scope)
        around = scope
        while around.parent is not None:
            around = around.parent
        code = statements(effect)
        if code is None:
            self.opaque.add("%time")
            return
        module = Scope(Kind.FUNCTION, around, None)
        self._all(code, module)
        if effect.isolated is None:
            module.globals |= module.bound
        self._writes.update(effect.binds)
        if effect.opaque:
            self.opaque.add(effect.opaque)

    # -- scopes

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, scope: Scope) -> None:
        first, *others = node.generators
        self._walk(first.iter, scope)
        inner = Scope(Kind.INNER, scope, scope.private)
        self._target(first.target, inner)
        self._all(first.ifs, inner)
        for generator in others:
            self._walk(generator.iter, inner)
            self._target(generator.target, inner)
            self._all(generator.ifs, inner)
        self._all((node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,), inner)

    def _lambda(self, node: ast.Lambda, scope: Scope) -> None:
        self._all((*node.args.defaults, *node.args.kw_defaults), scope)
        self._body(node, scope)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        self._all((*node.decorator_list, *node.args.defaults, *node.args.kw_defaults), scope)
        inner = self._type_parameters(node, scope)
        if not self.future_annotations:
            self._all(annotations_of(node), inner)
        self._body(node, inner)
        scope.bind(node.name)

    def _body(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: Scope) -> None:
        inner = Scope(Kind.FUNCTION, scope, scope.private, (a.arg for a in arguments(node.args)))
        inner.bound = {mangled(name, scope.private) for name in inner.bound}
        if scope.kind is Kind.CLASS:
            inner.bound.add("__class__")
        self._all(node.body if isinstance(node.body, list) else (node.body,), inner)

    def _class(self, node: ast.ClassDef, scope: Scope) -> None:
        self._all(node.decorator_list, scope)
        around = self._type_parameters(node, scope)
        self._all((*node.bases, *(keyword.value for keyword in node.keywords)), around)
        inner = Scope(Kind.CLASS, around, node.name)
        inner.seen |= {"__module__", "__qualname__"}
        for statement in node.body:
            inner.fresh.clear()
            self._walk(statement, inner)
            if isinstance(statement, _SIMPLE):
                inner.seen |= inner.fresh - inner.globals
        scope.bind(node.name)

    def _type_alias(self, node: ast.AST, scope: Scope) -> None:
        inner = self._type_parameters(node, Scope(Kind.TYPES, scope, scope.private))
        name, value = type_alias_parts(node)
        self._walk(value, inner)
        self._walk(name, scope)

    def _type_parameters(self, node: ast.AST, scope: Scope) -> Scope:
        names = type_parameter_names(node)
        if not names:
            return scope
        inner = Scope(Kind.TYPES, scope, scope.private, names)
        self._all(type_parameter_parts(node), inner)
        return inner


def _users(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name in names if not is_history(name))


_WALKS: dict[type[ast.AST], Callable[..., None]] = {
    ast.Name: LateReader._name,
    ast.Global: LateReader._global,
    ast.Nonlocal: LateReader._nonlocal,
    ast.Import: LateReader._import,
    ast.ImportFrom: LateReader._import,
    ast.ExceptHandler: LateReader._handler,
    ast.MatchAs: LateReader._capture,
    ast.MatchStar: LateReader._capture,
    ast.MatchMapping: LateReader._capture,
    ast.NamedExpr: LateReader._named,
    ast.AnnAssign: LateReader._annotated,
    ast.Assign: LateReader._assign,
    ast.AugAssign: LateReader._augmented,
    ast.Delete: LateReader._delete,
    ast.For: LateReader._for,
    ast.AsyncFor: LateReader._for,
    ast.Expr: LateReader._statement,
    ast.Attribute: LateReader._attribute,
    ast.Subscript: LateReader._attribute,
    ast.Call: LateReader._call,
    **dict.fromkeys(_COMPREHENSIONS, LateReader._comprehension),
    ast.Lambda: LateReader._lambda,
    ast.FunctionDef: LateReader._function,
    ast.AsyncFunctionDef: LateReader._function,
    ast.ClassDef: LateReader._class,
}
if sys.version_info >= (3, 12):
    _WALKS[ast.TypeAlias] = LateReader._type_alias
