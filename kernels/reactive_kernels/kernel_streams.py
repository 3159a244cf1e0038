"""The standard streams inside a kernel, which IPython writes to and ipykernel flushes around every cell.

Python itself goes on without one; here, each cell after that would fail for it, or get no reply. So when a cell has set
one to nothing, or to something that can't be written and flushed, the kernel gets its own back.
"""

from __future__ import annotations

import sys


class Streams:
    """Those that the kernel began with."""

    def __init__(self) -> None:
        self._own = {name: getattr(sys, name, None) for name in ("stdout", "stderr")}

    def mend(self) -> None:
        """Put back those that are missing."""
        for name, own in self._own.items():
            present = getattr(sys, name, None)
            if present is not own and not all(callable(getattr(present, does, None)) for does in ("write", "flush")):
                setattr(sys, name, own)
