"""Values on their way into a query, and rows on their way out: parameters, dataframes and previews."""

# ruff: noqa: B905 - `zip` of Python 3.9 knows no `strict`
from __future__ import annotations

import datetime
import decimal
import html
import math
from collections.abc import Iterable
from typing import Any

MOST_ROWS = 50
MOST_CHARS = 300
SAFE_INTEGER = 2**53
MEDIA_TYPE = "application/vnd.reactive-nb.table+json"


def as_parameter(value: Any, *, is_list: bool = False) -> Any:
    """A value as drivers take it: numpy's and pandas' scalars as Python's own, nothing as None."""
    if is_list and not isinstance(value, (str, bytes, dict)) and hasattr(value, "__iter__"):
        return [as_parameter(one) for one in value]
    if value is None or isinstance(value, (str, bytes, bool, int)):
        return value
    module = type(value).__module__.split(".")[0]
    if module == "pandas":
        if type(value).__name__ in ("NAType", "NaTType"):
            return None
        if hasattr(value, "to_pydatetime"):
            return value.to_pydatetime()
        if hasattr(value, "to_pytimedelta"):
            return value.to_pytimedelta()
        if hasattr(value, "tolist"):
            return [as_parameter(one) for one in value.tolist()]
    if module == "numpy" and value.dtype.kind in "mM":  # whose own values are whole numbers, if they are nanoseconds
        import pandas

        moments = pandas.Timestamp if value.dtype.kind == "M" else pandas.Timedelta
        return [as_parameter(one) for one in value] if value.ndim else as_parameter(moments(value))
    if module == "numpy":
        plain = value.tolist() if hasattr(value, "tolist") else value
        return [as_parameter(one) for one in plain] if isinstance(plain, list) else plain
    if isinstance(value, (set, frozenset, range)):
        return [as_parameter(one) for one in value]
    return value


class Rows:
    """What a statement gave: a dataframe with the types of its columns, or how many rows it changed."""

    def __init__(
        self, frame: Any = None, types: Iterable[str] = (), changed: int | None = None, *, complete: bool = True
    ) -> None:
        """`complete`: whether these are all rows that there were."""
        self.frame = frame
        self.types = list(types)
        self.changed = changed
        self.complete = complete

    def show(self, name: str) -> None:
        """Publish a preview: the first rows, columns with their types, and how many rows there are."""
        from IPython.display import display

        frame = self.frame
        count, columns = len(frame), [str(column) for column in frame.columns]
        types = [declared or str(dtype) for declared, dtype in zip(self.types, frame.dtypes)]
        head = frame.head(MOST_ROWS)
        cells = [[_cell(value) for value in head.iloc[:, place].tolist()] for place in range(len(columns))]
        rows = [list(row) for row in zip(*cells)]
        said = (
            f"{name}: {count:,} row{'' if count == 1 else 's'}, {len(columns)} column{'' if len(columns) == 1 else 's'}"
        )
        if not self.complete:
            said += ", the first of more"
        if count > MOST_ROWS:
            said += f"; the first {MOST_ROWS} are shown"
        table = {
            "name": name,
            "columns": [{"name": column, "type": kind} for column, kind in zip(columns, types)],
            "rows": rows,
            "row_count": count,
            "complete": self.complete,
        }
        data = {
            MEDIA_TYPE: table,
            "text/html": _html(columns, types, rows, said),
            "text/plain": f"{_plain(columns, rows)}\n{said}",
        }
        display(data, raw=True)  # type: ignore[no-untyped-call]
        if not self.complete:  # beside the rows, since who shows them may show no more than them
            why = (
                f"There are more rows than the {count:,} that are fetched at most (REACTIVE_NB_SQL_MAX_ROWS): ask for"
                " fewer, with LIMIT or a sum, or have the limit raised."
            )
            display({"text/plain": why}, raw=True)  # type: ignore[no-untyped-call]


def _cell(value: Any) -> Any:
    """A value as JSON: exactly what it is, or a text that says so."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, (bool, str)):
        return value if not isinstance(value, str) or len(value) <= MOST_CHARS else f"{value[:MOST_CHARS]}…"
    if isinstance(value, int):
        return value if abs(value) < SAFE_INTEGER else str(value)
    if isinstance(value, float):
        return None if math.isnan(value) else value if math.isfinite(value) else str(value)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time, decimal.Decimal)):
        return str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"{len(value):,} bytes: {bytes(value)[:20].hex()}"
    text = str(value)
    return text if len(text) <= MOST_CHARS else f"{text[:MOST_CHARS]}…"


def _html(columns: list[str], types: list[str], rows: list[list[Any]], said: str) -> str:
    head = "".join(
        f"<th>{html.escape(column)}<br><small>{html.escape(kind)}</small></th>" for column, kind in zip(columns, types)
    )
    body = "".join(f"<tr>{''.join(map(_td, row))}</tr>" for row in rows)
    table = f'<table class="dataframe"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f"{table}<p>{html.escape(said)}</p>"


def _td(value: Any) -> str:
    return "<td><i>NULL</i></td>" if value is None else f"<td>{html.escape(str(value))}</td>"


def _plain(columns: list[str], rows: list[list[Any]]) -> str:
    """A table of text."""
    lines = [columns, *(["NULL" if value is None else str(value).replace("\n", " ") for value in row] for row in rows)]
    widths = [min(40, max(len(line[place]) for line in lines)) for place in range(len(columns))]
    return "\n".join(
        "  ".join(text[:width].ljust(width) for text, width in zip(line, widths)).rstrip() for line in lines
    )
