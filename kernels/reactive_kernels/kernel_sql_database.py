"""A database that SQL cells ask, through SQLAlchemy: one connection, kept from cell to cell, each statement committed.

The driver works in a thread of its own, so that an interrupt is heard while it waits; then the query is stopped where
it runs, on the server. A connection that has died is replaced by the next cell.
"""

from __future__ import annotations

from typing import Any

from .kernel_sql_address import engine, said_of
from .kernel_sql_aside import aside
from .kernel_sql_database_rows import Wanted, cancel, rows_of
from .kernel_sql_errors import SQLError
from .kernel_sql_places import place
from .kernel_sql_rows import Rows

Json = dict[str, Any]


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
        from sqlalchemy import bindparam, text

        binds: list[Any] = []
        query = ""
        for piece in statement["pieces"]:
            if isinstance(piece, str):
                query += piece.replace(":", "\\:")  # what SQLAlchemy takes for a parameter, even in a string
            else:
                number, width = piece
                value = parameters[number]
                expanding = isinstance(value, list) and self._plan["parameters"][number]["is_list"]
                binds.append(bindparam(f"p{number}", value, expanding=expanding))
                query += f":p{number}" + "".join(one if one in "\r\n" else " " for one in width)
        connection = self._connection
        try:
            wanted = Wanted(text(query).bindparams(*binds), self._plan["most"], reads=_only_reads(statement))
            rows: Rows = aside(
                lambda: rows_of(self._engine, connection, wanted), cancel=self._cancel, abandon=self.close
            )
        except (KeyboardInterrupt, SQLError):
            raise
        except BaseException as error:
            raise self._told(error, statement, binds) from None
        return rows

    def _cancel(self) -> None:
        """Stop the query that runs, on the server."""
        try:
            cancel(self._engine, self._connection.connection.dbapi_connection)
        except Exception:
            self.close()  # the server notices when the connection is gone

    def _told(self, error: BaseException, statement: Json, binds: list[Any]) -> SQLError:
        said = said_of(error, self._address, of_query=True)
        if getattr(error, "connection_invalidated", False) or self._is_closed():
            self.close()
            return SQLError(f"The connection to the database was lost: {said}")
        found = getattr(error, "orig", None) or error
        source = self._plan["source"]
        return SQLError(said, place(found, statement, source, self._marks(binds)), source)

    def _is_closed(self) -> bool:
        try:
            return bool(getattr(self._connection.connection.dbapi_connection, "closed", False))
        except Exception:
            return True

    def _marks(self, binds: list[Any]) -> list[str]:
        """What stands for each parameter in the text that is sent."""
        dialect, options = self._engine.dialect, {"render_postcompile": True}
        return [str(bind.compile(dialect=dialect, compile_kwargs=options)) for bind in binds]


def _only_reads(statement: Json) -> bool:
    """Whether it is known to be a query that changes nothing."""
    return bool(statement["rows"]) and not (statement["defines"] or statement["mutates"] or statement["deletes"])
