"""Which rows of a table are wanted, and in which order: filters and sorting, done in the kernel, where the data is.

Beside `kernel_table_pages`, whose pages it serves. An answer is the places of rows: nothing is changed, and nothing is
kept. The rules: what is missing (None, NaN, NaT, NA) comes last in both directions, and passes no filter but `missing`;
`contains` takes no notice of case; what can't be compared with each other is compared as text. What takes too long, or
a question that makes no sense for a column, is an `Unanswerable` whose message is for people.
"""

# ruff: noqa: B905 - `zip` of Python 3.9 knows no `strict`
from __future__ import annotations

import decimal
import math
import operator
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from .kernel_later import later

_of = later(f"{__package__}.kernel_variables")

Filter = Sequence[Any]
"""Column's place, kind of comparison, and what to compare with, as text."""

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_MOST_ROWS = 20_000_000
_MOST_OBJECTS = 2_000_000
_LONGEST_S = 5.0
_TRUE, _FALSE = frozenset(["true", "1", "yes"]), frozenset(["false", "0", "no"])


class Unanswerable(Exception):
    """What was asked of a table can't be answered; the message says why."""


def places(value: Any, family: str, sort: int | None, descending: bool, filters: Sequence[Filter]) -> Sequence[int]:
    """Places of the wanted rows, in the wanted order. Raises Unanswerable."""
    try:
        if len(value) > _MOST_ROWS:
            raise Unanswerable(f"A table of more than {_MOST_ROWS:,} rows is sorted and filtered in cells only.")
        if family == "pandas":
            return _of_pandas(value, sort, descending, filters)
        if family == "polars":
            return _of_polars(value, sort, descending, filters)
        return _of_objects(value, family, sort, descending, filters)
    except (Unanswerable, KeyboardInterrupt):
        raise
    except IndexError:
        raise Unanswerable("There is no such column.") from None
    except Exception as error:
        raise Unanswerable(f"This column can't be compared: {type(error).__name__}: {error}"[:300]) from None


def pandas_column(value: Any, place: int) -> Any:
    """The column that a page shows at this place, an index that says something before the others."""
    levels = _of.index_levels(value)
    if place < levels:
        return value.index.get_level_values(place).to_series().reset_index(drop=True)
    place -= levels
    column = value.iloc[:, place] if hasattr(value, "columns") else value
    return column.reset_index(drop=True)


def _of_pandas(value: Any, sort: int | None, descending: bool, filters: Sequence[Filter]) -> Sequence[int]:
    kept: Any = None
    for place, comparison, text in filters:
        passes = _pandas_mask(pandas_column(value, place), comparison, text)
        kept = passes if kept is None else kept & passes
    found = range(len(value)) if kept is None else kept.nonzero()[0]
    if sort is None:
        return found
    column = pandas_column(value, sort).iloc[found]
    if getattr(column.dtype, "kind", "O") == "O" and len(column) > _MOST_OBJECTS:
        raise Unanswerable(f"More than {_MOST_OBJECTS:,} objects are sorted in cells only.")
    how: Any = {"ascending": not descending, "kind": "stable", "na_position": "last"}
    try:
        return column.sort_values(**how).index.to_numpy()  # type: ignore[no-any-return]
    except TypeError:
        return column.sort_values(**how, key=_texts).index.to_numpy()  # type: ignore[no-any-return]


def _pandas_mask(column: Any, comparison: str, text: str) -> Any:
    """As an array of numpy, true where the row stays."""
    pandas = sys.modules["pandas"]
    if comparison in ("missing", "present"):
        return (column.isna() if comparison == "missing" else column.notna()).to_numpy(dtype=bool)
    kind = getattr(column.dtype, "kind", "O")
    if comparison != "contains" and kind in "biufmM":
        wanted: Any
        if kind == "M":
            wanted = pandas.Timestamp(text)
            zone = getattr(column.dtype, "tz", None)
            wanted = wanted.tz_localize(zone) if zone is not None and wanted.tzinfo is None else wanted
        else:
            wanted = pandas.Timedelta(text) if kind == "m" else as_truth(text) if kind == "b" else as_number(text)
        passes = COMPARISONS[comparison](column, wanted) & column.notna()
        return passes.to_numpy(dtype=bool, na_value=False)
    if kind != "O":
        column = column.astype(str).where(column.notna(), None)
    found = _passing(column.tolist(), comparison, text)
    mask = sys.modules["numpy"].zeros(len(column), dtype=bool)
    mask[found] = True
    return mask


