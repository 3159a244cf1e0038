"""Where in a cell's own text a database finds a mistake: PostgreSQL tells the place, others a word, perhaps a line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .kernel_sql_errors import place_of

Json = dict[str, Any]

_NEAR = re.compile(r"near ['\"](?P<near>.*?)['\"](?: at line (?P<line>\d+)|: syntax error)", re.DOTALL)
_MISSING = re.compile(
    r"(?:no such (?:column|table|function): |Unknown column '|Table '|FUNCTION )(?:[\w$]+\.)*(?P<name>[\w$]+)"
)
_NO_CODE = re.compile(r"--[^\n]*|#[^\n]*|/\*.*?\*/|'(?:[^'\\]|''|\\.)*'", re.DOTALL)
_BIND = re.compile(r"%\(\w+\)s")


def place(error: Any, statement: Json, source: str, marks: Sequence[str]) -> tuple[int, int] | None:
    """Line and column, from 1, or None. `marks`: what was sent in the place of each parameter, but for its number."""
    found = _found(error, statement, source[statement["start"] : statement["end"]], marks)
    if found is not None:
        return place_of(source, statement["start"] + found)
    understood = statement["place"]  # how far the analysis came
    return tuple(understood) if understood and "syntax" in str(error).lower() else None


def _found(error: Any, statement: Json, own: str, marks: Sequence[str]) -> int | None:
    position = getattr(getattr(error, "diag", None), "statement_position", None)
    if position:
        return _offset(int(position) - 1, statement, marks)
    said = str(error.args[-1] if getattr(error, "args", None) else error)
    near = _NEAR.search(said)
    if near is not None:
        word = near["near"].split("\n")[0][:40]
        start = sum(len(line) + 1 for line in own.split("\n")[: int(near["line"]) - 1]) if near["line"] else 0
        return next((at for at in _occurrences(word, own) if at >= start), None)
    missing = _MISSING.search(said)
    places = _occurrences(missing["name"], own) if missing else []
    return places[0] if len(places) == 1 else None


def _occurrences(text: str, own: str) -> list[int]:
    """Where `text` stands as words of their own, outside of strings and comments."""
    if not text:
        return []
    if text[0] not in "'\"-/#":
        own = _NO_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), own)
    before, after = (r"\b" if edge.isalnum() else "" for edge in (text[0], text[-1]))
    return [found.start() for found in re.finditer(before + re.escape(text) + after, own, re.IGNORECASE)]


def _offset(position: int, statement: Json, marks: Sequence[str]) -> int:
    """What stands at `position` in the text that PostgreSQL got stands there in the statement as it was written."""
    sent = own = count = 0
    left = list(marks)
    for piece in statement["pieces"]:
        if isinstance(piece, str):
            if position < sent + len(piece):
                return own + position - sent
            sent, own = sent + len(piece), own + len(piece)
            continue
        for _ in _BIND.findall(left[0]):
            count += 1
            left[0] = _BIND.sub(f"${count}", left[0], count=1)
        length = len(left.pop(0))
        if position < sent + length:
            return own
        sent, own = sent + length, own + len(piece[1])
    return own
