"""What every storage does: one suite, run against each implementation by a subclass that has a `storage` fixture."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reactive_nb.models import (
    Cell,
    CellConfig,
    CellError,
    CellType,
    Notebook,
    NotebookSettings,
    RunMode,
    new_notebook_id,
)
from reactive_nb.storage import (
    BadCursor,
    NotebookNotFound,
    NotebookStorage,
    RevisionConflict,
    load_notebook,
    save_notebook,
)

DEADLINE_S = 20
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def notebook(name: str = "Sales", *, minutes: float = 0, owner: str = "local", cells: Iterable[Cell] = ()) -> Notebook:
    """A new notebook, last changed some minutes after `START`."""
    time = START + timedelta(minutes=minutes)
    return Notebook(new_notebook_id(), name, owner, cells=tuple(cells), created_at=START, updated_at=time)


def edited(stored: Notebook, source: str = "edited") -> Notebook:
    """The next revision of a notebook, with one more cell."""
    revision = stored.revision + 1
    cell = Cell(f"cell-{revision}", source=source, revision=revision)
    return replace(
        stored,
        cells=(*stored.cells, cell),
        revision=revision,
        updated_at=stored.updated_at + timedelta(seconds=1),
    )


RICH = replace(
    notebook("Everything", owner="ann@example.org"),
    kernel_name="ir",
    revision=12,
    settings=NotebookSettings(mode=RunMode.LAZY, restart_dead_kernel=True),
    metadata={"other": {"tool": [1, 2.5, None, "ü", 10**30]}},
    cells=(
        Cell(
            "a-1",
            CellType.PYTHON,
            "print('ü')\n\n",
            CellConfig(timeout=2.5, hide_source=True),
            outputs=(
                {"output_type": "stream", "name": "stdout", "text": "ü\n"},
                {"output_type": "display_data", "data": {"image/png": "aGk=", "text/plain": "a\nb"}, "metadata": {}},
            ),
            execution_count=3,
            error=CellError("exception", "it broke", names=("x",), cells=("b",), line=2),
            started_at=START,
            duration_ms=12.25,
            metadata={"tags": ["x"]},
            revision=11,
        ),
        Cell("q", CellType.SQL, "select 1", CellConfig(result="df")),
        Cell("m", CellType.MARKDOWN, "*text*", attachments={"a.png": {"image/png": "aGk="}}),
        Cell("c", CellType.CODE, "x <- 1"),
        Cell("r", CellType.RAW, "raw"),
    ),
)


@pytest.mark.anyio
class StorageContract:
    async def test_what_was_created_is_loaded_as_it_was(self, storage: NotebookStorage) -> None:
        created = await storage.create(RICH)
        assert created == RICH
        assert await storage.load(RICH.id) == RICH

    async def test_what_was_saved_is_loaded_as_it_was(self, storage: NotebookStorage) -> None:
        stored = await storage.create(notebook())
        saved = await storage.save(edited(stored), expected=stored.revision)
        assert await storage.load(stored.id) == saved == edited(stored)

    async def test_an_id_cannot_be_created_twice(self, storage: NotebookStorage) -> None:
        stored = await storage.create(notebook())
        with pytest.raises(RevisionConflict) as conflict:
            await storage.create(replace(stored, name="Other"))
        assert conflict.value.stored == stored
        assert await storage.load(stored.id) == stored

    async def test_an_unknown_notebook_is_not_found(self, storage: NotebookStorage) -> None:
        absent = notebook()
        with pytest.raises(NotebookNotFound, match=absent.id):
            await storage.load(absent.id)
        with pytest.raises(NotebookNotFound):
            await storage.save(absent, expected=0)
        with pytest.raises(NotebookNotFound):
            await storage.save(absent, expected=None)
        with pytest.raises(NotebookNotFound):
            await storage.delete(absent.id)
        with pytest.raises(NotebookNotFound):
            await storage.changed_outside(absent)

    @pytest.mark.parametrize("odd", ["", "../../etc/passwd", "a\0b", "x" * 5000, "\ud800"])
    async def test_an_impossible_id_is_just_not_found(self, storage: NotebookStorage, odd: str) -> None:
        with pytest.raises(NotebookNotFound):
            await storage.load(odd)

    async def test_a_deleted_notebook_is_gone_and_its_name_free(self, storage: NotebookStorage) -> None:
        stored = await storage.create(notebook())
        await storage.delete(stored.id)
        with pytest.raises(NotebookNotFound):
            await storage.load(stored.id)
        assert (await storage.list("local")).items == ()
        assert (await storage.create(notebook())).name == "Sales"

    async def test_a_secret_is_kept_beside_the_notebook_and_goes_with_it(self, storage: NotebookStorage) -> None:
        stored = await storage.create(notebook())
        assert await storage.load_secret(stored.id) is None
        await storage.save_secret(stored.id, "first")
        await storage.save_secret(stored.id, "second")
        assert await storage.load_secret(stored.id) == "second"
        assert "second" not in repr(await storage.load(stored.id))
        await storage.save_secret(stored.id, None)
        await storage.save_secret(stored.id, None)
        assert await storage.load_secret(stored.id) is None
        await storage.save_secret(stored.id, "third")
        await storage.delete(stored.id)
        assert await storage.load_secret(stored.id) is None

    async def test_a_save_that_expects_another_revision_changes_nothing(self, storage: NotebookStorage) -> None:
        first = await storage.create(notebook())
        second = await storage.save(edited(first, "mine"), expected=0)
        with pytest.raises(RevisionConflict) as conflict:
            await storage.save(edited(first, "theirs"), expected=0)
        assert conflict.value.stored == second
        assert await storage.load(first.id) == second

    async def test_a_save_that_expects_nothing_overwrites(self, storage: NotebookStorage) -> None:
        first = await storage.create(notebook())
        await storage.save(edited(first, "mine"), expected=0)
        forced = await storage.save(edited(first, "theirs"), expected=None)
        assert await storage.load(first.id) == forced

    async def test_of_many_saves_at_once_one_wins(self, storage: NotebookStorage) -> None:
        first = await storage.create(notebook())
        async with asyncio.timeout(DEADLINE_S):
            results = await asyncio.gather(
                *(storage.save(edited(first, f"writer {place}"), expected=0) for place in range(20)),
                return_exceptions=True,
            )
        won = [result for result in results if isinstance(result, Notebook)]
        assert len(won) == 1, results
        assert sum(isinstance(result, RevisionConflict) for result in results) == 19
        assert await storage.load(first.id) == won[0]

    async def test_many_notebooks_are_created_at_once(self, storage: NotebookStorage) -> None:
        async with asyncio.timeout(DEADLINE_S):
            made = await asyncio.gather(*(storage.create(notebook()) for _ in range(20)))
        assert [await storage.load(item.id) for item in made] == list(made)

    async def test_a_list_shows_the_owner_s_notebooks_last_changed_first(self, storage: NotebookStorage) -> None:
        for place, minutes in enumerate([5, 1, 9, 3]):
            await storage.create(notebook(f"n{place}", minutes=minutes, cells=[Cell("a")]))
        await storage.create(notebook("hers", owner="ann"))
        listed = await storage.list("local")
        assert [item.name for item in listed.items] == ["n2", "n0", "n3", "n1"]
        assert listed.cursor is None
        assert (listed.items[0].cell_count, listed.items[0].owner, listed.items[0].revision) == (1, "local", 0)
        assert [item.name for item in (await storage.list("ann")).items] == ["hers"]
        assert (await storage.list("nobody")).items == ()

    async def test_a_list_follows_changes(self, storage: NotebookStorage) -> None:
        old = await storage.create(notebook("old", minutes=1))
        await storage.create(notebook("new", minutes=2))
        await storage.save(replace(edited(old), updated_at=START + timedelta(minutes=3)), expected=0)
        listed = (await storage.list("local")).items
        assert [(item.name, item.revision, item.cell_count) for item in listed] == [("old", 1, 1), ("new", 0, 0)]

    async def test_pages_show_everything_once(self, storage: NotebookStorage) -> None:
        made = [await storage.create(notebook(f"n{place}", minutes=place // 3)) for place in range(10)]
        seen: list[str] = []
        cursor = None
        for _ in range(4):
            page = await storage.list("local", limit=3, cursor=cursor)
            seen += [item.id for item in page.items]
            cursor = page.cursor
        assert cursor is None
        assert sorted(seen) == sorted(item.id for item in made)

    async def test_a_notebook_made_between_pages_repeats_and_hides_none(self, storage: NotebookStorage) -> None:
        made = [await storage.create(notebook(f"n{place}", minutes=place)) for place in range(4)]
        first = await storage.list("local", limit=2)
        await storage.create(notebook("between", minutes=99))
        second = await storage.list("local", limit=2, cursor=first.cursor)
        assert [item.id for item in (*first.items, *second.items)] == [item.id for item in reversed(made)]

    async def test_a_page_that_holds_all_has_no_cursor(self, storage: NotebookStorage) -> None:
        for place in range(2):
            await storage.create(notebook(f"n{place}", minutes=place))
        assert (await storage.list("local", limit=2)).cursor is None

    @pytest.mark.parametrize("cursor", ["", "x", "bm90aGluZw", "é", "=" * 9, "MjAyNi0wMy0wMSAg", "\ud800"])
    async def test_a_made_up_cursor_is_refused(self, storage: NotebookStorage, cursor: str) -> None:
        await storage.create(notebook())
        with pytest.raises(BadCursor):
            await storage.list("local", cursor=cursor)

    async def test_nothing_has_changed_outside_after_one_s_own_saves(self, storage: NotebookStorage) -> None:
        stored = await storage.create(notebook())
        assert await storage.changed_outside(stored) is None
        stored = await storage.save(edited(stored), expected=0)
        assert await storage.changed_outside(stored) is None
        assert await storage.changed_outside(await storage.load(stored.id)) is None
        assert await storage.changed_outside(edited(stored)) is None

    async def test_what_somebody_else_has_saved_is_found(self, storage: NotebookStorage) -> None:
        mine = await storage.create(notebook())
        theirs = await storage.save(edited(mine), expected=0)
        assert await storage.changed_outside(mine) == theirs

    async def test_a_new_name_is_stored(self, storage: NotebookStorage) -> None:
        stored = await storage.create(notebook("Before"))
        renamed = await storage.save(replace(edited(stored), name="After"), expected=0)
        assert renamed.name == "After"
        assert await storage.load(stored.id) == renamed
        assert [item.name for item in (await storage.list("local")).items] == ["After"]
        assert await storage.changed_outside(renamed) is None

    async def test_a_save_that_nobody_waits_for_is_whole(self, storage: NotebookStorage) -> None:
        stored = await storage.create(notebook())
        saving = asyncio.create_task(storage.save(edited(stored), expected=0))
        await asyncio.sleep(0)
        saving.cancel()
        await asyncio.wait([saving], timeout=DEADLINE_S)
        assert saving.done()
        loaded = await storage.load(stored.id)
        assert loaded in (stored, edited(stored))
        await storage.save(edited(loaded), expected=loaded.revision)

    async def test_a_working_storage_passes_its_check(self, storage: NotebookStorage) -> None:
        await storage.check()

    async def test_opening_and_closing_twice_does_no_harm(self, storage: NotebookStorage) -> None:
        stored = await storage.create(notebook())
        await storage.open()
        assert await storage.load(stored.id) == stored
        await storage.close()
        await storage.close()

    async def test_the_calls_for_scripts_store_new_and_known_notebooks(self, storage: NotebookStorage) -> None:
        first = await save_notebook(notebook(), storage)
        second = await save_notebook(edited(first), storage)
        assert await load_notebook(first.id, storage) == second
