"""The source of an SQL cell, carried out by the code that runs in kernels, on a real database."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from reactive_kernels.kernel_sql_database import Database
from reactive_kernels.kernel_sql_duckdb import DuckDB
from reactive_kernels.kernel_sql_rows import Rows, as_parameter
from reactive_nb.execution.analysis import analyse_sql
from reactive_nb.execution.sql_code import kernel_code
from reactive_nb.models.database_url import engine_of


class Asked:
    """A database, kept from cell to cell; no address is DuckDB in memory."""

    def __init__(self, url: str | None, most_rows: int = 100) -> None:
        self.url = url
        self.engine: Any = Database(url, "key") if url else DuckDB()
        self._kind = engine_of(url)
        self._most_rows = most_rows

    def __call__(self, source: str, **values: Any) -> Rows:
        """What the last statement gives. Raises SQLError."""
        found = analyse_sql(source, self._kind, None)
        assert found.analysis.error is None, found.analysis.error
        code = kernel_code("c0", source, found, self._kind, result="r", database=self.url, most_rows=self._most_rows)
        [said] = [
            one.value for one in ast.walk(ast.parse(code)) if isinstance(one, ast.Constant) and "{" in str(one.value)
        ]
        plan: dict[str, Any] = json.loads(str(said))
        parameters = [
            as_parameter(eval(one["expression"], dict(values)), is_list=one["is_list"]) for one in plan["parameters"]
        ]
        rows = Rows()
        self.engine.begin(plan)
        try:
            for statement in plan["statements"]:
                rows = self.engine.execute(statement, parameters, values)
        finally:
            self.engine.end()
        return rows

    def value(self, source: str, **values: Any) -> Any:
        """The one value of the one row that the last statement gives."""
        frame = self(source, **values).frame
        assert frame.shape == (1, 1)
        return frame.iloc[:, 0].tolist()[0]


@contextmanager
def asked(url: str | None, most_rows: int = 100) -> Iterator[Asked]:
    database = Asked(url, most_rows)
    try:
        yield database
    finally:
        if url:
            database.engine.close()
