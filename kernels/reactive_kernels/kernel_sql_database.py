"""A database that SQL cells ask, through SQLAlchemy: one connection, kept from cell to cell, each statement committed.

The driver works in a thread of its own, so that an interrupt is heard while it waits; then the query is stopped where
it runs, on the server. A connection that has died is replaced by the next cell. Used by the service too, to try an
address before it is kept.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

from .kernel_sql_errors import SQLError, missing_module, place_of
from .kernel_sql_rows import Rows

Json = dict[str, Any]

CONNECT_LIMIT_S = 10
CANCEL_LIMIT_S = 5.0
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_TIMEOUTS = {"psycopg": "connect_timeout", "psycopg2": "connect_timeout", "pymysql": "connect_timeout"}
_QUESTIONS = {"oracle": "SELECT 1 FROM DUAL", "sqlite": "SELECT count(*) FROM sqlite_master"}
_NEAR = re.compile(r"near ['\"](?P<near>.*?)['\"](?: at line (?P<line>\d+)|: syntax error)", re.DOTALL)
_LAST_LINE = re.compile(r"\nLINE \d+:.*", re.DOTALL)


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
            self._connection = self._aside(self._engine.connect, cancel=self.close)
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
            rows: Rows = self._aside(lambda: _rows(connection, text(query).bindparams(*binds)), cancel=self._cancel)
        except (KeyboardInterrupt, SQLError):
            raise
        except BaseException as error:
            raise self._told(error, statement, parameters) from None
        return rows

    def _aside(self, work: Callable[[], Any], cancel: Callable[[], None]) -> Any:
        """Do `work` in a thread. An interrupt cancels it, and comes through when it has ended or can't be awaited."""
        outcome: list[Any] = []
        failure: list[BaseException] = []
        done = threading.Event()

        def run() -> None:
            try:
                outcome.append(work())
            except BaseException as error:
                failure.append(error)
            finally:
                done.set()

        threading.Thread(target=run, name="SQL", daemon=True).start()
        try:
            done.wait()
        except KeyboardInterrupt:
            cancel()
            if not done.wait(CANCEL_LIMIT_S):
                self.close()
            raise
        if failure:
            raise failure[0]
        return outcome[0]

    def _cancel(self) -> None:
        """Stop the query that runs, on the server."""
        try:
            _cancel(self._engine, self._connection.connection.dbapi_connection)
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


def _rows(connection: Any, query: Any) -> Rows:
    result = connection.execute(query)
    if not result.returns_rows:
        return Rows(changed=result.rowcount)
    try:
        import pandas
    except ImportError as error:
        raise missing_module(error) from None
    types = _types(result.cursor.description, connection.dialect.driver)
    frame = pandas.DataFrame.from_records(result.fetchall(), columns=list(result.keys()), coerce_float=True)
    return Rows(frame, types)


def _types(described: Any, driver: str) -> list[str]:
    """What the database calls the types of columns; empty where it does not say."""
    if driver == "psycopg":
        return [str(column.type_display) for column in described]
    if driver == "pymysql":
        from pymysql.constants import FIELD_TYPE

        names = {value: name for name, value in vars(FIELD_TYPE).items() if isinstance(value, int)}
        return [names.get(column[1], "").lower() for column in described]
    return ["" for _ in described]


def _cancel(engine: Any, raw: Any) -> None:
    driver = engine.dialect.driver
    if driver == "pymysql":
        other = engine.raw_connection()
        try:
            other.cursor().execute(f"KILL QUERY {int(raw.thread_id())}")
        finally:
            other.close()
    elif hasattr(raw, "cancel_safe"):
        raw.cancel_safe(timeout=CANCEL_LIMIT_S)
    elif hasattr(raw, "interrupt"):
        raw.interrupt()
    else:
        raw.cancel()


