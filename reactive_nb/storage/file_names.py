"""Names of notebooks as names of files that every operating system accepts.

A file in the directory may have any name; this is only about the names we give.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

SUFFIX = ".ipynb"
UNTITLED = "Untitled"
MAX_BYTES = 200
"""Of a name in UTF-8, without its number and suffix: file systems allow 255 for a whole name."""

FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u2028\u2029]')
DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
"""What Windows takes for a device, with any suffix."""


def candidates(name: str) -> Iterator[str]:
    """Stems for a notebook of that name, best first: itself as far as possible, then with " (2)" and so on."""
    stem = possible(name)
    yield stem
    for number in range(2, 1_000_000):
        yield f"{stem} ({number})"


def possible(name: str) -> str:
    """`name` as a stem: without what file systems forbid, not hidden, not too long, not empty."""
    text = name.encode("utf-8", "replace").decode("utf-8")
    text = FORBIDDEN.sub("-", unicodedata.normalize("NFC", text)).strip()
    if text.lower().endswith(SUFFIX):
        text = text[: -len(SUFFIX)]
    text = text.lstrip(". ")
    text = text.encode()[:MAX_BYTES].decode("utf-8", "ignore").rstrip(". ")
    if DEVICES.match(text):
        text = f"_{text}"
    return text or UNTITLED
