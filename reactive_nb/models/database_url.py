"""The address of a database, in SQLAlchemy's form: what can be said of it without SQLAlchemy.

The rule: a password is never part of what is shown, stored with a document, or logged.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, unquote_plus

from reactive_nb.models.sql import BUILT_IN, SqlEngine

_URL = re.compile(
    r"(?P<kind>[\w.]+)(?P<driver>\+[\w.]+)?://"
    r"(?:(?P<user>[^:/?#@]*)(?::(?P<password>[^@]*))?@)?+(?P<place>[^/?@]*)(?:/(?P<database>[^?]*))?(?P<query>\?.*)?",
    re.DOTALL,
)
_SECRET_NAME = re.compile("pass|pwd|secret|token|key|credential", re.IGNORECASE)
_SECRET_WITHIN = re.compile(r"(?:pass\w*|pwd|secret|token|key|credentials?)\s*=", re.IGNORECASE)
"""In an option's value, such as ODBC's `DRIVER=…;UID=…;PWD=…`."""
_KNOWN_DIALECTS = """
    athena bigquery clickhouse databricks doris drill druid dremio duckdb exasol hive materialize mysql oracle presto
    redshift risingwave snowflake spark sqlite starrocks teradata trino
"""
_DIALECTS = {
    "postgresql": "postgres",
    "cockroachdb": "postgres",
    "mariadb": "mysql",
    "mssql": "tsql",
    **{name: name for name in _KNOWN_DIALECTS.split()},
}
_SCHEMAS = {"postgres": "public", "sqlite": "main", "duckdb": "main", "tsql": "dbo"}


def engine_of(url: str | None) -> SqlEngine:
    """What runs the SQL of a notebook with that address; None: DuckDB in the kernel."""
    if url is None:
        return BUILT_IN
    found = _URL.fullmatch(url)
    kind = found["kind"].lower() if found else "unknown"
    dialect = _DIALECTS.get(kind, "")
    database = unquote(found["database"] or "") if found else ""
    if kind == BUILT_IN.name:
        kind = "duckdb-file"
    if dialect == "mysql":  # whose databases are schemas
        return SqlEngine(kind, dialect, database or None, None)
    return SqlEngine(kind, dialect, _SCHEMAS.get(dialect), database or "none")


def without_password(url: str | None) -> str | None:
    """The address as it may be shown and stored."""
    if url is None:
        return None
    found = _URL.fullmatch(url)
    if found is None:
        return re.sub("://.*@", "://", url, flags=re.DOTALL)
    shown = url[: found.start("query")] if found["query"] else url
    if found["password"] is not None:
        shown = shown[: found.start("password") - 1] + shown[found.end("password") :]
    return shown + _without_secrets(found["query"] or "")


def _without_secrets(query: str) -> str:
    parts = [part.partition("=") for part in re.split("(?<=[?&])|(?=[?&])", query)]
    return "".join(
        f"{name}{sign}***" if value and _is_secret(name, value) else name + sign + value for name, sign, value in parts
    )


def _is_secret(name: str, value: str) -> bool:
    return bool(_SECRET_NAME.search(unquote_plus(name)) or _SECRET_WITHIN.search(unquote_plus(value)))
