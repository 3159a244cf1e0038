"""The address of a database, in SQLAlchemy's form: what can be said of it without SQLAlchemy.

The rule: a password is never part of what is shown, stored with a document, or logged.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from reactive_nb.models.sql import BUILT_IN, SqlEngine

_URL = re.compile(
    r"(?P<kind>[\w.]+)(?P<driver>\+[\w.]+)?://"
    r"(?:(?P<user>[^:/?#]*)(?::(?P<password>.*))?@)?(?P<place>[^/@]*)(?:/(?P<database>[^?]*))?(?P<query>\?.*)?",
    re.DOTALL,
)
_SECRET = re.compile(r"([?&][^=&]*(?:pass|pwd|secret|token|key)[^=&]*=)[^&]*", re.IGNORECASE)
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
        return re.sub(r"://[^/]*@", "://", url)
    if found["password"] is not None:
        url = url[: found.start("password") - 1] + url[found.end("password") :]
    return _SECRET.sub(r"\1***", url)
