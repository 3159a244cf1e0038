"""Names that nobody provides: which they are, what may be meant, and why a definition further down does not count."""

from __future__ import annotations

import pytest

from reactive_nb.execution.analysis import analyse_python
from reactive_nb.execution.unresolved import MOST_COMPARED, MOST_LOOKED_UP, NameSearch, similar_names
from tests.execution.test_dependencies import graph_of


def search(*sources: str, ran: str = "", off: tuple[int, ...] = ()) -> NameSearch:
    analyses = {str(place): analyse_python(source) for place, source in enumerate(sources)}
    return NameSearch(graph_of(*sources, off=off), analyses, ran.__contains__)


def found(sources: list[str], cell: str, off: tuple[int, ...] = ()) -> list[str]:
    """`x!` must be there; `x 2:circle 1 y 2 z`: what is further down; `x ~y`: what may be meant."""
    result = []
    for one in search(*sources, off=off).explain(cell):
        words = [one.name + ("!" if one.certain else "")]
        if one.below is not None:
            words.append(f"{one.below.cell}:{one.below.obstacle.value}")
            words += [f"{user} {' '.join(names)}" for user, names in one.below.path]
        words += [f"~{name}" for name in one.similar]
        words += [f"off:{one.disabled}"] if one.disabled else []
        words += [f"unseen:{one.unseen}"] if one.unseen else []
        result.append(" ".join(words))
    return result


TABLE: list[tuple[str, list[str], str, list[str]]] = [
    ("all is there", ["x = 1", "x + len([])"], "1", []),
    ("nobody", ["print(x)"], "0", ["x!"]),
    ("in a branch", ["if len([]):\n    x"], "0", ["x"]),
    ("a typing error", ["lenght = 1", "lenhgt"], "1", ["lenhgt! ~lenght"]),
    ("another case", ["DF = 1", "df"], "1", ["df! ~DF"]),
    ("a builtin", ["pritn(1)"], "0", ["pritn! ~print"]),
    ("names of a kernel", ["__name__, _, In, Out[1], display(1), get_ipython()"], "0", []),
    ("a function that calls itself", ["def f(n): return f(n - 1)\nf(3)", "f(1)"], "1", []),
    ("what a function of another cell needs", ["def f(): return g", "f()"], "1", ["g"]),
    ("who only defines it needs nothing", ["def f(): return g"], "0", []),
    ("names of comprehensions and lambdas", ["[i for i in range(3)]; (lambda q: q)(1)"], "0", []),
    ("a name that comes from further down", ["f()", "def f(): pass"], "0", []),
    ("a circle", ["y = x + 1", "x = y"], "0", ["x! 1:circle 1 y"]),
    ("a longer circle", ["a = c", "b = a", "c = b"], "0", ["c! 2:circle 1 a 2 b"]),
    ("perhaps bound", ["x", "if len([]): x = 1"], "0", ["x! 1:perhaps-bound"]),
    ("needed there too", ["x", "x = x + 1"], "0", ["x! 1:needed-there"]),
    ("changed here", ["x.append(1)", "x = []"], "0", ["x! 1:changed-here"]),
    ("read perhaps", ["if len([]):\n    x", "x = 1"], "0", ["x 1:perhaps-used"]),
    ("a star import", ["from numpy import *", "sin(1)", "def g(): return tan"], "1", ["sin! unseen:0"]),
    ("a star import further down", ["sin(1)", "from numpy import *"], "0", ["sin!"]),
]


@pytest.mark.parametrize(("sources", "cell", "expected"), [pytest.param(*row[1:], id=row[0]) for row in TABLE])
def test_unresolved(sources: list[str], cell: str, expected: list[str]) -> None:
    assert found(sources, cell) == expected


def test_a_name_that_a_disabled_cell_would_provide() -> None:
    assert found(["x = 1", "x"], "1", off=(0,)) == ["x! off:0"]


def test_what_has_run_has_shown_what_it_binds() -> None:
    (one,) = search("from numpy import *", "sinn", ran="0").explain("1")
    assert one.unseen is None


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("", ["a"], []),
        ("x", ["y", "z"], []),
        ("dataframe", ["data_frame", "data_frames", "dat", "frame"], ["data_frame", "data_frames"]),
        ("Total", ["total", "totals"], ["total", "totals"]),
        ("count", ["count"], []),
        ("x" * 200, ["x" * 199], []),
    ],
)
def test_similar_names(name: str, known: list[str], expected: list[str]) -> None:
    assert similar_names(name, known) == expected


def test_comparing_is_bounded() -> None:
    many = [f"name_{n:06}" for n in range(100_000)]
    assert similar_names("name_00000x", many)
    assert similar_names("other", [f"x{n:04}" for n in range(2 * MOST_COMPARED)] + ["others"]) == ["others"]
    sources = [*(f"known_{n} = 1" for n in range(3)), "\n".join(f"known_{n:03}" for n in range(MOST_LOOKED_UP + 5))]
    explained = search(*sources).explain("3")
    assert sum(bool(one.similar) for one in explained) == MOST_LOOKED_UP
