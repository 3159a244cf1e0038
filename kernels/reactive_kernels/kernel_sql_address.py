"""The address of a database: what SQLAlchemy makes of it, whether it can be reached, and what is wrong in plain words.

Used by the service too, to try an address before it is kept. The rule: no message has the password in it.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from .kernel_sql_errors import SQLError, missing_module

Json = dict[str, Any]

CONNECT_LIMIT_S = 10
_LOG = "reactive_nb"
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_TIMEOUTS = {"psycopg": "connect_timeout", "psycopg2": "connect_timeout", "pymysql": "connect_timeout"}
_QUESTIONS = {"oracle": "SELECT 1 FROM DUAL", "sqlite": "SELECT count(*) FROM sqlite_master"}
_SECRET_NAME = re.compile("pass|pwd|secret|token|key|credential", re.IGNORECASE)
_SECRET_WITHIN = re.compile(r"(?:pass\w*|pwd|secret|token|key|credentials?)\s*=\s*([^;]+)", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]")
_LAST_LINE = re.compile(r"\nLINE \d+:.*", re.DOTALL)


def address(url: str) -> Any:
    """SQLAlchemy's own form of the address, with the drivers that come with the package. Raises SQLError."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        if _UNSEEN.search(url):
            raise ValueError("characters that nobody sees")
        found = make_url(url)
    except (ArgumentError, ValueError):
        raise SQLError(
            "This is no address of a database: it has the form postgresql://user:password@host:5432/database, "
            "mysql://…, or sqlite:////path/to/file."
        ) from None
    if "@" in (found.host or ""):  # it would be looked up as a name, with what is before it
        raise SQLError("The host has an @ in it: if it belongs to the password, write it as %40.")
    name = found.drivername.lower()
    return found.set(drivername=_DRIVERS.get(name, name))


def engine(url: str, answers_within_s: int | None = None) -> Any:
    """What makes connections to the address. Raises SQLError for what can't be connected to at all.

    `answers_within_s`: how long each answer may take, where drivers can be told so.
    """
    try:
        from sqlalchemy import create_engine, pool
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    except ImportError as error:
        raise missing_module(error) from None
    found = address(url)
    options: Json = {"pool_pre_ping": True, "isolation_level": "AUTOCOMMIT", "hide_parameters": True}
    options["pool_logging_name"] = _LOG
    arguments: Json = {}
    try:
        dialect = found.get_dialect()
        if getattr(dialect, "is_async", False):
            raise SQLError(
                f"The driver of {found.drivername} is for asynchronous programs: name another, or none"
                f" ({found.get_backend_name()}://…)."
            )
        wanted = _TIMEOUTS.get(getattr(dialect, "driver", ""))
        if wanted and wanted not in found.query:
            arguments[wanted] = CONNECT_LIMIT_S
        if answers_within_s and getattr(dialect, "driver", "") == "pymysql":
            arguments["read_timeout"] = answers_within_s
        if found.get_backend_name() == "sqlite":
            arguments["check_same_thread"] = False
            if not found.database or found.database == ":memory:":
                options["poolclass"] = pool.StaticPool
        if "poolclass" not in options:
            options.update(poolclass=pool.QueuePool, pool_size=1, max_overflow=2)
        _silence(options["poolclass"].__name__)
        return create_engine(found, connect_args=arguments, **options)
    except ImportError as error:
        raise missing_module(error) from None
    except NoSuchModuleError:
        raise SQLError(
            f"SQLAlchemy knows no kind of database {found.drivername!r}: install its dialect where the kernel runs, "
            "or correct the address."
        ) from None
    except ArgumentError:
        raise SQLError(
            f"This is no address that {found.get_backend_name()} has: it needs another form, for example"
            " sqlite:///file.db (a host is none of SQLite's)."
        ) from None


def _silence(pool: str) -> None:
    """Have it not logged, with tracebacks, that a connection which broke can't be tidied up: who asked is told."""
    logging.getLogger(f"sqlalchemy.pool.impl.{pool}.{_LOG}").disabled = True


def attempt(url: str) -> str | None:
    """Connect and ask something; what went wrong, in plain words, or None."""
    made = None
    try:
        from sqlalchemy import text

        made = engine(url, answers_within_s=CONNECT_LIMIT_S)
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


def said_of(error: BaseException, url: str, *, of_query: bool = False) -> str:
    """What went wrong, in plain words where the cause is known, and never with the password.

    `of_query`: the connection was there, so what the error says is about the query.
    """
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
    if not of_query and not hasattr(error, "orig") and not isinstance(found, ImportError):
        told = f"The driver can't make a connection of this address: {told}"
    try:
        parsed = make_url(url)
    except Exception:
        secrets = re.findall("://[^:]*:(.*)@", url, re.DOTALL)
    else:
        secrets = _secrets(parsed)
        if not of_query:
            host, port = (own or parsed.query.get(name) for own, name in ((parsed.host, "host"), (parsed.port, "port")))
            facts = {
                "host": host or "localhost",
                "place": f"{host or 'localhost'}{f':{port}' if port else ''}",
                "user": parsed.username or "",
                "database": parsed.database or "",
                "limit": CONNECT_LIMIT_S,
            }
            for pattern, sentence in _CAUSES:
                if re.search(pattern, told):
                    told = sentence.format(**facts)
                    break
    return without(told, secrets)


def _secrets(parsed: Any) -> list[str]:
    """What of an address nobody may see."""
    found = [str(parsed.password)] if parsed.password else []
    for name, given in parsed.query.items():
        for value in (given,) if isinstance(given, str) else given:
            found += [value] if _SECRET_NAME.search(name) else _SECRET_WITHIN.findall(value)
    return found


def without(text: str, secrets: list[str]) -> str:
    """`text` with asterisks in the place of secrets, plain or as they stand in an address."""
    from urllib.parse import quote, quote_plus

    for secret in secrets:
        for form in {secret, quote(secret, safe=""), quote_plus(secret)}:
            if form:
                text = text.replace(form, "***")
    return text
