/**
 * A dataframe that a cell has displayed as its result: in pages from the kernel, as long as it is there and still is what
 * the output says; else as the HTML that the output holds.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import type { CellState } from "../session/cell";
import type { NotebookSession } from "../session/session";
import type { Output } from "../session/types";
import { DataTable } from "../tables/DataTable";
import { askFor, type Page } from "../tables/question";

const LEFT_OUT = new Set(["", "...", "…"]);

/** Whether an output may be a dataframe of pandas or polars. */
export function mayBeFrame(output: Output, html: string): boolean {
  return output.output_type === "execute_result" && /<table [^>]*class="dataframe/.test(html);
}

interface Props {
  session: NotebookSession;
  cell: CellState;
  output: Output;
  html: string;
  /** What is shown if the kernel does not have it. */
  children: ComponentChildren;
}

export default function Frame({ session, cell, output, html, children }: Props) {
  const count = output.execution_count ?? null;
  const current = count !== null && count === cell.executionCount.value;
  const [found, setFound] = useState<{ readonly of: number; readonly page: Page | null } | null>(null);
  const ask = useMemo(() => askFor(session, `_${count}`), [session, count]);
  const wanted = current && cell.status.value === "success" && found?.of !== count;
  useEffect(() => {
    if (!wanted || count === null) return;
    let here = true;
    ask({ offset: 0, limit: 100, sort: null, descending: false, filters: new Map() }).then(
      (page) => here && setFound({ of: count, page: fits(page, html) ? page : null }),
      () => here && setFound({ of: count, page: null }),
    );
    return () => {
      here = false;
    };
  }, [wanted, ask, count, html]);
  if (found !== null && found.of === count && found.page !== null)
    return <DataTable key={count} label="Dataframe" ask={current ? ask : null} known={found.page} />;
  return wanted ? <div class="output-loading" aria-hidden="true" /> : <>{children}</>;
}

/** Whether what the kernel has is what the output showed, as far as its columns tell. */
function fits(page: Page, html: string): boolean {
  if (page.kind !== "dataframe") return false;
  const head = new DOMParser().parseFromString(html, "text/html").querySelector("thead tr");
  const names = new Set(page.columns.map((column) => column.name));
  const shown = [...(head?.querySelectorAll("th") ?? [])].map((one) => (one.textContent ?? "").trim());
  return shown.every((name) => LEFT_OUT.has(name) || names.has(name) || page.columns_total > page.columns.length);
}
