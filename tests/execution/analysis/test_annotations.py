"""Annotations: evaluated where they stand until Python 3.13, only when asked for from 3.14 on."""

from __future__ import annotations

import sys

import pytest

from tests.execution.analysis.notation import Row, spelled, told

EVALUATED: list[Row] = [
    ("x: T", "T!"),
    ("x: T = a", "T! a! =x x(@a)"),
    ("(x): T", "T!"),
    ("(x): T = a", "T! a! =x x(@a)"),
    ("o.a: T = b", "T! b! o! ~o o(@b)"),
    ("o.a: T", "T! o!"),
    ("d[k]: T = b", "T! b! d! k! ~d d(@b)"),
    ("x: int = 1; y: x = 2", "=x =y"),
    ("def f(x: T) -> U: pass", "T! U! =f"),
    ("def f(*x: T, **y: U): pass", "T! U! =f"),
    ("class A:\n    x: T\n    y: U = v", "T! U! v! =A A(@v)"),
    ("class A:\n    def m(self, x: T) -> U: pass", "T! U! =A"),
    ("class A:\n    t = g\n    def m(self, x: t): pass", "g! =A A(@g)"),
]
DEFERRED: list[Row] = [
    ("x: T", ""),
    ("x: T = a", "a! =x x(@a)"),
    ("def f(x: T) -> U: pass", "=f f(T,U)"),
    ("def f(*x: T, **y: U): pass", "=f f(T,U)"),
    ("class A:\n    x: T\n    y: U = v", "v! =A A(T,U,@v)"),
    ("class A:\n    def m(self, x: T) -> U: pass", "=A A(T,U)"),
]


@pytest.mark.parametrize(("source", "expected"), EVALUATED if sys.version_info < (3, 14) else DEFERRED)
def test_annotations(source: str, expected: str) -> None:
    assert spelled(source, expected) == told(expected)
