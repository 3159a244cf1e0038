"""Rows of a query as a dataframe that holds exactly what the database gave.

pandas by itself would make floats of whole numbers beside NULL and of decimals. The rules here: a whole number stays
one (`Int64` beside NULL, Python's own where 64 bits are too few), a decimal is a `decimal.Decimal`, and only what the
database calls a float is one.
"""

# ruff: noqa: B905 - `zip` of Python 3.9 knows no `strict`
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

_EXACT_FLOAT = 2**53
"""Whole numbers up to here are floats without loss."""
_NOTHING = type(None)


def frame(rows: Sequence[Sequence[Any]], names: Iterable[str], kinds: Iterable[str] = ()) -> Any:
    """A dataframe of rows. `kinds`: pandas' name of each column's type, where that is known; empty where not."""
    import pandas

    names = list(names)
    columns = list(zip(*rows)) if rows else [()] * len(names)
    wanted = list(kinds) or [""] * len(names)
    made = pandas.DataFrame({place: column(one, kind) for place, (one, kind) in enumerate(zip(columns, wanted))})
    made.columns = pandas.Index(names)
    return made


def column(values: Sequence[Any], kind: str = "") -> Any:
    """A column of values. `kind`: pandas' name of its type, or `whole` for whole numbers of any size."""
    import pandas

    if kind == "whole":
        values = [value if value is None else int(value) for value in values]
        kind = kind if values else "int64"
    found = {type(value) for value in values}
    if kind in ("whole", "") and int in found and found <= {int, _NOTHING}:
        return _whole(values, has_nothing=_NOTHING in found)
    if kind in ("whole", "") and (
        found <= {_NOTHING}
        or any(one.__module__ in ("decimal", "_decimal") for one in found)
        or (int in found and any(type(one) is int and abs(one) > _EXACT_FLOAT for one in values))
    ):
        return pandas.Series(values, dtype="object")
    if kind[:1] in ("i", "u") and _NOTHING in found:
        kind = kind.replace("int", "Int").replace("uI", "UI")
    try:
        return pandas.Series(values, dtype=kind or None)
    except (TypeError, ValueError, OverflowError):  # a date that pandas has no room for, say
        return pandas.Series(values, dtype="object")


def _whole(values: Sequence[Any], *, has_nothing: bool) -> Any:
    import pandas

    present = [value for value in values if value is not None]
    if not -(2**63) <= min(present) <= max(present) < 2**63:
        return pandas.Series(values, dtype="object")
    return pandas.Series(values, dtype="Int64" if has_nothing else "int64")
