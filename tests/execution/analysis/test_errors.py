"""Cells that do not parse: what is wrong, and where in the cell's own source."""

from __future__ import annotations

import pytest

from reactive_nb.execution.analysis import analyse_python
from reactive_nb.models.analysis import Analysis
from tests.execution.analysis.notation import Row, spelled, told

ERRORS: list[tuple[str, int]] = [
    ("%%time\nx = (", 2),
    ("%%capture out\n\nx = 1 +", 3),
    ("x = (", 1),
    ("x = 1\n y = 2", 2),
    ("if x:", 1),
    ("def f(:\n    pass", 1),
    ("1 = x", 1),
    ("x = 1 +", 1),
    ("return x", 1),
    ("yield x", 1),
    ("break", 1),
    ("def f():\n    nonlocal x", 2),
    ("def f():\n    x = 1\n    global x", 3),
    ("nonlocal x", 1),
    ("def f(a, a): pass", 1),
    ("f(a=1, a=2)", 1),
    ("for i in a: continue\ncontinue", 2),
    ("class A:\n    return 1", 2),
    ('x = "a', 1),
    ("x = '''a", 1),
    ("x = )", 1),
    ("print x", 1),
    ("{x", 1),
    ("\\", 1),
    ("def f(): await g", 1),
    ("*a", 1),
    ("del f()", 1),
    ("x = $", 1),
    ("x = 0777", 1),
    ("x = 1__0", 1),
    ("%time x = (", 1),
    ("!ls\nx = (", 2),
    ("%matplotlib inline\n\nx = )", 3),
    (">>> x = (", 1),
    ("  x = )", 1),
    ("é = (", 1),
    ("x: int = (", 1),
    ("from __future__ import braces", 1),
    ('f"{x"', 1),
    ('f"{}"', 1),
    ("match x:\n    case y: pass\n    case z: pass", 2),
    ("try: pass\nexcept: pass\nexcept E: pass", 2),
    ("import *", 1),
    ("x, y += 1", 1),
    ("a = b; %time c", 1),
    ("%time f(", 1),
]
COLUMNS: list[tuple[str, int, int]] = [
    ("x = (", 1, 5),
    ("x = )", 1, 5),
    ("  x = )", 1, 7),
    (">>> x = (", 1, 9),
    ("é = (", 1, 5),
    ("!ls\nx = (", 2, 5),
    ("%matplotlib inline\n\nx = )", 3, 5),
    ("%%time\nx = (", 2, 5),
    ("%%capture out\n%%time\n\nx = (", 4, 5),
    ("x = 1\n\n%time x = (", 3, 11),
    ("%%time\nx = 1\n%timeit y = )", 3, 13),
    ("time x = (", 1, 10),
    ("  %time  x = )", 1, 14),
    ("y = %time f(", 1, 12),
    ("%%timeit x = (\ny", 1, 14),
    ("%%time\n\n  x = 1\n   y = 2", 4, 3),
    ("if a:\n    %time x = )", 2, 15),
    ("é = 1; return x", 1, 8),
    ("x = 'ü' + )", 1, 11),
    ("x\r\ny = )", 2, 5),
    ("x\ry = )", 2, 5),
    ("x\n\fy = )", 2, 6),
    ("x\n\ny = '\ud800'", 3, 6),
    ("x\ny\0z", 2, 2),
    ("x\n%time \0", 2, 7),
    ("\ufeffx = 1", 1, 1),
    ("if x:\n\ty\n        z = )", 3, 1),
    ("x = 1\nreturn x", 2, 1),
    ("x = '\ud800'", 1, 6),
]
NO_ERRORS: list[Row] = [
    ("lambda: (yield)", ""),
    ("await x", "x!"),
    ("[await x for y in z]", "x z!"),
    ("async def f(): await g", "=f f(g)"),
    ("async with a(): pass", "a!"),
    ("while True: break", ""),
    ("(x) = 1", "=x"),
    ("x = 1\nfrom __future__ import division", "=x"),
    ("x = 1\nglobal x", "=x"),
    ("assert (x := 1)", "=x"),
    ("x = 1;", "=x"),
    ("# only a comment", ""),
    ("", ""),
    (" \n\t\n", ""),
    ("x = '\\d'", "=x"),
    ("x is 1", "x!"),
    ("assert (x, 1)", "x!"),
    ("x = 1\r\ny = x\r\n", "=x =y"),
]


@pytest.mark.parametrize(("source", "line"), ERRORS)
def test_an_error_is_on_its_line_and_the_sets_are_empty(source: str, line: int) -> None:
    found = analyse_python(source)
    assert found.error is not None
    assert found.error.message
    assert found.error.line == line
    assert found.error.column >= 1
    assert found == Analysis(error=found.error)


@pytest.mark.parametrize(("source", "line", "column"), COLUMNS)
def test_an_error_is_in_its_column(source: str, line: int, column: int) -> None:
    found = analyse_python(source).error
    assert found is not None
    assert (found.line, found.column) == (line, column)


@pytest.mark.parametrize(("source", "expected"), NO_ERRORS)
def test_what_looks_like_an_error_and_is_none(source: str, expected: str) -> None:
    assert spelled(source, expected) == told(expected)
