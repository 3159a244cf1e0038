"""What follows from a condition: constants, and names bound by `:=` in parts that were surely evaluated."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def constant(test: ast.expr) -> bool | None:
    """What a condition always is; in a notebook, `__name__ == "__main__"` is true."""
    match test:
        case ast.Constant(value=value):
            return bool(value)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = constant(operand)
            return None if inner is None else not inner
        case ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")]):
            return True
    return None


def bound_if(test: ast.expr, truth: bool) -> Iterator[str]:
    """Names bound by `:=` in `test` if it came out as `truth`, beside those that are bound whatever it does.

    After `a and (n := b)`, `n` is bound if that was true, and after `a or (n := b)` if it was false.
    """
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from bound_if(operand, not truth)
        case ast.BoolOp(op=operator, values=values) if isinstance(operator, ast.And) == truth:
            for value in values:
                yield from _bound_in(value)
                yield from bound_if(value, truth)


def _bound_in(node: ast.AST) -> Iterator[str]:
    """Names bound by `:=` wherever `node` is evaluated."""
    match node:
        case ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return
        case ast.BoolOp(values=[first, *_]):
            yield from _bound_in(first)
        case ast.IfExp(test=test):
            yield from _bound_in(test)
        case ast.Compare(left=left, comparators=[second, *_]):
            yield from _bound_in(left)
            yield from _bound_in(second)
        case ast.NamedExpr(target=target, value=value):
            yield target.id
            yield from _bound_in(value)
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _bound_in(child)
