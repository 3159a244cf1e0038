"""Values on their way into a query and out of it: the code that runs in kernels, on real servers."""

from __future__ import annotations

import datetime
import decimal
import json
import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reactive_kernels.kernel_sql_errors import SQLError
from tests import databases
from tests.kernels.sql_runs import Asked, asked

UUID = uuid.UUID(int=5)
DAY = datetime.date(2026, 1, 2)
MOMENT = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901)
ABROAD = MOMENT.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=2)))


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with databases.postgres(tmp_path_factory.mktemp("values")) as server, asked(server.url) as database:
        database(
            """create type mood as enum ('glad', 'sad');
               create table all_kinds (i int, u uuid, d date, t timestamp, z timestamptz, j json, b jsonb, m mood,
                                       a text[], n numeric, y bytea);
               insert into all_kinds values (1, {{ u }}, {{ d }}, {{ t }}, {{ z }}, {{ j }}, {{ j }}, {{ m }}, {{ a }},
                                             {{ n }}, {{ y }})""",
            u=UUID, d=DAY, t=MOMENT, z=ABROAD, j={"k": [1, None]}, m="glad", a=["x", None],
            n=decimal.Decimal("1.10"), y=b"\0\xff",
        )  # fmt: skip
        yield database


@pytest.fixture(scope="module")
def mariadb() -> Iterator[Asked]:
    with databases.mariadb() as server, asked(server.url) as database:
        yield database


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with asked(f"sqlite:///{tmp_path_factory.mktemp('values') / 'shop.db'}") as database:
        yield database


@pytest.fixture(scope="module")
def duckdb() -> Iterator[Asked]:
    with asked(None) as database:
        yield database


@pytest.fixture(params=["postgres", "mariadb", "sqlite", "duckdb"])
def database(request: pytest.FixtureRequest) -> Asked:
    found: Asked = request.getfixturevalue(request.param)
    return found


# -- what every database does
@pytest.mark.parametrize(
    "query", ["select 1 as a, 'x' as b where 1 = 0", "select {{ x }} as a, 2 as b where 1 = {{ 2 }}"]
)
def test_a_query_may_give_no_rows(database: Asked, query: str) -> None:
    rows = database(query + " -- of all", x="q")
    assert rows.frame.shape == (0, 2)
    assert list(rows.frame.columns) == ["a", "b"]
    assert rows.complete


def test_columns_of_one_name_stay_two_where_there_are_no_rows(postgres: Asked) -> None:
    rows = postgres("select i, i, u from all_kinds where false")
    assert list(rows.frame.columns) == ["i", "i", "u"]
    assert rows.types == ["int4", "int4", "uuid"]


@pytest.mark.parametrize("wanted", ["1", "'x'", "current_date"])
def test_nothing_is_in_an_empty_list(database: Asked, wanted: str) -> None:
    assert len(database(f"select 1 as a where {wanted} in ({{{{ none }}}})", none=[]).frame) == 0
    assert len(database(f"select 1 as a where {wanted} not in {{{{ none }}}}", none=[]).frame) == 1


def test_a_parameter_may_touch_a_word(database: Asked) -> None:
    assert database.value("select{{ x }}as a order by 1 limit{{ x }}", x=1) == 1


def test_a_dict_is_json(postgres: Asked, mariadb: Asked, sqlite: Asked) -> None:
    for one in (postgres, mariadb, sqlite):
        assert json.loads(one.value("select {{ x }} as a", x={"k": ["é", None]})) == {"k": ["é", None]}


# -- PostgreSQL
FINDS = {
    "a uuid by its text": ("u = {{ x }}", str(UUID)),
    "a uuid": ("u = {{ x }}", UUID),
    "one of several uuids": ("u in ({{ x }})", [str(UUID)]),
    "any of several uuids": ("u = any({{ x }})", [str(UUID)]),
    "a day by its text": ("d = {{ x }}", "2026-01-02"),
    "a day": ("d = {{ x }}", DAY),
    "a span of days": ("d between {{ x }} and {{ x }}", "2026-01-02"),
    "a moment": ("t = {{ x }}", MOMENT),
    "a moment of pandas": ("t = {{ x }}", pd.Timestamp(MOMENT)),
    "a moment elsewhere": ("z = {{ x }}", ABROAD),
    "a number by its text": ("i = {{ x }}", "1"),
    "a document by its text": ("b = {{ x }}", '{"k": [1, null]}'),
    "a document": ("b @> {{ x }}", {"k": [1]}),
    "a word of an enumeration": ("m = {{ x }}", "glad"),
    "some such words": ("m in {{ x }}", ["glad", "sad"]),
    "an array": ("a = {{ x }}", ["x", None]),
    "nothing": ("{{ x }} is null", None),
    "a text": ("{{ x }} = 'q' and concat({{ x }}, 1) = 'q1'", "q"),
    "a text that any type would do for": ("jsonb_build_object('a', {{ x }}) ->> 'a' = {{ x }}", "q"),
    "bytes": ("y = {{ x }}", b"\0\xff"),
    "a part of an array": ("(array[1, 2, 3])[{{ x }}:{{ x }}] = array[1]", 1),
    "a sum that is larger than its parts": ("{{ x }} + {{ x }} = 60000", 30_000),
    "a number of any size": ("{{ x }} > 1", 10**30),
}


