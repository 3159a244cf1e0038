"""Every storage against the one contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reactive_nb.storage import FileStorage, MemoryStorage, NotebookStorage
from tests.storage.contract import StorageContract


class TestFileStorage(StorageContract):
    @pytest.fixture
    async def storage(self, tmp_path: Path) -> AsyncIterator[NotebookStorage]:
        async with FileStorage(tmp_path / "notebooks") as opened:
            yield opened


class TestMemoryStorage(StorageContract):
    @pytest.fixture
    async def storage(self) -> AsyncIterator[NotebookStorage]:
        async with MemoryStorage() as opened:
            yield opened
