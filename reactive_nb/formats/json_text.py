"""JSON as notebook files have it: read from whatever tools have written, written as Jupyter writes it.

It knows nothing of notebooks. Jupyter's layout (keys sorted, one space of indentation, text as it is) is kept to the
byte, so that a file that goes back and forth between programs shows only real changes. Python's own parser is used
because it keeps integers of any length and reads what other Python tools write.

The rule it keeps: no value it returns has a lone surrogate or is nested deeper than `MAX_DEPTH`, because neither could
be sent to a client; and what it writes is JSON by the standard.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from reactive_nb.formats.errors import FormatError

MAX_DEPTH = 200
"""Levels of nesting. Real notebooks have about a dozen."""

MAX_CONTAINERS = 2_000_000
LARGE = 4 * 1024 * 1024
"""Characters from which on a text is parsed so that other threads get their turn."""

STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""Also one that never ends, so that looking for strings takes a time in proportion to the text, whatever it is."""
BYTE_STRING = re.compile(STRING.pattern.encode(), re.DOTALL)
ESCAPED_SURROGATE = re.compile(r"\\u[dD][89abAB]|\\u[dD][c-fC-F]")


def parse(data: bytes | str) -> Any:
    """The value of a JSON text. Raises `FormatError` with the place of the first mistake."""
    text, odd = _decoded(data)
    if not text.strip():
        raise FormatError("The file is empty.")
    if has_more_containers(text, MAX_CONTAINERS):
        raise FormatError(f"The file has more than {MAX_CONTAINERS:,} lists and objects in it.")
    try:
        value = json.loads(text, parse_constant=_nothing, **(_TURNS if len(text) > LARGE else {}))
    except RecursionError:
        raise FormatError(f"The file is nested more than {MAX_DEPTH} levels deep.") from None
    except json.JSONDecodeError as error:
        raise FormatError(f"Not JSON: {error.msg} (line {error.lineno}, column {error.colno}).") from None
    except ValueError as error:  # a number of more digits than Python turns into an int
        raise FormatError(f"The file has a number that cannot be read: {error}.") from None
    _check_depth(value)
    return mended(value) if odd or ESCAPED_SURROGATE.search(text) else value


def has_more_containers(text: str | bytes, most: int) -> bool:
    """Whether there are more than `most` lists and objects in a JSON text; says nothing about whether it is one.

    Millions of them take the parser seconds with the interpreter locked, and twenty times the text's own memory, which
    Python then looks through again and again.
    """
    if isinstance(text, bytes):
        total = text.count(b"[") + text.count(b"{")
        inside = (found[0].count(b"[") + found[0].count(b"{") for found in BYTE_STRING.finditer(text))
    else:
        total = text.count("[") + text.count("{")
        inside = (found[0].count("[") + found[0].count("{") for found in STRING.finditer(text))
    return total > most and total - sum(inside) > most


def _nothing(_: str) -> None:
    """What NaN and the infinities are read as: JSON does not have them, and no client could be told."""


def _itself(value: dict[str, Any]) -> dict[str, Any]:
    return value


def _integer(text: str) -> int:
    return int(text)


def _real(text: str) -> float:
    return float(text)


_TURNS: dict[str, Any] = {"object_hook": _itself, "parse_int": _integer, "parse_float": _real}
"""What the parser does by itself, as functions of Python: between them the interpreter may serve other threads."""


def _decoded(data: bytes | str) -> tuple[str, bool]:
    """The text, and whether lone surrogates may be in it."""
    if isinstance(data, str):
        return data.removeprefix("\ufeff"), True
    encoding = json.detect_encoding(data)
    try:
        return data.decode(encoding), False
    except UnicodeDecodeError:
        pass
    try:
        return data.decode(encoding, "surrogatepass"), True
    except UnicodeDecodeError as error:
        raise FormatError(f"The file is not {encoding.upper()} text (byte {error.start}).") from None


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        deeper: list[Any] = []
        for item in level:
            if type(item) is dict:
                deeper += [child for child in item.values() if type(child) is dict or type(child) is list]
            elif type(item) is list:
                deeper += [child for child in item if type(child) is dict or type(child) is list]
        if not deeper:
            return
        level = deeper
    raise FormatError(f"The file is nested more than {MAX_DEPTH} levels deep.")


def mended(value: Any) -> Any:
    """`value` with U+FFFD in place of every lone surrogate."""
    if isinstance(value, str):
        return mended_text(value)
    if isinstance(value, dict):
        return {mended(key): mended(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mended(item) for item in value]
    return value


def mended_text(text: str) -> str:
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def dump(value: Any) -> bytes:
    """`value` as Jupyter would write it, with a newline at the end.

    NaN and infinities, which JSON does not have, become null; lone surrogates are escaped. Raises `FormatError` if the
    value holds something else that JSON cannot express.
    """
    try:
        text = _dumped(value)
    except ValueError:
        text = _dumped(_finite(value))
    return (text + "\n").encode("utf-8", "backslashreplace")


def _dumped(value: Any) -> str:
    try:
        return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, separators=(",", ": "), allow_nan=False)
    except (TypeError, RecursionError) as error:
        raise FormatError(f"The notebook holds something that JSON cannot express: {error}.") from None


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
