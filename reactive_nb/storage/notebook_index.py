"""Which file is which notebook, and at which revision: what a directory's files mean together.

Files are read again only when their signature has changed. Everything here blocks, and may be called from any thread.

The rules it keeps: an id stays with its file for as long as the file is there and does not claim to be another
notebook; no two files have one id; and whenever a notebook's content or name has changed by another hand, its revision
rises, even if that hand left the revision in the file as it was.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import NamedTuple

from reactive_nb.models import Notebook, NotebookSummary
from reactive_nb.storage import durable_file, notebook_files
from reactive_nb.storage.notebook_files import NotebookFile

_log = logging.getLogger(__name__)

WALKS = 3
REMEMBERED = 1000
"""Notebooks that are gone whose revisions are remembered: a file may only be gone while another takes its place."""


class Version(NamedTuple):
    """What was known of a notebook when it got its revision."""

    digest: bytes
    name: str
    revision: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A notebook in the directory."""

    id: str
    file: NotebookFile
    revision: int


class Held(NamedTuple):
    """The id that a path had, and the file that was there then."""

    id: str
    file: NotebookFile


class Moved(Exception):
    """The file at a path is not, or not any more, the notebook that was sought there."""


class NotebookIndex:
    """The notebooks below `root`, as far as they have been found; `limit` bounds how many a walk takes up."""

    def __init__(self, root: Path, *, limit: int) -> None:
        self.root = root
        self.limit = limit
        self._files: dict[str, NotebookFile] = {}
        self._ids: dict[str, str] = {}  # path → id
        self._paths: dict[str, str] = {}  # id → path
        self._versions: dict[str, Version] = {}
        self._lock = threading.Lock()
        self._scanning = threading.Lock()
        self.restless = False
        """Whether other programs gave files other names during the last scan, so that it may have missed some."""
        self._listed: frozenset[str] = frozenset()  # paths that the last walk found
        self._overfull = False

    def find(self, notebook_id: str) -> Entry | None:
        """The notebook of this id, as last seen."""
        with self._lock:
            path = self._paths.get(notebook_id)
            return None if path is None else self._entry(path)

    def summaries(self, owner: str) -> list[NotebookSummary]:
        """The owner's notebooks, as last seen, without those that cannot be read."""
        with self._lock:
            entries = [self._entry(path) for path in self._ids]
        return [
            replace(entry.file.summary, id=entry.id, revision=entry.revision)
            for entry in entries
            if entry.file.summary is not None and entry.file.summary.owner == owner
        ]

    def _entry(self, path: str) -> Entry:
        notebook_id = self._ids[path]
        return Entry(notebook_id, self._files[path], self._versions[notebook_id].revision)

    def scan(self, *, exactly: bool = False) -> None:
        """Walk through the directory and take up what has changed. Raises OSError if it cannot be read.

        A file that is given another name during a walk may be missed under both, so a walk that misses something is
        made again. With `exactly`, processes of ours can't do that meanwhile: raises Locked if one is just at it. Of
        what other programs do, only traces are to be seen: a file that was gone when it was to be read, and other
        names than a walk before.
        """
        with self._scanning:
            self.restless = not any(self._walk(exactly=exactly) for _ in range(WALKS))

    def _walk(self, *, exactly: bool) -> bool:
        """One walk; whether it has missed nothing that was there a moment ago, and found no other names than before."""
        with self._lock:
            before = dict(self._files)
        found: dict[str, NotebookFile] = {}
        overfull = vanished = False
        for path, status in notebook_files.walk(self.root, exactly=exactly):
            if len(found) >= self.limit and path not in before:
                overfull = True
                continue
            file = self._described(path, status, before.get(path))
            if file is None:
                vanished = True
            else:
                found[path] = file
        same_names, self._listed = found.keys() == self._listed, frozenset(found)
        for path in before.keys() - found.keys():  # gone, or beyond the bounds of the walk
            file = self._described(path, None, before[path])
            if file is not None:
                found[path] = file
        if overfull and not self._overfull:
            _log.warning("More than %d notebooks in %s: the others are left out.", self.limit, self.root)
        self._overfull = overfull
        with self._lock:
            known = set(self._paths)
            self._merge(found, before)
            return not vanished and (same_names or not exactly) and known <= self._paths.keys()

    def _described(self, path: str, status: os.stat_result | None, known: NotebookFile | None) -> NotebookFile | None:
        """What is known of a file, or what it says if that is not known; None if it is not there."""
        try:
            if status is None:
                status = os.lstat(self.root / path)
            if known is not None and known.signature == durable_file.signature(status):
                return known if notebook_files.inside(self.root, path) else None
            file, _ = notebook_files.describe(self.root, path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        _warn(file, known)
        return file

    def _merge(self, found: dict[str, NotebookFile], before: Mapping[str, NotebookFile]) -> None:
        """Take up a walk's findings; what has been written or removed during the walk is known better here."""
        found |= {path: file for path, file in self._files.items() if before.get(path) is not file}
        for path in before.keys() - self._files.keys():
            found.pop(path, None)
        if found.keys() != self._files.keys() or any(self._files[path] is not file for path, file in found.items()):
            self._take_up(found)

    def _take_up(self, files: dict[str, NotebookFile]) -> None:
        held = {path: Held(notebook_id, self._files[path]) for path, notebook_id in self._ids.items()}
        self._files = files
        self._ids = assigned(files, held)
        self._paths = {notebook_id: path for path, notebook_id in self._ids.items()}
        for path, notebook_id in self._ids.items():
            self._note(notebook_id, files[path])
        self._forget_old()

    def _note(self, notebook_id: str, file: NotebookFile) -> None:
        known = self._versions.get(notebook_id)
        stated = file.summary.revision if file.summary is not None else 0
        if known is None:
            self._versions[notebook_id] = Version(file.digest, file.name, stated)
        elif (known.digest, known.name) != (file.digest, file.name):
            self._versions[notebook_id] = Version(file.digest, file.name, max(stated, known.revision + 1))

    def _forget_old(self) -> None:
        gone = [notebook_id for notebook_id in self._versions if notebook_id not in self._paths]
        for notebook_id in gone[: max(0, len(gone) - REMEMBERED)]:
            del self._versions[notebook_id]

    def current(self, entry: Entry) -> Entry:
        """The notebook as it is now, read again only if its file has changed. Raises `Moved`."""
        try:
            status = os.lstat(self.root / entry.file.path)
        except FileNotFoundError:
            raise Moved from None
        if durable_file.signature(status) == entry.file.signature:
            return entry
        return self.read(entry)[0]

    def read(self, entry: Entry) -> tuple[Entry, Notebook | None]:
        """The notebook as it is now, and its value (None if it cannot be read). Raises `Moved`."""
        path = entry.file.path
        try:
            file, notebook = notebook_files.describe(self.root, path)
        except (FileNotFoundError, NotADirectoryError):
            raise Moved from None
        _warn(file, entry.file)
        with self._lock:
            known = self._files.get(path)
            if known is not None and known.claimed_id == file.claimed_id and path in self._ids:
                self._files[path] = file
                self._note(self._ids[path], file)
            else:
                self._take_up({**self._files, path: file})
            if self._ids.get(path) != entry.id:
                raise Moved
            entry = self._entry(path)
        if notebook is not None:
            notebook = replace(notebook, id=entry.id, revision=entry.revision)
        return entry, notebook

    def wrote(self, file: NotebookFile, notebook: Notebook, *, instead_of: str | None = None) -> None:
        """Take note that we have stored `notebook` as `file`, and that no file is at `instead_of` any more."""
        path = file.path
        with self._lock:
            for old in {instead_of, self._paths.get(notebook.id)} - {path, None}:
                self._drop(str(old))
            self._files[path] = file
            self._ids[path] = notebook.id
            self._paths[notebook.id] = path
            self._versions[notebook.id] = Version(file.digest, file.name, notebook.revision)

    def removed(self, entry: Entry) -> None:
        """Take note that we have removed a notebook."""
        with self._lock:
            self._drop(entry.file.path)
            self._versions.pop(entry.id, None)

    def _drop(self, path: str) -> None:
        self._files.pop(path, None)
        notebook_id = self._ids.pop(path, None)
        if notebook_id is not None and self._paths.get(notebook_id) == path:
            del self._paths[notebook_id]


def assigned(files: Mapping[str, NotebookFile], held: Mapping[str, Held]) -> dict[str, str]:
    """Which id each file goes by. `held` gives what was known of each path.

    Of several files that claim one id, the one that had it keeps it; else the one that still has the name it was given
    gets it. A file that claims none and was only moved keeps the id that it had. The others are known by their paths. A
    second name of the very same file gets none.
    """
    ids: dict[str, str] = {}
    undecided: list[NotebookFile] = []
    for path, file in files.items():
        had = held.get(path)
        if had is not None and (file.claimed_id is None or file.claimed_id in (had.id, had.file.claimed_id)):
            ids[path] = had.id
        else:
            undecided.append(file)
    holders = {notebook_id: path for path, notebook_id in ids.items()}
    gone = {_identity(had.file): had.id for path, had in held.items() if path not in files}
    for file in sorted(
        undecided, key=lambda file: (file.claimed_name != file.name, file.claimed_id is None, file.path)
    ):
        for wanted in _wishes(file, gone.get(_identity(file))):
            holder = holders.setdefault(wanted, file.path)
            if holder == file.path:
                ids[file.path] = wanted
                break
            if _same_file(files[holder], file):
                break
    return ids


def _identity(file: NotebookFile) -> tuple[int, int, bytes]:
    """What stays the same when a file is moved."""
    return file.signature.inode, file.signature.device, file.digest


def _wishes(file: NotebookFile, before: str | None) -> Iterator[str]:
    """The ids that would suit a file, best first; `before` is the one that it had elsewhere."""
    if file.claimed_id is not None:
        yield file.claimed_id
    elif before is not None:
        yield before
    for number in count(1):
        yield notebook_files.id_of_path(file.path, number)


def _same_file(one: NotebookFile, other: NotebookFile) -> bool:
    return (one.signature.inode, one.signature.device) == (other.signature.inode, other.signature.device)


def _warn(file: NotebookFile, known: NotebookFile | None) -> None:
    if file.problem and (known is None or known.problem != file.problem):
        _log.warning("%s", file.problem)
