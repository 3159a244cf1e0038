"""What an SQL cell is run on, and what is known of its text. Plain values."""

from __future__ import annotations

import keyword
from dataclasses import dataclass, field

from reactive_nb.models.analysis import NO_NAMES, Analysis

DEFAULT_RESULT = "sql_result"
"""The name that a cell's rows get where none was chosen."""


MAX_RESULT_CHARS = 256


def is_result_name(text: str) -> bool:
    """Whether rows can be found under this name: one that Python knows as a name, and does not keep for itself."""
    kept = keyword.iskeyword(text) or text == "__builtins__"  # without which no cell would run any more
    return len(text) <= MAX_RESULT_CHARS and text.isidentifier() and not kept


@dataclass(frozen=True, slots=True)
class SqlEngine:
    """What runs SQL: DuckDB in the kernel, or a database."""

    name: str = "duckdb"
    """SQLAlchemy's name of the kind of database; also the namespace of its tables."""
    dialect: str = "duckdb"
    """sqlglot's name of the dialect; empty if it knows none."""
    schema: str | None = "main"
    """The schema of tables that name none."""
    database: str | None = None
    """The database that tables are in that name none."""

    @property
    def is_built_in(self) -> bool:
        """Whether it is DuckDB in the kernel, over dataframes."""
        return self.name == "duckdb" and self.database is None

    def table(self, name: str) -> str:
        """The name of a table in the graph."""
        return f"{self.name}:{name}"


BUILT_IN = SqlEngine()


def is_table(name: str) -> bool:
    """Whether this is the name of a table in the graph, and not of a variable."""
    return ":" in name


def table_of(variable: str) -> str:
    """The name of the table that is meant by the built-in engine where a variable of that name could be."""
    return BUILT_IN.table(variable.lower())


@dataclass(frozen=True, slots=True)
class SqlParameter:
    """`{{ expression }}` in the text of an SQL cell."""

    expression: str
    start: int
    end: int
    """From its first brace to after its last, in characters."""
    line: int
    column: int
    is_list: bool = False
    """Whether it stands after IN, so that a list is a list of values; brackets around it belong to it then."""


@dataclass(frozen=True, slots=True)
class Tables:
    """What one statement does to tables, by their names within the engine."""

    reads: frozenset[str] = NO_NAMES
    variables: frozenset[tuple[str, str]] = frozenset()
    """Of the built-in engine: (table that is read, the variable that it may be instead)."""
    defines: frozenset[str] = NO_NAMES
    replaces: bool = False
    """Whether those that it defines may be there already."""
    only_if_absent: bool = False
    """Whether those that it defines stay what they are if they are there."""
    mutates: frozenset[str] = NO_NAMES
    deletes: frozenset[str] = NO_NAMES
    if_exists: bool = False
    """Whether those that it deletes need not be there."""
    kind: str = "TABLE"
    """What it defines or deletes, in the words of SQL."""
    is_view: bool = False
    """Whether what it defines reads tables when it is read itself."""
    gives_rows: bool | None = None
    """Whether the statement is a query; None: that can't be told."""
    opaque: str | None = None
    """What of it is not understood."""
    line: int | None = None
    column: int | None = None
    """Where it is not understood, from 1, within the statement."""


@dataclass(frozen=True, slots=True)
class SqlStatement:
    """One statement of a cell: `source[start:end]`, with parameters in it."""

    start: int
    end: int
    parsed_text: str
    """What is analysed: as long as the statement, with names in place of parameters."""
    parameters: tuple[int, ...] = ()
    """The places of its parameters among those of the cell."""
    tables: Tables = field(default_factory=Tables)


@dataclass(frozen=True, slots=True)
class SqlAnalysis:
    """What an SQL cell uses and makes, and what is to be run."""

    analysis: Analysis
    statements: tuple[SqlStatement, ...] = ()
    parameters: tuple[SqlParameter, ...] = ()
