"""Which definition a name means: tables of notebooks and of the edges they must have, no more and no less.

An edge is written `user name<provider`, cells counted from 0; what a disabled cell withholds is `user name!cell`.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactive_nb.execution.analysis import analyse_python
from reactive_nb.execution.dependencies import CellNames, build
from reactive_nb.models import DependencyGraph


def graph_of(
    *sources: str, off: tuple[int, ...] = (), observed: str = "", missed: str = "", order: tuple[int, ...] = ()
) -> DependencyGraph:
    """`observed` and `missed`: `cell name`, several with spaces between (`1 x 2 y`)."""
    seen, failed = _by_cell(observed), _by_cell(missed)
    cells = [
        CellNames(
            id=str(place),
            analysis=analyse_python(source),
            observed=frozenset(seen.get(place, ())),
            missed=frozenset(failed.get(place, ())),
            disabled=place in off,
        )
        for place, source in enumerate(sources)
    ]
    return build([cells[place] for place in order] if order else cells).graph


def _by_cell(text: str) -> dict[int, list[str]]:
    words = text.split()
    found: dict[int, list[str]] = {}
    for place, name in zip(words[::2], words[1::2], strict=True):
        found.setdefault(int(place), []).append(name)
    return found


def edges(graph: DependencyGraph) -> str:
    made = [f"{user} {name}<{by}" for user, names in graph.providers.items() for name, by in names.items()]
    withheld = [f"{user} {name}!{by}" for user, names in graph.withheld.items() for name, by in names.items()]
    return ", ".join(sorted(made + withheld))


ABOVE = [
    ("nothing in common", ["a = 1", "b = 2"], ""),
    ("a name from above", ["x = 1", "x"], "1 x<0"),
    ("two names, one edge each", ["x = 1; y = 2", "x + y"], "1 x<0, 1 y<0"),
    ("two providers", ["x = 1", "y = 2", "x + y"], "2 x<0, 2 y<1"),
    ("the nearest above", ["x = 1", "x = 2", "x"], "2 x<1"),
    ("not the one below", ["x = 1", "x", "x = 2"], "1 x<0"),
    ("a chain of one name", ["x = 1", "x = x + 1", "x"], "1 x<0, 2 x<1"),
    ("each user its own version", ["x = 1", "x", "x = 2", "x"], "1 x<0, 3 x<2"),
    ("augmented assignment", ["x = 1", "x += 1", "x"], "1 x<0, 2 x<1"),
    ("a loop that may not turn passes on", ["for i in y: i", "for i in y: i"], "1 i<0"),
    ("a cell does not provide to itself", ["x = 1\nx"], ""),
    ("bound before read", ["x = 1", "x = 2\nx"], ""),
    ("read before bound", ["x = 1", "x\nx = 2"], "1 x<0"),
    ("builtins come from nowhere", ["print(len([]))"], ""),
    ("a builtin that a cell defines", ["len = 1", "len"], "1 len<0"),
    ("IPython's names belong to nobody", ["_ = 1", "_", "In", "_1"], ""),
    ("import of a package", ["import os.path", "os"], "1 os<0"),
    ("import as", ["import numpy as np", "np.pi"], "1 np<0"),
    ("a class", ["class K: pass", "K()"], "1 K<0"),
    ("a base class", ["class K: pass", "class L(K): pass"], "1 K<0"),
    ("a decorator", ["def d(f): return f", "@d\ndef g(): pass"], "1 d<0"),
    ("a default", ["x = 1", "def f(a=x): return a"], "1 x<0"),
    ("a parameter is local", ["x = 1", "def f(x): return x"], ""),
    ("a comprehension's variable is its own", ["x = 1", "[x for x in range(3)]"], ""),
    ("an f-string", ["x = 1", "f'{x}'"], "1 x<0"),
    ("a walrus", ["if (n := 3): pass", "n"], "1 n<0"),
    ("an exception's name is gone after", ["try: pass\nexcept E as e: pass", "e"], ""),
    ("an annotation alone binds nothing", ["x = 1", "x: int", "x"], "2 x<0"),
    ("line magic's Python", ["x = 1", "%time y = x", "y"], "1 x<0, 2 y<1"),
    ("shell line's braces", ["x = 1", "!echo {x}"], "1 x<0"),
    ("markdown and broken cells provide nothing", ["x = 1", "def (", "x"], "2 x<0"),
]

CHANGES = [
    ("an item", ["d = {}", "d['a'] = 1", "d"], "1 d<0, 2 d<1"),
    ("an attribute", ["o = C()", "o.a = 1", "o"], "1 o<0, 2 o<1"),
    ("a method known to change", ["p = []", "p.append(1)", "p"], "1 p<0, 2 p<1"),
    ("changes one after the other", ["p = []", "p.append(1)", "p.append(2)", "p"], "1 p<0, 2 p<1, 3 p<2"),
    ("deletion of an item", ["d = {}", "del d['a']", "d"], "1 d<0, 2 d<1"),
    ("a method known to change nothing", ["p = []", "p.index(1)", "p"], "1 p<0, 2 p<0"),
    ("del", ["x = 1", "del x", "x"], "1 x<0, 2 x<1"),
    ("maybe bound: the old value passes through", ["x = 1", "if c: x = 2", "x"], "1 x<0, 2 x<1"),
    ("bound in a loop, maybe", ["x = 1", "for i in []: x = 2", "x"], "1 x<0, 2 x<1"),
    ("bound in try, maybe", ["x = 1", "try: x = f2()\nexcept E: pass", "x"], "1 x<0, 2 x<1"),
    ("surely bound on both ways", ["x = 1", "if c: x = 2\nelse: x = 3", "x"], "2 x<1"),
]

LATE = [
    ("who defines does not depend", ["g = 1", "def f(): return g"], ""),
    ("who calls does", ["g = 1", "def f(): return g", "f()"], "2 f<1, 2 g<0"),
    ("from the caller's place", ["def f(): return g", "g = 1", "f()", "g = 2", "f()"], "2 f<0, 2 g<1, 4 f<0, 4 g<3"),
    ("through two functions", ["def f(): return h()", "def h(): return g", "g = 1", "f()"], "3 f<0, 3 g<2, 3 h<1"),
    (
        "helpers that call each other",
        ["def f(n): return g(n)", "def g(n): return f(n)", "f(1)"],
        "2 f<0, 2 g<1",
    ),
    ("recursion", ["def f(n): return f(n - 1)", "f(1)"], "1 f<0"),
    ("a lambda", ["k = 1", "f = lambda: k", "f()"], "2 f<1, 2 k<0"),
    ("a method", ["k = 1", "class A:\n    def m(self): return k", "A().m()"], "2 A<1, 2 k<0"),
    ("a class body reads at once", ["k = 1", "class A:\n    x = k"], "1 k<0"),
    ("an alias carries it", ["k = 1", "def f(): return k", "h = f", "h()"], "2 f<1, 2 k<0, 3 h<2, 3 k<0"),
    ("a container carries it", ["k = 1", "def f(): return k", "t = [f]", "t"], "2 f<1, 2 k<0, 3 k<0, 3 t<2"),
    (
        "not what its neighbour needs",
        ["a = 1", "b = 2", "def f(): return a\ndef g(): return b", "f()"],
        "3 a<0, 3 f<2",
    ),
    ("a parameter hides the global", ["k = 1", "def f(k): return k", "f(2)"], "2 f<1"),
    ("a helper defined again", ["def f(): return a", "def f(): return b", "a = 1", "b = 2", "f()"], "4 b<3, 4 f<1"),
    ("a write by who is called", ["def f():\n    global g\n    g = 1", "f()", "g"], "1 f<0, 2 g<1"),
    (
        "the caller passes on what it may not write",
        ["g = 0", "def f():\n    global g\n    g = 1", "f()", "g"],
        "2 f<1, 2 g<0, 3 g<2",
    ),
    (
        "a write through another function",
        ["def f():\n    global g\n    g = 1", "def h(): f()", "h()", "g"],
        "2 f<0, 2 h<1, 3 g<2",
    ),
    (
        "a generator expression, here and where it is used",
        ["k = 1", "g = (k for _ in [1])", "list(g)"],
        "1 k<0, 2 g<1, 2 k<0",
    ),
    (
        "what a function of its own needs that one from above calls",
        ["def g(): return f()", "a = 0", "def f(): return a\ng()"],
        "2 a<1, 2 g<0",
    ),
    (
        "a function bound twice, called in between",
        ["def g(): return f()", "a = 0", "b = 0", "def f(): return a\nprint(g())\ndef f(): return b", "f()"],
        "3 a<1, 3 g<0, 4 b<2, 4 f<3",
    ),
    (
        "a function bound twice, called last",
        ["def g(): return f()", "a = 0", "b = 0", "def f(): return a\ndef f(): return b\nprint(g())"],
        "3 b<2, 3 g<0",
    ),
    (
        "a function bound after the call",
        ["def f(): return 1", "def g(): return f()", "a = 0", "g()\ndef f(): return a"],
        "3 f<0, 3 g<1",
    ),
    (
        "a function bound in a loop, after the call",
        ["def f(): return 1", "def g(): return f()", "a = 0", "for _ in 1, 2:\n    g()\n    def f(): return a"],
        "3 a<2, 3 f<0, 3 g<1",
    ),
    (
        "a function deleted after the call",
        ["def g(): return f()", "a = 0", "def f(): return a\ng()\ndel f"],
        "2 a<1, 2 g<0",
    ),
    (
        "bound before the call, on all ways",
        ["x = 1", "def f(): return x", "if f: x = 2\nelse: x = 3\nf()", "x"],
        "2 f<1, 2 x<0, 3 x<2",
    ),
    ("bound before what reads it is called", ["x = 1", "def f(): return x", "x = 2\nf()"], "2 f<1"),
    ("bound after what reads it is called", ["x = 1", "def f(): return x", "f()\nx = 2"], "2 f<1, 2 x<0"),
    ("perhaps bound before", ["x = 1", "def f(): return x", "if 1 < y: x = 2\nf()"], "2 f<1, 2 x<0"),
    (
        "read before, called after",
        ["x = 1", "def f(): return x", "h = f\nx = 2\nh()"],
        "2 f<1, 2 x<0",
    ),
    (
        "bound between two who read it",
        ["x = 1", "def f(): return x", "def g(): return x", "f()\nx = 2\ng()"],
        "3 f<1, 3 g<2, 3 x<0",
    ),
    (
        "a callback added before and after",
        [
            "hooks = []",
            "def run(): hooks[0]()",
            "a = 0",
            "hooks.append(lambda: a)\nrun()",
            "run()\nhooks.append(lambda: b)",
        ],
        "3 a<2, 3 hooks<0, 3 run<1, 4 a<2, 4 hooks<3, 4 run<1",
    ),
]

FORWARD = [
    ("must fail without it", ["x", "x = 1"], "0 x<1"),
    ("the first definer below", ["x", "x = 1", "x = 2"], "0 x<1"),
    ("not where one is above", ["x = 0", "x", "x = 1"], "1 x<0"),
    ("not for a builtin", ["len([])", "len = 1"], ""),
    ("not from who may not bind it", ["x", "if c: x = 1"], ""),
    ("past who may not bind it", ["x", "if c: x = 1", "x = 2"], "0 x<2"),
    ("not from who needs it itself", ["x", "x = x + 1"], ""),
    ("a circle of two is not closed", ["a = b", "b = a"], "1 a<0"),
    ("a circle of three is not closed", ["a = c", "b = a", "c = b"], "1 a<0, 2 b<1"),
    ("not for a read in a branch", ["if q: x", "x = 1"], ""),
    ("not for a late name", ["def f(): return x", "f()", "x = 1"], "1 f<0"),
    ("several names from below", ["x + y", "x = 1", "y = 2"], "0 x<1, 0 y<2"),
    ("below, with what that needs", ["x", "x = y", "y = 1"], "0 x<1, 1 y<2"),
    ("a helper below", ["f()", "def f(): return 1"], "0 f<1"),
    ("a helper below and its constant", ["f()", "def f(): return k", "k = 1"], "0 f<1"),
    ("not for what is changed in place", ["p.append(1)", "p = []"], ""),
]


@pytest.mark.parametrize(
    ("sources", "expected"),
    [pytest.param(sources, expected, id=label) for label, sources, expected in ABOVE + CHANGES + LATE + FORWARD],
)
def test_edges(sources: list[str], expected: str) -> None:
    assert edges(graph_of(*sources)) == ", ".join(sorted(filter(None, expected.split(", "))))


LEARNED = [
    ("observed", ["exec(s)", "x"], {"observed": "0 x"}, "1 x<0"),
    ("observed stands above what is further away", ["x = 1", "exec(s)", "x"], {"observed": "1 x"}, "1 x<0, 2 x<1"),
    ("observed below does not matter", ["x = 1", "x", "exec(s)"], {"observed": "2 x"}, "1 x<0, 2 x<0"),
    ("observed is no definer from below", ["x", "exec(s)"], {"observed": "1 x"}, ""),
    (
        "observed of a cell that waits for its user",
        ["y\nexec(s)", "x = 1\nx", "y = x"],
        {"observed": "0 x"},
        "0 y<2, 2 x<1",
    ),
    ("a late name missed", ["def f(): return g", "f()", "g = 1"], {"missed": "1 g"}, "1 f<0, 1 g<2"),
    ("a read in a branch missed", ["if q: x", "x = 1"], {"missed": "0 x"}, "0 x<1"),
    ("missed, and nobody defines it", ["f()"], {"missed": "0 f"}, ""),
    ("missed, and now above", ["x = 1", "if q: x"], {"missed": "1 x"}, "1 x<0"),
    (
        "missed, but it would close a circle",
        ["def f(): return g", "y = f()", "g = y"],
        {"missed": "1 g"},
        "1 f<0, 2 y<1",
    ),
    ("a disabled cell withholds", ["x = 1", "x"], {"off": (0,)}, "1 x!0"),
    ("unless another gives", ["x = 0", "x = 1", "x"], {"off": (1,)}, "2 x<0"),
    ("unless another below gives", ["x = 1", "x", "x = 2"], {"off": (0,)}, "1 x<2"),
    ("the nearest disabled one", ["x = 1", "x = 2", "x"], {"off": (0, 1)}, "2 x!1"),
    ("a disabled cell below withholds nothing", ["x", "x = 1"], {"off": (1,)}, ""),
    ("a disabled user needs nothing", ["x = 1", "x"], {"off": (1,)}, ""),
    ("a disabled change is not made", ["p = []", "p.append(1)", "p"], {"off": (1,)}, "2 p<0"),
    ("a disabled helper", ["def f(): return g", "g = 1", "f()"], {"off": (0,)}, "2 f!0"),
    ("moved above its definer", ["x = 1", "x", "x = 2"], {"order": (2, 1, 0)}, "1 x<2"),
    ("moved away from its change", ["p = []", "p.append(1)", "p"], {"order": (0, 2, 1)}, "1 p<0, 2 p<0"),
    ("its definer moved down", ["x = 1", "x"], {"order": (1, 0)}, "1 x<0"),
    ("one of two definers gone", ["x = 1", "x = 2", "x"], {"order": (0, 2)}, "2 x<0"),
    ("the only definer gone", ["x = 1", "x"], {"order": (1,)}, ""),
]


@pytest.mark.parametrize(
    ("sources", "known", "expected"), [pytest.param(row[1], row[2], row[3], id=row[0]) for row in LEARNED]
)
def test_edges_after_runs_and_changes(sources: list[str], known: dict[str, Any], expected: str) -> None:
    assert edges(graph_of(*sources, **known)) == ", ".join(sorted(filter(None, expected.split(", "))))


def test_needs_leave_out_what_only_passes_through() -> None:
    graph = graph_of("x = 1", "if c: x = 2", "x += 1")
    assert "x" in graph.uses["1"]
    assert "x" not in graph.needs["1"]
    assert "x" in graph.needs["2"]


def test_writers_and_users_are_listed_in_document_order() -> None:
    graph = graph_of("x = 1", "x", "x = 2", "x", "x")
    assert graph.writers["x"] == ("0", "2")
    assert graph.downstream("2") == ("3", "4")
    assert graph.upstream("4") == ("2",)


def test_document_order_is_kept_where_nothing_comes_from_below() -> None:
    assert graph_of("a = 1", "b = a", "a = 2", "b").by_rank == ("0", "1", "2", "3")


def test_who_gets_a_name_from_below_runs_after_it_and_nobody_else_moves() -> None:
    assert graph_of("y = 0", "x", "y", "x = 1", "y").by_rank == ("0", "2", "3", "1", "4")


_STATEMENTS = st.sampled_from(
    [
        *(f"{a} = {b}" for a in "abc" for b in "abc1"),
        *(f"{a}.append({b})" for a in "ab" for b in "bc"),
        *(f"if {a}: {b} = 1" for a in "ab" for b in "bc"),
        *(f"def {f}(): return {a}" for f in "fg" for a in "abc"),
        *(f"def {f}():\n    global {a}\n    {a} = g()" for f in "fg" for a in "ab"),
        *(f"{a} = {f}()" for a in "abc" for f in "fg"),
        *(f"{a} = {f}" for a in "abc" for f in "fg"),
        *(f"del {a}" for a in "abc"),
    ]
)


@given(
    sources=st.lists(st.lists(_STATEMENTS, min_size=1, max_size=3).map("\n".join), min_size=1, max_size=8),
    learned=st.lists(st.tuples(st.integers(0, 7), st.sampled_from("abcfg")), max_size=6),
    missed=st.lists(st.tuples(st.integers(0, 7), st.sampled_from("abcfg")), max_size=6),
    off=st.sets(st.integers(0, 7), max_size=2),
)
def test_no_notebook_has_a_circle(
    sources: list[str], learned: list[tuple[int, str]], missed: list[tuple[int, str]], off: set[int]
) -> None:
    graph = graph_of(
        *sources,
        observed=" ".join(f"{place} {name}" for place, name in learned),
        missed=" ".join(f"{place} {name}" for place, name in missed),
        off=tuple(off),
    )
    assert sorted(graph.by_rank) == sorted(graph.order)
    rank = graph.rank
    assert all(rank[by] < rank[user] for user in graph.order for by in graph.providers[user].values())
