"""Notebooks that other programs change, move and remove while they are open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from reactive_kernels import KernelPool
from reactive_nb.core.config import load_settings
from reactive_nb.formats.libraries import library
from reactive_nb.schemas.events import NotebookUpdated
from reactive_nb.services.session import NotebookSession
from reactive_nb.storage import FileStorage, StorageUnavailable
from tests.services.live import Live, Open

pytestmark = pytest.mark.anyio
nbformat = library("nbformat")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "notebooks"


@pytest.fixture
async def storage(directory: Path) -> AsyncIterator[FileStorage]:
    async with FileStorage(directory) as opened:
        yield opened


@pytest.fixture
async def notebook(open_notebook: Open, storage: FileStorage) -> Live:
    """With the cells `x = 1` and `y = 1`, stored as shared.ipynb."""
    return await open_notebook("x = 1", "y = 1", storage=storage, name="shared", owner="ann")


def change(path: Path, edit: Callable[[Any], None]) -> None:
    """What JupyterLab does."""
    document = nbformat.read(path, as_version=4)
    edit(document)
    nbformat.write(document, path)


def source(place: int, text: str) -> Callable[[Any], None]:
    return lambda document: document.cells[place].__setitem__("source", text)


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.glob("*.ipynb"))


def sources(path: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


def messages(notebook: Live) -> list[str]:
    return [event.message for event in notebook.of(NotebookUpdated) if event.message is not None]


async def test_changes_of_different_cells_are_merged_and_told(notebook: Live, directory: Path) -> None:
    change(directory / "shared.ipynb", source(1, "y = 2"))
    await notebook.edit("c0", "x = 2")
    assert sources(directory / "shared.ipynb") == ["x = 2", "y = 2"]
    assert [cell.source for cell in notebook.session.notebook.cells] == ["x = 2", "y = 2"]
    assert messages(notebook) == ["The notebook was changed by another program; its changes are taken over."]
    assert files(directory) == ["shared.ipynb"]


async def test_a_cell_that_both_changed_is_kept_twice_and_told(notebook: Live, directory: Path) -> None:
    change(directory / "shared.ipynb", source(0, "theirs"))
    change(directory / "shared.ipynb", source(1, "y = 2"))
    await notebook.edit("c0", "ours")
    assert sources(directory / "shared.ipynb") == ["ours", "y = 2"]
    assert sources(directory / "shared (changed elsewhere).ipynb") == ["theirs", "y = 2"]
    assert messages(notebook) == [
        "Another program changed the notebook too (c0): its version is kept as 'shared (changed elsewhere)'."
    ]


async def test_many_conflicts_make_one_copy_that_has_every_text(notebook: Live, directory: Path) -> None:
    for number in range(5):
        change(directory / "shared.ipynb", source(0, f"theirs {number}"))
        await notebook.edit("c0", f"ours {number}")
    assert files(directory) == ["shared (changed elsewhere).ipynb", "shared.ipynb"]
    assert sources(directory / "shared.ipynb") == ["ours 4", "y = 1"]
    kept = sources(directory / "shared (changed elsewhere).ipynb")
    assert (kept[0], kept[-1]) == ("theirs 4", "y = 1")
    assert sorted(kept[1:-1]) == [f"theirs {number}" for number in range(4)]
    assert len(messages(notebook)) == 5


async def test_the_same_conflict_again_changes_nothing_in_the_copy(notebook: Live, directory: Path) -> None:
    copy = directory / "shared (changed elsewhere).ipynb"
    change(directory / "shared.ipynb", source(0, "theirs"))
    await notebook.edit("c0", "ours 1")
    before = copy.read_bytes()
    change(directory / "shared.ipynb", source(0, "theirs"))
    await notebook.edit("c0", "ours 2")
    assert copy.read_bytes() == before


async def test_a_copy_that_somebody_has_named_is_left_alone(notebook: Live, directory: Path) -> None:
    change(directory / "shared.ipynb", source(0, "theirs 1"))
    await notebook.edit("c0", "ours 1")
    (directory / "shared (changed elsewhere).ipynb").rename(directory / "mine.ipynb")
    change(directory / "shared.ipynb", source(0, "theirs 2"))
    await notebook.edit("c0", "ours 2")
    assert sources(directory / "mine.ipynb") == ["theirs 1", "y = 1"]
    assert sources(directory / "shared (changed elsewhere).ipynb") == ["theirs 2", "y = 1"]


async def test_outputs_made_elsewhere_are_shown_where_the_cell_has_not_run(notebook: Live, directory: Path) -> None:
    def run_elsewhere(document: Any) -> None:
        for place, cell in enumerate(document.cells):
            cell.outputs = [nbformat.v4.new_output("stream", text=f"theirs {place}\n")]

    await notebook.run("c0")
    change(directory / "shared.ipynb", run_elsewhere)
    await notebook.edit("c0", "print('changed')")
    await notebook.until(lambda: notebook.text("c1") == "theirs 1\n")
    assert "theirs" not in notebook.text("c0")
    assert notebook.status("c1") == "stale"


async def test_other_outputs_are_no_conflict_and_ours_stay(notebook: Live, directory: Path) -> None:
    await notebook.edit("c0", "print('ours')")
    await notebook.run()

    def run_elsewhere(document: Any) -> None:
        document.cells[0].outputs = [nbformat.v4.new_output("stream", text="theirs\n")]
        document.cells[0].execution_count = 99

    change(directory / "shared.ipynb", run_elsewhere)
    await notebook.edit("c0", "print('ours') # changed")
    assert messages(notebook) == [
        "Another program stored the notebook with other outputs; those of cells that ran here are kept."
    ]
    change(directory / "shared.ipynb", run_elsewhere)
    await notebook.session.take_over_changes()
    assert len(messages(notebook)) == 2
    await notebook.session.close()
    assert files(directory) == ["shared.ipynb"]
    assert nbformat.read(directory / "shared.ipynb", as_version=4).cells[0].outputs[0].text == "ours\n"


@pytest.mark.parametrize("looked", [True, False], ids=["and seen", "and not seen"])
async def test_an_open_notebook_whose_file_is_renamed_goes_with_it(
    notebook: Live, directory: Path, looked: bool
) -> None:
    (directory / "shared.ipynb").rename(directory / "renamed.ipynb")
    if looked:
        await notebook.session.take_over_changes()
    await notebook.edit("c0", "x = 2")
    assert (notebook.session.notebook.name, files(directory)) == ("renamed", ["renamed.ipynb"])
    assert sources(directory / "renamed.ipynb") == ["x = 2", "y = 1"]
    assert notebook.of(NotebookUpdated)[-1].name == "renamed"
    assert messages(notebook) == ["The notebook's file was renamed to 'renamed'."]


async def test_renamed_and_changed_on_both_sides(notebook: Live, directory: Path) -> None:
    (directory / "sub").mkdir()
    (directory / "shared.ipynb").rename(directory / "sub" / "renamed.ipynb")
    change(directory / "sub" / "renamed.ipynb", source(0, "theirs"))
    await notebook.edit("c0", "ours")
    assert files(directory / "sub") == ["renamed.ipynb"]
    assert sources(directory / "sub" / "renamed.ipynb") == ["ours", "y = 1"]
    assert files(directory) == ["renamed (changed elsewhere).ipynb"]


async def test_a_file_that_was_never_ours_is_followed_too(
    pool: KernelPool, storage: FileStorage, directory: Path
) -> None:
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1", id="c0")]), directory / "a.ipynb")
    found = await storage.load((await storage.list("local")).items[0].id)
    settings = load_settings(notebook_storage_dir=directory)
    session = NotebookSession(found, storage=storage, pool=pool, settings=settings)
    try:
        (directory / "a.ipynb").rename(directory / "b.ipynb")
        notebook = Live(session, storage)
        await notebook.edit("c0", "x = 2")
        assert (session.notebook.name, files(directory)) == ("b", ["b.ipynb"])
        assert sources(directory / "b.ipynb") == ["x = 2"]
    finally:
        await session.close()


async def test_a_file_that_was_removed_is_stored_again_and_told(notebook: Live, directory: Path) -> None:
    (directory / "shared.ipynb").unlink()
    await notebook.session.take_over_changes()
    await notebook.edit("c0", "x = 2")
    assert sources(directory / "shared.ipynb") == ["x = 2", "y = 1"]
    assert messages(notebook) == ["The notebook's file had been removed by another program, and was stored again."]


async def test_a_file_that_is_just_being_written_is_waited_for(notebook: Live, directory: Path) -> None:
    path = directory / "shared.ipynb"
    change(path, source(1, "y = 2"))
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    edit = asyncio.create_task(notebook.edit("c0", "x = 2"))
    await asyncio.wait([edit], timeout=0.1)
    path.write_bytes(whole)
    await edit
    assert sources(path) == ["x = 2", "y = 2"]


async def test_a_file_that_stays_unreadable_is_told_and_not_overwritten(notebook: Live, directory: Path) -> None:
    path = directory / "shared.ipynb"
    path.write_bytes(b"{")
    with pytest.raises(StorageUnavailable, match="cannot be read"):
        await notebook.edit("c0", "x = 2")
    assert path.read_bytes() == b"{"


async def test_two_programs_that_never_stop_lose_nothing(notebook: Live, directory: Path) -> None:
    async def theirs() -> None:
        for number in range(20):
            await notebook.session.take_over_changes()
            change(directory / "shared.ipynb", source(1, f"y = {number}"))
            await asyncio.sleep(0)

    async def ours() -> None:
        for number in range(20):
            await notebook.edit("c0", f"x = {number}")

    await asyncio.gather(theirs(), ours())
    await notebook.session.take_over_changes()
    await notebook.edit("c0", "x = 'last'")
    assert sources(directory / "shared.ipynb") == ["x = 'last'", "y = 19"]
    assert files(directory) == ["shared.ipynb"]
