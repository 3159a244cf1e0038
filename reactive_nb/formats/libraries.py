"""The libraries behind the formats: imported when first needed, because each takes from a fifth of a second to one.

They come without types that could be checked, so what they give counts as `Any` here.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any

_NOT_FOR_US = ("rfc3987_syntax", "jupyter_server")
"""What these libraries use if it is installed, and we never call: by jsonschema for a kind of text that notebooks have
none of (compiling its grammar takes over a second, which is most of importing nbformat), by jupytext to be a part of
Jupyter's own server."""

_importing = threading.Lock()


@cache
def library(name: str) -> Any:
    """The module of that name."""
    with _importing, _left_out():
        return import_module(name)


@contextmanager
def _left_out() -> Iterator[None]:
    """Meanwhile, what is not for us counts as not installed, but where somebody has imported it already."""
    names = [name for name in _NOT_FOR_US if name not in sys.modules]
    sys.modules.update(dict.fromkeys(names))  # type: ignore[arg-type]  # None: it can't be imported
    try:
        yield
    finally:
        for name in names:
            if sys.modules.get(name) is None:
                sys.modules.pop(name, None)
