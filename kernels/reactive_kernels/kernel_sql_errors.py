"""What goes wrong in SQL cells, told with its place in the cell's own text, and without our own frames or passwords."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

PACKAGES = {
    "duckdb": "duckdb",
    "pandas": "pandas",
    "sqlalchemy": "sqlalchemy",
    "psycopg": "'psycopg[binary]'",
    "psycopg2": "psycopg2-binary",
    "pymysql": "pymysql",
    "MySQLdb": "mysqlclient",
    "mysql": "mysql-connector-python",
    "mariadb": "mariadb",
    "oracledb": "oracledb",
    "pyodbc": "pyodbc",
    "duckdb_engine": "duckdb-engine",
    "snowflake": "snowflake-sqlalchemy",
}


class SQLError(Exception):
    """A query failed, or could not be made. Shown as its message alone."""

    def __init__(self, message: str, place: tuple[int, int] | None = None, source: str = "") -> None:
        self.message = message
        self.place = place
        self.source = source
        where = f" (line {place[0]}, column {place[1]})" if place else ""
        super().__init__(f"{message}{where}")

    def _render_traceback_(self) -> list[str]:
        lines = [f"SQLError: {self}"]
        if self.place is not None:
            line, column = self.place
            text = self.source.splitlines()[line - 1 : line]
            if text:
                start = max(0, column - 100)
                lines += ["", f"{line:>5} | {text[0][start : start + 160]}", " " * (7 + column - start) + "^"]
        return lines


def missing_module(error: ImportError) -> SQLError:
    """What to install."""
    module = (error.name or "duckdb").split(".")[0]
    return SQLError(f"{module} is not installed where the kernel runs: %pip install {PACKAGES.get(module, module)}")


def in_parameter(error: Exception, parameter: Json) -> None:
    """Have an error shown with the parameter that it comes from, and without frames of ours."""
    line, column = parameter["line"], parameter["column"]
    shown = [
        f"{type(error).__name__}: {error}",
        f"in the parameter {{{{ {parameter['expression']} }}}} at line {line}, column {column}",
    ]
    try:
        error._render_traceback_ = lambda: shown  # type: ignore[attr-defined]
    except AttributeError:
        return


def place_of(source: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of the character at `offset`."""
    before = source[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
