/** The rows of an SQL cell: those that the output holds, and through the kernel all of them. */
import { useMemo } from "preact/hooks";

import { DataTable } from "../../tables/DataTable";
import { askFor, type Page } from "../../tables/question";
import type { RenderProps } from "../renderer";

interface Shown {
  readonly name?: string;
  readonly columns?: { readonly name: string; readonly type: string }[];
  readonly rows?: unknown[][];
  readonly row_count?: number;
  /** Whether these are all rows that there were. */
  readonly complete?: boolean;
}

export default function Table({ session, cell, data }: RenderProps) {
  const { name = "", columns = [], rows = [], row_count: total = rows.length, complete = true } = data as Shown;
  const known = useMemo<Page>(
    () => ({
      places: [...rows.keys()],
      kind: "dataframe",
      total,
      matching: total,
      offset: 0,
      columns,
      columns_total: columns.length,
      rows,
    }),
    [data],
  );
  const fresh = cell.status.value === "success";
  const ask = useMemo(() => (fresh ? askFor(session, name, cell.id) : null), [session, name, cell, fresh]);
  return (
    <DataTable
      key={cell.executionCount.value}
      label={name}
      ask={ask}
      known={known}
      cut={!complete}
      hint="Run the cell to see more."
    />
  );
}
