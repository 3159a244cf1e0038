"""SQL → the names of a cell, by dialect.

`t` is a variable, `:t` a table of the connection; `=t` is defined, `!t` changed, `-t` removed, `?…` not understood, `~`
only maybe.
"""

from __future__ import annotations

import pytest

from reactive_nb.execution.analysis import analyse_sql
from reactive_nb.models.database_url import engine_of

ADDRESSES = {
    "duckdb": None,
    "postgresql": "postgresql+psycopg://ann@db.example/shop",
    "mysql": "mysql+pymysql://ann@db.example/shop",
    "sqlite": "sqlite:////data/shop.db",
}
ROWS = {
    "duckdb": [
        ("select * from t", ":t t =result"),
        ('SELECT a FROM T x, "Other" AS y', "Other T :other :t =result"),
        ("select * from main.t", ":t =result"),
        ("select * from memory.main.t", ":t =result"),
        ("select * from s.t", ":s.* :s.t =result"),
        ("select * from a join b using (i) left join c on c.i = a.i", "a b c :a :b :c =result"),
        ("with x as (select * from t) select * from x", ":t t =result"),
        ("with x as (select * from t), y as (select * from x) select * from y, z", ":t :z t z =result"),
        ("with recursive x as (select 1 n union all select n + 1 from x) select * from x", "=result"),
        ("with t as (select * from t) select * from t", ":t t =result"),
        (
            "select (select max(i) from b) from a where exists (select 1 from c where c.i = a.i)",
            "a b c :a :b :c =result",
        ),
        ("select * from a union all select * from b except select * from c", "a b c :a :b :c =result"),
        ("select 'from hidden' from t -- from comment\n/* from other */", ":t t =result"),
        ("from t", ":t t =result"),
        ("from t select a where b > 1", ":t t =result"),
        ("pivot t on a using sum(b)", ":t t =result"),
        ("unpivot t on a, b into name k value v", ":t t =result"),
        ("summarize t", ":t t =result"),
        ("describe t", ":t t =result"),
        ("show t", ":t t =result"),
        ("show tables", "=result"),
        ("table t", ":t t =result"),
        ("values (1), (2)", "=result"),
        ("select * from 'data.csv'", "=result"),
        ('select * from "dir/*.parquet"', "=result"),
        ("select * from read_csv('data.csv')", "=result"),
        ("select * from range(3)", "=result"),
        ("select unnest(t.l) from t", ":t t =result"),
        ("select * from t as x(a, b) where x.a in (select b from u)", ":t :u t u =result"),
        ("create table t as select * from u", ":u u =:t"),
        ("create or replace table t as select * from t", ":t t =:t"),
        ("create table if not exists t (a int)", "~:t =~:t"),
        ("create temp table t (a int)", "=:t"),
        ("create view v as select * from t", ":t t =:v"),
        ("create or replace view v as from t", ":t t =:v"),
        ("drop table t", ":t -:t"),
        ("drop table if exists t", "-:t"),
        ("drop view v", ":v -:v"),
        ("insert into t values (1)", ":t !:t"),
        ("insert into t by name select * from u", ":t :u u !:t"),
        ("insert into t select * from u returning *", ":t :u u =result !:t"),
        ("update t set a = 1", ":t !:t"),
        ("update t set a = u.a from u where u.i = t.i", ":t :u u !:t"),
        ("delete from t where a in (select a from u)", ":t :u u !:t"),
        ("alter table t add column b int", ":t !:t"),
        ("alter table t rename to u", ":t =:u -:t"),
        ("truncate t", ":t !:t"),
        ("copy t to 'x.csv'", ":t t"),
        ("copy (select * from t) to 'x.parquet'", ":t t"),
        ("copy t from 'x.csv'", ":t !:t"),
        ("create index i on t (a)", ":t !:t"),
        ("pragma table_info('t')", ":t =result"),
        ("explain select * from t", ":t t =result"),
        ("explain analyze insert into t select * from u", ":t :u u =result !:t"),
        ("create table t as select 1; select * from t, u", ":u u =:t =result"),
        ("create table t (a int); insert into t select * from u; drop table t", ":u u -:t"),
        ("drop table if exists t; create table t as from u", ":u u =:t"),
        ("create macro f(x) as x + 1", "=:f()"),
        ("select f(a) from t", ":f() :t t =result"),
        ("create schema s; create table s.t (a int)", "=:s.* =:s.t"),
        ("merge into t using u on t.i = u.i when matched then delete", ":t :u u !:t"),
        ("set threads = 1", ""),
        ("execute x", "=~result ?EXECUTE"),
        ("select * frm t", "=~result ?SQL_that_is_not_understood"),
        ("select * from t where a = {{ x }} and b in ({{ ys }})", ":t t x ys =result"),
        ("select '{{ x }}' from t -- {{ y }}", ":t t =result"),
        ("select {{ d['}}'] }} from t", "d :t t =result"),
        ("select * from t qualify row_number() over (partition by a) = 1", ":t t =result"),
        ("select * from t positional join u", ":t :u t u =result"),
        ("select * from t asof join u on t.a >= u.a", ":t :u t u =result"),
        ("select * exclude (a) from t", ":t t =result"),
    ],
    "postgresql": [
        ("select * from t", ":t =result"),
        ("select * from public.t", ":t =result"),
        ("select * from shop.public.t", ":t =result"),
        ("select * from other.t", ":other.* :other.t =result"),
        ('select * from "T" join T on true', ":T :t =result"),
        ("select * from only t", ":t =result"),
        ("select * into n from t", ":t =:n"),
        ("with x as (delete from t returning *) insert into u select * from x", ":t :u !:t !:u"),
        ("insert into t values (1) on conflict (a) do update set a = 2 returning a", ":t =result !:t"),
        ("update t set a = 1 from u", ":t :u !:t"),
        ("delete from t using u where t.a = u.a", ":t :u !:t"),
        ("truncate a, b", ":a :b !:a !:b"),
        ("merge into t using u on t.a = u.a when matched then update set a = u.b", ":t :u !:t"),
        ("copy t from stdin", ":t !:t"),
        ("copy (select * from t) to stdout", ":t"),
        ("create table t (like u)", ":u =:t"),
        ("create temp table t on commit drop as select * from u", ":u =:t"),
        ("create materialized view v as select * from t", ":t =:v"),
        ("refresh materialized view concurrently v", ":v !:v"),
        ("create unique index i on t (a)", ":t !:t"),
        ("drop table if exists a, b cascade", "-:a -:b"),
        ("alter table only t drop column a", ":t !:t"),
        ("alter table t rename to u", ":t =:u -:t"),
        ("select $$from x; {{ y }}$$, E'it\\'s from x' from t", ":t =result"),
        ("select * from t, lateral (select * from u where u.a = t.a) l", ":t :u =result"),
        ("select * from generate_series(1, 3)", "=result"),
        ("explain (analyze, buffers) select * from t", ":t =result"),
        ("explain select * from t", ":t =result"),
        ("select a::int, t.b -> 'x' from t", ":t =result"),
        ("analyze t", ":t"),
        ("vacuum t", ""),
        ("grant select on t to u", ""),
        ("comment on table t is 'x'", ""),
        ("begin", ""),
        ("call p()", "=~result ?CALL"),
        ("do $$ begin delete from t; end $$", "=~result ?DO"),
        (
            "create function f() returns int as $$ select 1; select 2 $$ language sql; select * from t",
            ":t =:f() =result",
        ),
        ("lock table t", ""),
        ("select * from t for update", ":t =result"),
        ("select /* /* from u */ from v */ 1 from t", ":t =result"),
    ],
    "mysql": [
        ("select * from t", ":t =result"),
        ("select * from shop.t", ":t =result"),
        ("select * from other.`T t`", ":other.* :other.T_t =result"),
        ("select * from `a` straight_join `b`", ":a :b =result"),
        ("insert into t set a = 1", ":t !:t"),
        ("insert ignore into t select * from u", ":t :u !:t"),
        ("insert into t values (1) on duplicate key update a = 2", ":t !:t"),
        ("replace into t values (1)", ":t !:t"),
        ("replace into t select * from u", ":t :u !:t"),
        ("update a join b on a.x = b.x set a.y = 1", ":a :b !:a"),
        ("delete a from a join b on a.x = b.x", ":a :b !:a"),
        ("delete x from t as x join u on u.i = x.i", ":t :u !:t"),
        ("create table t like u", ":u =:t"),
        ("create table if not exists t as select * from u", "~:t :u =~:t"),
        ("truncate table t", ":t !:t"),
        ("rename table a to b, c to d", ":a :c =:b =:d -:a -:c"),
        ("show columns from t", ":t =result"),
        ("show create table t", ":t =result"),
        ("show tables", "=result"),
        ("describe t", ":t =result"),
        ("explain select * from t", ":t =result"),
        ("select 'it\\'s from x' from t # from y", ":t =result"),
        ('select "from x" from t -- from y', ":t =result"),
        ("lock tables t read", ""),
        ("create trigger x before insert on t for each row begin set new.a = 1; end", "?CREATE_TRIGGER"),
        ("load data infile 'x' into table t", "=~result ?SQL_that_is_not_understood"),
        ("with x as (select * from t) select * from x", ":t =result"),
        ("call p()", "=~result ?CALL"),
        ("drop table t", ":t -:t"),
        ("alter table t rename u", ":t =:u -:t"),
    ],
    "sqlite": [
        ("select * from t", ":t =result"),
        ("select * from main.t", ":t =result"),
        ("select * from temp.t", ":t =result"),
        ('select * from [a b] join "C"', ":a_b :c =result"),
        ("insert or replace into t values (1)", ":t !:t"),
        ("replace into t values (1)", ":t !:t"),
        ("insert into t select * from u on conflict do nothing returning a", ":t :u =result !:t"),
        ("update t set a = 1 where b in (select b from u)", ":t :u !:t"),
        ("delete from t", ":t !:t"),
        ("create virtual table t using fts5(a)", "=:t"),
        ("create temp table t as select * from u", ":u =:t"),
        ("drop view if exists v", "-:v"),
        ("pragma table_info(t)", ":t =result"),
        ("pragma foreign_keys = on", ""),
        ("attach database 'x' as y", ""),
        ("vacuum", ""),
        ("explain query plan select * from t", ":t =result"),
        ("with recursive c(n) as (values (1) union all select n + 1 from c) select * from c, t", ":t =result"),
        ("create trigger x after insert on t begin delete from u; end", "?CREATE_TRIGGER"),
        ("alter table t rename to u", ":t =:u -:t"),
        ("select * from json_each('[1]')", "=result"),
        ("create index i on t (a)", ":t !:t"),
    ],
}
EVERY_ROW = [(f"{dialect}: {sql}", names) for dialect, rows in ROWS.items() for sql, names in rows]


