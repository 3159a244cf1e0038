"""Which tables a statement reads and writes, found by sqlglot in the dialect of the connection.

Names are what the dialect takes them for: without the schema that is meant anyway, in lower case where case does not
count. Names of `WITH` are no tables where they are visible. Schemas are named `s.*` and functions `f()`.
"""

from __future__ import annotations

import keyword
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from reactive_nb.execution.analysis.sql.text import ROUTINE as _ROUTINE
from reactive_nb.models.sql import SqlEngine, Tables

_log = logging.getLogger(__name__)
logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of what it does not understand, which is seen here

_LOWER_ALWAYS = frozenset({"duckdb", "sqlite", "tsql", "bigquery", "databricks", "spark", "hive"})
_AS_WRITTEN = frozenset({"mysql", "clickhouse"})
_UPPER = frozenset({"snowflake", "oracle"})

_EXPLAIN = re.compile(
    r"\s*explain\s+(?P<analyze>analyze\b\s*)?(?:verbose\b\s*|query\s+plan\b\s*|extended\b\s*|format\s*=\s*\w+\s*)*"
    r"(?P<options>\((?!\s*(?:select|with)\b)[^()]*\)\s*)?",
    re.IGNORECASE,
)
_REPLACE = re.compile(r"\s*replace\b(?=\s)(?!\s*\()", re.IGNORECASE)
_NAME = r"(?P<name>[\w$.\"`]+)"
_SHOW_OF = re.compile(
    r"\s*show\s+(?:(?:full|extended)\s+)*(?:(?:columns|fields|index|indexes|keys)\s+(?:from|in)|create\s+(?:table|view))\s+"
    + _NAME,
    re.IGNORECASE,
)
_SHOWN = re.compile(r"\s*show\s+(?!tables\b|databases\b|schemas\b|all\b)(?P<name>[\w.\"]+)\s*\Z", re.IGNORECASE)
_PRAGMA_OF = re.compile(
    r"\s*pragma\s+(?:\w+\.)?(?:table_x?info|table_list|index_list|foreign_key_list|foreign_key_check|storage_info|show)"
    r"\s*\(\s*'?" + _NAME + r"'?\s*\)",
    re.IGNORECASE,
)
_REFRESH = re.compile(r"\s*refresh\s+materialized\s+view\s+(?:concurrently\s+)?" + _NAME, re.IGNORECASE)
_RENAME = re.compile(r"\s*rename\s+tables?\s+(?P<pairs>.+)", re.IGNORECASE | re.DOTALL)
_RENAMED = re.compile(r"\s*([\w$.`]+)\s+to\s+([\w$.`]+)\s*", re.IGNORECASE)
_FILE = re.compile(r"[./*?]")
"""What is in the name of a file, which DuckDB reads where a table could stand."""
_TEMPORARY = ("temp", "pg_temp")
"""Schemas whose tables come before others of the same name."""
_ON_COMMIT = re.compile(r"\bon\s+commit\s+(?:drop|delete\s+rows|preserve\s+rows)\b", re.IGNORECASE)
_HARMLESS = frozenset(
    """
    SHOW VACUUM LOCK UNLOCK INSTALL LOAD FORCE CHECKPOINT ANALYZE GRANT REVOKE RESET SET DISCARD LISTEN UNLISTEN NOTIFY
    OPTIMIZE CHECK FLUSH KILL USE ATTACH DETACH BEGIN START COMMIT ROLLBACK SAVEPOINT RELEASE END REINDEX CLUSTER HELP
    DEALLOCATE CLOSE FETCH
    """.split()  # noqa: SIM905
)
"""Commands that do nothing to tables that a cell could find otherwise."""
_WITH_ROWS = frozenset({"ANALYZE", "CHECK", "FETCH", "HELP", "OPTIMIZE"})
"""Those of them that may give rows."""
_ROWS = (exp.Query, exp.Values, exp.Describe, exp.Summarize, exp.Show, exp.Pivot, exp.Pragma)


