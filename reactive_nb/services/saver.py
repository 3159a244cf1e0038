"""Keeps storage and a session in step: acknowledged changes are durable, and what others store is taken over.

A change that somebody waits for is written at once; outputs follow a little later. While one write is under way the
next changes gather, and go together in the next. A write that fails is told to those who wait for it and to everybody
who looks at the notebook; the change is kept, and the write tried again with the next change or a little later, until
it succeeds.

What somebody else has stored is merged with what is here. What both have changed differently is kept beside ours.
One thing at a time happens to what is stored: a write, a look for changes, or the deletion.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable
from dataclasses import replace
from typing import Protocol, TypeVar

from reactive_nb.models import Notebook
from reactive_nb.services.merge import Merged, merge, same_document, same_results
from reactive_nb.services.set_aside import set_aside
from reactive_nb.storage import (
    NotebookNotFound,
    NotebookStorage,
    NotebookUnreadable,
    RevisionConflict,
    StorageError,
    StorageUnavailable,
)

_log = logging.getLogger(__name__)

OUTPUT_DELAY_S = 0.5
"""How long changed outputs may gather before they are written."""
WRITE_LIMIT_S = 60.0
RETRY_S = 1.0
"""How long after a failure the write is tried again, if nothing changes meanwhile; doubled with each failure."""
MOST_RETRY_S = 30.0
MERGES = 10
"""In one write: another program that stores without end must not keep us from ever telling that we cannot."""
MOST_NAMED = 5
WHILE_UNREADABLE_S = (0.02, 0.05, 0.1, 0.2, 0.4)
"""Between the attempts to save in the place of what can't be read."""

Result = TypeVar("Result")


class Owner(Protocol):
    """What a saver needs of its session."""

    @property
    def notebook(self) -> Notebook: ...

    async def prepare(self, theirs: Notebook) -> str | None:
        """Make ready to take `theirs` over without waiting; the language of its kernel, if that is known."""

    def take_over(self, merged: Notebook, language: str | None) -> None:
        """Make the document what it now is in storage and here together."""

    def stored_as(self, name: str) -> None:
        """Storage could not keep the name as it was."""

    def not_stored(self, problem: str | None) -> None:
        """Why the latest changes are not stored yet; None: they are."""

    def tell(self, message: str) -> None:
        """Let clients know what another program did."""


