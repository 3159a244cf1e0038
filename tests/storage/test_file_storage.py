"""Notebooks in a directory that other programs use too."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reactive_nb.formats import write_ipynb
from reactive_nb.formats.libraries import library
from reactive_nb.models import Cell, CellType, Notebook
from reactive_nb.storage import (
    FileStorage,
    NotebookNotFound,
    NotebookUnreadable,
    RevisionConflict,
    StorageError,
    StorageUnavailable,
)
from reactive_nb.storage import notebook_files as files
from tests.storage.contract import edited, notebook

pytestmark = pytest.mark.anyio
nbformat = library("nbformat")


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[FileStorage]:
    async with FileStorage(tmp_path) as opened:
        yield opened


def write_with_jupyter(path: Path, *sources: str, metadata: dict[str, Any] | None = None) -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata or {}), path)


def edit_with_jupyter(path: Path, source: str) -> None:
    """Add a cell the way JupyterLab does: everything read is written again, and replaced at once."""
    node = nbformat.read(path, as_version=4)
    node.cells.append(nbformat.v4.new_code_cell(source))
    temporary = path.with_suffix(".other")
    nbformat.write(node, temporary)
    os.replace(temporary, path)


async def names(storage: FileStorage) -> list[str]:
    return sorted([item.name for item in (await storage.list("local")).items])


def contents(directory: Path) -> list[str]:
    return sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())


async def test_a_notebook_is_a_file_of_its_name_that_jupyter_can_read(storage: FileStorage, tmp_path: Path) -> None:
    await storage.create(notebook("Sales 2026", cells=[Cell("a", source="x = 1"), Cell("q", CellType.SQL, "select 1")]))
    assert contents(tmp_path) == ["Sales 2026.ipynb"]
    node = nbformat.read(tmp_path / "Sales 2026.ipynb", as_version=4)
    nbformat.validate(node)
    assert [cell.source for cell in node.cells] == ["x = 1", "select 1"]


async def test_a_taken_name_gets_a_number(storage: FileStorage, tmp_path: Path) -> None:
    made = [await storage.create(notebook("Sales")) for _ in range(3)]
    assert [item.name for item in made] == ["Sales", "Sales (2)", "Sales (3)"]
    renamed = await storage.save(replace(made[2], name="Sales", revision=1), expected=0)
    assert renamed.name == "Sales (3)"
    assert contents(tmp_path) == ["Sales (2).ipynb", "Sales (3).ipynb", "Sales.ipynb"]


async def test_a_rename_moves_the_file_and_takes_nobody_else_s_name(storage: FileStorage, tmp_path: Path) -> None:
    stored = await storage.create(notebook("Before"))
    write_with_jupyter(tmp_path / "After.ipynb", "theirs")
    renamed = await storage.save(replace(edited(stored), name="After"), expected=0)
    assert renamed.name == "After (2)"
    assert contents(tmp_path) == ["After (2).ipynb", "After.ipynb"]
    assert nbformat.read(tmp_path / "After.ipynb", as_version=4).cells[0].source == "theirs"
    assert await storage.load(stored.id) == renamed


async def test_a_notebook_stays_in_its_directory_when_renamed(storage: FileStorage, tmp_path: Path) -> None:
    write_with_jupyter(tmp_path / "2026" / "May" / "plan.ipynb", "1")
    found = await storage.load((await storage.list("local")).items[0].id)
    await storage.save(replace(edited(found), name="Plan B"), expected=found.revision)
    assert contents(tmp_path) == ["2026/May/Plan B.ipynb"]
    assert storage.working_directory(found.id) == tmp_path / "2026" / "May"
    assert storage.working_directory("unknown") is None


async def test_notebooks_of_other_programs_are_found_wherever_they_lie(storage: FileStorage, tmp_path: Path) -> None:
    for path in (
        "a.ipynb",
        "deep/er/b.ipynb",
        "node_modules/no.ipynb",
        ".git/no.ipynb",
        "x/.ipynb_checkpoints/no.ipynb",
    ):
        write_with_jupyter(tmp_path / path, "1")
    write_with_jupyter(tmp_path / "._a.ipynb", "1")
    (tmp_path / "directory.ipynb").mkdir()
    (tmp_path / "notes.txt").write_text("no notebook")
    assert await names(storage) == ["a", "b"]


async def test_a_file_without_an_id_keeps_the_one_it_gets(storage: FileStorage, tmp_path: Path) -> None:
    write_with_jupyter(tmp_path / "a.ipynb", "1")
    first = (await storage.list("local")).items[0].id
    async with FileStorage(tmp_path) as other:
        assert (await other.list("local")).items[0].id == first
        loaded = await other.load(first)
        await other.save(replace(edited(loaded), name="renamed"), expected=loaded.revision)
    async with FileStorage(tmp_path) as other:
        assert (await other.load(first)).name == "renamed"
    assert (await storage.load(first)).name == "renamed"


async def test_of_two_files_with_one_id_the_copy_gets_another(storage: FileStorage, tmp_path: Path) -> None:
    original = await storage.create(notebook("Z original", cells=[Cell("a", source="1")]))
    shutil.copy(tmp_path / "Z original.ipynb", tmp_path / "A copy.ipynb")
    listed = {item.name: item.id for item in (await storage.list("local")).items}
    assert listed["Z original"] == original.id
    assert listed["A copy"] != original.id
    async with FileStorage(tmp_path) as fresh:
        assert {item.name: item.id for item in (await fresh.list("local")).items} == listed
        copy = await fresh.load(listed["A copy"])
        await fresh.save(edited(copy), expected=copy.revision)
    stored = json.loads((tmp_path / "A copy.ipynb").read_text())["metadata"]["reactive_nb"]
    assert (stored["id"], stored["name"]) == (listed["A copy"], "A copy")
    assert await storage.load(original.id) == original


async def test_an_id_freed_by_moving_a_file_is_not_given_twice(storage: FileStorage, tmp_path: Path) -> None:
    write_with_jupyter(tmp_path / "a.ipynb", "first")
    first = await storage.load((await storage.list("local")).items[0].id)
    await storage.save(edited(first), expected=first.revision)
    (tmp_path / "a.ipynb").rename(tmp_path / "b.ipynb")
    write_with_jupyter(tmp_path / "a.ipynb", "second")
    listed = {item.name: item.id for item in (await storage.list("local")).items}
    assert len(set(listed.values())) == 2
    for name, source in (("a", "second"), ("b", "first")):
        assert (await storage.load(listed[name])).cells[0].source == source


async def test_an_edit_by_jupyter_is_noticed_and_not_overwritten(storage: FileStorage, tmp_path: Path) -> None:
    mine = await storage.create(notebook(cells=[Cell("a", source="1")]))
    edit_with_jupyter(tmp_path / "Sales.ipynb", "theirs")
    changed = await storage.changed_outside(mine)
    assert changed is not None
    assert [cell.source for cell in changed.cells] == ["1", "theirs"]
    assert (changed.id, changed.revision) == (mine.id, mine.revision + 1)
    assert changed.updated_at > mine.updated_at
    with pytest.raises(RevisionConflict) as conflict:
        await storage.save(edited(mine, "mine"), expected=mine.revision)
    assert conflict.value.stored == changed
    saved = await storage.save(edited(changed, "mine"), expected=changed.revision)
    assert [cell.source for cell in saved.cells] == ["1", "theirs", "mine"]
    assert await storage.changed_outside(saved) is None


async def test_an_edit_is_noticed_even_if_somebody_else_has_looked_at_it(storage: FileStorage, tmp_path: Path) -> None:
    mine = await storage.create(notebook())
    edit_with_jupyter(tmp_path / "Sales.ipynb", "theirs")
    await storage.list("local")
    await storage.load(mine.id)
    with pytest.raises(RevisionConflict):
        await storage.save(edited(mine), expected=mine.revision)
    for count in (2, 3):
        edit_with_jupyter(tmp_path / "Sales.ipynb", "again")
        loaded = await storage.load(mine.id)
        assert (loaded.revision, len(loaded.cells)) == (count, count)


async def test_an_edit_made_while_we_were_away_counts_as_a_revision(tmp_path: Path) -> None:
    async with FileStorage(tmp_path) as storage:
        stored = await storage.create(notebook())
    edit_with_jupyter(tmp_path / "Sales.ipynb", "theirs")
    async with FileStorage(tmp_path) as storage:
        with pytest.raises(RevisionConflict):
            await storage.save(edited(stored), expected=stored.revision)


async def test_a_file_that_was_only_touched_has_not_changed(storage: FileStorage, tmp_path: Path) -> None:
    stored = await storage.create(notebook())
    (tmp_path / "Sales.ipynb").touch()
    assert await storage.changed_outside(stored) is None
    await storage.save(edited(stored), expected=stored.revision)


async def test_a_file_renamed_by_others_is_the_same_notebook_of_another_name(
    storage: FileStorage, tmp_path: Path
) -> None:
    stored = await storage.create(notebook("Before"))
    (tmp_path / "sub").mkdir()
    (tmp_path / "Before.ipynb").rename(tmp_path / "sub" / "After.ipynb")
    changed = await storage.changed_outside(stored)
    assert changed is not None
    assert (changed.name, changed.revision) == ("After", stored.revision + 1)
    with pytest.raises(RevisionConflict):
        await storage.save(edited(stored), expected=stored.revision)
    await storage.save(edited(changed), expected=changed.revision)
    assert contents(tmp_path) == ["sub/After.ipynb"]


async def test_a_file_that_states_no_id_is_the_same_notebook_when_it_is_moved(
    storage: FileStorage, tmp_path: Path
) -> None:
    write_with_jupyter(tmp_path / "Before.ipynb", "1")
    found = await storage.load((await storage.list("local")).items[0].id)
    (tmp_path / "sub").mkdir()
    (tmp_path / "Before.ipynb").rename(tmp_path / "sub" / "After.ipynb")
    changed = await storage.changed_outside(found)
    assert changed is not None
    assert (changed.id, changed.name, changed.revision) == (found.id, "After", found.revision + 1)
    write_with_jupyter(tmp_path / "Before.ipynb", "another")
    listed = {item.name: item.id for item in (await storage.list("local")).items}
    assert listed["After"] == found.id != listed["Before"]
    await storage.save(edited(changed), expected=changed.revision)
    async with FileStorage(tmp_path) as other:
        assert {item.name: item.id for item in (await other.list("local")).items}["After"] == found.id


async def test_a_file_with_the_content_of_one_that_is_gone_is_another(storage: FileStorage, tmp_path: Path) -> None:
    write_with_jupyter(tmp_path / "Before.ipynb", "1")
    found = (await storage.list("local")).items[0]
    shutil.copy(tmp_path / "Before.ipynb", tmp_path / "After.ipynb")
    (tmp_path / "Before.ipynb").unlink()
    assert (await storage.list("local")).items[0].id != found.id


async def test_a_file_deleted_by_others_is_gone(storage: FileStorage, tmp_path: Path) -> None:
    stored = await storage.create(notebook())
    (tmp_path / "Sales.ipynb").unlink()
    with pytest.raises(NotebookNotFound):
        await storage.changed_outside(stored)
    with pytest.raises(NotebookNotFound):
        await storage.save(edited(stored), expected=stored.revision)
    assert contents(tmp_path) == []
    assert (await storage.create(stored)) == stored


async def test_a_notebook_put_in_another_s_place_is_that_other(storage: FileStorage, tmp_path: Path) -> None:
    one, two = [await storage.create(notebook(name)) for name in ("one", "two")]
    os.replace(tmp_path / "two.ipynb", tmp_path / "one.ipynb")
    with pytest.raises(NotebookNotFound):
        await storage.save(edited(one), expected=one.revision)
    assert (await storage.load(two.id)).name == "one"


async def test_a_damaged_file_is_listed_nowhere_and_says_why(
    storage: FileStorage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stored = await storage.create(notebook("good"))
    (tmp_path / "bad.ipynb").write_text('{"nbformat": 4,')
    with caplog.at_level(logging.WARNING, "reactive_nb.storage"):
        assert await names(storage) == ["good"]
        assert await names(storage) == ["good"]
        with pytest.raises(NotebookUnreadable, match=r"'bad.ipynb' cannot be read: Not JSON"):
            await storage.load(files.id_of_path("bad.ipynb"))
    assert len(caplog.records) == 1
    assert await storage.load(stored.id) == stored


async def test_a_notebook_that_gets_damaged_is_not_overwritten_unseen(storage: FileStorage, tmp_path: Path) -> None:
    stored = await storage.create(notebook())
    (tmp_path / "Sales.ipynb").write_bytes(write_ipynb(stored)[:-20])
    for action in (storage.load(stored.id), storage.changed_outside(stored), storage.save(edited(stored), expected=0)):
        with pytest.raises(NotebookUnreadable):
            await action
    assert (tmp_path / "Sales.ipynb").read_bytes() == write_ipynb(stored)[:-20]
    saved = await storage.save(edited(stored), expected=None)
    assert await storage.load(stored.id) == saved


async def test_no_path_leads_out_of_the_directory(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    write_with_jupyter(outside / "secret.ipynb", "1")
    write_with_jupyter(inside / "sub" / "mine.ipynb", "1")
    (inside / "loop").symlink_to(inside)
    (inside / "away").symlink_to(outside)
    (inside / "link.ipynb").symlink_to(outside / "secret.ipynb")
    async with FileStorage(inside) as storage:
        assert await names(storage) == ["mine"]
        mine = await storage.load((await storage.list("local")).items[0].id)
        shutil.move(inside / "sub", outside / "sub")
        (inside / "sub").symlink_to(outside / "sub")
        before = (outside / "sub" / "mine.ipynb").read_bytes()
        with pytest.raises(NotebookNotFound):
            await storage.load(mine.id)
        with pytest.raises(NotebookNotFound):
            await storage.save(edited(mine), expected=None)
        assert (outside / "sub" / "mine.ipynb").read_bytes() == before
        await storage.create(notebook("link"))
        assert (await storage.create(notebook("../escape"))).name == "-escape"
    assert sorted(os.listdir(outside)) == ["secret.ipynb", "sub"]
    assert sorted(os.listdir(tmp_path)) == ["inside", "outside"]


async def test_a_link_as_the_directory_itself_is_fine(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    async with FileStorage(tmp_path / "link") as storage:
        stored = await storage.create(notebook())
        await storage.save(edited(stored), expected=0)
    assert contents(tmp_path / "real") == ["Sales.ipynb"]


async def test_permissions_are_kept(storage: FileStorage, tmp_path: Path) -> None:
    stored = await storage.create(notebook())
    (tmp_path / "Sales.ipynb").chmod(0o640)
    stored = await storage.save(edited(stored), expected=0)
    await storage.save(replace(edited(stored), name="Other"), expected=1)
    assert (tmp_path / "Other.ipynb").stat().st_mode & 0o777 == 0o640


async def test_unchanged_files_are_not_read_again(
    storage: FileStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1000):
        (tmp_path / f"n{number}.ipynb").write_bytes(write_ipynb(notebook(f"n{number}", minutes=number)))
    read: list[str] = []
    describe = files.describe

    def observed(root: Path, path: str) -> tuple[files.NotebookFile, Notebook | None]:
        read.append(path)
        return describe(root, path)

    monkeypatch.setattr(files, "describe", observed)
    assert len((await storage.list("local", limit=1000)).items) == 1000
    assert len(read) == 1000
    read.clear()
    (tmp_path / "n7.ipynb").write_bytes(write_ipynb(notebook("n7")))
    await storage.list("local")
    await storage.list("local")
    assert read == ["n7.ipynb"]


async def test_a_walk_takes_up_a_bounded_number_and_keeps_what_it_knows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with FileStorage(tmp_path, limit=3) as storage:
        mine = await storage.create(notebook("mine"))
        for number in range(9):
            write_with_jupyter(tmp_path / f"{number}.ipynb", "1")
        with caplog.at_level(logging.WARNING, "reactive_nb.storage"):
            assert len((await storage.list("local")).items) <= 4
            await storage.list("local")
        assert len(caplog.records) == 1
        assert "mine" in await names(storage)
        assert await storage.load(mine.id) == mine


async def test_what_a_crash_has_left_is_cleared_when_opening(tmp_path: Path) -> None:
    write_with_jupyter(tmp_path / "sub" / "a.ipynb", "1")
    for place in (tmp_path, tmp_path / "sub"):
        (place / ".0123456789abcdef.reactive_nb.tmp").write_text("half a noteb")
    async with FileStorage(tmp_path) as storage:
        assert contents(tmp_path) == ["sub/a.ipynb"]
        assert await names(storage) == ["a"]


async def test_a_rename_cut_off_between_its_two_steps_shows_one_notebook(tmp_path: Path) -> None:
    data = write_ipynb(notebook("new"))
    (tmp_path / "old.ipynb").write_bytes(data)
    os.link(tmp_path / "old.ipynb", tmp_path / "new.ipynb")
    async with FileStorage(tmp_path) as storage:
        assert await names(storage) == ["new"]


async def test_what_json_cannot_express_is_refused_and_leaves_the_file(storage: FileStorage, tmp_path: Path) -> None:
    stored = await storage.create(notebook())
    with pytest.raises(StorageError, match="JSON cannot express"):
        await storage.save(replace(edited(stored), metadata={"a": object()}), expected=0)
    assert await storage.load(stored.id) == stored
    assert contents(tmp_path) == ["Sales.ipynb"]


async def test_a_storage_that_is_not_open_says_so(tmp_path: Path) -> None:
    storage = FileStorage(tmp_path)
    with pytest.raises(StorageUnavailable, match="not open"):
        await storage.list("local")
    with pytest.raises(StorageUnavailable, match="not open"):
        await storage.load("n")
