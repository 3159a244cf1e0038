"""Names that a cell reaches through `globals()`, `vars()` or `locals()`, written out as the names that they are.

`globals()["x"] = 1` is `x = 1`. Only what the cell itself does at module level, with names that stand there, is
rewritten; the rest stays what nobody can see from the source.
"""

from __future__ import annotations

import ast
from typing import Any

_NAMESPACES = ("globals", "vars", "locals")


def with_names(tree: ast.Module, source: str) -> ast.Module:
    """The tree in which they are names."""
    if any(name in source for name in _NAMESPACES):
        tree = _Rewriter().visit(tree)
    return tree


def _is_namespace(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in _NAMESPACES
        and not node.args
        and not node.keywords
    )


def _name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
        return node.value
    return None


class _Rewriter(ast.NodeTransformer):
    def _leave(self, node: Any) -> Any:
        """What has names of its own."""
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = _leave
    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _leave

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        name = _name(node.slice) if _is_namespace(node.value) else None
        if name is None:
            return self.generic_visit(node)
        return ast.copy_location(ast.Name(name, node.ctx), node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """`"x" in globals()` looks the name up, and does not fail without it."""
        name = _name(node.left)
        if name is None or not isinstance(node.ops[0], ast.In | ast.NotIn) or not _is_namespace(node.comparators[0]):
            return self.generic_visit(node)
        found = ast.copy_location(ast.Name(name, ast.Load()), node)
        return ast.copy_location(ast.IfExp(node, found, node.left), node)

    def visit_Expr(self, node: ast.Expr) -> Any:
        """`globals().update(x=1)`."""
        call = node.value
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "update"):
            return self.generic_visit(node)
        if not _is_namespace(call.func.value) or call.args or any(keyword.arg is None for keyword in call.keywords):
            return self.generic_visit(node)
        return [
            ast.copy_location(
                ast.Assign(
                    [ast.copy_location(ast.Name(str(keyword.arg), ast.Store()), node)], self.visit(keyword.value)
                ),
                node,
            )
            for keyword in call.keywords
        ] or node
