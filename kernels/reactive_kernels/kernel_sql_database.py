"""A database that SQL cells ask, through SQLAlchemy: one connection, kept from cell to cell, each statement committed.

The driver works in a thread of its own, so that an interrupt is heard while it waits; then the query is stopped where
it runs, on the server. A connection that has died is replaced by the next cell.
"""

from __future__ import annotations

from typing import Any

from .kernel_sql_address import engine, said_of
from .kernel_sql_aside import aside
from .kernel_sql_database_rows import Wanted, cancel, in_transaction, rows_of
from .kernel_sql_errors import SQLError
from .kernel_sql_marks import bound, of_no_value, padded
from .kernel_sql_places import place
from .kernel_sql_rows import Rows

Json = dict[str, Any]

_UNTOLD_TYPE = "42P18"
"""What PostgreSQL says where any type would do, as in `concat({{ x }}, 'a')`."""


class _UntoldTypeError(Exception):
    """The query was not begun, since the type of a parameter can't be found out."""


class Database:
    """An address, and the connection to it."""

    def __init__(self, url: str, key: str) -> None:
        self.key = key
        """The address without its password."""
        self._address = url
        self._engine: Any = None
        self._connection: Any = None
        self._plan: Json = {}

    def begin(self, plan: Json) -> None:
        """A cell runs: it gets a connection that works. Raises SQLError, KeyboardInterrupt."""
        self._plan = plan
        try:
            if self._engine is None:
                self._engine = engine(self._address)
            self._connection = aside(self._engine.connect, cancel=self.close, abandon=self.close)
        except (KeyboardInterrupt, SQLError):
            raise
        except BaseException as error:
            raise SQLError(said_of(error, self._address)) from None

    def end(self) -> None:
        """The cell has ended: the connection is kept for the next one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except Exception:
                self.close()

    def close(self) -> None:
        """Let go of every connection."""
        old, self._engine, self._connection = self._engine, None, None
        if old is not None:
            old.dispose(close=False)

    def execute(self, statement: Json, parameters: list[Any], _: Json) -> Rows:
        """Carry out one statement. Raises SQLError, KeyboardInterrupt."""
        try:
            return self._asked(statement, parameters, typed=False)
        except _UntoldTypeError:
            return self._asked(statement, parameters, typed=True)

    def _asked(self, statement: Json, parameters: list[Any], *, typed: bool) -> Rows:
        from sqlalchemy import text

        query, binds, marks = self._query(statement, parameters, typed=typed)
        connection = self._connection
        try:
            wanted = Wanted(text(query).bindparams(*binds), self._plan["most"], reads=_only_reads(statement))
            rows: Rows = aside(
                lambda: rows_of(self._engine, connection, wanted), cancel=self._cancel, abandon=self.close
            )
        except (KeyboardInterrupt, SQLError):
            raise
        except BaseException as error:
            found = getattr(error, "orig", None) or error
            if not typed and getattr(found, "sqlstate", None) == _UNTOLD_TYPE and not in_transaction(connection):
                raise _UntoldTypeError from None
            raise self._told(error, statement, marks) from None
        return rows

    def _query(self, statement: Json, parameters: list[Any], *, typed: bool) -> tuple[str, list[Any], list[str]]:
        """The text as SQLAlchemy has it, its parameters, and what is sent in the place of each."""
        query, binds, marks = "", [], []
        for piece in statement["pieces"]:
            if isinstance(piece, str):
                query += piece.replace(":", "\\:")  # what SQLAlchemy takes for a parameter, even in a string
                continue
            number, width = piece
            name, is_list = f"p{number}", self._plan["parameters"][number]["is_list"]
            dialect, value, operator = self._engine.dialect, parameters[number], ("", "")
            if is_list and value == [] and dialect.driver == "psycopg":
                is_list, operator = False, of_no_value(query)
            bind = bound(name, value, is_list=is_list, driver=dialect.driver, typed=typed)
            sent = str(bind.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))
            query = query[: len(query) - len(operator[0])] + operator[1]
            mark = f"(:{name}) " if operator[1] else padded(f":{name}", width, after=query)
            query += mark
            binds.append(bind)
            marks.append((operator[1] + mark)[len(operator[0]) :].replace(f":{name}", sent))
        return query, binds, marks

    def _cancel(self) -> None:
        """Stop the query that runs, on the server."""
        try:
            cancel(self._engine, self._connection.connection.dbapi_connection)
        except Exception:
            self.close()  # the server notices when the connection is gone

    def _told(self, error: BaseException, statement: Json, marks: list[str]) -> SQLError:
        said = said_of(error, self._address, of_query=True)
        if getattr(error, "connection_invalidated", False) or self._is_closed():
            self.close()
            return SQLError(f"The connection to the database was lost: {said}")
        found = getattr(error, "orig", None) or error
        source = self._plan["source"]
        return SQLError(said, place(found, statement, source, marks), source)

    def _is_closed(self) -> bool:
        try:
            return bool(getattr(self._connection.connection.dbapi_connection, "closed", False))
        except Exception:
            return True


def _only_reads(statement: Json) -> bool:
    """Whether it is known to be a query that changes nothing."""
    return bool(statement["rows"]) and not (statement["defines"] or statement["mutates"] or statement["deletes"])
