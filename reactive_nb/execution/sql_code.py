"""The code by which a kernel runs an SQL cell: a call of the helper, with all that was found in the cell as data.

The address of the database is no part of it, since what a kernel runs stays in its history.
"""

from __future__ import annotations

import json
from typing import Any

from reactive_nb.models.sql import SqlAnalysis, SqlEngine, SqlStatement

_LATER = '__import__("sys").modules["_reactive_nb.kernel_later"].later("_reactive_nb.kernel_sql")'


def kernel_code(
    cell: str, source: str, found: SqlAnalysis, engine: SqlEngine, *, result: str, database: str | None, most_rows: int
) -> str:
    """The Python that runs the cell. `database` is its address without a password; None: DuckDB in the kernel.

    Of a query no more than `most_rows` are fetched.
    """
    plan = {
        "cell": cell,
        "source": source,
        "engine": engine.name,
        "database": database,
        "result": result,
        "most": most_rows,
        "parameters": [
            {"expression": one.expression, "line": one.line, "column": one.column, "is_list": one.is_list}
            for one in found.parameters
        ],
        "statements": [_statement(source, one, found) for one in found.statements],
    }
    return f"{_LATER}.run({json.dumps(plan)!r})"


def _statement(source: str, statement: SqlStatement, found: SqlAnalysis) -> dict[str, Any]:
    pieces: list[Any] = []
    place = statement.start
    for number in statement.parameters:
        parameter = found.parameters[number]
        pieces += [source[place : parameter.start], [number, source[parameter.start : parameter.end]]]
        place = parameter.end
    pieces.append(source[place : statement.end])
    tables = statement.tables
    return {
        "pieces": [
            piece if isinstance(piece, str) else [piece[0], _blank(piece[1])] for piece in pieces if piece != ""
        ],
        "start": statement.start,
        "end": statement.end,
        "reads": sorted(tables.reads),
        "variables": sorted(map(list, tables.variables)),
        "defines": sorted(tables.defines),
        "replaces": tables.replaces,
        "absent": tables.only_if_absent,
        "mutates": sorted(tables.mutates),
        "deletes": sorted(tables.deletes),
        "kind": tables.kind,
        "view": tables.is_view,
        "rows": tables.gives_rows,
        "place": _place(source, statement),
    }


def _blank(text: str) -> str:
    """Blanks and line ends in the place of a parameter, so that what follows keeps its line and column."""
    return "".join(character if character in "\r\n" else " " for character in text)


def _place(source: str, statement: SqlStatement) -> list[int] | None:
    """Where the statement is not understood, in the cell's own text."""
    line, column = statement.tables.line, statement.tables.column
    if line is None or column is None:
        return None
    before = source[: statement.start]
    first = before.count("\n") + 1
    return [first + line - 1, column + (len(before) - (before.rfind("\n") + 1) if line == 1 else 0)]
