"""The address of a notebook's database: what is kept while it changes, and what a mute server holds up."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from pathlib import Path

import pytest

from reactive_nb.services import database
from reactive_nb.services.errors import Conflict
from tests.databases import PASSWORD
from tests.services.live import Open
from tests.services.test_sql_cells import sql

pytestmark = pytest.mark.anyio

FIRST = f"postgresql://ann:{PASSWORD}@127.0.0.1:1/first"
SECOND = "postgresql://ann:another@127.0.0.1:1/second"


async def test_a_change_that_is_refused_leaves_the_password_that_there_was(open_notebook: Open) -> None:
    notebook = await open_notebook(sql(0, "select 1 as a"))
    await notebook.session.set_database(FIRST)
    with pytest.raises(Conflict):
        await notebook.session.set_database(SECOND, if_match=0)
    assert await notebook.session.database_address() == FIRST
    assert await notebook.storage.load_secret(notebook.session.id) == FIRST


async def test_a_new_password_for_the_same_address_is_refused_as_any_write_is(open_notebook: Open) -> None:
    notebook = await open_notebook(sql(0, "select 1 as a"))
    await notebook.session.set_database(FIRST)
    with pytest.raises(Conflict):
        await notebook.session.set_database(FIRST.replace(PASSWORD, "wrong"), if_match=0)
    assert await notebook.session.database_address() == FIRST


async def test_changes_at_the_same_time_leave_an_address_with_its_own_password(open_notebook: Open) -> None:
    notebook = await open_notebook(sql(0, "select 1 as a"))
    await asyncio.gather(*(notebook.session.set_database(url) for url in (FIRST, SECOND, FIRST, SECOND)))
    assert await notebook.session.database_address() == SECOND
    assert await notebook.storage.load_secret(notebook.session.id) == SECOND
    await notebook.session.set_database(None)
    assert await notebook.storage.load_secret(notebook.session.id) is None


async def test_servers_that_say_nothing_hold_up_nobody_else(
    open_notebook: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are asked at once: their threads are none of those in which everything else is done."""
    monkeypatch.setattr(database, "TEST_LIMIT_S", 1.0)
    notebook = await open_notebook("x = 1")
    with contextlib.ExitStack() as stack:
        mute = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        url = f"mysql://ann:{PASSWORD}@127.0.0.1:{mute.getsockname()[1]}/x"
        tried = [notebook.session.try_database(url) for _ in range(database.MOST_TESTS + 4)]
        said = asyncio.gather(*tried)
        async with asyncio.timeout(20):
            assert sum(await asyncio.gather(*(asyncio.to_thread(lambda: 1) for _ in range(50)))) == 50
            found = await said
    assert {one for one in found if one is not None and "try again in a moment" not in one} == {
        "The database does not answer within 1 seconds."
    }
    assert sum("try again in a moment" in (one or "") for one in found) == 4
    async with asyncio.timeout(20):  # the drivers give up, too
        while any(thread.name == "database-test" for thread in threading.enumerate()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert await notebook.session.try_database(f"sqlite:///{tmp_path}/a.db") is None