def address(url: str) -> Any:
    """SQLAlchemy's own form of the address, with the drivers that come with the package. Raises SQLError."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        found = make_url(url)
    except (ArgumentError, ValueError):
        raise SQLError(
            "This is no address of a database: it has the form postgresql://user:password@host:5432/database, "
            "mysql://…, or sqlite:////path/to/file."
        ) from None
    return found.set(drivername=_DRIVERS.get(found.drivername, found.drivername))


def engine(url: str) -> Any:
    """What makes connections to the address. Raises SQLError for what can't be connected to at all."""
    try:
        from sqlalchemy import create_engine, pool
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    except ImportError as error:
        raise missing_module(error) from None
    found = address(url)
    options: Json = {"pool_pre_ping": True, "isolation_level": "AUTOCOMMIT", "hide_parameters": True}
    arguments: Json = {}
    try:
        dialect = found.get_dialect()
        wanted = _TIMEOUTS.get(getattr(dialect, "driver", ""))
        if wanted and wanted not in found.query:
            arguments[wanted] = CONNECT_LIMIT_S
        if found.get_backend_name() == "sqlite":
            arguments["check_same_thread"] = False
            if not found.database or found.database == ":memory:":
                options["poolclass"] = pool.StaticPool
        if "poolclass" not in options:
            options.update(poolclass=pool.QueuePool, pool_size=1, max_overflow=2)
        return create_engine(found, connect_args=arguments, **options)
    except ImportError as error:
        raise missing_module(error) from None
    except (NoSuchModuleError, ArgumentError):
        raise SQLError(
            f"SQLAlchemy knows no kind of database {found.drivername!r}: install its dialect where the kernel runs, "
            "or correct the address."
        ) from None


def attempt(url: str) -> str | None:
    """Connect and ask something; what went wrong, in plain words, or None."""
    made = None
    try:
        from sqlalchemy import text

        made = engine(url)
        with made.connect() as connection:
            connection.execute(text(_QUESTIONS.get(made.dialect.name, "SELECT 1")))
    except SQLError as error:
        return error.message
    except Exception as error:
        return said_of(error, url)
    finally:
        if made is not None:
            made.dispose()
    return None


_CAUSES = (
    (
        r"could not translate host|failed to resolve host|Name or service not known|nodename nor servname|"
        r"No address associated|Temporary failure in name resolution|getaddrinfo failed",
        "There is no host {host!r}: look for a mistake in its name, or in the network.",
    ),
    (
        r"Connection refused|actively refused|Errno 111|Errno 61",
        "Nothing answers at {place}: is the server running, and is the port right?",
    ),
    (
        r"password authentication failed|Access denied for user|no password supplied|1045|authentication method",
        "The server refuses user {user!r} with this password.",
    ),
    (r"role \"[^\"]*\" does not exist", "The server has no user {user!r}."),
    (r"database \"[^\"]*\" does not exist|Unknown database|1049\b", "The server has no database {database!r}."),
    (r"unable to open database file", "The file {database!r} can't be opened or made."),
    (r"file is not a database", "The file {database!r} is no SQLite database."),
    (r"timeout expired|timed out|connection timeout", "{place} does not answer within {limit} seconds."),
    (r"No route to host|Network is unreachable", "{place} can't be reached from here."),
)


def said_of(error: BaseException, url: str) -> str:
    """What went wrong, in plain words where the cause is known, and never with the password."""
    from sqlalchemy.engine import make_url

    if isinstance(error, SQLError):
        return error.message
    found = getattr(error, "orig", None) or error
    diagnosis: Any = getattr(found, "diag", None)
    told = getattr(diagnosis, "message_primary", None)
    if told:
        parts = [told, diagnosis.message_detail, diagnosis.message_hint and f"Hint: {diagnosis.message_hint}"]
        told = "\n".join(part for part in parts if part)
    elif isinstance(found, ImportError):
        told = str(missing_module(found))
    elif len(getattr(found, "args", ())) == 2 and isinstance(found.args[0], int):
        told = f"{found.args[1]} ({found.args[0]})"
    else:
        told = _LAST_LINE.sub("", str(found)).strip()
    secrets: list[str] = []
    try:
        parsed = make_url(url)
    except Exception:
        secrets = re.findall(r"://[^/@]*:(.*)@", url)
    else:
        secrets = [str(parsed.password)] if parsed.password else []
        if not getattr(error, "statement", None) or "sqlite_master" in str(getattr(error, "statement", "")):
            facts = {
                "host": parsed.host or "localhost",
                "place": f"{parsed.host or 'localhost'}{f':{parsed.port}' if parsed.port else ''}",
                "user": parsed.username or "",
                "database": parsed.database or "",
                "limit": CONNECT_LIMIT_S,
            }
            for pattern, sentence in _CAUSES:
                if re.search(pattern, told):
                    told = sentence.format(**facts)
                    break
    return without(told, secrets)


def without(text: str, secrets: list[str]) -> str:
    """`text` with asterisks in the place of secrets, plain or as they stand in an address."""
    from urllib.parse import quote, quote_plus

    for secret in secrets:
        for form in {secret, quote(secret, safe=""), quote_plus(secret)}:
            if form:
                text = text.replace(form, "***")
    return text


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
