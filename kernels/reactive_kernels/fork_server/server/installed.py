"""Whether packages were installed or removed since the fork server began: then its children would see the old ones."""

from __future__ import annotations

import os
import sys

_PLACES = ("site-packages", "dist-packages")


class Installed:
    """The state of the directories of installed packages at one moment."""

    def __init__(self) -> None:
        self._places = [entry for entry in sys.path if os.path.basename(entry) in _PLACES]
        self._before = self._now()
        self.changed = False
        """Whether `look` has found a change."""

    def look(self) -> bool:
        """Compare with the present; what has once changed stays so."""
        self.changed = self.changed or self._now() != self._before
        return self.changed

    def _now(self) -> list[int]:
        return [_modified(place) for place in self._places]


def _modified(place: str) -> int:
    try:
        return os.stat(place).st_mtime_ns
    except OSError:
        return 0
