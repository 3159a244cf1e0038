"""Where in the cell's own text a database finds a mistake: the code that runs in kernels, on real servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reactive_kernels.kernel_sql_errors import SQLError
from tests import databases
from tests.databases import PASSWORD
from tests.kernels.sql_runs import asked

VALUES = {"x": 1, "text": "it's :a 100% {{ x }}", "several": [1, 2, 3], "none": []}


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    place = tmp_path_factory.mktemp("places")
    with databases.postgres(place) as postgres, databases.mariadb() as mariadb:
        yield {"postgres": postgres.url, "mariadb": mariadb.url, "sqlite": f"sqlite:///{place / 'shop.db'}"}


def failure(url: str | None, source: str) -> SQLError:
    """What a cell with this source fails with."""
    with asked(url) as database, pytest.raises(SQLError) as raised:
        database(source, **VALUES)
    return raised.value


SYNTAX = {
    "the first line": ("select 1 frm nowhere", (1, 14)),
    "another line": ("select 1,\n  2\n  from x nowhere frm", (3, 18)),
    "another statement": ("select 1;\n\n select 2 as a frm b", (3, 16)),
    "after a parameter": ("select {{ x }},\n  {{ text }} as t frm nowhere", (2, 19)),
    "after parameters in its line": ("select {{ x }}, {{ text }}, {{ x }} as t frm nowhere", (1, 42)),
    "after a list": ("select 1 where 1 in ({{ several }}) and 2 in ({{ none }}) frm", (1, 59)),
    "after a parameter of several lines": ("select {{\n  x\n}} as t frm nowhere", (3, 9)),
    "after colons, per cents and braces": ("select ':a 100% {{ x }}' as a, '::' as b frm", (1, 42)),
    "after other scripts": ("select 'Zürich 東京 🙂' as a frm", (1, 27)),
    "after a line end that begins a parameter": ("select {{\nx}} as t,\n 1 as u frm b", (3, 9)),
    "after a parameter that touches a word": ("select{{ x }}as t, 2 as u frm nowhere limit{{ x }}", (1, 27)),
    "after a list of nothing": ("select 1 where 1 not in {{ none }} and 2 in {{ none }} frm", (1, 56)),
    "after a comment": ("-- near 'frm'\nselect 1 as a frm", (2, 15)),
}


@pytest.mark.parametrize("kind", ["postgres", "mariadb", "sqlite"])
@pytest.mark.parametrize(("source", "place"), SYNTAX.values(), ids=SYNTAX)
def test_a_mistake_of_syntax_has_its_place(
    urls: dict[str, str], kind: str, source: str, place: tuple[int, int]
) -> None:
    error = failure(urls[kind], source)
    assert error.place == place, error
    assert PASSWORD not in "\n".join(error._render_traceback_())


NAMES = {
    "a column": ("select {{ x }} as a,\n  nosuch from (select {{ text }} as b) q", (2, 3), "nosuch"),
    "a table": ("select {{ text }},\n b\nfrom no_such_table", (3, 6), "no_such_table"),
}


@pytest.mark.parametrize("kind", ["postgres", "mariadb", "sqlite"])
@pytest.mark.parametrize(("source", "place", "name"), NAMES.values(), ids=NAMES)
def test_a_name_that_is_not_there_has_its_place(
    urls: dict[str, str], kind: str, source: str, place: tuple[int, int], name: str
) -> None:
    error = failure(urls[kind], source)
    assert name in error.message
    assert error.place == place, error


DUCKDB = {
    "a parameter that begins with line ends": ("select {{\n\nx}} as a,\n nosuch", (4, 2)),
    "a long line that says the same again and again": ("select " + "1," * 200 + " nosuch", (1, 409)),
    "a long line with parameters": ("select {{ x }}," + "1," * 200 + " {{ x }} as a, nosuch", (1, 431)),
}


@pytest.mark.parametrize(("source", "place"), DUCKDB.values(), ids=DUCKDB)
def test_duckdb_s_mistakes_have_their_place(source: str, place: tuple[int, int]) -> None:
    assert failure(None, source).place == place


def test_a_place_that_can_t_be_told_is_not_guessed() -> None:
    """DuckDB shows a part of the line, which comes twice."""
    part = "1, " * 40 + "nosuch, "
    assert failure(None, f"select {part * 3} 1").place is None