@pytest.mark.parametrize(("dialect", "sql", "names"), [(*source.split(": ", 1), names) for source, names in EVERY_ROW])
def test_the_names_of_an_sql_cell(dialect: str, sql: str, names: str) -> None:
    found = analyse_sql(sql, engine_of(ADDRESSES[dialect]), "result").analysis

    def told(mark: str, those: frozenset[str]) -> list[str]:
        shown = [name.replace(f"{dialect}:", ":").replace(" ", "_") for name in sorted(those)]
        return [
            f"{mark}{'~' if name in found.maybe else ''}{one}" for name, one in zip(sorted(those), shown, strict=True)
        ]

    assert found.error is None
    assert names.split() == [
        *told("", found.uses),
        *told("=", found.defines),
        *told("!", found.mutates),
        *told("-", found.deletes),
        *told("?", found.opaque),
    ]


def test_there_are_many_rows_for_each_dialect() -> None:
    assert len(EVERY_ROW) >= 160
    assert min(map(len, ROWS.values())) >= 20


@pytest.mark.parametrize(
    ("url", "dialect"),
    [
        ("mariadb+pymysql://a@h/shop", "mysql"),
        ("postgresql://a:p@h:5/shop?sslmode=require", "postgres"),
        ("mssql+pyodbc://a@h/shop", "tsql"),
        ("sqlite://", "sqlite"),
        ("duckdb:///x.db", "duckdb"),
        ("something+else://h/x", ""),
    ],
)
def test_the_dialect_is_that_of_the_connection(url: str, dialect: str) -> None:
    engine = engine_of(url)
    assert engine.dialect == dialect
    assert not engine.is_built_in
    assert analyse_sql("select * from t", engine).analysis.uses == {engine.table("t")}


