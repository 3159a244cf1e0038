"""How much of an error is kept: an exception's text, and so its traceback, may be as long as memory allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .bounded_text import excerpt
from .events import JSON

_NAME = 500
_VALUE = 10_000
_TRACEBACK = 100_000
_LINES = 10_000


def bounded_error(content: JSON) -> JSON:
    """An error's `ename`, `evalue` and `traceback`, each in bounds: of what is longer the beginning and the end."""
    return {
        **content,
        "ename": excerpt(str(content.get("ename") or ""), _NAME, _NAME),
        "evalue": excerpt(str(content.get("evalue") or ""), _VALUE, _VALUE),
        "traceback": _bounded_traceback(content.get("traceback") or ()),
    }


def _bounded_traceback(lines: Sequence[Any]) -> list[str]:
    texts = [str(line) for line in lines]
    if len(texts) <= _LINES and sum(map(len, texts)) <= 2 * _TRACEBACK:
        return texts
    return [excerpt("\n".join(texts), _TRACEBACK, _TRACEBACK)]
