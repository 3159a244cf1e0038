"""The private directory for a pool's sockets, and the removal of those that killed services left behind.

A directory belongs to whoever holds the lock on the file `lock` in it. The system gives a lock back however a process
ends, so a directory whose lock can be had has no owner any more.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from .errors import KernelError

_PREFIX = "rnb-"
_LOCK = "lock"
_LONGEST = 70  # socket paths are limited to about 104 characters


class RuntimeDirectory:
    """A directory of our own (mode 0700) with a short name, until `remove`."""

    def __init__(self) -> None:
        """Make it and lock it. Raises KernelError if it can be made nowhere."""
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        bases = [base for base in (runtime, tempfile.gettempdir(), "/tmp") if base]  # noqa: S108
        for base in bases:
            if len(base) <= _LONGEST or sys.platform == "win32":
                with contextlib.suppress(OSError):
                    self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
                    self._lock = _take_lock(self.path, create=True)
                    return
        raise KernelError(f"No directory for kernel sockets can be made in any of {', '.join(bases)}.")

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _take_lock(directory: Path, *, create: bool = False) -> int | None:
    """The descriptor that holds the lock. Raises OSError if another process has it, or if there is no such file."""
    if sys.platform == "win32":
        return None
    import fcntl

    lock = os.open(directory / _LOCK, os.O_RDWR | os.O_NOFOLLOW | (os.O_CREAT if create else 0), 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(lock)
        raise
    return lock