@pytest.mark.parametrize(
    ("sql", "line", "column", "message"),
    [
        ("select {{ x + }}", 1, 14, "invalid syntax"),
        ("select 1,\n  {{ (y := 1) }}", 2, 3, "can't bind"),
        ("select\n{{ }}", 2, 1, "no expression"),
        ("select 1 from t\nwhere a = {{ x", 2, 11, "not closed"),
    ],
)
def test_what_is_wrong_with_a_parameter_is_told_with_its_place(sql: str, line: int, column: int, message: str) -> None:
    error = analyse_sql(sql, engine_of(None)).analysis.error
    assert error is not None
    assert (error.line, error.column) == (line, column)
    assert message in error.message


@pytest.mark.parametrize("sql", ["select\n  * frm t", "select 1;\n\nselect (2"])
def test_the_place_of_what_is_not_understood_is_known(sql: str) -> None:
    last = analyse_sql(sql, engine_of(None)).statements[-1]
    assert last.tables.opaque is not None
    assert last.tables.line is not None


def test_statements_keep_the_place_of_every_character() -> None:
    sql = "select {{ a }}; select 'x;y' from t where b in ( {{ bs\n}} ) and c = 1 ; -- the end"
    found = analyse_sql(sql, engine_of(None))
    assert [sql[statement.start : statement.end].strip() for statement in found.statements] == [
        "select {{ a }}",
        "select 'x;y' from t where b in ( {{ bs\n}} ) and c = 1",
    ]
    for statement in found.statements:
        text = statement.parsed_text
        assert len(text) == statement.end - statement.start
        assert text.count("\n") == sql[statement.start : statement.end].count("\n")
    assert [(parameter.expression, parameter.is_list) for parameter in found.parameters] == [("a", False), ("bs", True)]


def test_a_view_needs_what_it_reads_when_it_is_read() -> None:
    found = analyse_sql("create view v as select * from sales", engine_of(None)).analysis
    assert found.late["duckdb:v"].reads == {"sales", "duckdb:sales"}


@pytest.mark.parametrize("sql", ["((((" * 5_000, "select " + "1 + " * 20_000 + "1", "'" + "x" * 100_000, "{{" * 10_000])
def test_no_text_is_too_much(sql: str) -> None:
    analyse_sql(sql, engine_of(None))


def test_sqlglot_is_not_loaded_before_the_first_cell() -> None:
    import subprocess
    import sys

    program = "import sys, reactive_nb.services.session; print('sqlglot' in sys.modules, 'sqlalchemy' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False", "False"]
