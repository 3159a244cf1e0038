"""Notebooks as `.ipynb` files in a directory: readable by people and by every other notebook program.

A notebook's name is its file's name. Notebooks that we never wrote are found wherever they lie below the directory, and
other programs may change, move, copy and delete files at any time: what they have done shows at the next look, and is
never overwritten by a save that did not know of it.

This module is the order of things: which steps a save consists of, and what happens when the disk says no. How a file
gets onto the disk is in `durable_file`, which file is which notebook in `notebook_index`.
"""

from __future__ import annotations

import asyncio
import errno
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar
from weakref import WeakValueDictionary

import anyio
import anyio.to_thread

from reactive_nb.formats import FormatError, write_ipynb
from reactive_nb.models import Notebook
from reactive_nb.storage import durable_file, file_names, notebook_files, secret_files
from reactive_nb.storage.base import (
    NotebookNotFound,
    NotebookStorage,
    NotebookUnreadable,
    Page,
    RevisionConflict,
    StorageError,
    StorageUnavailable,
    page,
)
from reactive_nb.storage.durable_file import Locked
from reactive_nb.storage.notebook_index import Entry, Moved, NotebookIndex

MAX_NOTEBOOKS = 10_000
MAX_NAMES = 10_000
MAX_LOOKS = 100
RESTLESS_LOOKS = 20
"""In a row, that do not find a notebook while other programs rename files: only then it is gone."""
LOCK_TIMEOUT_S = 10.0
LOCK_INTERVALS_S = (0.001, 0.02)
"""How long until a lock that another process has is asked for again: at first, and at most.

A process that saves all the time lets go of it for a millisecond at a time: who seldom asks may never get it.
"""
THREADS = 4

Result = TypeVar("Result")


