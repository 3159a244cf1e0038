"""The private directory for a pool's sockets, and the removal of those that killed services left behind.

A directory belongs to whoever holds the lock on the file `lock` in it. The system gives a lock back however a process
ends, so a directory whose lock can be had has no owner any more.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import socket
import stat
import sys
import tempfile
import time
from pathlib import Path

from .errors import KernelError

logger = logging.getLogger(__name__)

_PREFIX = "rnb-"
_LOCK = "lock"
_LONGEST = 70  # socket paths are limited to about 104 characters
_YOUNG_S = 60


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
                    self._lock = _make_lock(self.path)
                    return
        raise KernelError(f"No directory for kernel sockets can be made in any of {', '.join(bases)}.")

    def restore(self) -> None:
        """Make it anew if somebody has removed it. Raises KernelError if that cannot be done."""
        if self.path.is_dir():
            return
        logger.warning("The directory of kernels, %s, was removed by somebody: it is made anew.", self.path)
        try:
            self.path.mkdir(mode=0o700)
            if self._lock is not None:
                os.close(self._lock)
            self._lock = _make_lock(self.path)
        except OSError as error:
            raise KernelError(f"The directory of kernels was removed, and cannot be made anew: {error}") from error

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def remove_abandoned(base: Path) -> None:
    """Remove the directories in `base` that our user made for services which are gone.

    One whose lock is held stays; one without a lock stays while it is young, for its owner may be about to take it, and
    while something listens in it, for it may be of an older version that took none.
    """
    for directory in base.glob(_PREFIX + "*"):
        with contextlib.suppress(OSError):
            if _is_ours(directory):
                _remove_if_abandoned(directory)


def _remove_if_abandoned(directory: Path) -> None:
    try:
        lock = _take_lock(directory)
    except FileNotFoundError:
        lock = None
        if time.time() - directory.stat().st_mtime < _YOUNG_S or _somebody_listens(directory):
            return
    logger.info("Removing %s, which a service left behind.", directory)
    shutil.rmtree(directory, ignore_errors=True)
    if lock is not None:
        os.close(lock)


def _is_ours(directory: Path) -> bool:
    status = directory.lstat()
    return sys.platform != "win32" and stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()


def _somebody_listens(directory: Path) -> bool:
    return any(path.is_socket() and _answers(path) for path in directory.rglob("*"))


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True


def _make_lock(directory: Path) -> int | None:
    """Make the lock file, held from the moment that it has its name; its descriptor."""
    lock = _take_lock(directory, name=_LOCK + ".new", create=True)
    if lock is not None:
        (directory / (_LOCK + ".new")).rename(directory / _LOCK)
    return lock


def _take_lock(directory: Path, *, name: str = _LOCK, create: bool = False) -> int | None:
    """The descriptor that holds the lock. Raises OSError if another process has it, or if there is no such file."""
    if sys.platform == "win32":
        return None
    import fcntl

    lock = os.open(directory / name, os.O_RDWR | os.O_NOFOLLOW | (os.O_CREAT if create else 0), 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(lock)
        raise
    return lock
