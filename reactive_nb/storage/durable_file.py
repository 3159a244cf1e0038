"""Files that are replaced whole or not at all, and are on the disk when the call returns.

A new version is written beside the old one, flushed to the disk, and put in its place by one rename. A crash leaves the
old version or the new, and at worst a temporary file, which `sweep` removes. Two processes keep out of each other's way
by a lock on the file that is to be replaced, where the system has such locks; and who gives a file another name has a
lock on the directory, which whoever must find every file in it can share.

Everything here blocks and raises OSError. Nothing here knows what is in the files.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

try:
    import fcntl
except ImportError:  # Windows has no advisory locks: there, one process is meant to own a directory
    fcntl = None  # type: ignore[assignment]

TEMPORARY = ".reactive_nb.tmp"
NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EINVAL}
NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF, errno.EISDIR}
"""With the last two a network file system refuses to lock what can't be written to, as directories."""


class Signature(NamedTuple):
    """What changes whenever a file does, at the price of one `stat`."""

    mtime_ns: int
    ctime_ns: int
    size_bytes: int
    inode: int
    device: int


def signature(status: os.stat_result) -> Signature:
    return Signature(status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev)


@dataclass(frozen=True, slots=True)
class Content:
    """A file's bytes, and the signature that goes with exactly these."""

    data: bytes
    signature: Signature


def read(path: Path, *, max_bytes: int) -> Content:
    """The file's content; never through a symbolic link, never from anything but a regular file."""
    for _ in range(3):
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as file:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise OSError(errno.EINVAL, "not a regular file", str(path))
            if before.st_size > max_bytes:
                raise OSError(errno.EFBIG, f"larger than {max_bytes >> 20} MiB", str(path))
            data = file.read()
            after = os.fstat(descriptor)
        if signature(before) == signature(after) and len(data) == before.st_size:
            break
    return Content(data, signature(after))


def _open_regular(path: Path) -> int:
    """A descriptor of a regular file. Raises OSError for anything else, and never waits: a pipe would, for ever."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return descriptor


class Locked(Exception):
    """Another process has the lock."""


@contextlib.contextmanager
def locked(path: Path) -> Iterator[os.stat_result]:
    """Keep other processes from replacing `path`, as long as they ask for the same lock. Gives the file's status.

    Never waits: raises Locked if another has the lock, and FileNotFoundError if there is no such file.
    """
    while True:
        descriptor = _open_regular(path)
        try:
            if not _try_lock(descriptor):
                raise Locked(path)
            status = os.fstat(descriptor)
            # Whoever had the lock before has put another file in this one's place.
            if os.path.samestat(status, os.lstat(path)):
                yield status
                return
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def names_locked(directory: Path, *, shared: bool = False) -> Iterator[None]:
    """Give files in `directory` other names; or `shared`, look at all of them while no other process does so.

    Never waits: raises Locked while that can't be.
    """
    if fcntl is None:
        yield
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        if not _try_lock(descriptor, shared=shared):
            raise Locked(directory)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, *, shared: bool = False) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    return True


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is about to get its name."""

    path: Path
    descriptor: int

    def signature(self, name: Path) -> Signature:
        """The signature of this very file, now that it is called `name` (another may have taken that name since)."""
        return signature(os.lstat(name) if fcntl is None else os.fstat(self.descriptor))


@contextlib.contextmanager
def written(directory: Path, data: bytes, *, mtime_ns: int, like: os.stat_result | None = None) -> Iterator[NewFile]:
    """A new file in `directory`, on the disk, to be put in its place; removed afterwards if it was not.

    It gets the permissions and, if allowed, the owner of `like`. It is locked for as long as the context lasts.
    """
    path = directory / f".{secrets.token_hex(8)}{TEMPORARY}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        with open(descriptor, "wb") as file:
            _try_lock(descriptor)  # so that `sweep` can tell it from a dead process's
            file.write(data)
            file.flush()
            if like is not None:
                _adopt(descriptor, path, like)
            with contextlib.suppress(OSError, OverflowError):
                os.utime(path, ns=(mtime_ns, mtime_ns))
            sync(descriptor)
            if fcntl is None:
                file.close()  # Windows moves no open files
            yield NewFile(path, descriptor)
    finally:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def _adopt(descriptor: int, path: Path, like: os.stat_result) -> None:
    if hasattr(os, "fchown") and (like.st_uid, like.st_gid) != (os.geteuid(), os.getegid()):
        with contextlib.suppress(PermissionError):
            os.fchown(descriptor, like.st_uid, like.st_gid)
    os.chmod(path, stat.S_IMODE(like.st_mode))


def sync(descriptor: int) -> None:
    """Have the disk itself confirm what was written."""
    if fcntl is not None and hasattr(fcntl, "F_FULLFSYNC"):  # macOS: fsync stops at the drive's cache
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def sync_directory(directory: Path) -> None:
    """Have the disk confirm the names in a directory, where the system can."""
    if os.name == "nt":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def give_name(path: Path, name: Path) -> None:
    """Let the file at `path` also be found at `name`. Raises FileExistsError rather than take another's name.

    Where the file system has no links, the file is moved instead.
    """
    try:
        os.link(path, name)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        os.replace(path, name)


def move(path: Path, name: Path) -> None:
    """Give the file at `path` the name `name` instead. Raises FileExistsError rather than take another's name.

    It never has both names: whoever replaced it under one of them after a crash would make two files of it. The new
    name is first taken by an empty file, which is also a temporary one, so that `sweep` knows it for ours.
    """
    marker = name.parent / f".{secrets.token_hex(8)}{TEMPORARY}"
    descriptor = os.open(marker, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        _try_lock(descriptor)
        if fcntl is None:
            os.close(descriptor)
        give_name(marker, name)
        try:
            os.replace(path, name)
        except OSError:
            name.unlink()
            raise
    finally:
        if fcntl is not None:
            os.close(descriptor)
        marker.unlink(missing_ok=True)


def sweep(directory: Path, names: list[str]) -> None:
    """Remove those of the temporary files in `directory` that no living process is writing.

    With an empty one goes the name that it was to keep free.
    """
    for name in names:
        path = directory / name
        with contextlib.suppress(OSError):
            descriptor = _open_regular(path)
            try:
                if _try_lock(descriptor):
                    status = os.fstat(descriptor)
                    if status.st_size == 0 and status.st_nlink > 1:
                        _remove_names(directory, status, but=name)
                    path.unlink()
            finally:
                os.close(descriptor)


def _remove_names(directory: Path, status: os.stat_result, *, but: str) -> None:
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name != but and entry.inode() == status.st_ino and not entry.is_symlink():
                os.unlink(entry.path)
