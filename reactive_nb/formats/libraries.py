"""The libraries behind the formats: imported when first needed, because each takes from a fifth of a second to one.

They come without types that could be checked, so what they give counts as `Any` here.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def library(name: str) -> Any:
    """The module of that name."""
    return import_module(name)
