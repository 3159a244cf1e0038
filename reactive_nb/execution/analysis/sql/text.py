"""The text of an SQL cell, taken apart: statements, and the parameters in them.

Strings, quoted names and comments are passed over as the dialect writes them: what looks like a parameter or a
semicolon in there is none. An expression ends at the first `}}` up to which it is Python.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache

from reactive_nb.execution.analysis.syntax import CellSyntaxError, line_starts, parse_expression, position
from reactive_nb.models.sql import SqlParameter, SqlStatement

MAX_EXPRESSION = 2_000
MAX_PARAMETERS = 1_000
_MAX_ENDS = 20

_BACKSLASHES = frozenset({"mysql", "bigquery", "clickhouse", "databricks", "spark", "snowflake"})
"""Dialects in whose strings a backslash escapes."""
_HASHES = frozenset({"mysql", "bigquery"})
_DOLLARS = frozenset({"postgres", "duckdb", "snowflake", "redshift", "materialize", "risingwave"})
_NESTING = frozenset({"postgres", "duckdb", "tsql", "redshift", "materialize", "risingwave"})
"""Dialects whose comments can hold comments."""
_BRACKETS = frozenset({"sqlite", "tsql"})
"""Dialects in which `[…]` is a quoted name."""
_ESCAPING = re.compile(r"(?<![\w$])[eE]\Z")
ROUTINE = re.compile(
    r"\s*create\s+(?:or\s+\w+\s+)?(?:temp\w*\s+)?(?:definer\s*=\s*\S+\s+)?(trigger|procedure|function|event|package)\b",
    re.IGNORECASE,
)
"""The beginning of a statement that holds others."""
_BEFORE_LIST = re.compile(r"\bin\s*(?P<bracket>\(\s*)?\Z", re.IGNORECASE)
_PART_OF_A_NAME = re.compile(r"[\w$]\Z")
_AFTER_LIST = re.compile(r"\s*\)")


@dataclass(frozen=True, slots=True)
class FoundText:
    """What a cell's text consists of."""

    statements: tuple[SqlStatement, ...]
    parameters: tuple[tuple[SqlParameter, ast.expr], ...]

    def place_of_binding(self) -> tuple[int, int]:
        """Line and column of the parameter that binds a name."""
        for parameter, expression in self.parameters:
            if any(isinstance(part, ast.NamedExpr) for part in ast.walk(expression)):
                return parameter.line, parameter.column
        return 1, 1


def read_statements(source: str, dialect: str) -> FoundText:
    """The statements of a cell and their parameters. Raises CellSyntaxError for a parameter that is no Python."""
    starts = line_starts(source)
    parameters: list[tuple[SqlParameter, ast.expr]] = []
    statements: list[SqlStatement] = []
    marks = _marks(dialect)
    start = place = 0
    while (mark := marks.search(source, place)) is not None:
        kind = mark.group()
        place = mark.end()
        if kind == "{{":
            found = _parameter_at(source, starts, mark.start(), start)
            if found is not None:
                parameters.append(found)
                place = found[0].end
                if len(parameters) > MAX_PARAMETERS:
                    raise CellSyntaxError("An SQL cell can't have so many parameters.", found[0].line, found[0].column)
        elif kind == ";":
            if dialect in _DOLLARS or not ROUTINE.match(_uncommented(source, start)):
                statements += _statement(source, start, mark.start(), parameters)
                start = place
        else:
            place = _passed_over(source, mark, dialect)
    statements += _statement(source, start, len(source), parameters)
    return FoundText(tuple(statements), tuple(parameters))


@cache
def _marks(dialect: str) -> re.Pattern[str]:
    """What begins something, in that dialect."""
    marks = ["--", r"/\*", "'", '"', "`", r"\{\{", ";"]
    if dialect in _HASHES:
        marks.append("#")
    if dialect in _DOLLARS:
        marks.append(r"(?<![\w$])\$(?:[^\W\d]\w*)?\$")
    if dialect in _BRACKETS:
        marks.append(r"\[")
    return re.compile("|".join(marks))


