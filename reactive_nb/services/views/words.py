"""Names and cells in sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reactive_nb.models import Cell, CellType

MOST_LISTED = 8
LABEL_CHARS = 60
_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(.*?)[\s#]*")


def listed(names: Sequence[str]) -> str:
    """Names in a row, not too many of them."""
    more = len(names) - MOST_LISTED
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:MOST_LISTED])} and {more} more"


def clipped(text: str, most: int = 120) -> str:
    """The first line of a text, not too much of it."""
    line = "".join(char if char.isprintable() else " " for char in text.strip().partition("\n")[0]).strip()
    return line if len(line) <= most else line[: most - 1] + "…"


def label(cell: Cell) -> str:
    """What a cell may be called where there is room for a few words: a heading of its Markdown, or its first line."""
    lines = (line for line in cell.source[:10_000].splitlines() if line.strip())
    first = next(lines, "")
    if cell.type is CellType.MARKDOWN and (heading := _HEADING.fullmatch(first)):
        first = heading[1]
    return clipped(first, LABEL_CHARS)
