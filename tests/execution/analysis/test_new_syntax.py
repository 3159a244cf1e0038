"""Syntax that not every supported Python has: type parameters, nested f-strings, templates."""

from __future__ import annotations

import sys

import pytest

from tests.execution.analysis.notation import Row, spelled, told

SINCE_3_11: list[Row] = [
    ("try:\n    f()\nexcept* (E, F):\n    x = 1", "E F f =x?"),
    ("x[*a]", "a! x!"),
    ("x[*a, b] = c", "a! b! c! x! ~x x(@c)"),
    ("def f(*args: *Ts): pass", "Ts! =f" if sys.version_info < (3, 14) else "=f f(Ts)"),
    ("with (a() as b, c() as d): x = b", "a! c! =b =d =x b(@a) d(@c) x(@a)"),
]
SINCE_3_12: list[Row] = [
    ("type X = int", "=X"),
    ("type X = g", "=X X(g)"),
    ("type X[T] = list[T] | g", "=X X(g)"),
    ("type X[T: B, *Ts, **P] = tuple[T, *Ts]", "=X X(B)"),
    ("def f[T](x: T) -> T: return g", "=f f(g)"),
    ("def f[*Ts, **P](*a: *Ts): pass", "=f"),
    ("class A[T]: pass", "=A"),
    ("class A[T](B[T]): pass", "B! =A A(@B)"),
    ("class A[T: X](B[T], metaclass=M):\n    x: T\n    def m(self) -> T: return g", "B! M! =A A(X,g,@B,@M)"),
    ("@d\nclass A[T]: pass", "d! =A A(@d)"),
    ("class A:\n    type X = g\n    y = X", "g =A A(g)"),
    ("class A:\n    x = 1\n    def m[T](self, y: x = 1): return x", "=A A(x)"),
    ("def f():\n    type X = g\n    return X", "=f f(g)"),
    ("def f():\n    def g[T: B](x: T): return T\n    return g", "=f f(B)"),
    ('f"{f"{x}"}"', "x!"),
    ('f"{x!r:{"{"}>{w}}"', "w! x!"),
    ("f\"{'\\n'.join(xs)}\"", "xs!"),
    ('f"{\n    x  # why\n}"', "x!"),
    ('match a:\n    case {"k": [b, *_]} if b: x = b', "a! =b? =x? b(@a) x(@a)"),
]
SINCE_3_13: list[Row] = [
    ("def f[T = D](x: T): pass", "=f f(D)"),
    ("class A[T = D]: pass", "=A A(D)"),
    ("type X[T = D] = T", "=X X(D)"),
    ("type X[T: B = D, *Ts = *E] = T", "=X X(B,D,E)"),
]
SINCE_3_14: list[Row] = [
    ('t"{x}"', "x!"),
    ('y = t"{x:{w}} {z!r}"', "w! x! z! =y y(@w,@x,@z)"),
    ('y = t"{lambda_}"', "lambda_! =y y(@lambda_)"),
    ("try: f()\nexcept E, F: x = 1", "E F f =x?"),
]
ROWS = [
    *SINCE_3_11,
    *(SINCE_3_12 if sys.version_info >= (3, 12) else ()),
    *(SINCE_3_13 if sys.version_info >= (3, 13) else ()),
    *(SINCE_3_14 if sys.version_info >= (3, 14) else ()),
]


@pytest.mark.parametrize(("source", "expected"), ROWS)
def test_new_syntax(source: str, expected: str) -> None:
    assert spelled(source, expected) == told(expected)