@pytest.mark.parametrize(("condition", "value"), FINDS.values(), ids=FINDS)
def test_postgresql_takes_values_as_what_is_wanted_there(postgres: Asked, condition: str, value: Any) -> None:
    assert postgres.value(f"select count(*) from all_kinds where {condition}", x=value) == 1


def test_times_that_python_has_none_of_come_as_texts(postgres: Asked) -> None:
    rows = postgres(
        "select date 'infinity' as a, timestamp '20000-01-01' as b, date '0044-03-15 BC' as c, {{ 1 }} as n"
    )
    assert rows.frame.values.tolist() == [["infinity", "20000-01-01 00:00:00", "0044-03-15 BC", 1]]
    assert rows.types == ["date", "timestamp", "date", "int4"]
    assert postgres.value("select date '2026-01-02'") == DAY


def test_what_a_connection_can_t_go_on_after_is_said_and_no_more(
    postgres: Asked, capfd: pytest.CaptureFixture[str]
) -> None:
    for query in ("copy all_kinds from stdin", "select pg_terminate_backend(pg_backend_pid())"):
        with pytest.raises(SQLError):
            postgres(query)
        assert postgres.value("select 1") == 1
    assert capfd.readouterr() == ("", "")


# -- MariaDB, SQLite
def test_a_duration_is_no_moment_of_1970(mariadb: Asked, sqlite: Asked) -> None:
    long = datetime.timedelta(hours=30)
    mariadb("create temporary table spans (t time); insert into spans values ({{ x }})", x=long)
    assert mariadb.value("select t from spans") == long
    with pytest.raises(SQLError, match="timedelta"):
        sqlite("select {{ x }} as a", x=long)


def test_a_uuid_is_written_as_everybody_writes_it(mariadb: Asked, sqlite: Asked) -> None:
    for one in (mariadb, sqlite):
        assert str(one.value("select {{ x }} as a", x=UUID)) == str(UUID)


# -- DuckDB
def test_nanoseconds_stay_beside_decimals(duckdb: Asked) -> None:
    fine = "timestamp_ns '2026-01-02 03:04:05.123456789'"
    rows = duckdb(f"select {fine} as t, 1.50 as n, 7 as t union all select null, {{{{ 2 }}}}, 8 order by 3")
    assert rows.types[:2] == ["TIMESTAMP_NS", "DECIMAL(12,2)"]
    assert str(rows.frame["t"].dtype) == "datetime64[ns]"
    assert rows.frame["t"][0] == pd.Timestamp("2026-01-02 03:04:05.123456789")
    assert rows.frame["t"].isna().tolist() == [False, True]
    assert rows.frame["n"].tolist() == [decimal.Decimal("1.50"), decimal.Decimal("2.00")]


NUMPY = {
    "a moment": (np.datetime64("2026-01-02T03:04:05", "ns"), datetime.datetime(2026, 1, 2, 3, 4, 5)),
    "a duration": (np.timedelta64(5, "ns") * 1_000_000_000, datetime.timedelta(seconds=5)),
    "no moment": (np.datetime64("NaT"), None),
    "moments": (np.array(["2026-01-02", "NaT"], dtype="datetime64[ns]"), [datetime.datetime(2026, 1, 2), None]),
    "a number": (np.float32(1.5), 1.5),
    "an array without a dimension": (np.array(7), 7),
    "a table of numbers": (np.array([[1], [2]]), [[1], [2]]),
}


@pytest.mark.parametrize(("given", "bound"), NUMPY.values(), ids=NUMPY)
def test_numpy_s_values_are_bound_as_what_they_are(given: Any, bound: Any) -> None:
    from reactive_kernels.kernel_sql_rows import as_parameter

    found = as_parameter(given)
    assert found == bound
    assert type(found) is type(bound)
