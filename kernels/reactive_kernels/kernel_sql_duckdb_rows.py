"""The rows of a query to DuckDB as a dataframe, exactly, and no more of them than may be."""

# ruff: noqa: B905 - `zip` of Python 3.9 knows no `strict`
from __future__ import annotations

import re
from typing import Any

from .kernel_sql_frames import frame
from .kernel_sql_rows import Rows

_INEXACT = re.compile("DECIMAL|HUGEINT|BIGNUM")
"""Types that DuckDB makes floats of in a dataframe, or nothing at all."""
_NANOSECONDS = "TIMESTAMP_NS"
_VECTOR = 2048
"""Rows that DuckDB gives at a time, at most."""
_KINDS = {
    "BOOLEAN": "boolean",
    "TINYINT": "int8",
    "SMALLINT": "int16",
    "INTEGER": "int32",
    "BIGINT": "int64",
    "UTINYINT": "uint8",
    "USMALLINT": "uint16",
    "UINTEGER": "uint32",
    "UBIGINT": "uint64",
    "HUGEINT": "whole",
    "UHUGEINT": "whole",
    "BIGNUM": "whole",
    "FLOAT": "float32",
    "DOUBLE": "float64",
    "DATE": "datetime64[us]",
    "TIMESTAMP": "datetime64[us]",
    "TIMESTAMP_S": "datetime64[s]",
    "TIMESTAMP_MS": "datetime64[ms]",
    "TIMESTAMP_NS": "datetime64[ns]",
    "INTERVAL": "timedelta64[us]",
}
"""Type → what `frame` makes of it."""


def finer(text: str, description: Any) -> str | None:
    """A query that gives what this one gives, with nanoseconds as text, if they would be lost; None: as it is."""
    types = [str(column[1]) for column in description]
    if _NANOSECONDS not in types or not any(map(_INEXACT.search, types)):
        return None
    names = [f"c{place}" for place in range(len(types))]
    wanted = (f"{name}::varchar" if kind == _NANOSECONDS else name for name, kind in zip(names, types))
    return f"select {', '.join(wanted)} from (\n{text}\n) as q({', '.join(names)})"  # noqa: S608 - the user's own


def fetched(connection: Any, most: int, description: Any) -> Rows:
    """What the connection's last query gives: at most so many rows. The rest is not computed where that can be."""
    types = [str(column[1]) for column in description]
    if any(map(_INEXACT.search, types)):
        found, complete = _exact(connection, description, types, most)
    else:
        found, complete = _chunks(connection, most)
    return Rows(found, types, complete=complete)


def _exact(connection: Any, description: Any, types: list[str], most: int) -> tuple[Any, bool]:
    """Row by row, where the way that is made for dataframes would round."""
    names = _distinct([column[0] for column in description])
    rows = connection.fetchmany(most + 1)
    kinds = ["category" if kind.startswith("ENUM(") else _KINDS.get(kind, "") for kind in types]
    return frame(rows[:most], names, kinds), len(rows) <= most


def _chunks(connection: Any, most: int) -> tuple[Any, bool]:
    import pandas

    chunks, count = [connection.fetch_df_chunk(most // _VECTOR + 1)], 0
    while len(chunks[-1]) and count <= most:
        count += len(chunks[-1])
        chunks.append(connection.fetch_df_chunk(most // _VECTOR + 1))
    filled = [chunk for chunk in chunks if len(chunk)]
    found = pandas.concat(filled, ignore_index=True) if len(filled) > 1 else (filled or chunks)[0]
    return (found if count <= most else found.head(most).copy()), count <= most


def _distinct(names: list[str]) -> list[str]:
    """The names of columns as DuckDB gives them to dataframes: `a`, `a_1`."""
    found: list[str] = []
    for name in names:
        numbered = (f"{name}_{number}" for number in range(1, len(names) + 1))
        found.append(next(one for one in (name, *numbered) if one not in found))
    return found
