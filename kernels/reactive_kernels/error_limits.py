"""Errors as they are kept: bounded, for an exception's text may be as long as memory allows, and with their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .bounded_text import excerpt
from .events import JSON

_NAME = 500
_VALUE = 10_000
_TRACEBACK = 100_000
_LINES = 10_000
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LAST_LINE = re.compile(r"(?P<name>[\w.]+)(: (?P<text>.*))?", re.DOTALL)


def bounded_error(content: JSON) -> JSON:
    """An error's `ename`, `evalue` and `traceback`, each in bounds: of what is longer the beginning and the end."""
    return {
        **content,
        "ename": excerpt(str(content.get("ename") or ""), _NAME, _NAME),
        "evalue": excerpt(str(content.get("evalue") or ""), _VALUE, _VALUE),
        "traceback": _bounded_traceback(content.get("traceback") or ()),
    }


def named_error(content: JSON) -> JSON:
    """An error as its traceback tells it, where ipykernel does not know: what fails in the display of a result."""
    lines = content.get("traceback") or [""]
    said = _LAST_LINE.fullmatch(_COLOUR.sub("", str(lines[-1]))) if content.get("ename") == "NoneType" else None
    return {**content, "ename": said["name"], "evalue": said["text"] or ""} if said is not None else content


def _bounded_traceback(lines: Sequence[Any]) -> list[str]:
    texts = [str(line) for line in lines]
    if len(texts) <= _LINES and sum(map(len, texts)) <= 2 * _TRACEBACK:
        return texts
    return [excerpt("\n".join(texts), _TRACEBACK, _TRACEBACK)]


def explained(error: JSON, why: str) -> JSON:
    """An error with a sentence of ours behind what it says itself."""
    value = str(error.get("evalue") or "").strip()
    return {
        **error,
        "evalue": f"{value} — {why}" if value else why,
        "traceback": [*(error.get("traceback") or ()), why],
    }
