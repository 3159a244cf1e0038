r"""The values that a Markdown cell shows: `{{ expression }}` in its text.

The blocks of the text are markdown-it's; inside of them, code spans, formulas, comments and escaped characters are
passed over here, since the same braces mean something else there. The rules:

* An expression ends at the first `}}` up to which it is Python. It binds and deletes nothing.
* `\{{` is text, and so are empty braces and braces that are not closed in the same paragraph.
* What stands between two dollar signs of a paragraph is a formula, as it is in Jupyter; `\$` is a dollar sign.
* Nothing here fills values in.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from reactive_nb.execution.analysis.branches import CellReader
from reactive_nb.execution.analysis.python import REFUSALS, analysis_of, failure
from reactive_nb.execution.analysis.remembered import Remembered
from reactive_nb.execution.analysis.syntax import CellSyntaxError, line_starts, parse_expression, position
from reactive_nb.models.analysis import Analysis, MarkdownAnalysis, ShownValue

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

MAX_CHARACTERS = 1_000_000
MAX_EXPRESSION = 2_000
"""Characters; what is longer is no value that somebody shows."""
_MAX_ENDS = 20
"""How many `}}` an expression may hold itself."""
_MOST_REMEMBERED = 8_000_000

_MARK = re.compile(r"\\\\[(\[]|\\begin\{(?P<environment>\w+\*?)\}|\\.|(?P<ticks>`+)|\$\$?|<!--|\{\{", re.DOTALL)
_UNESCAPED = {dollars: re.compile(r"(?<!\\)(?:\\\\)*" + re.escape(dollars)) for dollars in ("$", "$$")}
_ENDS = {"\\\\(": "\\\\)", "\\\\[": "\\\\]", "<!--": "-->"}


def analyse_markdown(source: str) -> MarkdownAnalysis:
    """What is known of a Markdown cell from its source. Never raises: see `error` of its analysis."""
    if "{{" not in source:
        return NOTHING_SHOWN
    return _remembered(source)


NOTHING_SHOWN = MarkdownAnalysis(Analysis())


def _analyse(source: str) -> MarkdownAnalysis:
    try:
        if len(source) > MAX_CHARACTERS:
            raise CellSyntaxError(f"The text is too long to be analysed: {len(source):,} characters.")
        found = list(_found(source))
        if not found:
            return NOTHING_SHOWN
        reader = CellReader()
        for _, expression in found:
            reader.shown = ast.Expr(expression)
            reader.visit_Expr(reader.shown)
        analysis = analysis_of(reader)
        if analysis.defines or analysis.deletes:
            raise _binding(found)
        return MarkdownAnalysis(analysis, tuple(value for value, _ in found))
    except REFUSALS as error:
        return MarkdownAnalysis(failure(error, source))


_remembered = Remembered(_analyse, _MOST_REMEMBERED)


def _found(source: str) -> Iterator[tuple[ShownValue, ast.expr]]:
    starts = line_starts(source)
    for first, last in _text_blocks(source):
        yield from _values_in(source, starts, starts[first], starts[last] if last < len(starts) else len(source))


def _text_blocks(source: str) -> Iterator[tuple[int, int]]:
    """The lines, from 0, of each block that is text and not code."""
    read = 0
    for token in _markdown().parse(source):
        if token.type in ("inline", "html_block") and token.map is not None and token.map[0] >= read:
            yield token.map[0], token.map[1]
            read = token.map[1]  # the cells of a table's row all have its line


@cache
def _markdown() -> MarkdownIt:
    """Imported when the first cell needs it."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table").disable(["inline", "text_join"])


def _values_in(source: str, starts: list[int], start: int, end: int) -> Iterator[tuple[ShownValue, ast.expr]]:
    """The values in one block."""
    unclosed: set[str] = set()
    place = start
    while (mark := _MARK.search(source, place, end)) is not None:
        kind = mark.group()
        place = mark.end()
        if kind == "{{":
            value = _value_at(source, starts, mark.start(), end)
            if value is not None:
                yield value
                place = value[0].end
        elif kind not in unclosed:
            closed = _closed(source, mark, end)
            if closed is None:
                unclosed.add(kind)
            else:
                place = closed


def _closed(source: str, mark: re.Match[str], end: int) -> int | None:
    """Where what begins at `mark` ends; None if it does not, so that the mark is text."""
    kind, start = mark.group(), mark.end()
    if mark["ticks"]:
        closing = re.compile(rf"(?<!`){kind}(?!`)").search(source, start, end)
        return closing.end() if closing else None
    if kind in _UNESCAPED:
        closing = _UNESCAPED[kind].search(source, start, end)
        return closing.end() if closing else None
    text = f"\\end{{{mark['environment']}}}" if mark["environment"] else _ENDS.get(kind)
    if text is None:
        return start  # an escaped character
    place = source.find(text, start, end)
    return place + len(text) if place >= 0 else None


def _value_at(source: str, starts: list[int], start: int, end: int) -> tuple[ShownValue, ast.expr] | None:
    """The value that begins at `start`; None if it is text after all. Raises CellSyntaxError."""
    first: CellSyntaxError | None = None
    stop = start + 2
    for _ in range(_MAX_ENDS):
        stop = source.find("}}", stop, min(end, start + MAX_EXPRESSION))
        if stop < 0:
            break
        text = source[start + 2 : stop]
        if not text.strip():
            return None
        line, column = position(starts, start)
        try:
            return ShownValue(text.strip(), start, stop + 2, line, column), parse_expression(text)
        except CellSyntaxError as error:
            first = first or _inside(error, text, line, column + 2)
        stop += 1
    if first is not None:
        raise first
    return None


def _inside(error: CellSyntaxError, text: str, line: int, column: int) -> CellSyntaxError:
    """An error in `text`, which begins at `line` and `column`."""
    return CellSyntaxError(error.message, line + error.line - 1, error.column + (column - 1 if error.line == 1 else 0))


def _binding(found: list[tuple[ShownValue, ast.expr]]) -> CellSyntaxError:
    """Says which value binds a name."""
    for value, expression in found:
        if any(isinstance(part, ast.NamedExpr) for part in ast.walk(expression)):
            return CellSyntaxError("A value shown in text can't bind a name.", value.line, value.column)
    return CellSyntaxError("A value shown in text can't bind a name.", found[0][0].line, found[0][0].column)
