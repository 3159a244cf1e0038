"""IPython's syntax becomes what IPython itself makes of it, with every line where it was."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest
from hypothesis import assume, example, given
from IPython.core.inputtransformer2 import TransformerManager

from reactive_nb.execution.analysis import analyse_python
from reactive_nb.execution.analysis.syntax import CellSyntaxError, _without_warnings, check_with_compiler, parse_cell
from tests.execution.analysis.sources import any_sources
from tests.execution.analysis.test_ipython import CELL_MAGICS, LINE_MAGICS, SHELL, SYNTAX

IPYTHON: Any = TransformerManager()  # type: ignore[no-untyped-call]  # IPython has no annotation there

MORE = [
    "x = 1\n%time y\n!ls (\n%time z\n!echo 'a\nw = !ls\nq?\n",
    "def f():\n    !echo {x}\n    if a:\n        %time b\n    return c\n",
    "for i in a:\n    !echo [\n    %cd (\nprint(1)\n",
    "a = {\n  'k': 1,\n}\n!x {\nb = 2\n%y }\n",
    "x = '''\n%time\n'''\n%time x\ny = 1\n",
    "!a \\\n  b \\\n  c\nx = 1\n!d",
    "%time f(a,\n  b)",
    "x = %time \\\n y\nz",
    "if a:\n    pass\n\n%time x\n\n\n!y\n",
    "\n\n  %time x\n  y = 1\n",
    "%%time\n%%capture\nx",
    "%%html\n%time\n",
    "%%time?\n",
    "x = a ? b\n",
    "x?  \n",
    "[a for a in b]?\n",
    "é = !ls\n'ü'; ñ?\n",
    "a == %b\n",
    "f(x = !ls)\n",
    "x = y = !ls\n",
]


WHOLE = [source for source in MORE if not source.startswith(("%%", "\n")) and analyse_python(source).error is None]


@pytest.mark.parametrize("source", [row[0] for row in (*LINE_MAGICS, *CELL_MAGICS, *SHELL, *SYNTAX)] + MORE)
def test_the_tree_is_that_of_ipython(source: str) -> None:
    try:
        theirs = ast.dump(ast.parse(IPYTHON.transform_cell(source)))
    except SyntaxError:
        theirs = "error"
    try:
        mine = ast.dump(parse_cell(source))
    except CellSyntaxError:
        mine = "error"
    if not mine.startswith("Module(body=[If(test=Tuple("):  # a magic without its %, which IPython sees at run time
        assert mine == theirs


@pytest.mark.parametrize("source", WHOLE)
def test_lines_keep_their_numbers(source: str) -> None:
    found = analyse_python(source.rstrip("\n") + "\nlast = )")
    assert found.error is not None
    assert found.error.line == len(source.rstrip("\n").split("\n")) + 1


class _WithoutTexts(ast.NodeTransformer):
    """IPython takes prompts and spaces out of strings too, where names are none."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant(value="") if isinstance(node.value, str) else node


def names_of(tree: ast.AST) -> str:
    return ast.dump(_WithoutTexts().visit(tree))


LINE_ENDS = re.compile("[\r\f\v\x1c-\x1e\x85\u2028\u2029]")
"""Where IPython takes a line to end, and Python none."""


@given(any_sources)
@example("x = [\n   ...: 1]")
@example("x = [\n... , 1]")
@example("In [1]: x")
@example("if x:\n  '''\n\n a'''\n  y")
def test_what_is_python_is_the_same_for_ipython(source: str) -> None:
    """So cells without IPython's syntax need not go through IPython."""
    assume(not LINE_ENDS.search(source) and ">>>" not in source)
    try:
        with _without_warnings():
            ast.parse(source)
        mine = parse_cell(source)
    except (CellSyntaxError, SyntaxError, ValueError):
        return
    try:
        with _without_warnings():
            theirs = ast.parse(IPYTHON.transform_cell(source))
    except SyntaxError:
        theirs = ast.Module([], [])
    if not (mine.body and isinstance(mine.body[0], ast.If) and isinstance(mine.body[0].test, ast.Tuple)):
        assert names_of(mine) == names_of(theirs)


@given(any_sources)
@example("f(a=1, a=2)")
@example("raise E\nf(a=1, a=2)")
@example("if False: f(a=1, a=2)")
@example("while True: pass\nelse: f(a=1, a=2)")
@example("match x:\n  case _: pass\n  case y: f(a=1, a=2)")
@example("%time f(a=1, a=2)")
@example("print(\n*a)")
@example("*a")
@example("x = \\\n*a")
@example("__debug__ = 1")
@example("x: int = 1\nf.a: int = 2")
def test_what_the_compiler_refuses_is_refused(source: str) -> None:
    """So cells without a word or mark that needs the compiler need not be compiled."""
    found = analyse_python(source)
    assume(found.error is None)
    try:
        with _without_warnings():
            code = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    check_with_compiler(source, code)
