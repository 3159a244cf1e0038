/** What is asked of a table in the kernel, and who answers. */
import { answered, rest, type Schemas } from "../service/rest";
import type { NotebookSession } from "../session/session";

export type Page = Pick<
  Schemas["VariablePage"],
  "kind" | "total" | "matching" | "offset" | "columns" | "columns_total" | "places" | "rows"
>;

export interface Filter {
  readonly comparison: Comparison;
  readonly text: string;
}

export const COMPARISONS = {
  contains: "contains",
  eq: "=",
  ne: "≠",
  lt: "<",
  le: "≤",
  gt: ">",
  ge: "≥",
  missing: "is missing",
  present: "is there",
} as const;
export type Comparison = keyof typeof COMPARISONS;

export interface Question {
  readonly offset: number;
  readonly limit: number;
  readonly sort: number | null;
  readonly descending: boolean;
  /** By the column's place. */
  readonly filters: ReadonlyMap<number, Filter>;
}

export type Ask = (question: Question) => Promise<Page>;

/** Asks for a variable; `cell`: for what that cell has made of it. */
export function askFor(session: NotebookSession, name: string, cell?: string): Ask {
  return ({ offset, limit, sort, descending, filters }) =>
    answered(
      rest.GET("/api/v1/notebooks/{notebook_id}/variables/{name}", {
        params: {
          path: { notebook_id: session.notebookId, name },
          query: {
            offset,
            limit,
            descending,
            ...(sort === null ? {} : { sort }),
            ...(cell === undefined ? {} : { cell }),
            filter: [...filters].map(([place, { comparison, text }]) => `${place}:${comparison}:${text}`),
          },
        },
      }),
    );
}
