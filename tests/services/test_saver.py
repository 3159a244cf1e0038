"""What a session acknowledges is stored: many changes in one write, failures told and tried again, nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from reactive_kernels import KernelPool, PoolLimits
from reactive_nb.models import Notebook, NotebookSettings, RunMode
from reactive_nb.services import saver
from reactive_nb.services.errors import Conflict, NotebookClosed
from reactive_nb.services.operations import AddCell, DocumentOperation, MoveCell, RemoveCell, UpdateCell, UpdateNotebook
from reactive_nb.storage import (
    FileStorage,
    MemoryStorage,
    NotebookNotFound,
    NotebookStorage,
    StorageError,
    StorageUnavailable,
)
from tests.services.live import DEADLINE_S, Live, Open

pytestmark = pytest.mark.anyio


class Disk(MemoryStorage):
    """A storage that counts its writes, and can be made to wait or to fail."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[int] = []
        self.open_gate = asyncio.Event()
        self.open_gate.set()
        self.at_gate = asyncio.Event()
        self.failure: Exception | None = None

    async def save(self, notebook: Notebook, *, expected: int | None) -> Notebook:
        self.at_gate.set()
        await self.open_gate.wait()
        if self.failure is not None:
            raise self.failure
        saved = await super().save(notebook, expected=expected)
        self.writes.append(notebook.revision)
        return saved

    async def wait_for_writer(self) -> None:
        async with asyncio.timeout(DEADLINE_S):
            await self.at_gate.wait()


@pytest.fixture
async def pool() -> AsyncIterator[KernelPool]:
    """For these tests, kernels hardly matter."""
    async with KernelPool(PoolLimits(spares=0)) as pool:
        yield pool


