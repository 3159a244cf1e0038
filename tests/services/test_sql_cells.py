"""SQL cells on DuckDB, in a real kernel: what they read, make and show, and that a re-run is as a fresh run."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from reactive_nb.core.config import load_settings
from reactive_nb.models import Cell, CellConfig, CellType
from reactive_nb.services.operations import UpdateCell
from tests.services.live import Live, Open

pytestmark = pytest.mark.anyio

SALES = "import pandas as pd\nsales = pd.DataFrame({'city': ['Bern', 'Rome', 'Bern'], 'n': [1, 2, 3]})"
ENDLESS = "select count(*) from range(100000) a, range(100000000) b where a.range * b.range % 7 = 3"
"""Takes hours."""
MEDIA_TYPE = "application/vnd.reactive-nb.table+json"


def sql(place: int, source: str, result: str | None = None, **config: Any) -> Cell:
    return Cell(f"c{place}", CellType.SQL, source, CellConfig(result=result, **config))


def table(notebook: Live, cell: str) -> dict[str, Any]:
    """What a cell shows of its rows."""
    shown = [
        output["data"][MEDIA_TYPE] for output in notebook.cell(cell).outputs if MEDIA_TYPE in output.get("data", {})
    ]
    assert len(shown) == 1, notebook.text(cell)
    return dict(shown[0])


async def test_a_query_reads_dataframes_binds_values_and_leaves_a_dataframe(open_notebook: Open) -> None:
    notebook = await open_notebook(
        SALES + "\nleast = 2\ncities = ['Bern', 'Oslo']",
        sql(
            1,
            "select city, sum(n) as total from sales where n >= {{ least }} and city in ({{ cities }}) group by 1",
            "t",
        ),
        "print(type(t).__name__, t.total.dtype, t.to_dict('list'))",
    )
    await notebook.run()
    assert notebook.statuses() == "success success success"
    assert notebook.text("c2") == "DataFrame int64 {'city': ['Bern'], 'total': [3]}\n"
    shown = table(notebook, "c1")
    assert [column["name"] for column in shown["columns"]] == ["city", "total"]
    assert [column["type"] for column in shown["columns"]] == ["VARCHAR", "HUGEINT"]
    assert (shown["rows"], shown["row_count"]) == ([["Bern", 3]], 1)
    assert "<small>VARCHAR</small>" in notebook.cell("c1").outputs[0]["data"]["text/html"]
    assert notebook.cell("c1").execution_count is not None


async def test_what_depends_on_a_query_runs_again_and_nothing_else(open_notebook: Open) -> None:
    notebook = await open_notebook(
        SALES, "least = 1", sql(2, "from sales where n > {{ least }}", "t"), "len(t)", "other = 1"
    )
    await notebook.run()
    assert notebook.text("c3") == "2"
    notebook.events.clear()
    await notebook.edit("c1", "least = 2")
    assert notebook.statuses() == "success stale stale stale success"
    await notebook.run()
    assert (notebook.ran(), notebook.text("c3")) == (["c1", "c2", "c3"], "1")
    await notebook.session.apply(UpdateCell("c2", config={"result": "u"}))
    assert notebook.statuses() == "success success stale stale success"


@pytest.mark.parametrize(
    "value",
    ['"\'; drop table sales; --"', "'{{ x }} :y $1 ? %s'", "2**70", "None", "pd.Timestamp('2026-01-02')", "b'ab'"],
)
async def test_a_value_is_never_text(open_notebook: Open, value: str) -> None:
    notebook = await open_notebook(
        SALES + f"\nx = {value}",
        sql(1, "select {{ x }} as v, '{{ x }}' as w -- {{ x }}", "t"),
        "t.v[0] == x or x is None",
    )
    await notebook.run()
    assert notebook.statuses() == "success success success"
    assert table(notebook, "c1")["rows"][0][1] == "{{ x }}"


async def test_tables_are_made_anew_by_each_run(open_notebook: Open) -> None:
    """As a fresh run would find them: nothing is there twice, and nothing is left over."""
    notebook = await open_notebook(
        SALES,
        sql(1, "create table t as select * from sales"),
        sql(2, "select count(*) as n from t", "before"),
        sql(3, "insert into t values ('Oslo', 9)"),
        sql(4, "select count(*) as n from t", "after"),
        "print(before.n[0], after.n[0])",
    )
    await notebook.run()
    assert notebook.text("c5") == "3 4\n"
    assert notebook.text("c3") == "1 row changed"
    for asked in ("c1", "c3", "c2", "c4", "c3", "c1", "c0"):
        await notebook.run(asked)
        assert notebook.statuses() == " ".join(["success"] * 6), (asked, notebook.text(asked))
        assert notebook.text("c5") == "3 4\n", asked
    await notebook.edit("c3", "insert into t values ('Oslo', 9), ('Oslo', 8)")
    await notebook.run()
    assert notebook.text("c5") == "3 5\n"
    await notebook.edit("c1", "create table t as select * from sales where n > 1")
    await notebook.run()
    assert notebook.text("c5") == "2 4\n"


async def test_each_cell_finds_its_own_version_of_a_table(open_notebook: Open) -> None:
    notebook = await open_notebook(
        sql(0, "create or replace table t as select 1 as a"),
        sql(1, "select * from t", "x"),
        sql(2, "create or replace table t as select 2 as a"),
        sql(3, "select * from t", "y"),
        "print(x.a[0], y.a[0])",
    )
    await notebook.run()
    for asked in ("c1", "c0", "c3", "c2", "c1", "c3"):
        await notebook.run(asked)
        await notebook.run()
        assert notebook.text("c4") == "1 2\n", asked
    await notebook.session.apply(UpdateCell("c2", source="select 5 as b"))
    await notebook.run()
    assert notebook.text("c4") == "1 1\n"


async def test_a_view_follows_its_dataframe(open_notebook: Open) -> None:
    notebook = await open_notebook(
        SALES, sql(1, "create view v as select sum(n) as s from sales"), sql(2, "from v", "t"), "t.s[0]"
    )
    await notebook.run()
    assert "6" in notebook.text("c3")
    await notebook.edit("c0", SALES.replace("3]", "30]"))
    await notebook.run()
    assert "33" in notebook.text("c3")


async def test_errors_are_shown_in_the_cells_own_text(open_notebook: Open) -> None:
    notebook = await open_notebook(
        SALES,
        sql(1, "select 1;\nselect *\n  frm sales"),
        sql(2, "select {{ 1 }}, nosuch,\n city from sales"),
        sql(3, "select * from nowhere"),
        sql(4, "select {{ 1 / 0 }}"),
        sql(5, "select {{ 1 + }}"),
        sql(6, "from missing_too where a = {{ undefined_name }}"),
        sql(7, "select * from sales", "still"),
    )
    await notebook.run()
    assert "(line 3, column 7)" in notebook.message("c1")
    assert "(line 1, column 17)" in notebook.message("c2")
    assert "nowhere" in notebook.message("c3")
    assert "ZeroDivisionError" in notebook.message("c4")
    assert notebook.message("c5").startswith("syntax: ")
    assert "undefined_name" in notebook.message("c6")
    assert notebook.status("c7") == "success"
    for cell in ("c1", "c2", "c3", "c4", "c6"):
        shown = json.dumps([dict(output) for output in notebook.cell(cell).outputs])
        assert "_reactive_nb" not in shown
        assert "Traceback" not in shown


async def test_what_only_a_cell_can_hold_is_refused_at_its_place(open_notebook: Open) -> None:
    notebook = await open_notebook(sql(0, "select 1,\n {{ await something }} as a"), "something = 1")
    await notebook.run()
    assert notebook.message("c0") == "exception: SQLError: SyntaxError: 'await' outside function (line 2, column 2)"
    assert "Traceback" not in json.dumps([dict(output) for output in notebook.cell("c0").outputs])


async def test_what_fails_blocks_what_needs_it(open_notebook: Open) -> None:
    notebook = await open_notebook(sql(0, "create table t as select nonsense"), sql(1, "from t", "x"), "x")
    await notebook.run()
    assert notebook.statuses() == "error blocked blocked"
    await notebook.edit("c0", "create table t as select 7 as a")
    await notebook.run()
    assert notebook.statuses() == "success success success"


async def test_a_dataframe_defined_further_down_is_waited_for(open_notebook: Open) -> None:
    notebook = await open_notebook(
        sql(0, "select * from late_one", "x"), "import pandas as pd\nlate_one = pd.DataFrame({'a': [4]})"
    )
    await notebook.run()
    assert notebook.statuses() == "success success"


async def test_a_query_is_interrupted_and_the_next_one_works(open_notebook: Open) -> None:
    notebook = await open_notebook(sql(0, ENDLESS), sql(1, "select 1 as a"))
    run = asyncio.create_task(notebook.run("c0"))
    await notebook.running("c0")
    await notebook.session.interrupt()
    await run
    assert notebook.message("c0").startswith("interrupted")
    [shown] = notebook.cell("c0").outputs
    assert (shown["ename"], shown["traceback"]) == ("KeyboardInterrupt", ["KeyboardInterrupt"]), "and no frames of ours"
    await notebook.run("c1")
    assert notebook.status("c1") == "success"


async def test_a_time_limit_ends_a_query(open_notebook: Open) -> None:
    notebook = await open_notebook(
        sql(0, ENDLESS, timeout=0.5),
        sql(1, "select 1 as a"),
    )
    await notebook.run("c1")  # which loads DuckDB
    await notebook.run("c0")
    await notebook.run("c1")
    assert notebook.message("c0").startswith("timeout")
    assert notebook.status("c1") == "success", notebook.text("c1")


async def test_numbers_are_exactly_what_the_query_gives(open_notebook: Open) -> None:
    """No decimal and no large whole number becomes a float on its way."""
    notebook = await open_notebook(
        sql(
            0,
            """select 12345678901234567.89::decimal(20, 2) as money, 170141183460469231731687303715884105727 as huge,
                      123456789012345678901234567890::bignum as larger, sum(n) as total, [0.1::decimal(3, 1)] as list,
                      first(n) filter (n > 5) as none, sum(n)::double / 3 as part, date '2026-01-02' as day, 'a' as text
               from range(3) r(n)""",
            "t",
        ),
        "print(t.money[0], t.huge[0], t.larger[0], repr(t.total[0]), t.list[0], t.total.dtype, t.part.dtype)",
        "print(t.day.dtype, t.text[0], t.none.dtype)",
        sql(3, "select * from (values (9007199254740993::bigint, 1.10), (null, null)) v(whole, money)", "u"),
        "print(u.whole.tolist(), u.money.tolist(), u.money.sum())",
    )
    await notebook.run()
    assert notebook.text("c1") == (
        "12345678901234567.89 170141183460469231731687303715884105727 123456789012345678901234567890"
        " np.int64(3) [Decimal('0.1')] int64 float64\n"
    )
    assert notebook.text("c2") == "datetime64[us] a Int64\n"
    assert notebook.text("c4") == "[9007199254740993, <NA>] [Decimal('1.10'), None] 1.10\n"
    assert table(notebook, "c3")["rows"] == [["9007199254740993", "1.10"], [None, None]]


@pytest.mark.parametrize("columns", ["range as a", "range::decimal(18, 1) as a", "range as a, range as a"])
async def test_no_more_rows_are_fetched_than_may_be(open_notebook: Open, columns: str) -> None:
    notebook = await open_notebook(
        sql(0, f"select {columns} from range(1_000_000_000_000)", "t"),
        "print(len(t))",
        sql(2, f"select {columns} from range(50) where range % 5 < 2", "u"),
        settings=load_settings(sql_max_rows=20),
    )
    await notebook.run()
    assert notebook.text("c1") == "20\n"
    assert (table(notebook, "c0")["row_count"], table(notebook, "c0")["complete"]) == (20, False)
    assert "20 rows" in notebook.text("c0")
    assert "more rows than the 20 that are fetched at most (REACTIVE_NB_SQL_MAX_ROWS)" in notebook.text("c0")
    assert (table(notebook, "c2")["row_count"], table(notebook, "c2")["complete"]) == (20, True)
    assert "of more" not in notebook.text("c2")


async def test_a_restart_leaves_no_tables(open_notebook: Open) -> None:
    notebook = await open_notebook(sql(0, "create table t as select 1 as a"), sql(1, "from t"))
    await notebook.run()
    await notebook.session.restart()
    assert notebook.statuses() == "stale stale"
    await notebook.run("c1")
    assert notebook.statuses() == "success success"
