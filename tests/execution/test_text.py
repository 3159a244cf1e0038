"""Values in the text of a Markdown cell: how each is written, and that readers of Markdown see just that."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reactive_nb.execution.analysis import analyse_markdown
from reactive_nb.execution.executor import Shown, shown_values
from reactive_nb.execution.text import filled
from reactive_nb.models.output import text_among

PNG = "iVBORw0KGgo="
TABLE_HTML = "<style scoped>\n.x {}\n</style>\n<table>\n\n  <tr><td>1</td></tr>\n</table>"


def text(source: str, *values: dict[str, Any] | str) -> str:
    """`source` with values: MIME bundles, plain text, or errors (`!…`)."""
    shown = [
        Shown(value)
        if isinstance(value, dict)
        else Shown({}, value[1:])
        if value.startswith("!")
        else Shown({"text/plain": value})
        for value in values
    ]
    made = text_among((filled(source, analyse_markdown(source).values, shown),))
    assert made is not None
    return made


TABLE: list[tuple[str, str, list[dict[str, Any] | str], str]] = [
    ("a number", "a {{ x }} b", ["3.5"], "a 3.5 b"),
    ("below zero", "{{ x }}", ["-5"], "-5"),
    ("several", "{{ x }}{{ y }} {{ z }}", ["1", "2", "3"], "12 3"),
    ("fewer than there are", "{{ x }} {{ y }}", ["1"], "1 {{ y }}"),
    ("a string", "{{ x }}", ["'it\\'s'"], "it's"),
    ("what looks like a string", "{{ x }}", ["'a' b"], "'a' b"),
    ("a heading", "{{ x }}", ["'# a'"], "&#35; a"),
    ("a list", "{{ x }}", ["'- a'"], "&#45; a"),
    ("a numbered list", "{{ x }}", ["'12. a'"], "12&#46; a"),
    ("an error", "a {{ x }}", ["!ValueError: *no*"], "a **ValueError: &#42;no&#42;**"),
    ("Markdown", "a {{ x }}", [{"text/markdown": "**b**\n", "text/plain": "<M>"}], "a **b**"),
    ("mathematics", "a {{ x }}", [{"text/latex": "$x$", "text/html": "<i>x</i>", "text/plain": "x"}], "a $x$"),
    (
        "a table in a line of its own",
        "a\n{{ x }}\nb",
        [{"text/html": TABLE_HTML, "text/plain": "1"}],
        "a\n\n<table>\n<tr><td>1</td></tr>\n</table>\n\nb",
    ),
    (
        "a table in a line",
        "a {{ x }}",
        [{"text/html": TABLE_HTML, "text/plain": "1"}],
        "a <table> <tr><td>1</td></tr> </table>",
    ),
    (
        "a table in a list",
        "- a\n\n  {{ x }}",
        [{"text/html": "<b>\n1</b>"}],
        "- a\n\n  \n  <b>\n  1</b>\n",
    ),
    ("a picture", "{{ x }}", [{"image/png": PNG + "\n", "text/plain": "<F>"}], f"![](data:image/png;base64,{PNG})"),
    ("a drawing", "{{ x }}", [{"image/svg+xml": ["<svg", "/>"]}], "![](data:image/svg+xml;base64,PHN2Zy8+)"),
    ("lines alone", "{{ x }}", ["[[1]\n [2]]"], "```\n[[1]\n [2]]\n```"),
    ("lines with ticks", "{{ x }}", ["a\n```"], "````\na\n```\n````"),
    ("lines in a line", "a {{ x }}", ["1\n2"], "a 1 2"),
    ("nothing to show", "a {{ x }}", [{}], "a "),
]


@pytest.mark.parametrize(("source", "values", "expected"), [pytest.param(*row[1:], id=row[0]) for row in TABLE])
def test_values_in_text(source: str, values: list[dict[str, Any] | str], expected: str) -> None:
    assert text(source, *values) == expected


PLACES = [
    "{{ x }}",
    "a {{ x }} b",
    "# {{ x }}",
    "- {{ x }}",
    "> {{ x }}",
    "<p>{{ x }}</p>",
    "| a |\n|---|\n| {{ x }} |",
]


@pytest.mark.parametrize("place", PLACES)
@given(value=st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1))
def test_a_string_is_shown_as_it_is_wherever_it_stands(place: str, value: str) -> None:
    html = _rendered(text(place, repr(value)))
    assert html == _rendered(place.replace("{{ x }}", "MARK")).replace("MARK", _html_of(value))


def _rendered(source: str) -> str:
    """Entities that mean the same are written in one way."""
    html = str(MarkdownIt("commonmark", {"html": True}).enable("table").render(source))
    for char in "\\`*_[]~$|#.)-+=":
        html = html.replace(f"&#{ord(char)};", char)
    for char, name in (("<", "lt"), (">", "gt"), ("&", "amp"), ('"', "quot")):
        html = html.replace(f"&#{ord(char)};", f"&{name};")
    return html


def _html_of(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def test_plain_text_has_plain_values() -> None:
    source = "a {{ x }} {{ y }}"
    output = filled(source, analyse_markdown(source).values, [Shown({"text/plain": "'_'"}), Shown({}, "E: *")])
    assert output["data"]["text/plain"] == "a _ E: *"


@pytest.mark.parametrize(
    ("replied", "expected"),
    [
        ({}, []),
        ({"0": {"status": "ok", "data": {"text/plain": "1"}}, "1": 3}, [Shown({"text/plain": "1"})]),
        ({"0": {"status": "error", "ename": "E", "evalue": "no"}}, [Shown({}, "E: no")]),
        ({"0": {"status": "ok", "data": 3}}, [Shown({}, "It can't be shown.")]),
        ({"1": {"status": "ok", "data": {}}}, []),
    ],
)
def test_what_a_kernel_replies_is_not_believed(replied: dict[str, Any], expected: list[Shown]) -> None:
    assert shown_values(replied) == expected


@pytest.mark.parametrize(
    "outputs",
    [
        (),
        ({"output_type": "stream", "name": "stdout", "text": "x"},),
        ({"output_type": "display_data", "data": {"text/markdown": "x"}, "metadata": {}},),
        ({"output_type": "display_data", "data": {"text/markdown": 3}, "metadata": {"reactive_nb": {"text": True}}},),
        ({"output_type": "display_data", "data": 3, "metadata": {"reactive_nb": {"text": True}}},),
    ],
)
def test_other_outputs_are_no_text(outputs: tuple[dict[str, Any], ...]) -> None:
    assert text_among(outputs) is None