def _passed_over(source: str, mark: re.Match[str], dialect: str) -> int:
    """Where the comment, string or quoted name ends that begins at `mark`."""
    kind, start = mark.group(), mark.end()
    if kind in ("--", "#"):
        if kind == "--" and dialect == "mysql" and source[start : start + 1].strip():
            return start  # two minus signs
        return _after(source, "\n", start)
    if kind == "/*":
        return _comment_end(source, start, nested=dialect in _NESTING)
    if kind == "[":
        return _after(source, "]", start)
    if kind.startswith("$"):
        return _after(source, kind, start)
    escapes = (dialect in _BACKSLASHES and kind != "`") or (
        kind == "'" and dialect in _DOLLARS and _ESCAPING.search(source, max(0, mark.start() - 2), mark.start())
    )
    return _quote_end(source, kind, start, escapes=bool(escapes))


def _after(source: str, text: str, start: int) -> int:
    place = source.find(text, start)
    return len(source) if place < 0 else place + len(text)


def _quote_end(source: str, quote: str, start: int, *, escapes: bool) -> int:
    """Where a quotation ends: a quote that is doubled does not end it."""
    pattern = rf"\\.|{quote}{quote}|{quote}" if escapes else rf"{quote}{quote}|{quote}"
    for found in re.compile(pattern, re.DOTALL).finditer(source, start):
        if found.group() == quote:
            return found.end()
    return len(source)


def _comment_end(source: str, start: int, *, nested: bool) -> int:
    depth = 1
    for found in re.compile(r"/\*|\*/").finditer(source, start):
        if found.group() == "*/":
            depth -= 1
        elif nested:
            depth += 1
        if depth == 0:
            return found.end()
    return len(source)


def _uncommented(source: str, start: int) -> str:
    """The beginning of a statement, without comments before it."""
    return re.compile(r"(?:\s+|--[^\n]*|/\*.*?\*/)*+(.{0,200})", re.DOTALL).match(source, start).group(1)  # type: ignore[union-attr]


def _parameter_at(source: str, starts: list[int], start: int, first: int) -> tuple[SqlParameter, ast.expr] | None:
    """The parameter that begins at `start`, in a statement that begins at `first`. Raises CellSyntaxError."""
    line, column = position(starts, start)
    problem: CellSyntaxError | None = None
    stop = start + 2
    for _ in range(_MAX_ENDS):
        stop = source.find("}}", stop, start + MAX_EXPRESSION)
        if stop < 0:
            break
        text = source[start + 2 : stop]
        if not text.strip():
            raise CellSyntaxError("There is no expression between the braces.", line, column)
        try:
            expression = parse_expression(text)
        except CellSyntaxError as error:
            problem = problem or _inside(error, line, column + 2)
            stop += 1
            continue
        before = _BEFORE_LIST.search(source, max(first, start - 200), start)
        begin, end = start, stop + 2
        if before is not None and before["bracket"]:
            after = _AFTER_LIST.match(source, end)
            if after is None:
                before = None  # one value of several
            else:
                begin, end = before.start("bracket"), after.end()
        return SqlParameter(text.strip(), begin, end, line, column, before is not None), expression
    raise problem or CellSyntaxError("The braces of this parameter are not closed.", line, column)


def _inside(error: CellSyntaxError, line: int, column: int) -> CellSyntaxError:
    """An error in a text that begins at `line` and `column`."""
    return CellSyntaxError(error.message, line + error.line - 1, error.column + (column - 1 if error.line == 1 else 0))


def _statement(
    source: str, start: int, end: int, parameters: list[tuple[SqlParameter, ast.expr]]
) -> list[SqlStatement]:
    """The statement in `source[start:end]`; none if nothing but comments is there."""
    own = tuple(place for place, (parameter, _) in enumerate(parameters) if start <= parameter.start < end)
    pieces, place = [], start
    for number in own:
        parameter = parameters[number][0]
        before = source[place : parameter.start]
        name = " _nbp" if _PART_OF_A_NAME.search(before) else "_nb_p"
        pieces += [before, as_long(name, source[parameter.start : parameter.end])]
        place = parameter.end
    text = "".join([*pieces, source[place:end]])
    if not _uncommented(text, 0).strip():
        return []
    return [SqlStatement(start, end, text, own)]


def as_long(text: str, replaced: str) -> str:
    """`text`, with blanks behind it and the line ends of what it replaces: every character after it keeps its place."""
    blank = "".join(character if character in "\r\n" else " " for character in replaced)
    lines = blank.find("\n")
    return text + (blank[len(text) if lines < 0 else min(len(text), lines) :] or " ")
