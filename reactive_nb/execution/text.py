"""The text of a Markdown cell with its values in their places.

Values are what expressions showed as MIME bundles. What is Markdown, mathematics or HTML stays so; anything else is
text, in which no character means anything but itself; pictures become data URIs. A value that stands alone in its line
may be a block (a table, several lines); within a line it stays in the line.
"""

from __future__ import annotations

import ast
import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from reactive_nb.execution.executor import Shown
from reactive_nb.models import Output
from reactive_nb.models.analysis import ShownValue
from reactive_nb.models.output import filled_text, joined

PICTURES = ("image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp")
SPECIAL = str.maketrans({char: f"&#{ord(char)};" for char in '\\`*_[]<>&|~$"'})
_LIKE_A_MARK = re.compile(r"[-+=#](?=[-=#\s]|$)|\d+[.)](?=\s|$)")
_NOT_FOR_TEXT = re.compile(r"<(style|script)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)


def filled(source: str, values: Sequence[ShownValue], shown: Sequence[Shown]) -> Output:
    """What the cell shows: one output, whose Markdown is `source` with as many values as were `shown`."""
    text: list[str] = []
    plain: list[str] = []
    place = 0
    for value, one in zip(values, shown, strict=False):
        between = source[place : value.start]
        text += [between, _in_text(source, value, one)]
        plain += [between, one.error or _plain(one.data)]
        place = value.end
    rest = source[place:]
    return filled_text("".join([*text, rest]), "".join([*plain, rest]))


def _in_text(source: str, value: ShownValue, shown: Shown) -> str:
    if shown.error is not None:
        return f"**{_as_text(_one_line(shown.error))}**"
    before = source[source.rfind("\n", 0, value.start) + 1 : value.start]
    after = source[value.end :].partition("\n")[0]
    if before.strip() or after.strip():
        return _one_line(_best(shown.data))
    lines = (_block(shown.data) or _best(shown.data)).split("\n")
    return "\n".join([lines[0], *(before + line if line else line for line in lines[1:])])


def _block(data: Mapping[str, Any]) -> str | None:
    """What has lines of its own, between blank ones; None for what may be part of a paragraph."""
    if "text/html" in data and not {"text/markdown", "text/latex"} & data.keys():
        return f"\n{_best(data)}\n"
    plain = _text(data.get("text/plain", "")).strip("\n")
    if data.keys() <= {"text/plain"} and "\n" in plain:
        fence = "`" * max([3, *(len(ticks) + 1 for ticks in re.findall("`+", plain))])
        return f"{fence}\n{plain}\n{fence}"
    return None


def _best(data: Mapping[str, Any]) -> str:
    for media_type in ("text/markdown", "text/latex"):
        if media_type in data:
            return _text(data[media_type]).strip()
    if "text/html" in data:
        html = _NOT_FOR_TEXT.sub("", _text(data["text/html"]))
        return "\n".join(line.strip() for line in html.splitlines() if line.strip())
    for media_type in PICTURES:
        if media_type in data:
            return _picture(media_type, _text(data[media_type]))
    return _as_text(_plain(data))


def _picture(media_type: str, content: str) -> str:
    if media_type == "image/svg+xml":
        content = base64.b64encode(content.encode("utf-8", "replace")).decode("ascii")
    return f"![](data:{media_type};base64,{''.join(content.split())})"


def _text(content: Any) -> str:
    return joined(content) if isinstance(content, str | list) else str(content)


def _plain(data: Mapping[str, Any]) -> str:
    """A value as plain text: a string without its quotes."""
    plain = _text(data.get("text/plain", ""))
    if plain[:1] in ("'", '"'):
        try:
            value = ast.literal_eval(plain)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return plain
        if isinstance(value, str):
            return value
    return plain


def _as_text(plain: str) -> str:
    """Markdown that shows `plain`, whether it stands in a paragraph, a table or HTML."""
    escaped = plain.translate(SPECIAL)
    mark = _LIKE_A_MARK.match(plain)
    if mark is None:
        return escaped
    last = mark.end() - 1
    return f"{escaped[:last]}&#{ord(plain[last])};{escaped[last + 1 :]}"


def _one_line(text: str) -> str:
    return " ".join(text.split("\n"))
