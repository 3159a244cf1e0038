"""Class bodies, methods and instances."""

from __future__ import annotations

import pytest

from tests.execution.analysis.notation import Row, spelled, told

CLASSES: list[Row] = [
    ("class A: pass", "=A"),
    ("class A(B): pass", "B! =A A(@B)"),
    ("class A(B, metaclass=M, k=v): pass", "B! M! v! =A A(@B,@M,@v)"),
    ("@d\nclass A: pass", "d! =A A(@d)"),
    ("class A:\n    x = g", "g! =A A(@g)"),
    ("class A:\n    x = 1\n    y = x", "=A"),
    ("class A:\n    y = x\n    x = 1", "x! =A A(@x)"),
    ("class A:\n    x = x", "x! =A A(@x)"),
    ("class A:\n    x = 1\n    def m(self): return x", "=A A(x)"),
    ("class A:\n    def m(self): return self.x", "=A"),
    ("class A:\n    def m(self): return g", "=A A(g)"),
    ("class A:\n    def m(self): return g\na = A()", "g =A =a A(g) a(g)"),
    ("class A:\n    def m(self): return g\nclass B(A): pass", "g =A =B A(g) B(g)"),
    ("class A:\n    def m(self, x=k): pass", "k! =A A(@k)"),
    ("class A:\n    def a(self): pass\n    b = a", "=A"),
    ("class A:\n    n = 3\n    xs = [n for _ in range(3)]", "n =A A(@n)"),
    ("class A:\n    n = [1]\n    xs = [i for i in n]", "=A"),
    ("class A:\n    if c: x = 1\n    y = x", "c! x =A A(@x)"),
    ("class A:\n    for i in a: pass", "a! =A A(@a)"),
    ("class A:\n    del x", "=A"),
    ("class A:\n    x = 1\n    del x", "=A"),
    ("class A:\n    global x\n    x = 1", "=A =x"),
    ('class A:\n    x: "T"', "=A"),
    ("class A:\n    def m(self): return __class__, super()", "=A"),
    ("class A:\n    def m(self): return __x, self.__y", "=A A(_A__x)"),
    ("class A:\n    __x = 1\n    y = __x", "=A"),
    ("class A:\n    def m(self): return A", "=A A(A)"),
    ("class A:\n    class B:\n        x = g\n    y = B", "g! =A A(@g)"),
    ("class A:\n    x = 1\n    class B:\n        y = x", "x! =A A(@x)"),
    ("class A:\n    f = lambda self: g", "=A A(g)"),
    ("class A:\n    @property\n    def x(self): return g", "=A A(g)"),
    ("class A:\n    @d\n    def x(self): pass", "d! =A A(@d)"),
    ("class A:\n    x = property(lambda self: g)", "=A A(g)"),
    (
        "@dataclass\nclass A:\n    x: int = field(default_factory=lambda: g)",
        "dataclass! field! =A A(g,@dataclass,@field)",
    ),
    ("class A:\n    import os\n    from m import x as y", "=A"),
    ("class A:\n    with a as b: c", "a! c =A A(@a)"),
    ("class A:\n    try: import x\n    except ImportError: x = None", "=A"),
    ("class A:\n    xs.append(1)", "xs! =A ~xs"),
    ("class A:\n    xs = []\n    xs.append(y)", "y! =A A(@y)"),
    ("class A:\n    def m(self): self.xs.append(g)", "=A A(g)"),
    ("class A:\n    def m(self): xs.append(1)\nA().m()", "xs =A ~xs A(xs,~xs)"),
    ("class A:\n    h = f", "f! =A A(@f)"),
    ("class A:\n    h = [f]", "f! =A A(@f)"),
    ("class A:\n    __qualname__; __module__", "=A"),
    ("class A:\n    print(x := 1)\n    y = x", "=A"),
    ("obj = A()", "A! =obj obj(@A)"),
    ("obj = A(f)", "A! f! =obj obj(@A,@f)"),
    ("obj = m.A(f, k=g)", "f! g! m! =obj obj(@f,@g,@m)"),
    ("obj.method()", "obj!"),
    ("def f():\n    class A:\n        __x = 1\n        def m(self): return __x", "=f f(_A__x)"),
    ("x = 1\ndef f(): return x", "=f =x f(x)"),
    ("def f(): return x\nx = 1", "=f =x f(x)"),
    (
        "def outer():\n    global a\n    a = 1\n    def inner():\n        a = 2\n        return a\n    return inner",
        "=outer outer(=a)",
    ),
]


@pytest.mark.parametrize(("source", "expected"), CLASSES)
def test_classes(source: str, expected: str) -> None:
    assert spelled(source, expected) == told(expected)
