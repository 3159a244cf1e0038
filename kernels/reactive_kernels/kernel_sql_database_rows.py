"""The rows of a query to a database, as a dataframe, and no more of them than may be.

Databases send all rows unasked, and their drivers keep them: so that a large table fills no memory, PostgreSQL's and
MariaDB's give rows as they come, and what is not wanted any more is stopped on the server.
"""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass
from typing import Any

from .kernel_sql_aside import CANCEL_LIMIT_S
from .kernel_sql_errors import missing_module
from .kernel_sql_frames import frame
from .kernel_sql_rows import Rows

_AT_A_TIME = 1_000
"""Rows that the server is asked for at once."""


@dataclass(frozen=True)
class Wanted:
    """A statement with its values, and how many rows it may give."""

    query: Any
    most: int
    reads: bool
    """Whether it is known to do nothing but give rows, and may be stopped when there are enough."""


def rows_of(engine: Any, connection: Any, wanted: Wanted) -> Rows:
    """Carry out the statement. Raises what the driver does, or SQLAlchemy for it; SQLError without pandas."""
    driver = connection.dialect.driver
    raw = connection.connection.dbapi_connection
    if driver == "psycopg" and wanted.reads and not in_transaction(connection):
        return _streamed(connection, raw, wanted)
    streams = driver == "pymysql" and wanted.reads
    result = connection.execute(wanted.query, execution_options={"stream_results": streams})
    if not result.returns_rows:
        return Rows(changed=result.rowcount)
    described, names = result.cursor.description, list(result.keys())
    rows = result.fetchmany(wanted.most + 1)
    complete = len(rows) <= wanted.most
    if not complete and streams:
        cancel(engine, raw)
        with contextlib.suppress(Exception):  # the server says that it was stopped
            result.cursor.close()
    result.close()
    return _rows(rows, names, described, driver, wanted.most)


def _streamed(connection: Any, raw: Any, wanted: Wanted) -> Rows:
    """Psycopg's rows as they come. SQLAlchemy has cursors of the server for this, whose queries use one processor."""
    import psycopg

    with raw.cursor() as cursor:
        try:
            return _stream(connection, cursor, wanted)
        except psycopg.DataError as error:
            if error.sqlstate is not None:  # what the server says
                raise
    with raw.cursor() as cursor:
        _admit_all_times(cursor)
        return _stream(connection, cursor, wanted)


def _stream(connection: Any, cursor: Any, wanted: Wanted) -> Rows:
    import psycopg

    compiled = wanted.query.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    text, values = str(compiled), compiled.params
    many = _AT_A_TIME if psycopg.capabilities.has_stream_chunked() else 1
    with contextlib.closing(cursor.stream(text, values, size=many)) as stream:
        rows = list(itertools.islice(stream, wanted.most + 1))
    if cursor.description is None:  # of no rows, which is when psycopg forgets their columns
        cursor.execute(f"select * from (\n{text}\n) as q limit 0", values)  # noqa: S608 - the user's own
    described = cursor.description
    return _rows(rows, [column.name for column in described], described, "psycopg", wanted.most)


def _admit_all_times(cursor: Any) -> None:
    """Have times that Python has none of, such as `infinity`, come as texts, and not fail. It costs time."""
    from psycopg import DataError
    from psycopg.adapt import Loader

    for name in ("date", "timestamp", "timestamptz"):
        oid = cursor.adapters.types[name].oid
        usual = cursor.adapters.get_loader(oid, cursor.format)

        class OrText(Loader):
            def __init__(self, oid: int, connection: Any = None, usual: Any = usual) -> None:
                super().__init__(oid, connection)
                self.usual = usual(oid, connection)

            def load(self, data: Any) -> Any:
                try:
                    return self.usual.load(data)
                except DataError:
                    return bytes(data).decode()

        cursor.adapters.register_loader(oid, OrText)


def in_transaction(connection: Any) -> bool:
    """Whether the cell has begun one with PostgreSQL: a query that is stopped would be the end of it."""
    info = getattr(connection.connection.dbapi_connection, "info", None)
    return bool(getattr(info, "transaction_status", 0) != 0)


def _rows(rows: Any, names: list[str], described: Any, driver: str, most: int) -> Rows:
    try:
        found = frame(rows[:most], names, _kinds(described, driver))
    except ImportError as error:
        raise missing_module(error) from None
    return Rows(found, _types(described, driver), complete=len(rows) <= most)


def _kinds(described: Any, driver: str) -> list[str]:
    """What columns hold, where their values do not tell: sums of whole numbers are decimals without places."""
    if driver != "pymysql":
        return []
    from pymysql.constants import FIELD_TYPE

    return ["whole" if column[1] == FIELD_TYPE.NEWDECIMAL and column[5] == 0 else "" for column in described]


def _types(described: Any, driver: str) -> list[str]:
    """What the database calls the types of columns; empty where it does not say."""
    if driver == "psycopg":
        return [str(column.type_display) for column in described]
    if driver == "pymysql":
        from pymysql.constants import FIELD_TYPE

        names = {value: name for name, value in vars(FIELD_TYPE).items() if isinstance(value, int)}
        return [names.get(column[1], "").lower() for column in described]
    return ["" for _ in described]


def cancel(engine: Any, raw: Any) -> None:
    """Stop the query that runs on this connection of the driver's, on the server."""
    driver = engine.dialect.driver
    if driver == "pymysql":
        others = engine.pool.recreate()  # the engine's own has room for the one that is kept
        other = others.connect()
        try:
            other.cursor().execute(f"KILL QUERY {int(raw.thread_id())}")
        finally:
            other.close()
            others.dispose()
    elif hasattr(raw, "cancel_safe"):
        raw.cancel_safe(timeout=CANCEL_LIMIT_S)
    elif hasattr(raw, "interrupt"):
        raw.interrupt()
    else:
        raw.cancel()
