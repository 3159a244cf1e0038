"""What a place for notebooks can do, whatever it is made of.

A storage keeps whole notebooks and knows nothing of sessions, kernels or permissions: who may ask is decided elsewhere.
Every method may be called from any task; blocking work is done in threads. `tests/storage/contract.py` says in code
what is expected of an implementation.

The rules it keeps: what `create` and `save` have returned is durable; a reader sees a notebook whole or not at all; and
nothing that somebody else has stored is overwritten unless `expected` is None.
"""

from __future__ import annotations

import base64
import binascii
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from reactive_nb.models import Notebook, NotebookSummary


class StorageError(Exception):
    """A storage could not do what it was asked to. The message is a sentence for people."""


class NotebookNotFound(StorageError):
    """There is no notebook of this id."""

    def __init__(self, notebook_id: str) -> None:
        super().__init__(f"There is no notebook {notebook_id}.")
        self.notebook_id = notebook_id


class NotebookUnreadable(StorageError):
    """What is stored under this id is damaged, or no notebook any more."""

    def __init__(self, notebook_id: str, reason: str) -> None:
        super().__init__(reason)
        self.notebook_id = notebook_id


class RevisionConflict(StorageError):
    """What is stored is not what the saver believed. Nothing was overwritten; `stored` is what stands there."""

    def __init__(self, stored: Notebook, expected: int | None) -> None:
        believed = "no notebook" if expected is None else f"revision {expected}"
        super().__init__(f"Revision {stored.revision} of {stored.name!r} is stored, where {believed} was expected.")
        self.stored = stored
        self.expected = expected


class BadCursor(StorageError):
    """A cursor that did not come from this storage."""

    def __init__(self) -> None:
        super().__init__("The cursor is none of this list's.")


class StorageUnavailable(StorageError):
    """The storage itself is out of order: unreachable, full, or not permitted. Trying later may help."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list, and where the next part begins (None: nowhere)."""

    items: tuple[NotebookSummary, ...]
    cursor: str | None


class NotebookStorage(ABC):
    """A place for notebooks. Open it before use, or use it as an asynchronous context."""

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @abstractmethod
    async def open(self) -> None:
        """Make ready, and clear up what a crash has left. Opening twice does no harm. Raises `StorageUnavailable`."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of everything. Work under way is finished first. Closing twice does no harm."""

    @abstractmethod
    async def list(self, owner: str, *, limit: int = 50, cursor: str | None = None) -> Page:
        """The owner's notebooks, last changed first, at most `limit` from `cursor` on.

        Going from page to page shows each notebook that did not change meanwhile exactly once. Raises `BadCursor`.
        """

    @abstractmethod
    async def load(self, notebook_id: str) -> Notebook:
        """The notebook as it is stored. Raises `NotebookNotFound`, `NotebookUnreadable`."""

    @abstractmethod
    async def create(self, notebook: Notebook) -> Notebook:
        """Store a new notebook, and return it as stored: its name may have been changed to be possible and unique.

        Raises `RevisionConflict` if its id is taken.
        """

    @abstractmethod
    async def save(self, notebook: Notebook, *, expected: int | None) -> Notebook:
        """Store a notebook that exists already, and return it as stored (with a changed name, maybe).

        `expected` is the revision that the saver believes to be stored; None overwrites whatever is. Raises
        `RevisionConflict` if another revision is, `NotebookNotFound` if none is, and `NotebookUnreadable` if what is
        stored cannot be read and `expected` is given. Nothing is changed then.
        """

    @abstractmethod
    async def delete(self, notebook_id: str) -> None:
        """Remove the notebook for good. Raises `NotebookNotFound`."""

    @abstractmethod
    async def changed_outside(self, notebook: Notebook) -> Notebook | None:
        """What somebody else has stored since, if anybody has. Cheap if nobody has.

        `notebook` is what the caller last got from this storage by `load`, `create` or `save`. Raises
        `NotebookNotFound` if it is gone, and `NotebookUnreadable` (perhaps it is being written just now).
        """

    @abstractmethod
    async def save_secret(self, notebook_id: str, secret: str | None) -> None:
        """Keep a text that is no part of the notebook, where only this service reads it; None: keep none any more.

        It goes with the notebook when that is deleted.
        """

    @abstractmethod
    async def load_secret(self, notebook_id: str) -> str | None:
        """What `save_secret` kept for the notebook."""

    @abstractmethod
    async def check(self) -> None:
        """Raises `StorageUnavailable`, with a sentence, if notebooks could not be stored now."""

    def working_directory(self, notebook_id: str) -> Path | None:
        """Where the notebook's kernel should run, if its storage is a place on this machine."""
        return None


def summary(notebook: Notebook) -> NotebookSummary:
    return NotebookSummary(
        id=notebook.id,
        name=notebook.name,
        owner=notebook.owner,
        kernel_name=notebook.kernel_name,
        cell_count=len(notebook.cells),
        revision=notebook.revision,
        created_at=notebook.created_at,
        updated_at=notebook.updated_at,
    )


def page(summaries: Iterable[NotebookSummary], *, limit: int, cursor: str | None) -> Page:
    """A page of `summaries`, last changed first. The cursor names the last notebook shown. Raises `BadCursor`."""
    if limit < 1:
        raise ValueError("a page has at least one item")
    ordered = sorted(summaries, key=_place, reverse=True)
    if cursor is not None:
        last = place_of_cursor(cursor)
        ordered = [item for item in ordered if _place(item) < last]
    items = tuple(ordered[:limit])
    return Page(items, cursor_after(items[-1]) if len(ordered) > limit else None)


def _place(item: NotebookSummary) -> tuple[datetime, str]:
    return item.updated_at, item.id


def cursor_after(item: NotebookSummary) -> str:
    """The cursor of a page that ends with `item`."""
    text = f"{item.updated_at.astimezone(UTC).isoformat()} {item.id}"
    return base64.urlsafe_b64encode(text.encode()).decode("ascii").rstrip("=")


def place_of_cursor(cursor: str) -> tuple[datetime, str]:
    """When the last notebook shown was changed, and its id. Raises `BadCursor`."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        time, notebook_id = text.split(" ")
        return datetime.fromisoformat(time).astimezone(UTC), notebook_id
    except (binascii.Error, ValueError, OverflowError):
        raise BadCursor from None
