"""The notebooks that are open: one session each, made when somebody needs it and dropped when nobody does.

What is in memory is a cache of storage: dropping a session loses nothing. Whose notebook it is is decided here and
nowhere else: for anybody but the owner, a notebook does not exist.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from weakref import WeakValueDictionary

from reactive_kernels import KernelPool
from reactive_nb.core.config import Settings, variable_name
from reactive_nb.core.security import User
from reactive_nb.formats import kernelspecs
from reactive_nb.models import Cell, Kernelspec, KernelState, Notebook, new_notebook_id
from reactive_nb.services.errors import InvalidOperation
from reactive_nb.services.idleness import IdleLimits, Verdict, verdict
from reactive_nb.services.languages import cell_type, in_language
from reactive_nb.services.limits import check_cells, check_source
from reactive_nb.services.operations import AddCell
from reactive_nb.services.reducer import initial_state
from reactive_nb.services.session import NotebookSession
from reactive_nb.storage import NotebookNotFound, NotebookStorage, Page, StorageUnavailable

_log = logging.getLogger(__name__)

SWEEP_S = 2.0
KERNELSPECS_KEPT_S = 10.0
DELETED = 4409


class SessionRegistry:
    """All open notebooks of this process."""

    def __init__(
        self, storage: NotebookStorage, pool: KernelPool, settings: Settings, *, allow_stdin: bool = True
    ) -> None:
        """`allow_stdin`: whether somebody is there to answer cells that ask for input."""
        self._storage = storage
        self._pool = pool
        self._allow_stdin = allow_stdin
        self._settings = settings
        self._idle_limits = IdleLimits(settings.kernel_idle_timeout, settings.session_idle_timeout)
        self._sessions: dict[str, NotebookSession] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._sweeper: asyncio.Task[None] | None = None
        self._specs: Mapping[str, Mapping[str, Any]] = {}
        self._specs_read = -KERNELSPECS_KEPT_S

    @property
    def sessions(self) -> Mapping[str, NotebookSession]:
        return self._sessions

    async def open(self) -> None:
        self._sweeper = asyncio.create_task(self._sweep(), name="session sweeper")

    async def close(self) -> None:
        """Close all sessions; everything acknowledged or shown is stored."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
        sessions = list(self._sessions.values())
        self._sessions.clear()
        for result in await asyncio.gather(*(s.close() for s in sessions), return_exceptions=True):
            if isinstance(result, BaseException):
                _log.error("a session did not close: %r", result)

    @property
    def unstored(self) -> int:
        """How many open notebooks have changes that storage, being out of order, has refused."""
        return sum(isinstance(session.unstored, StorageUnavailable) for session in self._sessions.values())

    # -- documents
    async def list(self, user: User, *, limit: int = 50, cursor: str | None = None) -> Page:
        return await self._storage.list(user.id, limit=limit, cursor=cursor)

    def kernel_state(self, notebook_id: str) -> KernelState:
        """Of a notebook's kernel, whoever asks; a notebook that is not in memory has none."""
        session = self._sessions.get(notebook_id)
        return KernelState.NONE if session is None else session.state.kernel

    async def create(
        self, user: User, *, name: str, kernel_name: str | None = None, cells: Sequence[AddCell] = ()
    ) -> NotebookSession:
        """A new notebook of `user`'s, stored. Raises InvalidOperation for an unknown kernelspec or cell id twice."""
        kernel = kernel_name or self._settings.default_kernel
        spec = self.kernelspec_of(kernel)
        made = await asyncio.to_thread(lambda: tuple(_cell(cell, spec.language) for cell in cells))
        if len({cell.id for cell in made}) < len(made):
            raise InvalidOperation("Two cells have the same id.", "cells")
        now = datetime.now(UTC)
        notebook = Notebook(
            id=new_notebook_id(),
            name=name,
            owner=user.id,
            kernel_name=kernel,
            cells=made,
            metadata=kernelspecs.of_kernel({}, spec),
            created_at=now,
            updated_at=now,
        )
        return await self._store_new(notebook)

    async def adopt(self, user: User, notebook: Notebook) -> NotebookSession:
        """An imported notebook: under a new id, and `user`'s."""
        now = datetime.now(UTC)
        return await self._store_new(
            replace(notebook, id=new_notebook_id(), owner=user.id, revision=0, created_at=now, updated_at=now)
        )

    async def _store_new(self, notebook: Notebook) -> NotebookSession:
        check_cells(len(notebook.cells), self._settings)
        for cell in notebook.cells:
            check_source(cell.source, self._settings)
        async with self._turn(notebook.id):  # who finds it in the list meanwhile gets the same session
            return await self._open_session(await self._storage.create(notebook))

    async def get(self, user: User, notebook_id: str) -> NotebookSession:
        """The session of `user`'s notebook. Raises NotebookNotFound if there is none, or it is not theirs."""
        session = self._sessions.get(notebook_id)
        if session is None or session.closed:
            async with self._turn(notebook_id):
                session = self._sessions.get(notebook_id)
                if session is None or session.closed:
                    notebook = await self._storage.load(notebook_id)
                    if notebook.owner != user.id:
                        raise NotebookNotFound(notebook_id)
                    session = await self._open_session(notebook)
        if session.notebook.owner != user.id:
            raise NotebookNotFound(notebook_id)
        return session

    async def delete(self, user: User, notebook_id: str) -> None:
        """Remove the notebook for good, its kernel with it. Raises NotebookNotFound.

        Raises StorageError if it can't be deleted, and then it goes on as before.
        """
        await self.get(user, notebook_id)
        async with self._turn(notebook_id):  # nobody opens it again meanwhile
            session = self._sessions.get(notebook_id)
            if session is None or session.closed:
                await self._storage.delete(notebook_id)
            else:
                await session.delete(DELETED, "The notebook was deleted.")
            self._sessions.pop(notebook_id, None)

    def _turn(self, notebook_id: str) -> asyncio.Lock:
        """Held by whoever opens or closes the notebook."""
        return self._turns.setdefault(notebook_id, asyncio.Lock())

    async def _open_session(self, notebook: Notebook) -> NotebookSession:
        spec = (await self.kernelspecs()).get(notebook.kernel_name, {})
        language = str(spec.get("language") or kernelspecs.language(notebook.metadata))
        notebook = in_language(notebook, language)
        session = NotebookSession(
            notebook,
            storage=self._storage,
            pool=self._pool,
            settings=self._settings,
            directory=self._storage.working_directory(notebook.id),
            allow_stdin=self._allow_stdin,
            state=await asyncio.to_thread(initial_state, notebook, language),
        )
        self._sessions[notebook.id] = session
        return session

    async def kernelspecs(self) -> Mapping[str, Mapping[str, Any]]:
        """The kernels that can be chosen, by name; read from the disk now and then."""
        if time.monotonic() - self._specs_read > KERNELSPECS_KEPT_S:
            self._specs = await asyncio.to_thread(self._pool.kernelspecs)
            self._specs_read = time.monotonic()
        return self._specs

    def kernelspec_of(self, kernel_name: str) -> Kernelspec:
        """An installed kernelspec. Raises InvalidOperation for one that is not installed."""
        if kernel_name not in self._specs:
            self._specs = self._pool.kernelspecs()  # it may have been installed just now
        if kernel_name not in self._specs:
            raise InvalidOperation(
                f"There is no kernel {kernel_name!r} here. Installed: {', '.join(sorted(self._specs)) or 'none'}.",
                "kernel_name",
            )
        spec = self._specs[kernel_name]
        language, display_name = str(spec.get("language") or "python"), str(spec.get("display_name") or kernel_name)
        return Kernelspec(kernel_name, display_name, language)

    # -- housekeeping
    async def _sweep(self) -> None:
        """Take over what others stored, shut idle kernels down, drop idle sessions."""
        while True:
            await asyncio.sleep(SWEEP_S)
            for session in list(self._sessions.values()):
                try:
                    await self._look_after(session)
                except Exception:
                    _log.exception("housekeeping of notebook %s failed", session.id)

    async def _look_after(self, session: NotebookSession) -> None:
        await session.take_over_changes()
        match verdict(session.use(), self._idle_limits):
            case Verdict.STAY:
                pass
            case Verdict.END_KERNEL:
                limit = f"{self._idle_limits.kernel_s:g} s without use ({variable_name('kernel_idle_timeout')})"
                await session.end_kernel(f"The kernel was shut down after {limit}. Run a cell to start another.")
            case Verdict.CLOSE:
                async with self._turn(session.id):  # who wants it now waits until all of it is stored
                    await session.close(reason="The notebook was not in use.")
                    self._sessions.pop(session.id, None)


def _cell(cell: AddCell, language: str) -> Cell:
    return Cell(id=cell.cell_id, type=cell_type(language, cell.type), source=cell.source, config=cell.config)