class Saver:
    """Writes one notebook's states, one after the other."""

    def __init__(self, storage: NotebookStorage, owner: Owner, stored: Notebook) -> None:
        """`stored` is what storage has."""
        self._storage = storage
        self._owner = owner
        self._stored = stored
        self._tried: deque[Notebook] = deque(maxlen=16)  # writes that failed, as far as we know
        self._asked = 0
        self._written = 0
        self._failed = 0
        self._failures = 0
        self._failure: StorageError | None = None
        self._unreadable = ""
        self._urgent = asyncio.Event()
        self._dirty = asyncio.Event()
        self._turn = asyncio.Lock()
        self._progress = asyncio.Condition()
        self._closing = False
        self._deleted = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="saver")

    def ask(self, *, urgent: bool) -> int:
        """Something changed; the ticket to wait for with `durable`."""
        self._asked += 1
        self._dirty.set()
        if urgent:
            self._urgent.set()
        return self._asked

    @property
    def clean(self) -> bool:
        """Whether everything asked for is written."""
        return self._written >= self._asked

    @property
    def failure(self) -> StorageError | None:
        """Why the last write failed, if it did."""
        return self._failure

    async def durable(self, ticket: int) -> None:
        """Wait until what `ticket` was given for is stored. Raises StorageError if it is not, though it will be tried.

        If that has failed already, it is tried again: who asks once more wants to know how it is now.
        """
        if self._written < ticket <= self._failed:
            ticket = self.ask(urgent=True)
        async with self._progress:
            await self._progress.wait_for(lambda: self._deleted or max(self._written, self._failed) >= ticket)
        if self._written >= ticket:
            return
        if self._deleted:
            raise StorageError("The notebook was deleted meanwhile.")
        raise StorageUnavailable(
            f"The notebook is changed but not yet stored: {self._failure} The change is kept in memory, and is stored "
            "as soon as storage works again."
        ) from self._failure

    async def look(self) -> None:
        """Take over what somebody else has stored since, if anybody has. Never raises StorageError.

        While a write is under way there is nothing to look for: it will notice by itself.
        """
        if self._turn.locked():
            return
        async with self._turn:
            if self._closing or self._deleted:
                return
            try:
                theirs = await _in_time(self._storage.changed_outside(self._stored))
                if theirs is not None:
                    await self._take_over(theirs)
            except StorageError as error:
                if str(error) != self._unreadable:
                    _log.warning("notebook %s could not be read again: %s", self._stored.id, error)
                self._unreadable = str(error)

    async def delete(self) -> None:
        """Remove the notebook from storage, and never write it again. Raises StorageError; then all goes on."""
        async with self._turn:
            with contextlib.suppress(NotebookNotFound):
                await _in_time(self._storage.delete(self._stored.id))
            self._deleted = True
        await self.close()
        async with self._progress:
            self._progress.notify_all()

    async def close(self) -> None:
        """Write what is not written yet, and stop."""
        self._closing = True
        self._dirty.set()
        self._urgent.set()
        if self._task is not None:
            await self._task

    # -- writing
    async def _run(self) -> None:
        while True:
            if self._failures:
                await self._urgently(within_s=min(RETRY_S * 2 ** min(self._failures - 1, 16), MOST_RETRY_S))
            else:
                await self._dirty.wait()
                await self._urgently(within_s=OUTPUT_DELAY_S)
            self._dirty.clear()
            self._urgent.clear()
            if not self.clean:
                await self._write()
            if self._closing:
                return

    async def _urgently(self, *, within_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._urgent.wait()

    async def _write(self) -> None:
        failure: StorageError | None = None
        async with self._turn:
            if self._deleted:
                return
            asked = self._asked
            try:
                asked = await _in_time(self._store())
            except StorageError as error:
                failure = error
            except Exception as error:  # whoever waits must hear of it, and the next write be tried
                _log.exception("notebook %s could not be stored", self._stored.id)
                failure = StorageUnavailable(f"The notebook could not be stored ({type(error).__name__}).")
        self._note(failure)
        async with self._progress:
            if failure is None:
                self._written, self._failures = asked, 0
            else:
                self._failed, self._failures = asked, self._failures + 1
            self._progress.notify_all()

    def _note(self, failure: StorageError | None) -> None:
        """Tell each different failure once, and once that it is over."""
        before, self._failure = self._failure, failure
        if str(before or "") == str(failure or ""):
            return
        if failure is None:
            _log.info("notebook %s is stored again", self._stored.id)
            self._owner.not_stored(None)
        else:
            _log.error("notebook %s could not be stored: %s", self._stored.id, failure)
            self._owner.not_stored(f"Changed but not yet stored: {failure}")

    async def _store(self) -> int:
        """Store the document as it is; the last ticket that this covers."""
        for _ in range(MERGES):
            asked, notebook = self._asked, self._owner.notebook
            self._tried.append(notebook)
            try:
                saved = await self._save(notebook)
            except RevisionConflict as conflict:
                self._tried.pop()
                await self._take_over(conflict.stored)
                continue
            except NotebookNotFound:
                saved = await self._storage.create(notebook)
                self._owner.tell("The notebook's file had been removed by another program, and was stored again.")
            self._stored = saved
            self._tried.clear()
            if saved.name != notebook.name:
                self._owner.stored_as(saved.name)
            return asked
        raise StorageUnavailable("Another program keeps changing the notebook's file.")

    async def _save(self, notebook: Notebook) -> Notebook:
        """What can't be read may be a file that another program is writing just now: that is waited for a moment."""
        for pause_s in WHILE_UNREADABLE_S:
            with contextlib.suppress(NotebookUnreadable):
                return await self._storage.save(notebook, expected=self._stored.revision)
            await asyncio.sleep(pause_s)
        return await self._storage.save(notebook, expected=self._stored.revision)

    # -- others
    async def _take_over(self, theirs: Notebook) -> None:
        """Make what another program stored a part of the document; what is written next builds upon it."""
        if any(same_document(mine, theirs) for mine in self._tried):
            self._stored = theirs  # a write that seemed to fail had reached the disk
            return
        language = await self._owner.prepare(theirs)
        kept: Notebook | None = None
        while (merged := merge(self._stored, self._owner.notebook, theirs)).conflicts and kept is None:
            kept = await set_aside(self._storage, theirs)
        message = _what_happened(self._stored, theirs, merged, kept)
        self._stored = theirs
        ours = self._owner.notebook
        if same_document(merged.notebook, ours) and same_results(merged.notebook, ours):
            self.ask(urgent=False)  # so that what is stored is what is shown
        else:
            self._owner.take_over(merged.notebook, language)
        self._owner.tell(message)


def _what_happened(before: Notebook, theirs: Notebook, merged: Merged, kept: Notebook | None) -> str:
    if kept is not None:
        places = ", ".join(merged.conflicts[:MOST_NAMED]) + (", …" if len(merged.conflicts) > MOST_NAMED else "")
        return f"Another program changed the notebook too ({places}): its version is kept as {kept.name!r}."
    if same_document(replace(before, name=theirs.name), theirs):
        if before.name != theirs.name:
            return f"The notebook's file was renamed to {theirs.name!r}."
        return "Another program stored the notebook with other outputs; those of cells that ran here are kept."
    return "The notebook was changed by another program; its changes are taken over."


async def _in_time(work: Awaitable[Result]) -> Result:
    """What storage does, if it does not take for ever. Raises StorageUnavailable if it does."""
    try:
        async with asyncio.timeout(WRITE_LIMIT_S):
            return await work
    except TimeoutError:
        raise StorageUnavailable(f"Storage did not answer within {WRITE_LIMIT_S:g} s.") from None
