"""The code that libraries of widgets bring along for browsers, from where Jupyter's programs find it.

Runs beside `kernel_side` and registers its function there; loaded when a page first meets a widget that it has no code
for. The rule: what is given is `nbextensions/MODULE/index.js` of one of the directories that Jupyter's programs look
in, as installed beside the kernel, and nothing else that is readable there.
"""

from __future__ import annotations

import os
import re
import sys
from typing import Any

Json = dict[str, Any]

_MODULE = re.compile(r"@?[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)?")
_LARGEST_BYTES = 20_000_000


def widget_module(module: str) -> Json:
    """The source of a module of widgets, as a module for AMD loaders; `source` is None if there is none."""
    from jupyter_core.paths import jupyter_path

    if not _MODULE.fullmatch(module):
        return {"source": None}
    for directory in map(os.path.realpath, jupyter_path("nbextensions")):
        path = os.path.realpath(os.path.join(directory, *module.split("/"), "index.js"))
        try:
            if not path.endswith(os.sep + "index.js") or os.path.getsize(path) > _LARGEST_BYTES:
                continue
            with open(path, encoding="utf-8") as file:
                return {"source": file.read()}
        except (OSError, UnicodeDecodeError):
            continue
    return {"source": None}


if __name__ == "_reactive_nb.kernel_widget_modules":
    sys.modules["_reactive_nb"].function(widget_module)