def find_tables(text: str, engine: SqlEngine) -> Tables:
    """What one statement does to tables. Never raises: see `opaque`."""
    try:
        return _of(text, engine)
    except SqlglotError as error:
        return _not_understood(error)
    except (RecursionError, MemoryError):
        return Tables(opaque="SQL that is nested too deeply")
    except Exception:  # a fault of the parser's must not cost anybody a notebook
        _log.warning("a statement of SQL could not be looked into", exc_info=True)
        return Tables(opaque="SQL that is not understood")


def _not_understood(error: SqlglotError) -> Tables:
    first: dict[str, Any] = next(iter(getattr(error, "errors", ())), {})
    line, column = first.get("line"), first.get("col")
    if line and column:
        column = max(1, column - len(first.get("highlight") or " ") + 1)
    return Tables(opaque="SQL that is not understood", line=line, column=column)


def _of(text: str, engine: SqlEngine) -> Tables:
    explained = _EXPLAIN.match(text)
    if explained is not None:
        inner = _of(text[explained.end() :], engine)
        if explained["analyze"] or "analyze" in (explained["options"] or "").lower():
            return replace(inner, gives_rows=True)
        return Tables(reads=inner.reads | inner.mutates, variables=inner.variables, gives_rows=True)
    trees = sqlglot.parse(text, dialect=engine.dialect or None, error_level=ErrorLevel.IMMEDIATE)
    parsed = [tree for tree in trees if tree]
    routine = _ROUTINE.match(text)
    if routine is not None and len(parsed) != 1:
        return Tables(opaque=f"CREATE {routine[1].upper()}", gives_rows=False)
    if len(parsed) != 1:
        return Tables(opaque="several statements that can't be told apart" if parsed else None, gives_rows=None)
    tree = parsed[0]
    if isinstance(tree, exp.Command):
        return _of_command(text, tree, engine)
    return _Statement(tree, text, engine).tables()


def _of_command(text: str, tree: exp.Command, engine: SqlEngine) -> Tables:
    """What sqlglot takes for a command without looking into it."""
    word = str(tree.this).upper().split()[0]
    if word == "REPLACE" and _REPLACE.match(text):
        return _of(_REPLACE.sub("INSERT", text, count=1), engine)
    refreshed = _REFRESH.match(text)
    if refreshed is not None:
        return Tables(mutates=_names(engine, refreshed["name"]), gives_rows=False)
    renamed = _RENAME.match(text)
    if renamed is not None:
        pairs = [_RENAMED.fullmatch(pair) for pair in renamed["pairs"].split(",")]
        if all(pairs):
            return Tables(
                deletes=_names(engine, *(pair[1] for pair in pairs if pair)),
                defines=_names(engine, *(pair[2] for pair in pairs if pair)),
                gives_rows=False,
            )
    if word == "SHOW":
        return Tables(reads=_shown(text, engine), variables=_variables_of(text, engine), gives_rows=True)
    if word in _HARMLESS:
        return Tables(gives_rows=None if word in _WITH_ROWS else False)
    if word == "CREATE" and (found := _ON_COMMIT.search(text)):
        return _of(text[: found.start()] + text[found.end() :], engine)
    routine = _ROUTINE.match(text)
    return Tables(opaque=f"CREATE {routine[1].upper()}", gives_rows=False) if routine else Tables(opaque=word)


def _shown(text: str, engine: SqlEngine) -> frozenset[str]:
    found = _SHOW_OF.match(text)
    if found is None and engine.dialect == "duckdb":
        found = _SHOWN.match(text)
    return _names(engine, found["name"]) if found else frozenset()


def _variables_of(text: str, engine: SqlEngine) -> frozenset[tuple[str, str]]:
    found = _SHOWN.match(text)
    if found is None or not engine.is_built_in or not found["name"].isidentifier():
        return frozenset()
    return frozenset({(found["name"].lower(), found["name"])})


def _names(engine: SqlEngine, *written: str) -> frozenset[str]:
    """Names that stand in a text, quoted or not."""
    tables = (exp.to_table(one, dialect=engine.dialect or None) for one in written)
    return frozenset(table_name(table, engine) for table in tables)


