"""When the disk says no: changes are kept, said not to be stored, and stored as soon as that is possible."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reactive_kernels import KernelPool
from reactive_nb.core.config import load_settings
from reactive_nb.core.security import User
from reactive_nb.models import Notebook
from reactive_nb.schemas.events import NotebookUpdated
from reactive_nb.services import registry as registry_module
from reactive_nb.services import saver
from reactive_nb.services.errors import InvalidOperation
from reactive_nb.services.operations import AddCell
from reactive_nb.services.registry import SessionRegistry
from reactive_nb.storage import FileStorage, StorageUnavailable
from tests.api.service import Service, new_notebook, running
from tests.services.live import DEADLINE_S, Live, Open

pytestmark = pytest.mark.anyio

ANN = User("ann", "Ann")


@contextmanager
def gone(directory: Path) -> Iterator[None]:
    """Meanwhile a file is where the directory was: nobody, not even root, can store anything there."""
    elsewhere = directory.with_name("elsewhere")
    directory.rename(elsewhere)
    directory.touch()
    try:
        yield
    finally:
        directory.unlink()
        elsewhere.rename(directory)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "notebooks"


@pytest.fixture
async def storage(directory: Path) -> AsyncIterator[FileStorage]:
    async with FileStorage(directory) as opened:
        yield opened


@pytest.fixture
async def notebook(open_notebook: Open, storage: FileStorage) -> Live:
    return await open_notebook("x = 1", "y = 1", storage=storage)


def problems(notebook: Live) -> list[str | None]:
    return [event.storage_problem for event in notebook.of(NotebookUpdated)]


async def stored_sources(notebook: Live) -> list[str]:
    return [cell.source for cell in (await notebook.storage.load(notebook.session.id)).cells]


async def test_a_change_that_is_refused_is_kept_and_told_and_stored_later(
    notebook: Live, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saver, "RETRY_S", 0.01)
    with gone(directory):
        for value in (2, 3):
            with pytest.raises(StorageUnavailable, match=r"changed but not yet stored: .* kept in memory"):
                await notebook.edit("c0", f"x = {value}")
        assert notebook.cell("c0").source == "x = 3"
        assert notebook.session.state_event()()[0].notebook.storage_problem == problems(notebook)[0]
    await notebook.until(lambda: problems(notebook)[-1] is None)
    told, over = problems(notebook)
    assert (told or "").startswith("Changed but not yet stored: Notebooks in ")
    assert over is None
    assert await stored_sources(notebook) == ["x = 3", "y = 1"]


async def test_asking_again_does_no_harm(notebook: Live, directory: Path) -> None:
    with gone(directory):
        for _ in range(2):  # the same change again is no change, and is tried again
            with pytest.raises(StorageUnavailable):
                await notebook.edit("c0", "x = 2")
        with pytest.raises(StorageUnavailable):
            await notebook.session.apply(AddCell("new", source="z"))
        with pytest.raises(InvalidOperation, match="There is a cell 'new' already"):
            await notebook.session.apply(AddCell("new", source="z"))
    await notebook.edit("c0", "x = 2")
    assert await stored_sources(notebook) == ["x = 2", "y = 1", "z"]


class LateAnswers(FileStorage):
    """A storage that stores, and then takes too long to say so."""

    late = True

    async def save(self, notebook: Notebook, *, expected: int | None) -> Notebook:
        saved = await super().save(notebook, expected=expected)
        if self.late:
            await asyncio.Event().wait()
        return saved


async def test_a_write_that_seemed_to_fail_is_not_taken_for_somebody_else_s(
    open_notebook: Open, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saver, "WRITE_LIMIT_S", 0.5)
    async with LateAnswers(directory) as storage:
        notebook = await open_notebook("x = 1", storage=storage)
        with pytest.raises(StorageUnavailable, match="did not answer"):
            await notebook.edit("c0", "x = 2")
        monkeypatch.setattr(saver, "WRITE_LIMIT_S", DEADLINE_S)
        storage.late = False
        await notebook.edit("c0", "x = 3")
        assert await stored_sources(notebook) == ["x = 3"]
        assert len(os.listdir(directory)) == 1


async def test_a_notebook_that_is_not_stored_is_not_dropped(
    pool: KernelPool, storage: FileStorage, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_module, "SWEEP_S", 0.01)
    settings = load_settings(notebook_storage_dir=directory, session_idle_timeout=0.05, kernel_idle_timeout=0.05)
    registry = SessionRegistry(storage, pool, settings)
    refused = await registry.create(ANN, name="Refused")
    stored = await registry.create(ANN, name="Stored")
    with gone(directory):
        with pytest.raises(StorageUnavailable):
            await refused.apply(AddCell("a", source="kept"))
        ended = asyncio.Event()
        monkeypatch.setattr(stored.broadcaster, "close", lambda code, reason: ended.set())
        await registry.open()
        async with asyncio.timeout(DEADLINE_S):
            await ended.wait()
        assert not refused.closed
        assert registry.unstored == 1
    await registry.close()
    assert [cell.source for cell in (await storage.load(refused.id)).cells] == ["kept"]


# -- as clients see it
@pytest.fixture
def service(directory: Path) -> Iterator[Service]:
    with running(directory) as started:
        yield started


async def test_the_interface_says_that_a_change_is_not_stored(service: Service, directory: Path) -> None:
    async with service.client() as client:
        notebook = (await new_notebook(client, "x = 1"))["id"]
        async with service.live(notebook) as live:
            await live.hear()
            with gone(directory):
                answer = await client.put(f"notebooks/{notebook}/cells/c0", json={"source": "x = 2"})
                assert (answer.status_code, answer.json()["type"]) == (503, "/problems/storage-unavailable")
                assert "kept in memory" in answer.json()["detail"]
                assert "not yet stored" in (await live.until("notebook.updated"))["storage_problem"]
                shown = (await client.get(f"notebooks/{notebook}")).json()
                assert (shown["cells"][0]["source"], bool(shown["storage_problem"])) == ("x = 2", True)
                assert (await client.get("health/ready")).status_code == 503
            assert (await client.put(f"notebooks/{notebook}/cells/c0", json={"source": "x = 2"})).status_code == 200
            assert (await live.until("notebook.updated"))["storage_problem"] is None
            assert (await client.get("health/ready")).status_code == 200


async def test_a_notebook_that_can_not_be_deleted_stays_open_as_it_was(service: Service, directory: Path) -> None:
    async with service.client() as client:
        notebook = (await new_notebook(client, "x = 1"))["id"]
        await client.post(f"notebooks/{notebook}/run", json={"wait": DEADLINE_S})
        async with service.live(notebook) as live:
            await live.hear()
            with gone(directory):
                answer = await client.delete(f"notebooks/{notebook}")
                assert (answer.status_code, answer.json()["type"]) == (503, "/problems/storage-unavailable")
            assert (await live.ask("complete", code="x", cursor_pos=1))["ok"]
            shown = (await client.get(f"notebooks/{notebook}")).json()
            assert (shown["kernel"]["state"], shown["cells"][0]["status"]) == ("idle", "success")
            assert (await client.delete(f"notebooks/{notebook}")).status_code == 204
            assert (await live.closed())[0] == 4409
        assert (await client.get(f"notebooks/{notebook}")).status_code == 404
    assert os.listdir(directory) == []
