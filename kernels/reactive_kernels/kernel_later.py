"""Modules of the kernel-side code that are loaded only when they are needed."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

SOURCES: dict[str, str] = {}
"""Name → source of those that came over the wire and have not been needed yet."""


def later(name: str) -> ModuleType:
    """The module of that name, which is beside this one or in `SOURCES`. Raises ImportError."""
    source = SOURCES.pop(name, None)
    if source is not None:
        module = sys.modules[name] = ModuleType(name)
        module.__package__ = __package__
        try:
            exec(compile(source, f"<{name}>", "exec"), module.__dict__)  # noqa: S102 - our own code
        except BaseException as error:  # an interrupt, or a library that is not there: it is tried anew the next time
            SOURCES[name] = source
            del sys.modules[name]
            if isinstance(error, KeyboardInterrupt):
                error._render_traceback_ = lambda: ["KeyboardInterrupt"]  # type: ignore[attr-defined]
            raise
    return importlib.import_module(name)
