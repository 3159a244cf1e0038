"""Marks in a query's text, in whose place a database puts the values that are bound to it.

A database that is not told a value's type finds out which one is wanted where the value stands: a text can be compared
with a date, a UUID or a JSON document then, as one that is written in the query can. So SQLAlchemy's guesses are kept
only where a driver does no better, and a driver's own way of sending a value is preferred.
"""

from __future__ import annotations

import datetime
import json
import re
import uuid
from typing import Any

_PART_OF_A_NAME = re.compile(r"[\w$:\\]\Z")
"""What a mark would belong to that comes right after it."""
_IN = re.compile(r"(?P<not>\bnot\s+)?\bin\s*\Z", re.IGNORECASE)
_LARGEST = 2**63 - 1


def padded(mark: str, width: str, *, after: str) -> str:
    """The mark, as long as what it stands for if that can be, so that what follows keeps its place.

    `width`: blanks and line ends as long as what is replaced; `after`: the text before the mark.
    """
    if _PART_OF_A_NAME.search(after):
        mark = f" {mark}"
    lines = width.find("\n")
    rest = width[len(mark) if lines < 0 else min(len(mark), lines) :]
    return mark + (rest or " ")


def of_no_value(text: str) -> tuple[str, str]:
    """The operator that `text` ends with, IN or NOT IN, and what PostgreSQL can be asked instead of an empty list.

    It has no empty lists, and SQLAlchemy's way around that can be compared with whole numbers only.
    """
    found = _IN.search(text)
    return ("", "") if found is None else (found.group(), "<> all " if found["not"] else "= any ")


def bound(name: str, value: Any, *, is_list: bool, driver: str, typed: bool = False) -> Any:
    """SQLAlchemy's parameter of that name. `is_list`: a list stands for its values; `typed`: texts are told as such."""
    from sqlalchemy import DateTime, String, Time, bindparam
    from sqlalchemy.types import NullType

    if isinstance(value, list) and is_list:
        values = [_plain(one, driver) for one in value]
        untyped = driver == "psycopg" and all(_is_untyped(one, driver) for one in values)
        kinds: dict[str, Any] = {"type_": NullType()} if untyped else {}
        return bindparam(name, values, expanding=True, **kinds)
    value = _plain(value, driver)
    kind: Any = None
    if typed and (value is None or isinstance(value, str)):
        kind = String()
    elif _is_untyped(value, driver):
        kind = NullType()
    elif driver == "psycopg" and isinstance(value, (datetime.datetime, datetime.time)):
        kind = (DateTime if isinstance(value, datetime.datetime) else Time)(timezone=value.tzinfo is not None)
    return bindparam(name, value, **({} if kind is None else {"type_": kind}))


def _plain(value: Any, driver: str) -> Any:
    """The value, or a text where the driver has no way of its own to send it."""
    if driver not in ("psycopg", "pymysql", "pysqlite"):
        return value
    if isinstance(value, dict):
        return json.dumps(value, default=str)
    return str(value) if isinstance(value, uuid.UUID) and driver != "psycopg" else value


def _is_untyped(value: Any, driver: str) -> bool:
    """Whether the driver sends it as it should be sent if SQLAlchemy says nothing of its type."""
    if driver == "psycopg":
        return value is None or isinstance(value, (str, list)) or (isinstance(value, int) and abs(value) > _LARGEST)
    return driver in ("pymysql", "pysqlite") and isinstance(value, datetime.timedelta)
