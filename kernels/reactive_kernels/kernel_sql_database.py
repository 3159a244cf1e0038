"""A database that SQL cells ask, through SQLAlchemy: one connection, kept from cell to cell, each statement committed.

The driver works in a thread of its own, so that an interrupt is heard while it waits; then the query is stopped where
it runs, on the server. A connection that has died is replaced by the next cell.
"""

from __future__ import annotations

import re
from typing import Any

from .kernel_sql_address import engine, said_of
from .kernel_sql_aside import aside
from .kernel_sql_database_rows import Wanted, cancel, rows_of
from .kernel_sql_errors import SQLError, place_of
from .kernel_sql_rows import Rows

Json = dict[str, Any]

_NEAR = re.compile(r"near ['\"](?P<near>.*?)['\"](?: at line (?P<line>\d+)|: syntax error)", re.DOTALL)


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
            raise self._told(error, statement, parameters) from None
        return rows

    def _cancel(self) -> None:
        """Stop the query that runs, on the server."""
        try:
            cancel(self._engine, self._connection.connection.dbapi_connection)
        except Exception:
            self.close()  # the server notices when the connection is gone

    def _told(self, error: BaseException, statement: Json, parameters: list[Any]) -> SQLError:
        if getattr(error, "connection_invalidated", False):
            self.close()
            return SQLError(f"The connection to the database was lost: {said_of(error, self._address)}")
        source = self._plan["source"]
        found = getattr(error, "orig", None) or error
        place = _place(found, statement, parameters, source)
        if place is None and statement["place"] and _is_syntax(found):
            place = tuple(statement["place"])
        return SQLError(said_of(error, self._address), place, source)


def _only_reads(statement: Json) -> bool:
    """Whether it is known to be a query that changes nothing."""
    return bool(statement["rows"]) and not (statement["defines"] or statement["mutates"] or statement["deletes"])


def _is_syntax(error: Any) -> bool:
    return "syntax" in str(error).lower()


def _place(error: Any, statement: Json, parameters: list[Any], source: str) -> Any:
    """Line and column in the cell's text, where the database tells; else None."""
    position = getattr(getattr(error, "diag", None), "statement_position", None)
    if position:
        return place_of(source, statement["start"] + _offset(int(position) - 1, statement, parameters))
    near = _NEAR.search(str(error.args[-1] if getattr(error, "args", None) else error))
    own = source[statement["start"] : statement["end"]]
    if near is None or not near["near"]:
        return None
    text = near["near"].split("$")[0] if near["line"] else near["near"]
    word = text.split("\n")[0][:40]
    start = sum(len(line) + 1 for line in own.split("\n")[: int(near["line"]) - 1]) if near["line"] else 0
    found = own.find(word, start)
    return place_of(source, statement["start"] + found) if word and found >= 0 else None


def _offset(position: int, statement: Json, parameters: list[Any]) -> int:
    """What stands at `position` in the text that the server got stands there in the statement as it was written."""
    sent = own = count = 0
    for piece in statement["pieces"]:
        if isinstance(piece, str):
            if position < sent + len(piece):
                return own + position - sent
            sent, own = sent + len(piece), own + len(piece)
            continue
        number, width = piece
        value = parameters[number]
        values = len(value) if isinstance(value, list) else 1
        marks = [f"${count + one + 1}" for one in range(values)]
        count += values
        length = len(", ".join(marks)) + (2 if isinstance(value, list) else 0) + len(width)
        if position < sent + length:
            return own
        sent, own = sent + length, own + len(width)
    return own
