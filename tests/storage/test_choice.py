"""Which storage there is, and the calls for scripts that choose it themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from reactive_nb.storage import FileStorage, StorageError, open_storage

SCRIPT = """
import asyncio
from reactive_nb.models import Cell, Notebook
from reactive_nb.storage import load_notebook, save_notebook
async def main():
    stored = await save_notebook(Notebook("n", name="From a script", cells=(Cell("a", source="1"),)))
    assert await load_notebook("n") == stored
asyncio.run(main())
"""


@dataclass(frozen=True)
class Settings:
    notebook_storage_dir: Path
    dynamodb_enabled: bool = False
    dynamodb_table_name: str | None = None
    aws_region: str = "us-east-1"
    dynamodb_endpoint: str | None = None


def test_settings_choose_the_storage(tmp_path: Path) -> None:
    storage = open_storage(Settings(tmp_path))
    assert isinstance(storage, FileStorage)
    assert storage.directory == tmp_path
    with pytest.raises(StorageError, match=r"^DYNAMODB_TABLE_NAME: is needed"):
        open_storage(Settings(tmp_path, dynamodb_enabled=True))
    table = open_storage(Settings(tmp_path, dynamodb_enabled=True, dynamodb_table_name="notebooks"))
    assert type(table).__name__ == "DynamoDBStorage"


def test_a_script_needs_no_storage_of_its_own(tmp_path: Path) -> None:
    environment = {"NOTEBOOK_STORAGE_DIR": str(tmp_path / "books"), "PATH": "", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", SCRIPT], cwd=tmp_path, env=environment, check=True)
    assert [path.name for path in (tmp_path / "books").iterdir()] == ["From a script.ipynb"]
