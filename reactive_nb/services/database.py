"""The address of a notebook's database, whose password is kept apart from the document.

A password belongs to the very address that it was set with: who changes the address in a notebook's file to that of
another server does not get it sent there.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from pathlib import Path

from reactive_kernels.kernel_sql_address import address, attempt
from reactive_kernels.kernel_sql_errors import SQLError
from reactive_nb.models.database_url import without_password
from reactive_nb.services.errors import InvalidOperation
from reactive_nb.storage import NotebookStorage, StorageError

TEST_LIMIT_S = 30.0
MOST_TESTS = 8
"""Connections that are tried at a time: each has a thread, for as long as its driver waits."""
_MOST_KEPT = 3

_tests = threading.BoundedSemaphore(MOST_TESTS)


class DatabaseAddress:
    """What storage keeps of one notebook's database beside the notebook: its address, while it changes several."""

    def __init__(self, storage: NotebookStorage, notebook_id: str) -> None:
        self._storage = storage
        self._id = notebook_id
        self._known: tuple[str, str] | None = None
        self._changing = asyncio.Lock()

    async def whole(self, shown: str) -> str:
        """The address that is shown without its password, with it. Raises StorageError."""
        if self._known is None or self._known[0] != shown:
            kept = await self._storage.load_secret(self._id) or ""
            self._known = shown, next((one for one in kept.split("\n") if without_password(one) == shown), shown)
        return self._known[1]

    @contextlib.asynccontextmanager
    async def changed(self, url: str | None) -> AsyncIterator[None]:
        """Keep this address (None: none) when the notebook has it, which is done within. Raises StorageError.

        Until then, those from before are kept too, for the notebook may stay as it was.
        """
        async with self._changing:
            before = await self._storage.load_secret(self._id)
            if url is not None:
                await self._save("\n".join([url, *(before or "").split("\n")[: _MOST_KEPT - 1]]))
            try:
                yield
            except StorageError:  # the notebook is changed, and will be stored
                raise
            except BaseException:
                await self._save(before)
                raise
            await self._save(url)

    async def _save(self, kept: str | None) -> None:
        await self._storage.save_secret(self._id, kept)
        self._known = None


def checked(url: str) -> str:
    """The address as it is kept. Raises InvalidOperation for what is none."""
    try:
        address(url.strip())
    except SQLError as error:
        raise InvalidOperation(error.message, "url") from None
    return url.strip()


async def tried(url: str) -> str | None:
    """Connect to the database; what is wrong, in plain words, or None.

    In a thread of its own, which nothing else waits for: a driver may wait for ever for a server that says nothing.
    """
    if not _tests.acquire(blocking=False):
        return f"{MOST_TESTS} connections to databases are being tried already: try again in a moment."
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[str | None] = loop.create_future()

    def tell(problem: str | None) -> None:
        if not outcome.done():
            outcome.set_result(problem)

    def work() -> None:
        try:
            problem = attempt(url)
        finally:
            _tests.release()
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(tell, problem)

    threading.Thread(target=work, name="database-test", daemon=True).start()
    try:
        async with asyncio.timeout(TEST_LIMIT_S):
            return await outcome
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
