"""The scoping of deferred code is CPython's own: compared with `symtable` over the standard library."""

from __future__ import annotations

import ast
import symtable
import sysconfig
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from reactive_nb.execution.analysis.late import LateReader
from reactive_nb.execution.analysis.names import is_history

STDLIB = Path(sysconfig.get_path("stdlib"))
MODULES = sorted(STDLIB.glob("*.py"))[::3]

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class _WithoutLocalAnnotations(ast.NodeTransformer):
    """`x: T = 1` in a function never evaluates `T`, though `symtable` mentions it."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        for part in ast.walk(node):
            if isinstance(part, ast.AnnAssign):
                part.annotation = ast.Constant(value=0)
        return node


def outermost_functions(node: ast.AST, private: str | None = None) -> Iterator[tuple[Function, str | None]]:
    """Functions that no other function surrounds, with the class they are in."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield child, private
        elif not isinstance(child, ast.Lambda):
            yield from outermost_functions(child, child.name if isinstance(child, ast.ClassDef) else private)


def tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from tables(child)


def outermost_tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        if child.get_type() == "function" and child.get_name() not in ("lambda", "listcomp", "genexpr", "setcomp"):
            yield child
        elif child.get_type() in ("class", "type parameters", "type parameter"):
            yield from outermost_tables(child)


def globals_of(table: symtable.SymbolTable) -> tuple[set[str], set[str]]:
    """Names that CPython looks up among the globals; and those it may, from class bodies inside."""
    names, perhaps = set(), set()
    for inner in tables(table):
        for symbol in inner.get_symbols():
            if symbol.is_global() and (symbol.is_referenced() or symbol.is_assigned()):
                names.add(symbol.get_name())
            elif inner.get_type() == "class":
                perhaps.add(symbol.get_name())
    names = {name for name in names if not is_history(name)}
    return names - {"__class__"}, perhaps  # which `symtable` adds wherever there is a `super`


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_globals_of_functions_are_those_of_symtable(path: Path) -> None:
    source = ast.unparse(_WithoutLocalAnnotations().visit(ast.parse(path.read_bytes())))
    tree = ast.parse(source)
    expected: dict[tuple[str, int], list[tuple[set[str], set[str]]]] = defaultdict(list)
    for table in outermost_tables(symtable.symtable(source, path.name, "exec")):
        expected[table.get_name(), table.get_lineno()].append(globals_of(table))
    for function, private in outermost_functions(tree):
        assert not isinstance(function, ast.Lambda)
        line = min([function.lineno, *(d.lineno for d in function.decorator_list)])
        found = LateReader().function(function, {"__class__"} if private else (), private)
        names, perhaps = (expected.get((function.name, line)) or expected[function.name, function.lineno]).pop(0)
        mine = found.reads | found.writes
        assert names <= mine, function.name
        assert mine <= names | perhaps, function.name
