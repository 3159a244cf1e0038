"""Between a notebook and a file's text: which formats there are, and how each is read and written.

Pure functions of bytes and notebooks, without I/O. jupytext, nbconvert and nbformat are imported by the first call that
needs them: together they take two seconds. Converting takes long enough that a server should do it in a thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Protocol

from reactive_nb.formats.errors import FormatError
from reactive_nb.formats.html import write_html
from reactive_nb.formats.ipynb import read_ipynb, write_ipynb
from reactive_nb.formats.markdown import write_markdown
from reactive_nb.formats.percent import read_percent, write_percent
from reactive_nb.models import Notebook


class Reader(Protocol):
    """Reads a notebook from a file's text; raises `FormatError`."""

    def __call__(self, data: bytes | str, *, fallback_name: str | None = None) -> Notebook: ...


@dataclass(frozen=True, slots=True)
class Format:
    """A form in which notebooks leave, and some of them come."""

    name: str
    suffixes: tuple[str, ...]
    """Of file names, the usual one first."""
    media_type: str
    read: Reader | None
    """None where the way is one-way."""
    write: Callable[[Notebook], bytes]
    """Raises `FormatError`."""


FORMATS: dict[str, Format] = {
    made.name: made
    for made in (
        Format("ipynb", (".ipynb",), "application/x-ipynb+json", read_ipynb, write_ipynb),
        Format("py", (".py",), "text/x-python; charset=utf-8", read_percent, write_percent),
        Format("html", (".html", ".htm"), "text/html; charset=utf-8", None, write_html),
        Format("md", (".md", ".markdown"), "text/markdown; charset=utf-8", None, write_markdown),
    )
}
"""Every format by its name."""


def format_for(path: PurePath | str) -> Format:
    """The format that a file's name asks for. Raises `FormatError` if there is none."""
    suffix = PurePath(path).suffix.lower()
    for known in FORMATS.values():
        if suffix in known.suffixes:
            return known
    suffixes = ", ".join(known.suffixes[0] for known in FORMATS.values())
    raise FormatError(f"No notebook format is known for {PurePath(path).name!r}; there are {suffixes}.")


__all__ = ["FORMATS", "Format", "FormatError", "Reader", "format_for", "read_ipynb", "write_ipynb"]
