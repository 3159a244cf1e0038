"""Where notebooks are kept, and the two calls that a script needs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from reactive_nb.models import Notebook
from reactive_nb.storage.base import (
    BadCursor,
    NotebookNotFound,
    NotebookStorage,
    NotebookUnreadable,
    Page,
    RevisionConflict,
    StorageError,
    StorageUnavailable,
)
from reactive_nb.storage.file_storage import FileStorage
from reactive_nb.storage.memory_storage import MemoryStorage

if TYPE_CHECKING:
    from reactive_nb.storage.dynamodb_table import DynamoTable

__all__ = [
    "BadCursor",
    "FileStorage",
    "MemoryStorage",
    "NotebookNotFound",
    "NotebookStorage",
    "NotebookUnreadable",
    "Page",
    "RevisionConflict",
    "StorageError",
    "StorageUnavailable",
    "load_notebook",
    "open_storage",
    "save_notebook",
    "table_of",
]


class StorageSettings(Protocol):
    """What a choice of storage depends on."""

    @property
    def notebook_storage_dir(self) -> Path: ...

    @property
    def dynamodb_enabled(self) -> bool: ...

    @property
    def dynamodb_table_name(self) -> str | None: ...

    @property
    def aws_region(self) -> str: ...

    @property
    def dynamodb_endpoint(self) -> str | None: ...


def open_storage(settings: StorageSettings) -> NotebookStorage:
    """The storage that `settings` ask for, still to be opened."""
    if not settings.dynamodb_enabled:
        return FileStorage(settings.notebook_storage_dir)
    from reactive_nb.storage.dynamodb_storage import DynamoDBStorage

    return DynamoDBStorage(table_of(settings))


def table_of(settings: StorageSettings) -> DynamoTable:
    """The table that `settings` name. Raises `StorageError` if they name none."""
    from reactive_nb.storage.dynamodb_table import DynamoTable

    if not settings.dynamodb_table_name:
        raise StorageError("DYNAMODB_TABLE_NAME: is needed for DynamoDB storage, for example notebooks")
    return DynamoTable(settings.dynamodb_table_name, region=settings.aws_region, endpoint=settings.dynamodb_endpoint)


async def save_notebook(notebook: Notebook, storage: NotebookStorage | None = None) -> Notebook:
    """Store `notebook`, new or not, whatever is stored, and return it as stored.

    Without a `storage`, the one of the settings is opened for the purpose. Raises `StorageError`.
    """
    async with _chosen(storage) as chosen:
        try:
            return await chosen.save(notebook, expected=None)
        except NotebookNotFound:
            return await chosen.create(notebook)


async def load_notebook(notebook_id: str, storage: NotebookStorage | None = None) -> Notebook:
    """The stored notebook of this id; the storage is chosen as in `save_notebook`. Raises `StorageError`."""
    async with _chosen(storage) as chosen:
        return await chosen.load(notebook_id)


@asynccontextmanager
async def _chosen(storage: NotebookStorage | None) -> AsyncIterator[NotebookStorage]:
    """`storage` as it is, or that of the settings, open for as long as it is needed."""
    if storage is not None:
        yield storage
        return
    from reactive_nb.core import settings  # read from the environment at first use, not when this is imported

    async with open_storage(settings) as opened:
        yield opened
