"""SQL cells, inside a kernel: DuckDB over the notebook's dataframes, or a database through SQLAlchemy.

Loaded when the first SQL cell runs. The server has taken the cell apart (it finds statements, tables and parameters);
here its parameters are evaluated and bound, never put into the text, and its rows become a dataframe. The rules: tables
of the built-in engine have versions as names have; the address of a database, and with it its password, is in no
variable that a cell would come across; and whatever fails, the next query finds a working connection.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from .kernel_later import later


def _loaded(*names: str) -> Any:
    """The last of these modules of ours, which needs those before it."""
    return [later(f"{__package__}.kernel_sql_{name}") for name in names][-1]


_errors, _rows = _loaded("errors"), _loaded("aside", "frames", "marks", "rows")

Json = dict[str, Any]


class _State:
    """What SQL cells of this kernel share."""

    duckdb: Any = None
    database: Any = None


_state = _State()


def connect(url: str, key: str) -> None:
    """Use the database at `url` from now on; `key` is its address without the password."""
    if _state.database is not None:
        _state.database.close()
    _state.database = _loaded("address", "places", "database_rows", "database").Database(url, key)


def knows(key: str) -> bool:
    """Whether the database with this address is in use."""
    return _state.database is not None and _state.database.key == key


def run(plan: str) -> None:
    """Run an SQL cell. Raises SQLError, KeyboardInterrupt, and whatever a parameter raises."""
    try:
        _Cell(json.loads(plan)).run()
    except KeyboardInterrupt as interrupt:
        interrupt._render_traceback_ = lambda: ["KeyboardInterrupt"]  # type: ignore[attr-defined]  # no frames of ours
        raise


class _Cell:
    def __init__(self, plan: Json) -> None:
        self.plan = plan
        self.core: Any = sys.modules[__package__ or ""]
        self.namespace: Any = self.core.namespace
        self.names: Json = self.namespace.names

    def run(self) -> None:
        if not self.plan["statements"]:
            return
        parameters = [self._evaluated(one) for one in self.plan["parameters"]]
        engine = self._engine()
        rows, changed = None, None
        key = self.plan["database"]
        engine.begin(self.plan)
        try:
            for statement in self.plan["statements"]:
                found = engine.execute(statement, parameters, self.names)
                rows = found if found.frame is not None else rows
                changed = found.changed
                if key is not None:
                    self.namespace.done.note(statement, f"{self.plan['engine']}:")
        finally:
            engine.end()
        if rows is not None:
            self.names[self.plan["result"]] = rows.frame
            rows.show(self.plan["result"])
        elif changed is not None and changed >= 0:
            from IPython.display import display

            display({"text/plain": f"{changed:,} row{'' if changed == 1 else 's'} changed"}, raw=True)  # type: ignore[no-untyped-call]

    def _engine(self) -> Any:
        key = self.plan["database"]
        if key is not None:
            if not knows(key):
                raise _errors.SQLError(
                    "The kernel does not know the database of this notebook: run the cell once more."
                )
            return _state.database
        if _state.duckdb is None:
            try:
                _state.duckdb = _loaded("duckdb_rows", "duckdb").DuckDB()
            except ImportError as error:
                raise _errors.missing_module(error) from None
            self.namespace.tables = _state.duckdb
        return _state.duckdb

    def _evaluated(self, parameter: Json) -> Any:
        try:
            code = compile(f"({parameter['expression']}\n)", "<parameter>", "eval", dont_inherit=True)
        except SyntaxError as error:  # what only a cell of Python can hold, such as `await`
            place = parameter["line"], parameter["column"]
            raise _errors.SQLError(f"SyntaxError: {error.msg}", place, self.plan["source"]) from None
        try:
            value = eval(code, self.names)  # noqa: S307 - it is the user's own code, as a cell is
        except Exception as error:
            _errors.in_parameter(error, parameter)
            raise
        return _rows.as_parameter(value, is_list=parameter["is_list"])


def database(url: str, key: str) -> None:
    """What the server calls to have the database at `url` used."""
    connect(url, key)


if __name__ == "_reactive_nb.kernel_sql":
    sys.modules["_reactive_nb"].function(database)
