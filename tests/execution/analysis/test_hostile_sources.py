"""Whatever the source, there is an answer, and soon."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given

from reactive_nb.execution.analysis import analyse_python
from reactive_nb.execution.analysis.names import is_history
from reactive_nb.execution.analysis.syntax import lines_of
from reactive_nb.models.analysis import Analysis
from tests.execution.analysis.sources import any_sources

DEADLINE_S = 20.0
"""Far more than any needs here (2 s), for slow machines; without bounds, several take hours."""

REFUSED = {
    "null byte": "a\0b",
    "null byte in a magic": "%time \0",
    "half a surrogate pair": "x = '\ud800'",
    "byte order mark": "\ufeffx = 1",
    "100,000 names": "".join(f"a{i} = 1\n" for i in range(100_000)),
    "four megabytes": "x = '" + "a" * 4_000_000 + "'",
    "long sum": "+".join(["a"] * 90_000),
    "long attribute chain": "a" + ".b" * 90_000,
    "many calls": "a" + "()" * 50_000,
    "many minus signs": "-" * 50_000 + "1",
    "many nots": "not " * 50_000 + "x",
    "nested lambdas": "lambda: " * 3_000 + "1",
    "open parentheses": "(" * 100_000,
    "nested comprehensions": "[" * 90 + "x" + " for x in y]" * 90,
    "comprehension in many blocks": "".join(" " * i + "with a:\n" for i in range(17))
    + " " * 17
    + "[[x for x in y] for y in z]",
    "long shell line": "!" + "$a " * 60_000,
    "open calls": "f(a=" * 190,
    "deep indentation": "".join(" " * i + "if a:\n" for i in range(2_000)) + " " * 2_000 + "b",
    "long elif chain": "if a: b\n" + "elif a: b\n" * 20_000,
    "20,000 magics": "%time x\n" * 20_000,
    "shell lines with open brackets": "!echo (\n" * 2_000,
    "shell lines with triple quotes": "!echo '''\n" * 500,
    "nested cell magics": "%%time\n" * 5_000,
    "semicolons": ";" * 1_000,
    "many help lines": "a?\n" * 3_000,
    "names that gather": "".join(f"x = x + a{i}\n" for i in range(20_000)),
    "functions that call functions": "".join(f"def f{i}(): return f{i - 1}() + g{i}\n" for i in range(5_000))
    + "f4999()\n" * 3_000,
    "many breaks": "while a:\n" + "".join(f" b{i} = 1\n if c: break\n" for i in range(10_000)),
    "long number": "x = " + "9" * 5_000,
    "bad indentation": "if x:\n        a\n    b\n%x",
    "only a backslash": "\\",
}
ANSWERED = {
    "long name": "a" * 1_000_000,
    "three megabytes of text": "x = '" + "a" * 3_000_000 + "'",
    "30,000 names": "".join(f"a{i} = 1\n" for i in range(30_000)),
    "long elif chain": "if a: b\n" + "elif a: b = 1\n" * 900,
    "nested ifs": "".join(" " * i + "if a:\n" for i in range(99)) + " " * 99 + "b",
    "nested loops": "".join(" " * i + f"for a{i} in b:\n" for i in range(19)) + " " * 19 + "b = 1\n",
    "nested finally": "".join(" " * i + "try:\n" for i in range(19))
    + " " * 19
    + "b = 1\n"
    + "".join(" " * i + "finally:\n" + " " * i + f" b{i} = 1\n" for i in reversed(range(19))),
    "nested classes": "".join(" " * i + f"class A{i}:\n" for i in range(95)) + " " * 95 + "b = 1\n",
    "nested functions": "".join(" " * i + f"def f{i}():\n" for i in range(95)) + " " * 95 + "b = 1\n",
    "nested comprehensions": "[" * 15 + "x" + " for x in y]" * 15,
    "nested parentheses": "(" * 150 + ")" * 150,
    "400 magics": "%time x = y\n" * 400,
    "shell lines with quotes": "!echo '\n" * 50,
    "dollar signs": "!" + "$a " * 8_000,
    "quotes and dollar signs": "!" + "'$a " * 5_000,
    "braces in a shell line": "!" + "{a}" * 10_000,
    "values in values": "x0 = lambda: g\n" + "".join(f"x{i + 1} = (x{i}, x{max(i - 1, 0)})\n" for i in range(10_000)),
    "many ifs": "".join(f"b{i} = 1\nif c: d{i} = 2\n" for i in range(10_000)),
    "many cases": "match a:\n" + "".join(f" case {i} if b{i}: c{i} = 1\n" for i in range(5_000)),
    "many changes in a loop": "for i in x:\n" + "".join(f" a{i}.append(b{i})\n" for i in range(5_000)),
    "many decorators": "@a\n" * 10_000 + "def f(): pass",
    "form feeds": "\x0c" * 100_000 + "a",
    "carriage returns": "a\r" * 50_000,
    "continued shell line": "!a \\\n" * 3_000,
    "lone marks": "%",
    "no name": "%%",
}


def timed(source: str) -> Analysis:
    start = time.perf_counter()
    found = analyse_python(source)
    assert time.perf_counter() - start < DEADLINE_S
    return found


@pytest.mark.parametrize("source", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_analysed_says_so(source: str) -> None:
    found = timed(source)
    assert found.error is not None
    assert found == Analysis(error=found.error)


@pytest.mark.parametrize("source", ANSWERED.values(), ids=ANSWERED.keys())
def test_what_is_only_large_is_analysed(source: str) -> None:
    assert timed(source).error is None


def check(source: str) -> None:
    """What holds for every answer."""
    found = analyse_python(source)
    assert found.certain <= found.uses
    assert found.maybe <= found.defines | found.deletes
    assert found.late.keys() <= found.defines | found.mutates
    names = found.uses | found.defines | found.mutates | found.deletes | found.late.keys()
    names = names.union(*(late.reads | late.writes | late.carries | late.mutates for late in found.late.values()))
    assert not any(is_history(name) for name in names)
    assert all(name.isidentifier() for name in names)
    if found.error is not None:
        assert found.error.message
        lines = lines_of(source)
        assert 1 <= found.error.line <= len(lines)
        assert 1 <= found.error.column <= len(lines[found.error.line - 1]) + 1


@given(any_sources)
@example("\ud800")
@example("%%time\n\ud800")
@example("! \ud800")
@example("\ufeff%time x")
def test_any_source_has_an_answer(source: str) -> None:
    check(source)


def test_equal_sources_give_equal_answers() -> None:
    assert analyse_python("x = y") == analyse_python("x = y")
    assert analyse_python("x = y") is analyse_python("x = y")
