"""Values shown in Markdown cells: which names they use, where they stand, and what is no value."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactive_nb.execution.analysis import BUILTINS, analyse_markdown
from reactive_nb.execution.analysis.syntax import lines_of
from reactive_nb.models import Analysis
from tests.execution.analysis.sources import any_sources

VALUES: list[tuple[str, list[str], str]] = [
    ("no value", [], ""),
    ("a {{ x }} b", ["x"], "x"),
    ("{{x}}", ["x"], "x"),
    ("{{ x }}{{ y }}", ["x", "y"], "x y"),
    ("# Title {{ x }}\n\n- item {{ y }}\n\n> quoted {{ z }}", ["x", "y", "z"], "x y z"),
    ("1. a\n   1. b {{ x.y[0] }}", ["x.y[0]"], "x"),
    ("{{ f(x, k=y) }}", ["f(x, k=y)"], "f x y"),
    ("{{ len(x) }}", ["len(x)"], "x"),
    ("{{ [i for i in x] }}", ["[i for i in x]"], "x"),
    ('{{ f"{x:.2f}" }}', ['f"{x:.2f}"'], "x"),
    ('{{ {"a": {1: x}}["a"] }}', ['{"a": {1: x}}["a"]'], "x"),
    ("{{ {1: {2: x}}}}", ["{1: {2: x}}"], "x"),
    ('{{ d["}}"] }}', ['d["}}"]'], "d"),
    ("{{ x /\ny }}", ["x /\ny"], "x y"),
    ("{{ x, y }}", ["x, y"], "x y"),
    ("{{ x if y else z }}", ["x if y else z"], "x y z"),
    ("{{ await x }}", ["await x"], "x"),
    ("{{ x.pop() }}", ["x.pop()"], "x"),
    ("{{ lambda: x }}", ["lambda: x"], ""),
    ("**{{ x }}** and [{{ y }}]({{ z }})", ["x", "y", "z"], "x y z"),
    ("<b>{{ x }}</b>", ["x"], "x"),
    ("<div>\n{{ x }}\n</div>", ["x"], "x"),
    ('<img src="{{ x }}">', ["x"], "x"),
    ("| a | b |\n|---|---|\n| {{ x }} | {{ y }} |", ["x", "y"], "x y"),
    ("Title {{ x }}\n=====", ["x"], "x"),
    ("{{ x }}  \r\n{{ y }}\r{{ z }}", ["x", "y", "z"], "x y z"),
    ("`{{ x }}` {{ y }}", ["y"], "y"),
    ("``a ` {{ x }}`` {{ y }}", ["y"], "y"),
    ("`a\n{{ x }}` {{ y }}", ["y"], "y"),
    ("`open {{ x }}", ["x"], "x"),
    ("`open\n\n{{ x }}`", ["x"], "x"),
    ("``` {{ x }}", [], ""),
    ("```\n{{ x }}\n```\n{{ y }}", ["y"], "y"),
    ("~~~python\n{{ x }}\n~~~\n{{ y }}", ["y"], "y"),
    ("- a\n  ```\n  {{ x }}\n  ```\n  {{ y }}", ["y"], "y"),
    ("> ```\n> {{ x }}\n\n{{ y }}", ["y"], "y"),
    ("a\n\n    {{ x }}\n\n{{ y }}", ["y"], "y"),
    ("a\n    {{ x }}", ["x"], "x"),
    ("$a_{{ x }}$ {{ y }}", ["y"], "y"),
    ("$\\frac{{a}}{{b}}$", [], ""),
    ("$$\n\\frac{{a}}{{b}}\n$$\n{{ y }}", ["y"], "y"),
    ("$a\\${{ x }}$ {{ y }}", ["y"], "y"),
    ("\\\\({{ x }}\\\\) {{ y }}", ["y"], "y"),
    ("\\\\[{{ x }}\\\\] {{ y }}", ["y"], "y"),
    ("\\begin{align*}{{ x }}\\end{align*} {{ y }}", ["y"], "y"),
    ("\\begin{align}{{ x }}", ["x"], "x"),
    ("It costs ${{ x }}.", ["x"], "x"),
    ("From \\${{ x }} to \\${{ y }}.", ["x", "y"], "x y"),
    ("From $5 {{ x }}\n\nto $6 {{ y }}", ["x", "y"], "x y"),
    ("<!-- {{ x }} --> {{ y }}", ["y"], "y"),
    ("\\{{ x }}", [], ""),
    ("\\\\{{ x }}", ["x"], "x"),
    ("{{ }} {{}}", [], ""),
    ("{{ x", [], ""),
    ("{{ x\n\n}}", [], ""),
    ("{ { x }}", [], ""),
    ("{{{ x }}}", ["{ x }"], "x"),
]
ERRORS: list[tuple[str, int, int]] = [
    ("{{ x + }}", 1, 7),
    ("a {{ x }} {{ 1 + * 2 }}", 1, 18),
    ("a\n\nb {{ x +\n y ) }}", 4, 5),
    ("{{ (n := 3) }}", 1, 1),
    ("a {{ b }}\n{{ [x := 1 for _ in y] }}", 2, 1),
    ("{{ a) + (b }}", 1, 5),
    ("{{ x = 1 }}", 1, 4),
    ("{{ !ls }}", 1, 4),
    ("{{ yield x }}", 1, 4),
    ("{{ '\ud800' }}", 1, 5),
    ("{{ \0 }}", 1, 4),
    ("{{ for }}", 1, 4),
]


@pytest.mark.parametrize(("source", "values", "uses"), VALUES)
def test_values_are_found(source: str, values: list[str], uses: str) -> None:
    found = analyse_markdown(source)
    assert found.analysis.error is None
    assert [value.expression for value in found.values] == values
    assert found.analysis.uses - BUILTINS == set(uses.split())
    assert not found.analysis.defines | found.analysis.deletes


@pytest.mark.parametrize(("source", "line", "column"), ERRORS)
def test_an_error_in_a_value_is_the_cells(source: str, line: int, column: int) -> None:
    found = analyse_markdown(source)
    assert found.values == ()
    assert found.analysis.error is not None
    assert (found.analysis.error.line, found.analysis.error.column) == (line, column)
    assert found.analysis == Analysis(error=found.analysis.error)


def test_a_value_says_where_it_stands() -> None:
    source = "é\r\n\r\n- {{ x }} {{ y }}"
    first, second = analyse_markdown(source).values
    assert source[first.start : first.end] == "{{ x }}"
    assert (first.line, first.column) == (3, 3)
    assert source[second.start : second.end] == "{{ y }}"
    assert (second.line, second.column) == (3, 11)


def test_what_a_value_changes_in_place_is_known() -> None:
    assert analyse_markdown("{{ xs.pop() }}").analysis.mutates == {"xs"}


LARGE = {
    "many values": "{{ a }} " * 20_000,
    "many paragraphs": "a\n\n" * 50_000 + "{{ a }}",
    "open braces": "{{ " * 100_000,
    "backticks": "".join("`" * i + " " for i in range(600)) + "{{ a }}",
    "dollar signs": "$a " * 50_000 + "{{ a }}",
    "quotes": "> " * 20_000 + "{{ a }}",
    "brackets": "[" * 50_000 + "{{ a }}",
    "long expression": "{{ " + "a + " * 50_000 + "a }}",
    "two megabytes": "a" * 2_000_000 + "{{ a }}",
    "empty braces": "{{}}" * 50_000,
    "environments": "\\begin{a}" * 50_000 + "{{ a }}",
}


@pytest.mark.parametrize("source", LARGE.values(), ids=LARGE.keys())
def test_whatever_the_text_there_is_an_answer_soon(source: str) -> None:
    start = time.perf_counter()
    analyse_markdown(source)
    assert time.perf_counter() - start < 20


pieces = st.sampled_from(
    [
        "{{",
        "}}",
        "{{ x }}",
        "{{ y + }}",
        "`",
        "```",
        "\n",
        "\n\n",
        "    ",
        "> ",
        "- ",
        "$",
        "$$",
        "\\",
        "|",
        "|---|",
        "a ",
    ]
)


@given(st.one_of(st.lists(pieces).map("".join), any_sources, any_sources.map("a {{{{ {} }}}} b".format)))
def test_any_text_has_an_answer(source: str) -> None:
    found = analyse_markdown(source)
    end = 0
    for value in found.values:
        assert end <= value.start < value.end
        assert source[value.start : value.start + 2] == "{{"
        assert source[value.end - 2 : value.end] == "}}"
        assert source[value.start + 2 : value.end - 2].strip() == value.expression
        end = value.end
    if found.analysis.error is not None:
        lines = lines_of(source)
        assert 1 <= found.analysis.error.line <= len(lines)
        assert 1 <= found.analysis.error.column <= len(lines[found.analysis.error.line - 1]) + 1
