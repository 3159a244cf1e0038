"""Scopes of Python, as `symtable` has them, and the parts of a syntax tree that belong to them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from enum import Enum, auto


class Kind(Enum):
    """Of scopes. A comprehension's is a function's but for where `:=` binds; that of types sees a class around it."""

    FUNCTION = auto()
    INNER = auto()
    TYPES = auto()
    CLASS = auto()


class Scope:
    """The names mentioned in one scope."""

    __slots__ = (
        "aliases",
        "bound",
        "children",
        "fresh",
        "globals",
        "kind",
        "loads",
        "mutated",
        "parent",
        "private",
        "seen",
    )

    def __init__(self, kind: Kind, parent: Scope | None, private: str | None, bound: Iterable[str] = ()) -> None:
        self.kind = kind
        self.parent = parent
        self.private = private
        self.bound = set(bound)
        self.globals: set[str] = set()
        self.loads: set[str] = set()
        self.mutated: set[str] = set()
        self.aliases: dict[str, set[str]] = {}
        self.fresh: set[str] = set()
        """Bound by the statement being read, and (`seen`) surely by one before it; kept for class bodies only."""
        self.seen: set[str] = set()
        self.children: list[Scope] = []
        if parent is not None:
            parent.children.append(self)

    def load(self, name: str) -> None:
        name = mangled(name, self.private)
        if name not in self.seen:
            self.loads.add(name)

    def bind(self, name: str) -> None:
        name = mangled(name, self.private)
        self.bound.add(name)
        self.fresh.add(name)

    def is_global(self, name: str) -> bool:
        if name in self.globals:
            return True
        if name in self.bound:
            return self.kind is Kind.CLASS  # not bound yet, perhaps: a class body then looks among the globals
        scope = self.parent
        while scope is not None:
            if scope.kind is not Kind.CLASS or (self.kind is Kind.TYPES and scope is self.parent):
                if name in scope.globals:
                    return True
                if name in scope.bound:
                    return False
            scope = scope.parent
        return True


def mangled(name: str, private: str | None) -> str:
    """`__x` inside of class `C` is `_C__x`."""
    if private is None or not name.startswith("__") or name.endswith("__") or "." in name:
        return name
    owner = private.lstrip("_")
    return f"_{owner}{name}" if owner else name


def children(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes directly below `node`, in the order of their fields."""
    for name in node._fields:
        child = getattr(node, name, None)
        if isinstance(child, list):
            for item in child:
                if isinstance(item, ast.AST):
                    yield item
        elif isinstance(child, ast.AST):
            yield child


def arguments(args: ast.arguments) -> Iterator[ast.arg]:
    """All parameters."""
    yield from args.posonlyargs
    yield from args.args
    if args.vararg:
        yield args.vararg
    yield from args.kwonlyargs
    if args.kwarg:
        yield args.kwarg


def annotations_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr]:
    """The annotations of the parameters and of the result."""
    for argument in arguments(node.args):
        if argument.annotation:
            yield argument.annotation
    if node.returns:
        yield node.returns


def type_parameters(node: ast.AST) -> list[ast.AST]:
    """`[T: bound]` of a function, class or type alias; no Python before 3.12 has any."""
    return getattr(node, "type_params", [])


def type_parameter_names(node: ast.AST) -> list[str]:
    return [str(getattr(parameter, "name", "")) for parameter in type_parameters(node)]


def type_parameter_parts(node: ast.AST) -> Iterator[ast.AST]:
    """Bounds and defaults, which are evaluated only when asked for."""
    for parameter in type_parameters(node):
        for part in (getattr(parameter, "bound", None), getattr(parameter, "default_value", None)):
            if part is not None:
                yield part


def type_alias_parts(node: ast.AST) -> tuple[ast.Name, ast.expr]:
    """Name and value of `type name = value`, a node that no Python before 3.12 has."""
    name, value = (getattr(node, part) for part in ("name", "value"))
    return name, value