class FileStorage(NotebookStorage):
    """The notebooks in `directory`, which is made if need be. At most `limit` of them are found by looking around."""

    def __init__(self, directory: Path | str, *, limit: int = MAX_NOTEBOOKS) -> None:
        self.directory = Path(directory)
        self._limit = limit
        self._index: NotebookIndex | None = None
        self._open = False
        self._work = anyio.CapacityLimiter(THREADS)
        self._walk = anyio.CapacityLimiter(1)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._scan_turn = asyncio.Lock()
        self._scans = {False: 0, True: 0}

    async def open(self) -> None:
        if not self._open:
            self._index = await self._in_thread(self._opened, limiter=self._walk)
            self._open = True

    def _opened(self) -> NotebookIndex:
        self.directory.mkdir(parents=True, exist_ok=True)
        root = self.directory.resolve(strict=True)
        with closing(notebook_files.temporary_files(root)) as leftovers:
            for place, names in leftovers:
                durable_file.sweep(place, names)
        return NotebookIndex(root, limit=self._limit)

    async def close(self) -> None:
        self._open = False
        for turn in tuple(self._turns.values()):
            async with turn:  # whoever has it is still writing
                pass

    async def list(self, owner: str, *, limit: int = 50, cursor: str | None = None) -> Page:
        await self._scan()
        index = self._opened_index()
        return await self._in_thread(lambda: page(index.summaries(owner), limit=limit, cursor=cursor))

    async def load(self, notebook_id: str) -> Notebook:
        return await self._with(notebook_id, self._load)

    async def create(self, notebook: Notebook) -> Notebook:
        async with self._turn(notebook.id):
            index = self._opened_index()
            entry = index.find(notebook.id)
            if entry is not None:
                with suppress(Moved):
                    raise RevisionConflict(await self._in_thread(partial(self._load, index, entry)), None)
            return await self._in_thread(partial(self._create, index, notebook))

    async def save(self, notebook: Notebook, *, expected: int | None) -> Notebook:
        return await self._with(notebook.id, partial(self._save, notebook, expected))

    async def delete(self, notebook_id: str) -> None:
        await self._with(notebook_id, self._delete)
        await self.save_secret(notebook_id, None)

    async def changed_outside(self, notebook: Notebook) -> Notebook | None:
        return await self._with(notebook.id, partial(self._newer, notebook.revision))

    async def save_secret(self, notebook_id: str, secret: str | None) -> None:
        root = self._opened_index().root
        await self._in_thread(partial(secret_files.save, root, notebook_id, secret))

    async def load_secret(self, notebook_id: str) -> str | None:
        root = self._opened_index().root
        return await self._in_thread(partial(secret_files.load, root, notebook_id))

    async def check(self) -> None:
        index = self._opened_index()
        await self._in_thread(partial(self._try_writing, index))

    def working_directory(self, notebook_id: str) -> Path | None:
        index = self._opened_index()
        entry = index.find(notebook_id)
        return None if entry is None else (index.root / entry.file.path).parent

    # What follows runs in threads, except where it is `async`.

    def _load(self, index: NotebookIndex, entry: Entry) -> Notebook:
        current, notebook = index.read(entry)
        if notebook is None:
            raise NotebookUnreadable(entry.id, current.file.problem)
        return notebook

    def _newer(self, revision: int, index: NotebookIndex, entry: Entry) -> Notebook | None:
        current = index.current(entry)
        return self._load(index, current) if current.revision > revision or current.file.problem else None

    def _create(self, index: NotebookIndex, notebook: Notebook) -> Notebook:
        for stem in islice(file_names.candidates(notebook.name), MAX_NAMES):
            named = replace(notebook, name=stem)
            path = index.root / (stem + file_names.SUFFIX)
            if os.path.lexists(path):
                continue
            data = write_ipynb(named)
            with durable_file.written(index.root, data, mtime_ns=_time_ns(named)) as new:
                if not _named(new.path, path):
                    continue
                durable_file.sync_directory(index.root)
                index.wrote(notebook_files.written(path.name, data, new.signature(path), named), named)
            return named
        raise StorageError(f"There are too many notebooks named {notebook.name!r}.")

    def _save(self, notebook: Notebook, expected: int | None, index: NotebookIndex, entry: Entry) -> Notebook:
        path = index.root / entry.file.path
        if not notebook_files.inside(index.root, entry.file.path):
            raise Moved
        try:
            with durable_file.locked(path) as status:
                current = index.current(entry)
                if expected is not None and (current.revision != expected or current.file.problem):
                    raise RevisionConflict(self._load(index, current), expected)
                return self._replace(index, current, notebook, status, unseen=expected is None)
        except FileNotFoundError:
            raise Moved from None

    def _replace(
        self, index: NotebookIndex, entry: Entry, notebook: Notebook, status: os.stat_result, *, unseen: bool
    ) -> Notebook:
        """Put `notebook` in the place of what is stored, and then, if it has a new name, in another place.

        Unless `unseen` is true, raises `Moved` if the file has changed since `entry`: flushing to a disk takes long
        enough for a program that knows nothing of our locks to write.
        """
        old = index.root / entry.file.path
        ours = False
        with ExitStack() as renaming:
            for place in self._places(old, entry, notebook):
                named = replace(notebook, name=notebook_files.stem(place.name))
                data = write_ipynb(named)
                with durable_file.written(old.parent, data, mtime_ns=_time_ns(named), like=status) as new:
                    if not ours and place != old:
                        renaming.enter_context(durable_file.names_locked(old.parent))
                    if not ours and not unseen and durable_file.signature(os.lstat(old)) != entry.file.signature:
                        raise Moved
                    os.replace(new.path, old)
                    ours = True  # from here on, what stands there is
                    if place != old and not _moved(old, place):
                        continue
                    renaming.close()
                    durable_file.sync_directory(old.parent)
                    path = place.relative_to(index.root).as_posix()
                    file = notebook_files.written(path, data, new.signature(place), named)
                    index.wrote(file, named, instead_of=entry.file.path)
                return named
        raise AssertionError("where it is, a notebook can always be put")

    @staticmethod
    def _places(old: Path, entry: Entry, notebook: Notebook) -> Iterator[Path]:
        """Where the notebook may be put, best first; at last, or if its name is the same, where it is."""
        if notebook.name != entry.file.name:
            for stem in islice(file_names.candidates(notebook.name), MAX_NAMES):
                place = old.parent / (stem + file_names.SUFFIX)
                if place == old:
                    break
                if not os.path.lexists(place) or os.path.samefile(place, old):
                    yield place
        yield old

    def _delete(self, index: NotebookIndex, entry: Entry) -> None:
        path = index.root / entry.file.path
        try:
            with durable_file.locked(path):
                current = index.current(entry)
                path.unlink()
        except FileNotFoundError:
            raise Moved from None
        durable_file.sync_directory(path.parent)
        index.removed(current)

    @staticmethod
    def _try_writing(index: NotebookIndex) -> None:
        with durable_file.written(index.root, b"", mtime_ns=0):
            pass

    async def _with(self, notebook_id: str, act: Callable[[NotebookIndex, Entry], Result]) -> Result:
        """Do something with a notebook's file, in a thread and in turn, looking around if it is not there.

        While another process keeps renaming the file, it may take several looks to get hold of it.
        """
        async with self._turn(notebook_id):
            index = self._opened_index()
            entry = index.find(notebook_id)
            missed = 0
            for _ in range(MAX_LOOKS):
                if entry is not None:
                    with suppress(Moved):
                        work = partial(self._in_thread, partial(act, index, entry))
                        return await self._unlocked(work, f"file {entry.file.path!r}")
                await self._unlocked(partial(self._scan, exactly=True), "directory of notebooks")
                entry = index.find(notebook_id)
                missed = 0 if entry is not None else missed + 1
                if missed and (missed == RESTLESS_LOOKS or not index.restless):
                    raise NotebookNotFound(notebook_id)
            raise StorageUnavailable(f"The file of notebook {notebook_id} keeps being moved by another program.")

    async def _unlocked(self, act: Callable[[], Awaitable[Result]], what: str) -> Result:
        """Do something as soon as no other process has the lock that it needs; meanwhile no thread waits for it."""
        deadline = time.monotonic() + LOCK_TIMEOUT_S
        interval, most = LOCK_INTERVALS_S
        while True:
            try:
                return await act()
            except Locked:
                if time.monotonic() > deadline:
                    raise StorageUnavailable(f"The {what} is locked by another program.") from None
            await asyncio.sleep(interval)
            interval = min(2 * interval, most)

    async def _scan(self, *, exactly: bool = False) -> None:
        """Walk through the directory, unless somebody else's walk began after this call.

        Raises Locked if it is to be walked through `exactly`, and another process is renaming a file.
        """
        index = self._opened_index()
        asked = self._scans[exactly]
        async with self._scan_turn:
            if self._scans[exactly] > asked:
                return
            before, self._scans = self._scans, {kind: n + (exactly or not kind) for kind, n in self._scans.items()}
            try:
                await self._in_thread(partial(index.scan, exactly=exactly), limiter=self._walk)
            except BaseException:
                self._scans = before  # nobody is served by a walk that failed
                raise

    def _turn(self, notebook_id: str) -> asyncio.Lock:
        return self._turns.setdefault(notebook_id, asyncio.Lock())

    def _opened_index(self) -> NotebookIndex:
        if self._index is None or not self._open:
            raise StorageUnavailable("The notebook storage is not open.")
        return self._index

    async def _in_thread(self, act: Callable[[], Result], *, limiter: anyio.CapacityLimiter | None = None) -> Result:
        """Run `act` in a thread, to its end even if the caller is cancelled; what the disk refuses becomes ours."""
        try:
            return await anyio.to_thread.run_sync(act, limiter=limiter or self._work)
        except FormatError as error:
            raise StorageError(str(error)) from error
        except OSError as error:
            raise StorageUnavailable(_sentence(error, self.directory)) from error


def _named(temporary: Path, path: Path) -> bool:
    """Give a new file its name; False if another file has got it meanwhile."""
    try:
        durable_file.give_name(temporary, path)
    except FileExistsError:
        return False
    return True


def _moved(old: Path, new: Path) -> bool:
    """Give the file at `old` the name `new`; False if another file has got it meanwhile."""
    if os.path.lexists(new):
        if not os.path.samefile(old, new):
            return False
        os.rename(old, new)  # the same name in other letters, to a file system that does not tell them apart
        return True
    try:
        durable_file.move(old, new)
    except FileExistsError:
        return False
    return True


def _time_ns(notebook: Notebook) -> int:
    return notebook_files.time_ns(notebook.updated_at)


def _sentence(error: OSError, directory: Path) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            why = "there is no space left"
        case errno.EACCES | errno.EPERM:
            why = "permission is denied"
        case errno.EROFS:
            why = "it is read-only"
        case errno.ENOENT | errno.ENOTDIR:
            why = "it is not there"
        case _:
            why = error.strerror or str(error)
    return f"Notebooks in {directory} cannot be read or written: {why}."
