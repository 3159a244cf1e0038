/** The language of a cell, for its editor. */
import { markdown } from "@codemirror/lang-markdown";
import { python } from "@codemirror/lang-python";
import {
  MariaSQL,
  MSSQL,
  MySQL,
  PLSQL,
  PostgreSQL,
  sql,
  type SQLDialect,
  SQLite,
  StandardSQL,
} from "@codemirror/lang-sql";
import type { Extension } from "@codemirror/state";

import type { CellType } from "../session/types";

interface Engine {
  /** What it is called. */
  readonly name: string;
  readonly dialect: SQLDialect;
}

/** By the first part of a database's address. DuckDB's SQL is nearest to PostgreSQL's. */
const ENGINES: Readonly<Record<string, Engine>> = {
  duckdb: { name: "DuckDB", dialect: PostgreSQL },
  postgresql: { name: "PostgreSQL", dialect: PostgreSQL },
  cockroachdb: { name: "CockroachDB", dialect: PostgreSQL },
  redshift: { name: "Redshift", dialect: PostgreSQL },
  mysql: { name: "MySQL", dialect: MySQL },
  mariadb: { name: "MariaDB", dialect: MariaSQL },
  sqlite: { name: "SQLite", dialect: SQLite },
  mssql: { name: "SQL Server", dialect: MSSQL },
  oracle: { name: "Oracle", dialect: PLSQL },
};

/** What runs SQL cells, told by the address that the notebook's settings have; null: the kernel's own DuckDB. */
export function engineOf(database: string | null): Engine {
  const kind = database === null ? "duckdb" : (/^\w+/.exec(database)?.[0] ?? "");
  return ENGINES[kind] ?? { name: kind, dialect: StandardSQL };
}

export function language(type: CellType, database: string | null): Extension {
  switch (type) {
    case "python":
      return python();
    case "sql":
      return sql({ dialect: engineOf(database).dialect, upperCaseKeywords: false });
    case "markdown":
      return markdown();
    case "code":
    case "raw":
      return [];
  }
}