def table_name(table: exp.Table, engine: SqlEngine) -> str:
    """The name of a table, as the dialect understands it."""
    parts = [_folded(part, engine.dialect) for part in table.parts if isinstance(part, exp.Identifier)]
    if len(parts) == 3 and parts[0] in (engine.database, "memory" if engine.is_built_in else None):
        parts = parts[1:]
    if len(parts) == 2 and parts[0] in (engine.schema, *_TEMPORARY):
        parts = parts[1:]
    return ".".join(parts)


def _folded(identifier: exp.Identifier, dialect: str) -> str:
    name = str(identifier.this)
    if dialect in _LOWER_ALWAYS:
        return name.lower()
    if identifier.args.get("quoted") or dialect in _AS_WRITTEN:
        return name
    return name.upper() if dialect in _UPPER else name.lower()


class _Statement:
    """One statement that was understood."""

    def __init__(self, tree: exp.Expr, text: str, engine: SqlEngine) -> None:
        self.tree = tree
        self.text = text
        self.engine = engine
        self.reads: set[str] = set()
        self.variables: set[tuple[str, str]] = set()
        self.found: dict[str, set[str]] = {"defines": set(), "mutates": set(), "deletes": set()}
        self.roles: dict[int, str] = {}
        self.passed: set[int] = set()
        """Nodes that are not looked into."""

    def tables(self) -> Tables:
        tree = self.tree
        self._walk(tree)
        if isinstance(tree, exp.Pragma):
            found = _PRAGMA_OF.match(self.text)
            self.reads |= _names(self.engine, found["name"]) if found else set()
        if isinstance(tree, exp.Show):
            self.reads |= _shown(self.text, self.engine)
        kind = str(tree.args.get("kind") or "TABLE").upper() if isinstance(tree, exp.Create | exp.Drop) else "TABLE"
        rows: bool | None = isinstance(tree, _ROWS) or bool(tree.args.get("returning"))
        if isinstance(tree, exp.Select) and tree.args.get("into"):
            rows = False
        if isinstance(tree, exp.Pragma):
            rows = "=" not in self.text
        return Tables(
            reads=frozenset(self.reads),
            variables=frozenset(self.variables),
            defines=frozenset(self.found["defines"]),
            replaces=bool(tree.args.get("replace")) if isinstance(tree, exp.Create) else False,
            only_if_absent=bool(tree.args.get("exists")) if isinstance(tree, exp.Create) else False,
            mutates=frozenset(self.found["mutates"]),
            deletes=frozenset(self.found["deletes"]),
            if_exists=bool(tree.args.get("exists")) if isinstance(tree, exp.Drop) else False,
            kind=kind,
            is_view=kind == "VIEW" and not _is_materialized(tree),
            gives_rows=rows,
        )

    def _walk(self, root: exp.Expr) -> None:
        todo: list[tuple[exp.Expr, frozenset[str]]] = [(root, frozenset())]
        while todo:
            node, visible = todo.pop()
            if id(node) in self.passed:
                continue
            self._give_roles(node)
            if isinstance(node, exp.Table):
                self._note(node, visible)
            elif isinstance(node, exp.Anonymous) and self.engine.is_built_in and isinstance(node.this, str):
                self.reads.add(f"{node.this.lower()}()")
            if isinstance(node, exp.Pragma):
                continue
            with_ = node.args.get("with_") or node.args.get("with")
            if isinstance(with_, exp.With):
                recursive = bool(with_.args.get("recursive")) or self.engine.dialect in ("tsql", "oracle")
                for cte in with_.expressions:
                    name = cte.alias.lower()
                    todo.append((cte.this, visible | {name} if recursive else visible))
                    visible |= {name}
                self.passed.add(id(with_))
            todo += [(child, visible) for child in node.iter_expressions()]

    def _give_roles(self, node: exp.Expr) -> None:
        """Say what is done to the tables that a statement writes."""
        match node:
            case exp.Insert() | exp.Merge():
                self._role("mutates", node.this)
            case exp.Update():
                self._role("mutates", node.this)
            case exp.Delete():
                self._delete(node)
            case exp.TruncateTable():
                self._role("mutates", *node.expressions)
            case exp.Copy() if node.args.get("kind"):
                self._role("mutates", node.this)
            case exp.Create():
                self._create(node)
            case exp.Drop():
                self._drop(node)
            case exp.Alter():
                self._alter(node)
            case exp.Into():
                self._role("defines", node.this)
            case exp.Comment() | exp.Use() | exp.Grant() | exp.Attach() | exp.Detach() | exp.Set():
                self.passed.update(map(id, node.iter_expressions()))

    def _role(self, role: str, *targets: Any) -> None:
        for target in targets:
            table = target.this if isinstance(target, exp.Schema) else target
            if isinstance(table, exp.Table):
                self.roles[id(table)] = role

    def _delete(self, node: exp.Delete) -> None:
        named: Iterable[exp.Expr] = node.args.get("tables") or ()
        wanted = {target.name.lower() for target in named}
        self.passed.update(map(id, named))
        if not wanted:
            self._role("mutates", node.this)
        used = node.args.get("using") or []
        for place in [node.this, *(used if isinstance(used, list) else [used])]:
            for table in _tables_in(place) if hasattr(place, "find_all") else ():
                if table.alias_or_name.lower() in wanted:
                    self._role("mutates", table)

    def _create(self, node: exp.Create) -> None:
        kind, target = str(node.args.get("kind") or "").upper(), node.this
        if kind == "INDEX":
            self._role("mutates", *target.find_all(exp.Table))
        elif kind == "SCHEMA":
            self.found["defines"].add(_schema(target, self.engine))
            self.passed.add(id(target))
        elif kind in ("FUNCTION", "MACRO", "PROCEDURE", "TABLE FUNCTION"):
            self.found["defines"].add(f"{target.this.name.lower()}()" if target.this else target.name.lower())
            self.passed.add(id(target))
        else:
            self._role("defines", target)

    def _drop(self, node: exp.Drop) -> None:
        kind = str(node.args.get("kind") or "").upper()
        targets = list(_tables_in(node))
        if kind == "SCHEMA":
            self.found["deletes"] |= {_schema(target, self.engine) for target in targets}
            self.passed.update(map(id, targets))
        elif kind == "INDEX":
            self.passed.update(map(id, targets))
        elif kind in ("FUNCTION", "MACRO", "PROCEDURE"):
            self.found["deletes"] |= {f"{target.name.lower()}()" for target in targets}
            self.passed.update(map(id, targets))
        else:
            self._role("deletes", *targets)

    def _alter(self, node: exp.Alter) -> None:
        renames = [action for action in node.args.get("actions") or () if isinstance(action, exp.AlterRename)]
        self._role("deletes" if renames else "mutates", node.this)
        for action in renames:
            self._role("defines", action.this)

    def _note(self, table: exp.Table, visible: frozenset[str]) -> None:
        if not isinstance(table.this, exp.Identifier):
            return  # a function that gives rows
        if self.engine.dialect == "duckdb" and _FILE.search(table.name):
            return
        qualified = len(table.parts) > 1
        name = table_name(table, self.engine)
        role = self.roles.get(id(table))
        if role is not None:
            self.found[role].add(name)
        elif qualified or table.name.lower() not in visible:
            self.reads.add(name)
            written = table.name
            if self.engine.is_built_in and not qualified and written.isidentifier() and not keyword.iskeyword(written):
                self.variables.add((name, written))
        if "." in name:
            self.reads.add(f"{name.rpartition('.')[0]}.*")


def _tables_in(node: exp.Expr) -> Iterator[exp.Table]:
    yield from node.find_all(exp.Table)


def _schema(target: exp.Expr, engine: SqlEngine) -> str:
    identifier = target.find(exp.Identifier)
    return f"{_folded(identifier, engine.dialect)}.*" if identifier is not None else "*"


def _is_materialized(tree: exp.Expr) -> bool:
    return tree.find(exp.MaterializedProperty) is not None
