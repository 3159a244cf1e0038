/** The head of a column: its name sorts, beside it stands its filter. */
import { COMPARISONS, type Filter, type Page } from "./question";

interface Props {
  column: Page["columns"][number];
  sorted: "none" | "ascending" | "descending";
  filter: Filter | null;
  filtering: boolean;
  disabled: boolean;
  sort(): void;
  askFilter(): void;
}

export function Head({ column, sorted, filter, filtering, disabled, sort, askFilter }: Props) {
  return (
    <th scope="col" aria-sort={sorted}>
      <span class="table-head">
        <button
          type="button"
          class="table-sort"
          disabled={disabled}
          title={`${column.name}: ${column.type}. Sort by this column`}
          onClick={sort}
        >
          {column.name === "" ? "–" : column.name}
          {sorted !== "none" && <span aria-hidden="true">{sorted === "descending" ? " ↓" : " ↑"}</span>}
        </button>
        <button
          type="button"
          class={`table-filter${filter === null ? "" : " is-on"}`}
          disabled={disabled}
          aria-label={`Filter ${column.name}`}
          aria-expanded={filtering}
          title={filter === null ? "Filter" : `${COMPARISONS[filter.comparison]} ${filter.text}`}
          onClick={askFilter}
        >
          <svg viewBox="0 0 16 16" class="icon" aria-hidden="true">
            <path d="M2.500 3.500h11L9.500 8.500v4l-3-1.500v-2.500z" />
          </svg>
        </button>
      </span>
      <span class="table-type">{column.type}</span>
    </th>
  );
}
