"""Keeps storage up to date with a session: acknowledged changes are durable, and many changes are one write.

A change that somebody waits for is written at once; outputs follow a little later. While one write is under way the
next changes gather, and go together in the next. A write that fails is told to those who wait for it, and tried again
with the next change, or a little later.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace

from reactive_nb.models import Notebook, new_notebook_id
from reactive_nb.storage import NotebookNotFound, NotebookStorage, RevisionConflict, StorageError, StorageUnavailable

_log = logging.getLogger(__name__)

OUTPUT_DELAY_S = 0.5
"""How long changed outputs may gather before they are written."""
WRITE_LIMIT_S = 60.0
RETRY_S = 5.0
"""How long after a failure the write is tried again, if nothing changes meanwhile."""


class Saver:
    """Writes one notebook's states, one after the other."""

    def __init__(
        self,
        storage: NotebookStorage,
        current: Callable[[], Notebook],
        stored: int | None,
        renamed: Callable[[str], None],
    ) -> None:
        """`current` gives the notebook as it now is; `stored` is the revision that storage has."""
        self._storage = storage
        self._current = current
        self._stored = stored
        self._renamed = renamed
        self._asked = 0
        self._written = 0
        self._urgent = asyncio.Event()
        self._dirty = asyncio.Event()
        self._progress = asyncio.Condition()
        self._failure: tuple[int, StorageError] | None = None
        self._closing = False
        self._dropped = False
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

    def adopt(self, revision: int) -> None:
        """Storage was changed by somebody else, and the session has taken that over."""
        self._stored = revision

    async def durable(self, ticket: int) -> None:
        """Wait until what `ticket` was given for is stored. Raises StorageError if that failed, or won't be tried."""
        async with self._progress:
            await self._progress.wait_for(
                lambda: (
                    self._dropped
                    or self._written >= ticket
                    or (self._failure is not None and self._failure[0] >= ticket)
                )
            )
        if self._written < ticket:
            raise self._failure[1] if self._failure else StorageError("The notebook was deleted meanwhile.")

    async def close(self) -> None:
        """Write what is not written yet, and stop."""
        self._closing = True
        self._dirty.set()
        self._urgent.set()
        if self._task is not None:
            await self._task

    async def drop(self) -> None:
        """Stop without writing: the notebook was deleted."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        async with self._progress:
            self._dropped = True
            self._progress.notify_all()

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._dirty.wait(), RETRY_S if self._failure else None)
            if not self._urgent.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._urgent.wait(), OUTPUT_DELAY_S)
            self._dirty.clear()
            self._urgent.clear()
            if not self.clean:
                await self._write()
            if self._closing:
                return

    async def _write(self) -> None:
        ticket, notebook = self._asked, self._current()
        failure: StorageError | None = None
        try:
            saved = await asyncio.wait_for(self._store(notebook), WRITE_LIMIT_S)
        except TimeoutError:
            failure = StorageUnavailable(
                f"Storage did not answer within {WRITE_LIMIT_S:g} s; the change is not stored."
            )
        except StorageError as error:
            failure = error
        except Exception as error:  # whoever waits must hear of it, and the next write be tried
            _log.exception("notebook %s could not be stored", notebook.id)
            failure = StorageUnavailable(f"The notebook could not be stored ({type(error).__name__}).")
        else:
            self._stored = saved.revision
            if saved.name != notebook.name:
                self._renamed(saved.name)
        async with self._progress:
            if failure is None:
                self._written, self._failure = ticket, None
            else:
                _log.error("notebook %s could not be stored: %s", notebook.id, failure)
                self._failure = (ticket, failure)
            self._progress.notify_all()

    async def _store(self, notebook: Notebook) -> Notebook:
        try:
            return await self._storage.save(notebook, expected=self._stored)
        except RevisionConflict as conflict:
            await self._set_aside(conflict.stored)
            return await self._storage.save(notebook, expected=None)
        except NotebookNotFound:
            return await self._storage.create(notebook)  # its file was removed while it was open: it is wanted

    async def _set_aside(self, theirs: Notebook) -> None:
        """Both we and somebody else changed the document: keep theirs beside ours, so that nothing is lost."""
        copy = replace(theirs, id=new_notebook_id(), name=f"{theirs.name} (changed elsewhere)")
        kept = await self._storage.create(copy)
        _log.warning("notebook %s was also changed elsewhere: that version is kept as %r", theirs.id, kept.name)
