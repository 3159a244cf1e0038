"""Rows where marimo's analyser gives another answer than Python does, beside ours.

`MISSED`: names that the cell needs, or binds, and that marimo does not see. `INVENTED`: names that it sees and that the
cell neither needs nor binds. Where marimo is installed its answers are looked at too, so that no row does it wrong.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
from typing import Any

import pytest

from tests.execution.analysis.notation import spelled, told

PeerRow = tuple[str, str, str]

MISSED: list[PeerRow] = [
    ("x += 1", "x! =x ~x x(@x)", "x"),
    ("x += y", "x! y! =x ~x x(@x,@y)", "x"),
    ("d |= e", "d! e! =d ~d d(@d,@e)", "d"),
    ("for i in a:\n    total += i", "a! total =i? =total? ~total i(@a) total(@a,@total)", "total"),
    ("for i in i: pass", "i! =i? i(@i)", "i"),
    ("for row in f(row): pass", "f! row! =row? row(@f,@row)", "row"),
    ("for i in a:\n    pass\ni", "a! i =i? i(@a)", "i"),
    ("if c:\n    x = 1\nx", "c! x =x?", "x"),
    ("if c:\n    import a\na.f()", "a c! =a?", "a"),
    ("if c:\n    def f(): return g\nf()", "c! f g =f? f(g)", "f"),
    ("if c: x = []\nx.append(1)", "c! x =x? ~x", "x"),
    ("if c:\n    x = 1\nelse:\n    del x", "c! x =x? -x?", "x"),
    ("def f(): return g\nf()\ng = 1", "g =f =g f(g)", "g"),
    ("def f():\n    global x\n    x = y\nf()\nx", "x y =f =x? f(y,=x)", "x"),
    ("class A:\n    x = 1\n    def m(self): return x", "=A A(x)", "x"),
    ("class A:\n    n = 3\n    xs = [n for _ in range(3)]", "n =A A(@n)", "n"),
    ("class A:\n    x = 1\n    class B:\n        y = x", "x! =A A(@x)", "x"),
    ("class A:\n    if c: x = 1\n    y = x", "c! x =A A(@x)", "x"),
    ('df.query("a > @limit")', "df! limit", "limit"),
    ('get_ipython().run_line_magic("time", "x = f(y)")', "f! y! =x x(@f,@y)", "f x y"),
    ('get_ipython().system("ls {x}")', "x", "x"),
    ("_x = _y", "_y! =_x _x(@_y)", "_x _y"),
]
INVENTED: list[PeerRow] = [
    ("def f():\n    print(x)\n    x = 1", "=f", "x"),
    ("def f():\n    del x", "=f", "x"),
    ("def f():\n    global x", "=f", "x"),
    ("def f(): x: T = g", "=f f(g)", "T"),
    ("def f():\n    o.a: T = 1", "=f f(o,~o)", "T"),
    ("def f(): return g\ndef f(): return h\nf()", "h =f f(h)", "g"),
    ("def f(): return g\ndel f", "-f", "g"),
    ("def f(): return g\nf = None\nf", "=f", "g"),
    ("class A:\n    del x", "=A", "x"),
    ("class A:\n    def m(self): return __x", "=A A(_A__x)", "__x"),
    ("class A:\n    def m(self): return __class__, super()", "=A", "__class__"),
    ("class A:\n    name = __qualname__, __module__", "=A", "__module__ __qualname__"),
    ("x: int", "", "x"),
    ("from __future__ import annotations\nx: T = a", "a! =x x(@a)", "T annotations"),
    ("if False:\n    x = y", "", "x y"),
    ("while True: pass\nx = y", "", "x y"),
    ("raise E\nx = 1", "E!", "x"),
    ("assert x, (y := 1)", "x!", "y"),
    ("lambda: x", "", "x"),
    ("global x\nx = y", "y! =x x(@y)", "x"),
]
REFUSED: list[PeerRow] = [
    ("from m import *", "?from_m_import_*", ""),
    ("%time x = y", "y! =x x(@y)", ""),
    ("files = !ls {x}", "x =files", ""),
]


@pytest.mark.parametrize(("source", "expected", "names"), MISSED + INVENTED + REFUSED)
def test_what_is_right(source: str, expected: str, names: str) -> None:
    assert spelled(source, expected) == told(expected)


def peer(source: str) -> tuple[set[str], set[str]]:
    """What marimo says that a cell needs, and what it binds."""
    visitor: Any = importlib.import_module("marimo._ast.visitor").ScopedVisitor()
    visitor.visit(ast.parse(source))
    return set(visitor.refs), set(visitor.defs)


if importlib.util.find_spec("marimo") is not None:

    @pytest.mark.parametrize(("source", "expected", "names"), MISSED)
    def test_what_the_peer_misses(source: str, expected: str, names: str) -> None:
        assert not set(names.split()) & peer(source)[0]

    @pytest.mark.parametrize(("source", "expected", "names"), INVENTED)
    def test_what_the_peer_invents(source: str, expected: str, names: str) -> None:
        assert set(names.split()) <= set.union(*peer(source))

    @pytest.mark.parametrize(("source", "expected", "names"), REFUSED)
    def test_what_the_peer_refuses(source: str, expected: str, names: str) -> None:
        with pytest.raises(SyntaxError):
            peer(source)
