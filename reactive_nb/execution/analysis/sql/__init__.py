"""The analysis of an SQL cell: its text in, names, tables and the statements to be run out.

Tables are found by sqlglot in the dialect of the connection; it is imported when the first cell needs it. The rules:

* A statement that is not understood makes no edge, and says so in `opaque`; the database is asked all the same.
* With the built-in engine a table that is read is a dataframe of that name too.
* Tables are names in the namespace of their engine, such as `duckdb:sales`: no variable can have such a name.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from reactive_nb.execution.analysis.branches import CellReader
from reactive_nb.execution.analysis.python import REFUSALS, analysis_of, failure
from reactive_nb.execution.analysis.remembered import Remembered
from reactive_nb.execution.analysis.sql.text import read_statements
from reactive_nb.execution.analysis.syntax import CellSyntaxError
from reactive_nb.models.analysis import NO_NAMES, Analysis, Late
from reactive_nb.models.sql import DEFAULT_RESULT, SqlAnalysis, SqlEngine, SqlStatement

__all__ = ["analyse_sql"]

MAX_CHARACTERS = 1_000_000
_MOST_REMEMBERED = 8_000_000
_SEPARATOR = "\0"


def analyse_sql(source: str, engine: SqlEngine, result: str | None = None) -> SqlAnalysis:
    """What is known of an SQL cell from its source. Never raises: see `error` of its analysis.

    `result` is the name that its rows get. May import sqlglot, which takes a second.
    """
    key = (engine.name, engine.dialect, engine.schema or "", engine.database or "", result or "")
    return _remembered(_SEPARATOR.join((*key, source)))


def _analyse(key: str) -> SqlAnalysis:
    name, dialect, schema, database, result, source = key.split(_SEPARATOR, 5)
    engine = SqlEngine(name, dialect, schema or None, database or None)
    try:
        if len(source) > MAX_CHARACTERS:
            raise CellSyntaxError(f"The cell is too long to be analysed: {len(source):,} characters.")
        found = read_statements(source, dialect)
        reader = CellReader()
        for _, expression in found.parameters:
            reader.visit_Expr(ast.Expr(expression))
        python = analysis_of(reader)
        if python.defines or python.deletes:
            line, column = found.place_of_binding()
            raise CellSyntaxError("A parameter of an SQL cell can't bind a name.", line, column)
    except REFUSALS as error:
        return SqlAnalysis(failure(error, source))
    statements = _understood(found.statements, engine)
    analysis = _with_tables(python, statements, engine)
    return SqlAnalysis(
        _with_result(analysis, statements, result or DEFAULT_RESULT),
        statements,
        tuple(parameter for parameter, _ in found.parameters),
    )


_remembered = Remembered(_analyse, _MOST_REMEMBERED)


def _understood(statements: tuple[SqlStatement, ...], engine: SqlEngine) -> tuple[SqlStatement, ...]:
    if not statements:
        return ()
    from reactive_nb.execution.analysis.sql.tables import find_tables

    return tuple(replace(statement, tables=find_tables(statement.parsed_text, engine)) for statement in statements)


def _with_tables(python: Analysis, statements: tuple[SqlStatement, ...], engine: SqlEngine) -> Analysis:
    """The sets of names of the whole cell: what one statement makes, the next one finds."""
    uses: set[str] = set()
    defines: set[str] = set()
    maybe: set[str] = set()
    mutates: set[str] = set()
    deletes: set[str] = set()
    late: dict[str, Late] = {}
    opaque: set[str] = set()
    for tables in (statement.tables for statement in statements):
        if tables.opaque:
            opaque.add(tables.opaque)
        variables = {variable for table, variable in tables.variables if engine.table(table) not in defines - maybe}
        needed = tables.reads | tables.mutates | (NO_NAMES if tables.if_exists else tables.deletes)
        read = set(map(engine.table, needed))
        uses |= (read - (defines - maybe)) | variables
        for table in map(engine.table, tables.mutates):
            if table not in defines:
                mutates.add(table)
        for table in map(engine.table, tables.defines):
            if tables.only_if_absent:
                maybe.add(table)
                uses.add(table)
            else:
                maybe.discard(table)
            defines.add(table)
            deletes.discard(table)
            mutates.discard(table)
            if tables.is_view:
                late[table] = Late(reads=frozenset({*map(engine.table, tables.reads), *variables}))
        for table in map(engine.table, tables.deletes):
            deletes.add(table)
            mutates.discard(table)
            defines.discard(table)
            maybe.discard(table)
    return replace(
        python,
        uses=python.uses | uses,
        defines=frozenset(defines),
        maybe=frozenset(maybe),
        mutates=python.mutates | mutates,
        deletes=frozenset(deletes),
        late={**python.late, **late},
        opaque=python.opaque | opaque,
    )


def _with_result(analysis: Analysis, statements: tuple[SqlStatement, ...], result: str) -> Analysis:
    """The rows of the last statement that gives any are the cell's result."""
    gives = [statement.tables.gives_rows for statement in statements]
    if all(one is False for one in gives):
        return analysis
    unsure = True not in gives
    return replace(
        analysis,
        defines=analysis.defines | {result},
        maybe=analysis.maybe | {result} if unsure else analysis.maybe,
    )
