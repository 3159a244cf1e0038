"""The built-in engine of SQL cells: DuckDB in the kernel's memory, over dataframes by their names.

Its tables have versions as names have: before a cell runs, each is what it was at the cell's place on the page. One
that another cell made is put aside under a name of its own and comes back when it is wanted; one that was changed in
place is spoiled, and made again by who made it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Any

import duckdb

from .kernel_sql_aside import aside
from .kernel_sql_duckdb_rows import fetched, finer
from .kernel_sql_errors import SQLError, place_of
from .kernel_sql_marks import padded
from .kernel_sql_rows import Rows
from .kernel_tables import TableReport

Json = dict[str, Any]

PREFIX = "duckdb:"
_LINE = re.compile(r"\n\s*LINE (\d+): (.*)\n( *)\^", re.DOTALL)


class DuckDB:
    """A database in memory, and whose version of each table it holds."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(":memory:")
        self.owner: dict[str, str] = {}
        """Table → the cell whose version it is."""
        self.kinds: dict[str, str] = {}
        self.aside: dict[tuple[str, str], str] = {}
        """(table, cell) → the name under which that version is put aside."""
        self.views: dict[str, list[list[str]]] = {}
        """View → what it reads: (table, the variable that it may be)."""
        self.report: Any = TableReport()
        self._numbers = itertools.count(1)
        self._cell = ""
        self._source = ""
        self._most = 0

    # -- versions
    def bind(self, name: str, cell: str | None) -> bool:
        """Make the table what that cell left, or remove it (None); False if that version is not there."""
        if not name.startswith(PREFIX):
            return True  # of a database, where everything is as it is
        table = name[len(PREFIX) :]
        now = self.owner.get(table)
        if now == cell:
            return True
        if now is not None:
            self._put_aside(table, now)
        if cell is None:
            return True
        kept = self.aside.pop((table, cell), None)
        if kept is None:
            return False
        self.connection.execute(f"ALTER {self._kind(table, cell)} {_quoted(kept)} RENAME TO {_quoted(table)}")
        self.owner[table] = cell
        return True

    def forget(self, cell: str) -> None:
        """Let go of what the cell made."""
        for table, owner in list(self.aside):
            if owner == cell:
                self._drop(self.aside.pop((table, owner)), self._kind(table, owner))
        for table, owner in list(self.owner.items()):
            if owner == cell:
                self._drop(table, self._kind(table, owner))
                del self.owner[table]

    def _kind(self, table: str, cell: str) -> str:
        return self.kinds.get(f"{table} {cell}", "TABLE")

    def _put_aside(self, table: str, cell: str) -> None:
        kind = self._kind(table, cell)
        del self.owner[table]
        other = f"_reactive_nb_{next(self._numbers)}"
        try:
            if kind not in ("TABLE", "VIEW") or "." in table:
                raise duckdb.Error("it has no other name")
            self.connection.execute(f"ALTER {kind} {_quoted(table)} RENAME TO {_quoted(other)}")
        except duckdb.Error:  # an index depends on it, say
            self._drop(table, kind)
            self.report.spoiled.append([cell, PREFIX + table])
        else:
            self.aside[table, cell] = other

    def _drop(self, table: str, kind: str) -> None:
        name = table[:-2] if table.endswith((".*", "()")) else table
        try:
            self.connection.execute(f"DROP {kind} IF EXISTS {_quoted(name)} {'CASCADE' if kind == 'SCHEMA' else ''}")
        except duckdb.Error:
            return  # it is something else by now, or nothing

    def add_to(self, report: Json) -> None:
        """Tell what the cell did to tables."""
        self.report.add_to(report)
        self.report = TableReport()

    # -- a cell
    def begin(self, plan: Json) -> None:
        """A cell runs: what its last run made is not there for this one."""
        self._cell, self._source, self._most = plan["cell"], plan["source"], plan["most"]
        for statement in plan["statements"]:
            for table in statement["defines"]:
                if self.owner.get(table) == self._cell:
                    self._drop(table, self._kind(table, self._cell))
                    del self.owner[table]

    def end(self) -> None:
        """The cell has ended."""

    def execute(self, statement: Json, parameters: list[Any], names: Json) -> Rows:
        """Carry out one statement. Raises SQLError, NameError for a dataframe that is not there."""
        text, values, pieces = "", {}, statement["pieces"]
        for piece in pieces:
            if isinstance(piece, str):
                text += piece
            else:
                number, width = piece
                values[f"p{number}"] = parameters[number]
                text += padded(f"$p{number}", width, after=text)
        if statement["replaces"]:
            for table in statement["defines"]:
                owner = self.owner.get(table)
                if owner is not None and table not in statement["reads"]:
                    self._put_aside(table, owner)
        registered = self._register(self._variables(statement), names)
        try:
            rows: Rows = aside(
                lambda: self._asked(text, values, statement), self.connection.interrupt, self.connection.interrupt
            )
        except duckdb.Error as error:
            raise self._told(error, statement, names, text) from None
        finally:
            for name in registered:
                self.connection.unregister(name)
        self._note(statement)
        return rows

    def _variables(self, statement: Json) -> list[list[str]]:
        """What may be a dataframe: what the statement reads, and what the views that it reads do."""
        found = list(statement["variables"])
        todo = [table for table in statement["reads"] if table in self.views]
        seen: set[str] = set()
        while todo:
            view = todo.pop()
            if view not in seen:
                seen.add(view)
                found += self.views[view]
                todo += [table for table, _ in self.views[view] if table in self.views]
        return found

    def _register(self, variables: Iterable[list[str]], names: Json) -> list[str]:
        registered: list[str] = []
        for table, variable in variables:
            if table in self.owner or variable not in names or variable in registered:
                continue
            try:
                self.connection.register(variable, names[variable])
            except Exception:
                kind = type(names[variable]).__name__
                raise SQLError(f"{variable} is a {kind}, which DuckDB can't read as a table.") from None
            registered.append(variable)
        return registered

    def _asked(self, text: str, values: Json, statement: Json) -> Rows:
        self.connection.execute(text, values) if values else self.connection.execute(text)
        described = self.connection.description
        if statement["rows"] is False or not described:
            counted = described and [column[0] for column in described] == ["Count"]
            row = self.connection.fetchone() if counted and (statement["mutates"] or statement["defines"]) else None
            return Rows(changed=row[0] if row and statement["mutates"] else None)
        again = (
            finer(text, described) if statement["rows"] and not (statement["mutates"] or statement["defines"]) else None
        )
        if again is not None:
            self.connection.execute(again, values) if values else self.connection.execute(again)
        return fetched(self.connection, self._most, described)

    def _note(self, statement: Json) -> None:
        """Remember whose version each table now is."""
        for table in [*statement["defines"], *statement["mutates"], *statement["deletes"]]:
            owner = self.owner.get(table)
            unchanged = statement["absent"] and owner is not None
            if unchanged:
                continue
            if owner is not None and owner != self._cell:
                self.report.spoiled.append([owner, PREFIX + table])
            kind = statement["kind"] if table in statement["defines"] else self._kind(table, owner or self._cell)
            self.owner[table] = self._cell
            self.kinds[f"{table} {self._cell}"] = kind if kind != "INDEX" else "TABLE"
            if table in statement["defines"]:
                self.views.pop(table, None)
                if statement["view"]:
                    self.views[table] = statement["variables"]
        for table in statement["deletes"]:
            self.owner.pop(table, None)
        self.report.note(statement, PREFIX)

    def _told(self, error: Exception, statement: Json, names: Json, sent: str) -> Exception:
        """The error as it is shown: with its place in the cell's own text."""
        message = str(error)
        found = _LINE.search(message)
        place = None
        if found is not None:
            message = message[: found.start()].strip()
            place = self._place(statement["start"], sent, int(found[1]), found[2], len(found[3]))
        missing = re.search(r"Table with name (\S+) does not exist", message)
        if missing is not None:
            for _, variable in statement["variables"]:
                if variable == missing[1] and variable not in names:
                    return _name_error(variable, names, SQLError(message, place, self._source))
        if place is None and statement["place"]:
            place = tuple(statement["place"])
        return SQLError(message, place, self._source)

    def _place(self, start: int, sent: str, line: int, excerpt: str, caret: int) -> tuple[int, int] | None:
        """Where DuckDB's caret is; it shows part of a long line only. `sent`: what it got, as long as written."""
        first_line, first_column = place_of(self._source, start)
        column = caret - len(f"LINE {line}: ")
        if excerpt.startswith("..."):
            shown, whole = excerpt.strip("."), sent.split("\n")[line - 1 : line] or [""]
            if whole[0].count(shown) != 1:
                return None
            column += whole[0].index(shown) - len("...")
        if line == 1:
            column += first_column - 1
        return first_line + line - 1, max(1, column + 1)


def _name_error(name: str, names: Json, shown: SQLError) -> Exception:
    """The error of Python for a name that is not there."""
    try:
        eval(compile(name, "<sql>", "eval"), names)  # noqa: S307 - a name
    except NameError as error:
        error._render_traceback_ = shown._render_traceback_  # type: ignore[attr-defined]
        return error
    return shown


def _quoted(name: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))
