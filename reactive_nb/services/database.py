"""The address of a notebook's database, whose password is kept apart from the document.

A password belongs to the very address that it was set with: who changes the address in a notebook's file to that of
another server does not get it sent there.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from reactive_kernels.kernel_sql_address import address, attempt
from reactive_kernels.kernel_sql_errors import SQLError
from reactive_nb.models.database_url import without_password
from reactive_nb.services.errors import InvalidOperation
from reactive_nb.storage import NotebookStorage

TEST_LIMIT_S = 30.0


class DatabaseAddress:
    """What storage keeps of one notebook's database beside the notebook."""

    def __init__(self, storage: NotebookStorage, notebook_id: str) -> None:
        self._storage = storage
        self._id = notebook_id
        self._known: tuple[str, str] | None = None

    async def whole(self, shown: str) -> str:
        """The address that is shown without its password, with it. Raises StorageError."""
        if self._known is None or self._known[0] != shown:
            kept = await self._storage.load_secret(self._id)
            self._known = (shown, kept if kept is not None and without_password(kept) == shown else shown)
        return self._known[1]

    async def keep(self, url: str | None) -> None:
        """Keep this address; None: none. Raises StorageError."""
        await self._storage.save_secret(self._id, url)
        self._known = None if url is None else (without_password(url) or "", url)


def checked(url: str) -> str:
    """The address as it is kept. Raises InvalidOperation for what is none."""
    try:
        address(url.strip())
    except SQLError as error:
        raise InvalidOperation(error.message, "url") from None
    return url.strip()


async def tried(url: str) -> str | None:
    """Connect to the database; what is wrong, in plain words, or None."""
    try:
        async with asyncio.timeout(TEST_LIMIT_S):
            return await asyncio.to_thread(attempt, url)
    except TimeoutError:
        return f"The database does not answer within {TEST_LIMIT_S:g} seconds."


def located(url: str, directory: Path | None) -> str:
    """The address, in which a file is found from the notebook's directory, wherever the kernel has gone to since."""
    found = address(url)
    file = str(found.database or "")
    if directory is None or found.get_backend_name() != "sqlite" or file in ("", ":memory:"):
        return url
    scheme, path = ("file:", file.removeprefix("file:")) if file.startswith("file:") else ("", file)
    if scheme and path.startswith((":", "//")):  # in memory, or with a host
        return url
    whole = found.set(database=f"{scheme}{directory / path}")
    return str(whole.render_as_string(hide_password=False))
