"""Which notebook files lie below a directory, and what each says of itself.

It reads files and directories and changes nothing. It stays inside the directory: symbolic links are not followed, and
hidden directories and those of packages are passed over. A file is described by its content alone: which id it goes by
when several claim the same one is decided in `notebook_index`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import uuid
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reactive_nb.formats import FormatError, read_ipynb
from reactive_nb.models import Notebook, NotebookSummary
from reactive_nb.storage import durable_file
from reactive_nb.storage.base import summary
from reactive_nb.storage.durable_file import Signature
from reactive_nb.storage.file_names import SUFFIX

MAX_BYTES = 512 * 1024 * 1024
MAX_ENTRIES = 200_000
"""Names looked at in one walk."""
PASSED_OVER = frozenset({"node_modules", "__pycache__", "site-packages"})
NAMESPACE = uuid.UUID("5b9bb2b0-4a4f-5d0c-9d0e-6c1f0f6f2f5e")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SLACK = timedelta(seconds=2)
"""How exactly a file system keeps times, at worst."""


@dataclass(frozen=True, slots=True)
class NotebookFile:
    """What a file said when it was last read."""

    path: str
    """Relative to the directory, with slashes."""
    signature: Signature
    digest: bytes
    claimed_id: str | None
    """The id that it states, if any. A copied file states the id of its original."""
    claimed_name: str
    summary: NotebookSummary | None
    """None if it is no notebook; its id is the claimed one or that of its path."""
    problem: str = ""
    """Why it is no notebook."""

    @property
    def name(self) -> str:
        return stem(self.path)


def stem(path: str) -> str:
    """The name of the notebook in a file: a file name without its suffix, readable even if it is not UTF-8."""
    return os.fsencode(path.rpartition("/")[2].removesuffix(SUFFIX)).decode("utf-8", "replace")


def id_of_path(path: str, number: int = 1) -> str:
    """The id of a notebook whose file states none: always the same for the same place."""
    name = os.fsencode(path).decode("utf-8", "backslashreplace")
    return str(uuid.uuid5(NAMESPACE, name if number == 1 else f"{name}#{number}"))


def time_ns(time: datetime) -> int:
    return (time.astimezone(UTC) - EPOCH) // timedelta(microseconds=1) * 1000


def describe(root: Path, path: str) -> tuple[NotebookFile, Notebook | None]:
    """Read the file at `path` below `root`. Raises FileNotFoundError if there is none."""
    if not inside(root, path):
        raise FileNotFoundError(path)
    try:
        content = durable_file.read(root / path, max_bytes=MAX_BYTES)
    except FileNotFoundError:
        raise
    except OSError as error:
        status = os.lstat(root / path)
        return _unreadable(path, durable_file.signature(status), b"", error.strerror or str(error)), None
    digest = hashlib.blake2b(content.data, digest_size=16).digest()
    modified = EPOCH + timedelta(microseconds=content.signature.mtime_ns // 1000)
    try:
        notebook = read_ipynb(
            content.data, fallback_name=stem(path), fallback_id=id_of_path(path), fallback_time=modified
        )
    except FormatError as error:
        return _unreadable(path, content.signature, digest, str(error)), None
    claimed_name = notebook.name
    notebook = replace(notebook, name=stem(path))
    if modified > notebook.updated_at + SLACK:
        # We set a file's time to its notebook's, so another program has written this one since.
        notebook = replace(notebook, revision=notebook.revision + 1, updated_at=modified)
    claimed_id = None if notebook.id == id_of_path(path) else notebook.id
    return NotebookFile(path, content.signature, digest, claimed_id, claimed_name, summary(notebook)), notebook


def inside(root: Path, path: str) -> bool:
    """Whether `path` leads to a place below `root` without a symbolic link on the way there."""
    directory = root / path.rpartition("/")[0]
    return os.path.realpath(directory) == str(directory)


def _unreadable(path: str, signature: Signature, digest: bytes, reason: str) -> NotebookFile:
    problem = f"The notebook {path!r} cannot be read: {reason}"
    return NotebookFile(path, signature, digest, None, stem(path), None, problem)


def written(path: str, data: bytes, signature: Signature, notebook: Notebook) -> NotebookFile:
    """The description of a file that has just been written."""
    digest = hashlib.blake2b(data, digest_size=16).digest()
    claimed_id = None if notebook.id == id_of_path(path) else notebook.id
    return NotebookFile(path, signature, digest, claimed_id, notebook.name, summary(notebook))


def walk(root: Path, *, exactly: bool = False) -> Iterator[tuple[str, os.stat_result | None]]:
    """The notebook files below `root` with their status (None: it has just gone), those nearest to it first.

    With `exactly`, no other process of ours renames a file in a directory until all of those in it have been taken.
    Raises OSError if `root` itself cannot be read, and Locked if a process is just renaming; directories below it that
    cannot be read are passed over.
    """
    seen = 0
    level = [""]
    while level:
        deeper: list[str] = []
        for directory in level:
            with contextlib.ExitStack() as held:
                try:
                    if exactly:
                        held.enter_context(durable_file.names_locked(root / directory, shared=True))
                    entries = list(os.scandir(root / directory))
                except OSError:
                    if not directory:
                        raise
                    continue
                for entry in entries:
                    seen += 1
                    path = f"{directory}/{entry.name}" if directory else entry.name
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in PASSED_OVER:
                            deeper.append(path)
                    elif entry.name.endswith(SUFFIX) and entry.is_file(follow_symlinks=False):
                        yield path, _status(entry)
            if seen > MAX_ENTRIES:
                return
        level = deeper


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None


def temporary_files(root: Path) -> Generator[tuple[Path, list[str]]]:
    """Directories with notebooks, or the root itself, and the temporary files in them."""
    for directory in {"", *(path.rpartition("/")[0] for path, _ in walk(root))}:
        place = root / directory
        with contextlib.suppress(FileNotFoundError, PermissionError):
            yield place, [name for name in os.listdir(place) if name.endswith(durable_file.TEMPORARY)]