def _of_polars(value: Any, sort: int | None, descending: bool, filters: Sequence[Filter]) -> Sequence[int]:
    polars: Any = sys.modules["polars"]
    columns = list(value.get_columns()) if hasattr(value, "get_columns") else [value]
    kept: Any = None
    for place, comparison, text in filters:
        passes = _polars_mask(polars, columns[place], comparison, text).fill_null(value=False)
        kept = passes if kept is None else kept & passes
    found = polars.arange(0, len(value), eager=True) if kept is None else kept.arg_true()
    if sort is not None:
        column = _without_nan(columns[sort]).gather(found)
        found = found.gather(column.arg_sort(descending=descending, nulls_last=True))
    return found.to_list()  # type: ignore[no-any-return]


def _polars_mask(polars: Any, column: Any, comparison: str, text: str) -> Any:
    column = _without_nan(column)
    if comparison in ("missing", "present"):
        return column.is_null() if comparison == "missing" else column.is_not_null()
    if comparison != "contains":
        if column.dtype.is_numeric():
            return COMPARISONS[comparison](column, as_number(text))
        if column.dtype == polars.Boolean:
            return COMPARISONS[comparison](column, as_truth(text))
    words = column.cast(polars.String)
    if comparison == "contains":
        return words.str.to_lowercase().str.contains(text.lower(), literal=True)
    return COMPARISONS[comparison](words, text)


def _without_nan(column: Any) -> Any:
    return column.fill_nan(None) if column.dtype.is_float() else column


def _of_objects(
    value: Any, family: str, sort: int | None, descending: bool, filters: Sequence[Filter]
) -> Sequence[int]:
    found: list[int] = list(range(len(value)))
    for place, comparison, text in filters:
        column = _objects(value, family, place)
        kept = set(_passing(column, comparison, text))
        found = [row for row in found if row in kept]
    if sort is None:
        return found
    column = _objects(value, family, sort)
    present = [row for row in found if not is_missing(column[row])]
    try:
        present.sort(key=column.__getitem__, reverse=descending)
    except (TypeError, ValueError):
        texts = dict(zip(present, _texts([column[row] for row in present])))
        present.sort(key=texts.__getitem__, reverse=descending)
    return present + [row for row in found if is_missing(column[row])]


def _objects(value: Any, family: str, place: int) -> list[Any]:
    """A column's values as Python has them."""
    if len(value) > _MOST_OBJECTS:
        raise Unanswerable(f"More than {_MOST_OBJECTS:,} values are sorted and filtered in cells only.")
    if family == "pyarrow":
        return list(value.column(place).to_pylist())
    if family == "numpy":
        if value.dtype.names:
            return list(value[value.dtype.names[place]].tolist())
        return list(value.reshape(len(value), -1)[:, place].tolist())
    if isinstance(value, dict):
        return [item[place] for item in value.items()]
    if place != 0:
        raise IndexError(place)
    return list(value)


def _passing(values: Sequence[Any], comparison: str, text: str) -> list[int]:
    """Places of the values that pass."""
    deadline = time.monotonic() + _LONGEST_S
    lowered = text.lower()
    number = _number_or_none(text)
    found = []
    for place, value in enumerate(values):
        _check(deadline)
        if is_missing(value):
            passes = comparison == "missing"
        elif comparison in ("missing", "present"):
            passes = comparison == "present"
        elif comparison == "contains":
            passes = lowered in as_text(value).lower()
        elif type(value) in (int, float, decimal.Decimal):
            if number is None:
                raise Unanswerable(f"{text!r} is no number.")
            passes = COMPARISONS[comparison](value, number)
        else:
            passes = COMPARISONS[comparison](as_text(value), text)
        if passes:
            found.append(place)
    return found


def _check(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise Unanswerable("This takes too long for a look at a table: do it in a cell.")


def _texts(values: Any) -> Any:
    """Values of all kinds as text; those that are missing stay so."""
    deadline = time.monotonic() + _LONGEST_S

    def text(value: Any) -> Any:
        _check(deadline)
        return value if is_missing(value) else as_text(value)

    return values.map(text) if hasattr(values, "map") else list(map(text, values))


def is_missing(value: Any) -> bool:
    """Whether a value says that there is none."""
    if value is None:
        return True
    if type(value) is float:
        return math.isnan(value)
    return type(value).__name__ in ("NAType", "NaTType")


def as_text(value: Any) -> str:
    """How a value is shown on a page, which is bounded, and looks at other people's objects against the clock."""
    if type(value) is str:
        return value
    shown = _of.plain(value)
    return shown if type(shown) is str else str(shown)


def as_number(text: str) -> Any:
    """A number, exact if it is a whole one. Raises Unanswerable."""
    found = _number_or_none(text)
    if found is None:
        raise Unanswerable(f"{text!r} is no number.")
    return found


def _number_or_none(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


def as_truth(text: str) -> bool:
    """True or false. Raises Unanswerable."""
    word = text.strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise Unanswerable(f"{text!r} is neither true nor false.")
