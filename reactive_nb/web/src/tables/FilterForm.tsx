/** Which rows are to stay, by one column. */
import { useEffect, useRef, useState } from "preact/hooks";

import { COMPARISONS, type Comparison, type Filter } from "./question";

interface Props {
  column: string;
  filter: Filter | null;
  /** Null: without a filter. */
  apply(filter: Filter | null): void;
  close(): void;
}

export function FilterForm({ column, filter, apply, close }: Props) {
  const [comparison, setComparison] = useState<Comparison>(filter?.comparison ?? "contains");
  const [text, setText] = useState(filter?.text ?? "");
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const needsText = comparison !== "missing" && comparison !== "present";
  return (
    <form
      class="table-filter-form"
      aria-label={`Filter ${column}`}
      onSubmit={(event) => {
        event.preventDefault();
        apply({ comparison, text: needsText ? text : "" });
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
        event.stopPropagation();
      }}
    >
      <strong>{column}</strong>
      <select
        aria-label="Comparison"
        value={comparison}
        onChange={(event) => setComparison(event.currentTarget.value as Comparison)}
      >
        {Object.entries(COMPARISONS).map(([name, word]) => (
          <option key={name} value={name}>
            {word}
          </option>
        ))}
      </select>
      <input
        ref={first}
        aria-label="Value"
        value={text}
        disabled={!needsText}
        maxLength={900}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="submit" class="button">
        Filter
      </button>
      {filter !== null && (
        <button type="button" class="button" onClick={() => apply(null)}>
          Clear
        </button>
      )}
    </form>
  );
}
