"""SQL cells on real servers: PostgreSQL, MariaDB and SQLite."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reactive_nb.core.config import load_settings
from reactive_nb.services.operations import UpdateNotebook
from tests import databases
from tests.databases import PASSWORD, Server
from tests.services.live import Live, Open
from tests.services.test_sql_cells import sql, table

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with databases.postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="module")
def strict_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with databases.strict_postgres(tmp_path_factory.mktemp("strict")) as server:
        yield server


@pytest.fixture(scope="module")
def mariadb() -> Iterator[Server]:
    with databases.mariadb() as server:
        yield server


@pytest.fixture(params=["postgres", "mariadb", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shop.db'}"
    server: Server = request.getfixturevalue(request.param)
    return server.url


async def connected(open_notebook: Open, url: str, *cells: Any, **options: Any) -> Live:
    notebook = await open_notebook(*cells, **options)
    assert await notebook.session.try_database(url) is None
    await notebook.session.set_database(url)
    return notebook


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not await asyncio.to_thread(holds):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.05)


async def test_tables_are_made_filled_and_read(open_notebook: Open, url: str) -> None:
    notebook = await connected(
        open_notebook,
        url,
        'name = "o\'Neill :x %s {{ y }}"\nwanted = [1, 3]\nnone = []',
        sql(1, "drop table if exists people; create table people (id integer, name varchar(50), paid numeric(10, 2))"),
        sql(2, "insert into people values (1, {{ name }}, 1.10), (2, 'two :id %d', 2.20), (3, null, {{ None }})"),
        sql(3, "select id, name, paid from people where id in ({{ wanted }}) order by id", "found"),
        "print(found.id.tolist(), found.name[0] == name)",
        sql(
            5, "select count(*) as n, ':id' as quoted, '100%' as rest from people where id not in ({{ none }})", "all_"
        ),
        "print(all_.n[0], all_.quoted[0], all_.rest[0])",
    )
    await notebook.run()
    assert notebook.statuses() == " ".join(["success"] * 7), [notebook.text(f"c{place}") for place in range(7)]
    assert notebook.text("c2") == "3 rows changed"
    assert notebook.text("c4") == "[1, 3] True\n"
    assert notebook.text("c6") == "3 :id 100%\n"
    assert table(notebook, "c3")["row_count"] == 2
    if not url.startswith("sqlite"):
        kinds = [column["type"] for column in table(notebook, "c3")["columns"]]
        assert kinds[0] in ("int4", "long")
    assert notebook.session.state.graph.upstream("c3") == ("c0", "c2")


async def test_numbers_are_exactly_what_the_database_gives(open_notebook: Open, url: str) -> None:
    """But for SQLite, which has no decimals."""
    money = "12345678901234567.89" if not url.startswith("sqlite") else "0.5"
    notebook = await connected(
        open_notebook,
        url,
        sql(0, "drop table if exists n; create table n (whole bigint, money numeric(20, 2), part float)"),
        sql(1, f"insert into n values (9007199254740993, {money}, 0.5), (null, null, null)"),
        sql(2, "select * from n where 1 = {{ 1 }} order by whole is null", "t"),
        "print(t.whole.tolist(), t.money[0], t.part.dtype)",
        sql(4, "select sum(whole) as total, count(*) as n from n", "s"),
        "print(s.total[0], s.n.dtype)",
    )
    await notebook.run()
    assert notebook.text("c3") == f"[9007199254740993, <NA>] {money} float64\n"
    assert notebook.text("c5") == "9007199254740993 int64\n"


async def test_no_more_rows_are_fetched_than_may_be_and_the_server_stops(open_notebook: Open, url: str) -> None:
    """The query would give 10¹² rows: nobody could wait for them, or keep them."""
    digits = "select 0 as d union all select 1 union all select 2 union all select 3 union all select 4"
    digits += " union all select 5 union all select 6 union all select 7 union all select 8 union all select 9"
    many = f"with n as ({digits}) select a.d from " + ", ".join(f"n {letter}" for letter in "abcdefghijkl")
    notebook = await connected(
        open_notebook,
        url,
        sql(0, "create temporary table mine (a integer)"),
        sql(1, many + " where a.d < {{ 10 }}", "t"),
        "print(len(t))",
        sql(3, "select count(*) as n from mine", "after"),
        settings=load_settings(sql_max_rows=20),
    )
    async with asyncio.timeout(60):
        await notebook.run()
    assert notebook.statuses() == "success success success success"
    assert notebook.text("c2") == "20\n"
    assert (table(notebook, "c1")["row_count"], table(notebook, "c1")["complete"]) == (20, False)
    assert "REACTIVE_NB_SQL_MAX_ROWS" in notebook.text("c1")
    assert table(notebook, "c3")["complete"], "and it is the same connection still"


async def test_rows_within_a_transaction_do_not_end_it(open_notebook: Open, postgres: Server) -> None:
    series = "select a from generate_series(1, 1000) a"
    notebook = await connected(
        open_notebook,
        postgres.url,
        sql(0, f"create temporary table kept (a integer); begin; {series}; insert into kept values (1); commit", "t"),
        sql(1, "select a from kept", "u"),
        settings=load_settings(sql_max_rows=20),
    )
    await notebook.run()
    assert notebook.statuses() == "success success", notebook.text("c0")
    assert (table(notebook, "c0")["row_count"], table(notebook, "c1")["rows"]) == (20, [[1]])


@pytest.mark.parametrize("address", ["sqlite:///shop.db", "sqlite:///file:shop.db?uri=true&mode=rwc"])
async def test_a_relative_file_is_beside_the_notebook_wherever_the_kernel_is(
    open_notebook: Open, address: str, tmp_path: Path
) -> None:
    place = tmp_path / "elsewhere"
    place.mkdir()
    notebook = await connected(
        open_notebook,
        address,
        f"import os\nos.chdir({str(place)!r})",
        sql(1, "create table if not exists t (a integer)"),
        sql(2, "insert into t values (1)"),
    )
    await notebook.run()
    assert notebook.statuses() == "success success success", notebook.text("c1")
    assert list(place.iterdir()) == []
    directory = notebook.session._directory
    assert directory is not None
    with contextlib.closing(sqlite3.connect(directory / "shop.db")) as file:
        assert file.execute("select count(*) from t").fetchall() == [(1,)]
    (directory / "shop.db").unlink()


async def test_an_error_has_its_place_and_the_next_query_works(open_notebook: Open, url: str) -> None:
    notebook = await connected(
        open_notebook,
        url,
        sql(0, "select {{ 1 }},\n  * frm nowhere"),
        sql(1, "select * from no_such_table"),
        sql(2, "select 1 as a", "one"),
    )
    await notebook.run()
    assert "(line 2, column" in notebook.message("c0")
    assert "no_such_table" in notebook.message("c1")
    assert notebook.status("c2") == "success"


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
async def test_an_interrupt_stops_the_query_on_the_server(
    open_notebook: Open, kind: str, request: pytest.FixtureRequest
) -> None:
    server: Server = request.getfixturevalue(kind)
    sleep = "select pg_sleep(600)" if kind == "postgres" else "select sleep(600)"
    looked_at = (
        "select count(*) from pg_stat_activity where state = 'active' and query = 'select pg_sleep(600)'"
        if kind == "postgres"
        else "select count(*) from information_schema.processlist where info = 'select sleep(600)'"
    )

    def sleeping() -> bool:
        return bool(server.ask(looked_at)[0][0] == 1)

    notebook = await connected(open_notebook, server.url, sql(0, sleep), sql(1, "select 2 as b", "two"))
    await notebook.run("c1")
    run = asyncio.create_task(notebook.run("c0"))
    await until(sleeping)
    began = time.monotonic()
    await notebook.session.interrupt()
    await run
    assert time.monotonic() - began < 15
    await until(lambda: not sleeping())
    assert notebook.message("c0").startswith("interrupted")
    await notebook.run("c1")
    assert notebook.status("c1") == "success"


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
async def test_a_connection_that_died_is_replaced(
    open_notebook: Open, kind: str, request: pytest.FixtureRequest
) -> None:
    server: Server = request.getfixturevalue(kind)
    notebook = await connected(open_notebook, server.url, sql(0, "select 1 as a"), sql(1, "select 2 as b"))
    await notebook.run("c0")
    user = server.shown.split("//")[1].split("@")[0]
    if kind == "postgres":
        server.ask(f"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{user}'")
    else:
        for (number,) in server.ask(f"select id from information_schema.processlist where user = '{user}'"):
            server.ask(f"kill {number}")
    await notebook.run("c1")
    assert notebook.status("c1") == "success", notebook.text("c1")


async def test_a_dead_server_and_a_wrong_password_leave_the_kernel_working(
    open_notebook: Open, strict_postgres: Server
) -> None:
    postgres = strict_postgres
    notebook = await connected(open_notebook, postgres.url, sql(0, "select 1 as a", "one"), "x = 5")
    await notebook.session.set_database(postgres.url.replace(PASSWORD, "wrong-one"))
    await notebook.run()
    assert notebook.message("c0") == "exception: SQLError: The server refuses user 'ann' with this password."
    assert "wrong-one" not in notebook.text("c0")
    await notebook.session.set_database("postgresql://nobody:secret-2@127.0.0.1:1/x")
    await notebook.run()
    assert "Nothing answers at 127.0.0.1:1" in notebook.message("c0")
    await notebook.session.set_database(postgres.url)
    await notebook.run()
    assert notebook.statuses() == "success success"


async def test_another_database_makes_sql_cells_stale_and_no_others(open_notebook: Open, tmp_path: Path) -> None:
    notebook = await open_notebook("x = 1", sql(1, "select 1 as a"), "x")
    await notebook.run()
    await notebook.session.set_database(f"sqlite:///{tmp_path / 'a.db'}")
    assert notebook.statuses() == "success stale success"
    await notebook.session.set_database(None)
    assert notebook.statuses() == "success success success"


async def test_a_password_goes_to_no_other_address(open_notebook: Open, postgres: Server) -> None:
    notebook = await connected(open_notebook, postgres.url, sql(0, "select 1 as a"))
    other = postgres.shown.replace("@", "@other.example/")
    await notebook.session.apply(UpdateNotebook(settings={"database": other}))
    assert await notebook.session.database_address() == other
    assert PASSWORD not in str(await notebook.session.database_address())


async def test_the_password_is_nowhere_but_where_it_is_kept(
    open_notebook: Open, postgres: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import os

    from reactive_nb.formats import write_ipynb
    from reactive_nb.services import views
    from reactive_nb.storage import FileStorage

    caplog.set_level("DEBUG")
    listing = (
        "import os\nhistory = ('In', 'Out', '_ih', '_oh')\n"
        "print(sorted((k, repr(v)[:2000]) for k, v in globals().items() if k not in history))\n"
        "print(dict(os.environ)); print(In)\n%history\n%whos"
    )
    notebook = await open_notebook(
        sql(0, "select 1 as a", "one"), sql(1, "select nonsense"), listing, storage=FileStorage(tmp_path / "kept")
    )
    assert await notebook.session.try_database(postgres.url) is None
    await notebook.session.set_database(postgres.url)
    await notebook.run()
    assert notebook.statuses() == "success error success"
    assert postgres.shown.split("@")[1] in notebook.text("c2")  # what could have been seen was looked at
    state, buffers = notebook.session.state_event()()
    told = [
        *(event.model_dump_json() for event in notebook.events),
        state.model_dump_json(),
        views.notebook_response(notebook.session.state).model_dump_json(),
        write_ipynb(notebook.session.notebook),
        (await notebook.session.variables()).model_dump_json(),
        caplog.text,
        repr(notebook.session.state),
        str(buffers),
    ]
    for text in told:
        assert PASSWORD not in str(text)
    await notebook.session.close()
    holding = [
        path for path in (tmp_path / "kept").rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()
    ]
    assert [path.parent.name for path in holding] == [".reactive-nb-secrets"]
    assert os.stat(holding[0]).st_mode & 0o077 == 0
    assert os.stat(holding[0].parent).st_mode & 0o077 == 0
