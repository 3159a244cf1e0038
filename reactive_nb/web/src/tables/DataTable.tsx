/**
 * A table whose rows are in the kernel: read in pages, sorted and filtered there. What is already known of it is shown
 * at once; without a kernel to ask, that is all there is.
 */
import { useEffect, useRef, useState } from "preact/hooks";

import { FilterForm } from "./FilterForm";
import { Head } from "./Head";
import type { Ask, Filter, Page, Question } from "./question";

const SIZES = [10, 25, 100, 1000];
const FIRST: Question = { offset: 0, limit: 10, sort: null, descending: false, filters: new Map() };
const NUMBERS = /^(u?int|float|decimal|double|bigint|hugeint|integer|smallint|tinyint|numeric|real|number)/i;

interface Props {
  /** What the table is called, for who does not see it. */
  label: string;
  /** Null: there is nobody to ask. */
  ask: Ask | null;
  /** Its first rows, as far as they are known. */
  known?: Page | null;
  /** Whether there were more rows than were fetched. */
  cut?: boolean;
  /** Why nobody can be asked. */
  hint?: string;
}

export function DataTable({ label, ask, known = null, cut = false, hint }: Props) {
  const [question, setQuestion] = useState(FIRST);
  const [answer, setAnswer] = useState<{ readonly to: Question; readonly page: Page } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [asking, setAsking] = useState(false);
  const [filtering, setFiltering] = useState<number | null>(null);
  const latest = useRef(question);
  latest.current = question;
  const here = (page: Page) => part(page, question.offset, question.offset + question.limit);
  const asItIs = question.sort === null && question.filters.size === 0;
  const reaches = question.offset + question.limit <= (known?.rows.length ?? 0) || known?.rows.length === known?.total;
  const isKnown = known !== null && asItIs && reaches;
  useEffect(() => {
    if (isKnown || ask === null) {
      setProblem(null);
      return;
    }
    setAsking(true);
    ask(question)
      .then(
        (page) => {
          if (latest.current !== question) return;
          setAnswer({ to: question, page });
          setProblem(null);
        },
        (error: unknown) => {
          if (latest.current === question) setProblem(error instanceof Error ? error.message : String(error));
        },
      )
      .finally(() => latest.current === question && setAsking(false));
  }, [ask, question, isKnown]);
  const page = isKnown || ask === null ? known && here(known) : (answer?.page ?? (known && here(known)));
  if (page === null) return <p class="output-unknown">{problem ?? "Reading the table…"}</p>;
  const columns = page.columns.map((column, place) => ({
    ...column,
    type: known?.columns[place]?.type ?? column.type,
  }));
  const change = (changes: Partial<Question>) => setQuestion({ ...question, offset: 0, ...changes });
  const sortBy = (place: number) => {
    if (question.sort !== place) change({ sort: place, descending: false });
    else if (!question.descending) change({ descending: true });
    else change({ sort: null, descending: false });
  };
  const filterBy = (place: number, filter: Filter | null) => {
    const filters = new Map(question.filters);
    if (filter === null) filters.delete(place);
    else filters.set(place, filter);
    change({ filters });
    setFiltering(null);
  };
  const shown = answer !== null && !isKnown && ask !== null ? answer.to.offset : question.offset;
  const last = shown + page.rows.length;
  const matching =
    ask === null ? (page.rows.length === page.total ? page.total : (known?.rows.length ?? 0)) : page.matching;
  return (
    <div class={`table-view${asking ? " is-asking" : ""}`} aria-busy={asking}>
      <div class="table-scroll" tabIndex={0} role="region" aria-label={label}>
        <table>
          <thead>
            <tr>
              <th class="table-count" aria-label="Row" />
              {columns.map((column, place) => (
                <Head
                  key={place}
                  column={column}
                  sorted={question.sort !== place ? "none" : question.descending ? "descending" : "ascending"}
                  filter={question.filters.get(place) ?? null}
                  filtering={filtering === place}
                  disabled={ask === null}
                  sort={() => sortBy(place)}
                  askFilter={() => setFiltering(filtering === place ? null : place)}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {page.rows.map((row, index) => (
              <tr key={index}>
                <td class="table-count">{page.places[index]?.toLocaleString()}</td>
                {row.map((value, place) => (
                  <Value key={place} value={value} isNumber={NUMBERS.test(columns[place]?.type ?? "")} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {page.rows.length === 0 && <p class="output-unknown">No rows.</p>}
      </div>
      {filtering !== null && columns[filtering] !== undefined && (
        <FilterForm
          key={filtering}
          column={columns[filtering].name}
          filter={question.filters.get(filtering) ?? null}
          apply={(filter) => filterBy(filtering, filter)}
          close={() => setFiltering(null)}
        />
      )}
      {problem !== null && (
        <p class="table-problem" role="alert">
          {problem}
        </p>
      )}
      <div class="table-foot">
        <button
          type="button"
          class="table-step"
          aria-label="Previous rows"
          disabled={question.offset === 0}
          onClick={() => change({ offset: Math.max(0, question.offset - question.limit) })}
        >
          ‹
        </button>
        <span aria-live="polite">
          {page.rows.length === 0 ? "0" : `${(shown + 1).toLocaleString()}–${last.toLocaleString()}`} of{" "}
          {page.matching.toLocaleString()}
          {page.matching === page.total ? "" : ` (${page.total.toLocaleString()} in all)`}
        </span>
        <button
          type="button"
          class="table-step"
          aria-label="Next rows"
          disabled={last >= matching}
          onClick={() => change({ offset: question.offset + question.limit })}
        >
          ›
        </button>
        <label>
          <select
            aria-label="Rows at once"
            value={question.limit}
            onChange={(event) => change({ limit: Number(event.currentTarget.value) })}
          >
            {SIZES.map((size) => (
              <option key={size} value={size}>
                {size.toLocaleString()} rows
              </option>
            ))}
          </select>
        </label>
        {question.filters.size > 0 && (
          <button type="button" class="link" onClick={() => change({ filters: new Map() })}>
            Without filters
          </button>
        )}
        {page.columns_total > page.columns.length && (
          <span>
            {page.columns.length.toLocaleString()} of {page.columns_total.toLocaleString()} columns
          </span>
        )}
        {cut && (
          <span class="table-cut" title="No more are fetched: ask for fewer, with LIMIT or a sum.">
            first {page.total.toLocaleString()} rows
          </span>
        )}
        {ask === null && hint !== undefined && <span>{hint}</span>}
      </div>
    </div>
  );
}

function part(page: Page, from: number, to: number): Page {
  return { ...page, offset: from, places: page.places.slice(from, to), rows: page.rows.slice(from, to) };
}

function Value({ value, isNumber }: { value: unknown; isNumber: boolean }) {
  if (value === null) return <td class="is-missing">–</td>;
  if (typeof value === "number") return <td class="is-number">{String(value)}</td>;
  if (typeof value === "boolean") return <td>{value ? "true" : "false"}</td>;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return (
    <td class={isNumber ? "is-number" : ""} title={text.length > 60 ? text : undefined}>
      {text}
    </td>
  );
}
