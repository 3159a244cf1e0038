"""What four times as long a cell costs: about four times as much, and never sixteen times."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import pytest

from reactive_nb.execution.analysis import analyse_markdown, analyse_python

MOST_GROWTH = 10.0
"""What grows with the square of the length would grow sixteenfold; the clock of a busy machine is not exact."""
RUNS = 3


def lines(line: str) -> Callable[[int], str]:
    """Many lines, each with its number for `#`."""
    return lambda count: "".join(line.replace("#", str(number)) + "\n" for number in range(count))


def inside(head: str, line: str) -> Callable[[int], str]:
    """The same inside of a block."""
    return lambda count: head + "".join(f"\n    {line.replace('#', str(number))}" for number in range(count))


PYTHON: dict[str, tuple[int, Callable[[int], str]]] = {
    "names": (500, lines("a# = b#")),
    "one name": (500, lines("a = a + 1")),
    "uses": (1_000, lines("f(a#, b)")),
    "calls": (500, lines("x# = f(x.g(#), k=y[#])")),
    "changes": (500, lines("a#.append(b#); a#[0] = c")),
    "changes of one": (500, lines("a.append(b#)")),
    "functions": (300, lines("def f#(x): return x + g#")),
    "functions called": (300, lines("def f#(): return g#\nf#()")),
    "lambdas in a list": (500, lines("fs.append(lambda: g#)")),
    "classes": (200, lines("class A#:\n    x = y#\n    def m(self): return z#")),
    "branches": (300, lines("if c#: a# = 1\nelse: b# = 2")),
    "elifs": (50, lambda count: "if a: b\n" + lines("elif a#: b# = 1")(count)),
    "loops": (200, lines("for i# in a#: b# = i#")),
    "attempts": (200, lines("try: a# = f()\nexcept E: b# = 1\nfinally: c# = 1")),
    "contexts": (200, lines("with a# as b#: c# = b#")),
    "cases": (50, inside("match x:", "case [a#, *b#] if c#: d# = a#")),
    "in a loop": (300, inside("for i in x:", "a# = b#; c#.append(a#)")),
    "in an attempt": (300, lambda count: inside("try:", "a# = b#(c)")(count) + "\nfinally: d"),
    "in a function": (300, inside("def f():", "a# = b#(c#); d#.append(a#)")),
    "in a class": (300, inside("class A:", "a# = b#; c = a#")),
    "comprehensions": (300, lines("x# = [f(i, y#) for i in a# if i]")),
    "walrus": (300, lines("(a# := b#)")),
    "imports": (500, lines("import a#.b, c# as d#")),
    "deletions": (500, lines("a# = 1; del a#, b#")),
    "globals": (300, lines("def f#():\n    global a#\n    a# = 1\nf#()")),
    "texts": (1_000, lines("f'{a#} {b.c[#]:>{w}}'")),
    "one long text": (20_000, lambda count: f"x = '{'a' * count}'"),
    "one long line": (2_000, lambda count: "x = [" + ", ".join(f"a{i}" for i in range(count)) + "]"),
    "dictionary": (1_000, lambda count: "x = {" + ", ".join(f"'{i}': a{i}" for i in range(count)) + "}"),
    "sum": (200, lambda count: "x = " + " + ".join(f"a{i}" for i in range(count))),
    "comments": (1_000, lambda count: "# a comment\n" * count),
    "magics": (40, lines("%time a# = f(b#)")),
    "shell lines": (40, lines("!echo {a#} $b#")),
    "a cell magic": (500, lambda count: "%%time\n" + lines("a# = b#")(count)),
    "a shell cell": (500, lambda count: "%%sx\n" + lines("echo {a#} $b#")(count)),
    "another language": (500, lines("function f#(x) { return x $ '#'; }")),
    "SQL": (500, lines("SELECT a# FROM b# WHERE c LIKE '%d#';")),
}
MARKDOWN: dict[str, tuple[int, Callable[[int], str]]] = {
    "values": (300, lines("{{ a# }} and {{ f(b#) }}")),
    "paragraphs": (1_000, lines("a#\n")),
    "one paragraph": (300, lines("{{ a# }}\\")),
    "items": (500, lines("- `{{ a# }}` {{ b }}")),
    "formulas": (1_000, lines("$a_#$ and $$b$$ {{ c }}")),
    "marks that are not closed": (1_000, lambda count: "{{ a }}" + "` ``` $ $$ <!-- {{ " * count),
}


def seconds(analyse: Callable[[str], object], make: Callable[[int], str], count: int) -> float:
    """The least processor time that a source of `count` parts takes; each run has a source of its own."""
    taken = []
    gc.collect()
    gc.disable()  # what it looks through is all that the tests have made
    for run in range(RUNS):
        source = make(count) + "\n" * (run + 1)
        start = time.process_time()
        analyse(source)
        taken.append(time.process_time() - start)
    gc.enable()
    return min(taken)


@pytest.mark.parametrize(
    ("analyse", "count", "make"),
    [
        *(pytest.param(analyse_python, *case, id=name) for name, case in PYTHON.items()),
        *(pytest.param(analyse_markdown, *case, id=f"markdown: {name}") for name, case in MARKDOWN.items()),
    ],
)
def test_time_grows_with_the_length_of_a_cell(
    analyse: Callable[[str], object], count: int, make: Callable[[int], str]
) -> None:
    analyse(make(count // 4) + "\n\n\n\n")
    short, long = seconds(analyse, make, count), seconds(analyse, make, 4 * count)
    assert long < MOST_GROWTH * max(short, 0.002)