@pytest.fixture(params=["memory", "files"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[NotebookStorage]:
    async with FileStorage(tmp_path / "notebooks") if request.param == "files" else MemoryStorage() as storage:
        yield storage


async def stored(notebook: Live) -> Notebook:
    return await notebook.storage.load(notebook.session.id)


# -- what is answered is durable
async def test_each_change_is_stored_when_it_is_answered(open_notebook: Open, storage: NotebookStorage) -> None:
    notebook = await open_notebook("x = 1", "x", storage=storage)
    operations: list[DocumentOperation] = [
        UpdateCell("c0", source="x = 2"),
        AddCell("new", source="y"),
        MoveCell("new", 0),
        RemoveCell("c1"),
        UpdateNotebook(name="Renamed", settings={"mode": RunMode.LAZY}),
    ]
    for number, operation in enumerate(operations, start=1):
        assert await notebook.session.apply(operation) == number
        assert (await stored(notebook)).revision == number
    there = await stored(notebook)
    assert [(cell.id, cell.source) for cell in there.cells] == [("new", "y"), ("c0", "x = 2")]
    assert (there.name, there.settings) == ("Renamed", NotebookSettings(mode=RunMode.LAZY))


async def test_results_are_stored_and_shown_when_the_notebook_is_opened_again(
    open_notebook: Open, storage: NotebookStorage
) -> None:
    notebook = await open_notebook("print('kept')", "1 / 0", storage=storage)
    await notebook.run()
    await notebook.session.close()
    there = await stored(notebook)
    assert there.cells[0].outputs == ({"output_type": "stream", "name": "stdout", "text": "kept\n"},)
    assert there.cells[1].outputs[0]["ename"] == "ZeroDivisionError"


async def test_a_name_that_is_taken_is_told_as_it_was_stored(open_notebook: Open, tmp_path: Path) -> None:
    async with FileStorage(tmp_path / "notebooks") as storage:
        await open_notebook("1", storage=storage, name="Same")
        second = await open_notebook("2", storage=storage, name="Other")
        await second.session.apply(UpdateNotebook(name="Same"))
        assert second.session.notebook.name == (await stored(second)).name != "Same"


async def test_changes_gather_while_one_is_written(open_notebook: Open) -> None:
    disk = Disk()
    notebook = await open_notebook("x = 1", storage=disk)
    disk.open_gate.clear()
    edits = [asyncio.create_task(notebook.edit("c0", f"x = {number}")) for number in range(2, 52)]
    await disk.wait_for_writer()
    assert not any(edit.done() for edit in edits)
    disk.open_gate.set()
    await asyncio.gather(*edits)
    assert len(disk.writes) <= 3
    assert (await stored(notebook)).cells[0].source == "x = 51"


async def test_what_gathers_while_the_session_closes_is_written(open_notebook: Open) -> None:
    disk = Disk()
    notebook = await open_notebook("x = 1", storage=disk)
    disk.open_gate.clear()
    edit = asyncio.create_task(notebook.edit("c0", "x = 2"))
    await disk.wait_for_writer()
    close = asyncio.create_task(notebook.session.close())
    disk.open_gate.set()
    await asyncio.gather(edit, close)
    assert (await stored(notebook)).cells[0].source == "x = 2"


# -- failures
async def test_a_failure_is_told_to_who_waits_and_the_next_change_stores_all(open_notebook: Open) -> None:
    disk = Disk()
    notebook = await open_notebook("x = 1", "y = 1", storage=disk)
    disk.failure = StorageUnavailable("The disk is full.")
    with pytest.raises(StorageUnavailable, match="The disk is full"):
        await notebook.edit("c0", "x = 2")
    disk.failure = None
    await notebook.edit("c1", "y = 2")
    assert [cell.source for cell in (await stored(notebook)).cells] == ["x = 2", "y = 2"]


async def test_a_failed_write_is_tried_again_unasked(open_notebook: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saver, "RETRY_S", 0.05)
    disk = Disk()
    notebook = await open_notebook("x = 1", storage=disk)
    disk.failure = StorageUnavailable("The disk is full.")
    with pytest.raises(StorageUnavailable):
        await notebook.edit("c0", "x = 2")
    disk.at_gate.clear()
    disk.open_gate.clear()
    disk.failure = None
    await disk.wait_for_writer()
    disk.open_gate.set()
    await notebook.session.close()
    assert (await stored(notebook)).cells[0].source == "x = 2"


async def test_a_storage_that_hangs_is_told(open_notebook: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saver, "WRITE_LIMIT_S", 0.05)
    disk = Disk()
    notebook = await open_notebook("x = 1", storage=disk)
    disk.open_gate.clear()
    with pytest.raises(StorageUnavailable, match="did not answer within"):
        await notebook.edit("c0", "x = 2")
    disk.open_gate.set()


async def test_a_fault_in_a_storage_is_told_and_ends_nothing(open_notebook: Open) -> None:
    disk = Disk()
    notebook = await open_notebook("x = 1", storage=disk)
    disk.failure = ZeroDivisionError("a fault")
    with pytest.raises(StorageUnavailable, match="ZeroDivisionError"):
        await notebook.edit("c0", "x = 2")
    disk.failure = None
    await notebook.edit("c0", "x = 3")
    assert (await stored(notebook)).cells[0].source == "x = 3"


async def test_who_waits_for_a_notebook_that_is_deleted_is_told(open_notebook: Open) -> None:
    disk = Disk()
    notebook = await open_notebook("x = 1", storage=disk)
    disk.open_gate.clear()
    first = asyncio.create_task(notebook.edit("c0", "x = 2"))
    await disk.wait_for_writer()
    second = asyncio.create_task(notebook.edit("c0", "x = 3"))
    await notebook.until(lambda: notebook.cell("c0").source == "x = 3")
    deletion = asyncio.create_task(notebook.session.delete(4409, "The notebook was deleted."))
    await asyncio.sleep(0)
    disk.open_gate.set()
    await deletion
    await first
    with pytest.raises(StorageError, match="deleted"):
        await second
    with pytest.raises(NotebookNotFound):
        await stored(notebook)
    with pytest.raises(NotebookClosed):
        await notebook.edit("c0", "x = 3")


# -- others
async def test_an_older_revision_is_a_conflict_and_changes_nothing(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1")
    assert await notebook.session.apply(UpdateCell("c0", source="x = 2"), if_match=0) == 1
    with pytest.raises(Conflict) as caught:
        await notebook.session.apply(UpdateCell("c0", source="x = 3"), if_match=0)
    assert caught.value.revision == 1
    assert notebook.cell("c0").source == "x = 2"


async def test_of_two_writers_at_once_one_is_told(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1")
    results = await asyncio.gather(
        *(notebook.session.apply(UpdateCell("c0", source=f"x = {n}"), if_match=0) for n in (2, 3)),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [int, Conflict]
    assert notebook.cell("c0").source == "x = 2"


async def test_what_another_program_stored_is_taken_over(open_notebook: Open, storage: NotebookStorage) -> None:
    notebook = await open_notebook("x = 1", "x", "y = 3", storage=storage)
    await notebook.run()
    await notebook.session.apply(UpdateNotebook(name="Test"))
    theirs = await stored(notebook)
    cells = (*theirs.cells[:1], replace(theirs.cells[1], source="x + 1"), *theirs.cells[2:])
    await storage.save(replace(theirs, cells=cells, revision=theirs.revision + 5), expected=None)
    await notebook.session.take_over_changes()
    assert notebook.cell("c1").source == "x + 1"
    assert notebook.statuses() == "success stale success"
    assert notebook.session.revision == theirs.revision + 6
    await notebook.edit("c0", "x = 2")
    assert [cell.source for cell in (await stored(notebook)).cells] == ["x = 2", "x + 1", "y = 3"]


async def test_a_file_that_jupyter_changed_is_taken_over(open_notebook: Open, tmp_path: Path) -> None:
    async with FileStorage(tmp_path / "notebooks") as storage:
        notebook = await open_notebook("x = 1", storage=storage, name="shared")
        await notebook.edit("c0", "x = 2")
        path = tmp_path / "notebooks" / "shared.ipynb"
        theirs = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types
        theirs.cells.append(nbformat.v4.new_code_cell("from outside", id="theirs"))  # type: ignore[no-untyped-call]
        nbformat.write(theirs, path)  # type: ignore[no-untyped-call]
        await notebook.session.take_over_changes()
        assert [cell.id for cell in notebook.session.notebook.cells] == ["c0", "theirs"]
        await notebook.session.take_over_changes()
        assert len(list((tmp_path / "notebooks").glob("*.ipynb"))) == 1


async def test_what_both_changed_is_kept_twice(open_notebook: Open, storage: NotebookStorage) -> None:
    notebook = await open_notebook("x = 1", storage=storage, name="shared", owner="ann")
    await notebook.edit("c0", "x = 2")
    theirs = await stored(notebook)
    theirs = replace(theirs, cells=(replace(theirs.cells[0], source="theirs"),), revision=theirs.revision + 1)
    await storage.save(theirs, expected=None)
    await notebook.edit("c0", "ours")
    assert (await stored(notebook)).cells[0].source == "ours"
    names = {item.name: item.id for item in (await storage.list("ann")).items}
    assert sorted(names) == ["shared", "shared (changed elsewhere)"]
    assert (await storage.load(names["shared (changed elsewhere)"])).cells[0].source == "theirs"


async def test_a_notebook_that_was_removed_from_storage_is_stored_again(
    open_notebook: Open, storage: NotebookStorage
) -> None:
    notebook = await open_notebook("x = 1", storage=storage)
    await storage.delete(notebook.session.id)
    await notebook.session.take_over_changes()
    await notebook.edit("c0", "x = 2")
    assert (await stored(notebook)).cells[0].source == "x = 2"
