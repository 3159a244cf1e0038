/** What the kernel holds: names, types, sizes and short values; what has rows opens as a table. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { CellLink } from "../cell/CellFacts";
import { Icon } from "../page/Icon";
import type { NotebookView } from "../page/view";
import { answered, rest, type Schemas } from "../service/rest";
import { DataTable } from "../tables/DataTable";
import { askFor } from "../tables/question";
import type { PanelProps } from "./panel";

type Variable = Schemas["Variable"];

const REST_MS = 250;
/** What most people have not made to look at. */
const CODE = new Set(["module", "function", "type", "builtin_function_or_method", "method"]);

export default function Variables({ view }: PanelProps) {
  const { session } = view;
  const [variables, setVariables] = useState<readonly Variable[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [search, setSearch] = useState("");
  const [withCode, setWithCode] = useState(false);
  const [open, setOpen] = useState<Variable | null>(null);
  const known = session.mirror
    .cells()
    .map((cell) => `${cell.executionCount.value}${cell.status.value === "running" ? "…" : ""}`)
    .join();
  const kernel = session.mirror.kernel.value?.state;
  useEffect(() => {
    let here = true;
    const path = { notebook_id: session.notebookId };
    const timer = window.setTimeout(() => {
      answered(rest.GET("/api/v1/notebooks/{notebook_id}/variables", { params: { path } })).then(
        (told) => {
          if (!here) return;
          setVariables(told.variables);
          setProblem(null);
        },
        (error: unknown) => here && setProblem(error instanceof Error ? error.message : String(error)),
      );
    }, REST_MS);
    return () => {
      here = false;
      window.clearTimeout(timer);
    };
  }, [session, known, kernel]);
  if (variables === null) return <p class="empty">{problem ?? "Asking the kernel…"}</p>;
  if (variables.length === 0) return <p class="empty">What cells define is listed here once they have run.</p>;
  const shown = variables.filter(
    (one) => one.name.toLowerCase().includes(search.toLowerCase()) && (withCode || !CODE.has(one.type)),
  );
  const code = variables.filter((one) => CODE.has(one.type)).length;
  return (
    <div class="variables">
      <input
        type="search"
        class="variables-search"
        placeholder="Search"
        aria-label="Search variables"
        value={search}
        onInput={(event) => setSearch(event.currentTarget.value)}
      />
      {problem !== null && <p class="table-problem">{problem}</p>}
      <ul>
        {shown.map((one) => (
          <li key={one.name}>
            <button type="button" class="variable" title={one.preview} onClick={() => setOpen(one)}>
              <span class="variable-name">{one.name}</span>
              <span class="variable-type">{kindOf(one)}</span>
              <span class="variable-value">{one.preview}</span>
            </button>
          </li>
        ))}
      </ul>
      {code > 0 && (
        <label class="variables-code">
          <input type="checkbox" checked={withCode} onChange={(event) => setWithCode(event.currentTarget.checked)} />
          Modules, functions and classes ({code})
        </label>
      )}
      {open !== null && <Opened key={open.name} view={view} variable={open} close={() => setOpen(null)} />}
    </div>
  );
}

function Opened({ view, variable, close }: { view: NotebookView; variable: Variable; close(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const ask = useMemo(() => askFor(view.session, variable.name), [view, variable]);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="variable-dialog"
      aria-label={`Variable ${variable.name}`}
      onClose={close}
      onClick={(event) => event.target === event.currentTarget && dialog.current?.close()}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <header>
        <h2>{variable.name}</h2>
        <span class="faint">{kindOf(variable)}</span>
        {variable.cell !== null && (
          <span onClick={close}>
            <CellLink view={view} id={variable.cell} />
          </span>
        )}
        <span class="spread" />
        <button type="button" class="icon-button" aria-label="Close" onClick={() => dialog.current?.close()}>
          <Icon name="close" />
        </button>
      </header>
      <DataTable label={variable.name} ask={ask} />
    </dialog>
  );
}

function kindOf({ type, shape, size }: Variable): string {
  const name = type.split(".").at(-1) ?? type;
  const parts = [shape === null || shape.length === 0 ? name : `${name} ${shape.map(String).join(" × ")}`];
  if (size !== null) parts.push(bytes(size));
  return parts.join(" · ");
}

function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let power = 0;
  while (count >= 1000 && power < units.length - 1) [count, power] = [count / 1000, power + 1];
  return `${power === 0 || count >= 100 ? Math.round(count) : count.toFixed(1)} ${units[power]}`;
}
