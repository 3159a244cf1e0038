"""The tables as a whole: how many rows there are, and that each says something of its own.

`python -m pytest -s` with this file prints the count of each table.
"""

from __future__ import annotations

import importlib
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LEAST_ROWS = 400
FUTURE = "SINCE_3_"
"""Tables of syntax that not every Python has."""


def tables() -> Iterator[tuple[str, list[Any]]]:
    """Every table of rows in the tests of the analysis, by file and name."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path.stem != Path(__file__).stem:
            module = importlib.import_module(f"tests.execution.analysis.{path.stem}")
            for name, value in vars(module).items():
                if name.isupper() and isinstance(value, list) and name != "ROWS" and _is_row(value[0]):
                    yield f"{path.stem}.{name}", value


def _is_row(value: object) -> bool:
    return isinstance(value, tuple) and len(value) in (2, 3) and all(isinstance(part, (str, int)) for part in value)


def test_there_are_many_rows_and_no_table_has_one_twice() -> None:
    found = dict(tables())
    for name, rows in found.items():
        print(f"{len(rows):5} {name}")
        assert [source for source, count in Counter(row[0] for row in rows).items() if count > 1] == [], name
    sources = {row[0] for rows in found.values() for row in rows}
    print(f"{len(sources):5} different sources")
    assert len(sources) >= LEAST_ROWS


def test_rows_of_newer_pythons_run_where_they_can() -> None:
    module = importlib.import_module("tests.execution.analysis.test_new_syntax")
    run = {row[0] for row in module.ROWS}
    for minor in (11, 12, 13, 14):
        rows = {row[0] for row in getattr(module, f"{FUTURE}{minor}")}
        assert (rows <= run) == (sys.version_info >= (3, minor))
