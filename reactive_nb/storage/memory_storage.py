"""Notebooks in memory: for runs without a server, and for tests. Everything is gone with the process."""

from __future__ import annotations

from pathlib import Path

from reactive_nb.models import Notebook
from reactive_nb.storage.base import NotebookNotFound, NotebookStorage, Page, RevisionConflict, page, summary


class MemoryStorage(NotebookStorage):
    """A dictionary with a storage's manners. Notebooks are frozen, so none is copied."""

    def __init__(self, *, working_directory: Path | None = None) -> None:
        """Hold nothing yet; kernels run in `working_directory`."""
        self._notebooks: dict[str, Notebook] = {}
        self._secrets: dict[str, str] = {}
        self._directory = working_directory

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def list(self, owner: str, *, limit: int = 50, cursor: str | None = None) -> Page:
        own = (summary(notebook) for notebook in self._notebooks.values() if notebook.owner == owner)
        return page(own, limit=limit, cursor=cursor)

    async def load(self, notebook_id: str) -> Notebook:
        return self._stored(notebook_id)

    async def create(self, notebook: Notebook) -> Notebook:
        if notebook.id in self._notebooks:
            raise RevisionConflict(self._notebooks[notebook.id], None)
        self._notebooks[notebook.id] = notebook
        return notebook

    async def save(self, notebook: Notebook, *, expected: int | None) -> Notebook:
        stored = self._stored(notebook.id)
        if expected is not None and stored.revision != expected:
            raise RevisionConflict(stored, expected)
        self._notebooks[notebook.id] = notebook
        return notebook

    async def delete(self, notebook_id: str) -> None:
        self._stored(notebook_id)
        del self._notebooks[notebook_id]
        self._secrets.pop(notebook_id, None)

    async def changed_outside(self, notebook: Notebook) -> Notebook | None:
        stored = self._stored(notebook.id)
        return stored if stored.revision > notebook.revision else None

    async def save_secret(self, notebook_id: str, secret: str | None) -> None:
        self._secrets.pop(notebook_id, None)
        if secret is not None:
            self._secrets[notebook_id] = secret

    async def load_secret(self, notebook_id: str) -> str | None:
        return self._secrets.get(notebook_id)

    async def check(self) -> None:
        pass

    def _stored(self, notebook_id: str) -> Notebook:
        try:
            return self._notebooks[notebook_id]
        except KeyError:
            raise NotebookNotFound(notebook_id) from None

    def working_directory(self, notebook_id: str) -> Path | None:
        return self._directory
