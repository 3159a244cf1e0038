/** One answer: what the model says, what it does in the notebook (folded), and how it ended. */
import { lazy, Suspense } from "preact/compat";

import { CellLink } from "../../cell/CellFacts";
import { Icon } from "../../page/Icon";
import type { NotebookView } from "../../page/view";
import type { Ending, Exchange, ToolPart } from "./conversation";

const Prose = lazy(() => import("../../outputs/Prose"));

const WORDS: Readonly<Record<string, string>> = {
  read_notebook: "Reads the notebook",
  add_cell: "Adds a cell",
  update_cell: "Changes a cell",
  move_cell: "Moves a cell",
  delete_cell: "Deletes a cell",
  run_cells: "Runs cells",
  list_variables: "Looks at the variables",
  read_variable: "Looks at a variable",
  read_graph: "Looks at the graph",
};

export function Answer({ view, exchange, busy }: { view: NotebookView; exchange: Exchange; busy: boolean }) {
  const parts = exchange.parts.value;
  const ending = exchange.ending.value;
  return (
    <div class="chat-answer">
      {parts.map((part, index) =>
        part.kind === "tool" ? (
          <Tool key={index} view={view} part={part} />
        ) : (
          <Suspense key={index} fallback={<p>{part.text}</p>}>
            <Prose text={part.text} />
          </Suspense>
        ),
      )}
      {busy && ending === null && (
        <p class="faint chat-busy">
          <span class="spinner" aria-hidden="true" /> {parts.at(-1)?.kind === "tool" ? "Works" : "Writes"}…
        </p>
      )}
      {ending !== null && <End ending={ending} />}
    </div>
  );
}

function End({ ending }: { ending: Ending }) {
  if (ending.kind === "unset") {
    return (
      <div class="chat-end is-problem" role="alert">
        <strong>There is no language model yet.</strong>
        <p>{codeIn(ending.message)}</p>
        <p>Set this where the service is started, and start it again. Your question is kept below.</p>
      </div>
    );
  }
  const problem = ending.kind === "problem";
  return (
    <p class={`chat-end${problem ? " is-problem" : ""}`} role={problem ? "alert" : "status"}>
      {ending.message}
    </p>
  );
}

/** Names of settings, set off from the sentence around them. */
function codeIn(text: string) {
  return text.split(/(\b[A-Z]+(?:_[A-Z]+)+\b)/).map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part));
}

function Tool({ view, part }: { view: NotebookView; part: ToolPart }) {
  const given = part.arguments as Record<string, unknown> | null;
  const made = part.answer?.result as { cell_id?: unknown } | null | undefined;
  const cell = given?.["cell_id"] ?? made?.cell_id;
  const state = part.answer === null ? "is-running" : part.answer.ok ? "is-done" : "is-bad";
  return (
    <details class={`chat-tool ${state}`}>
      <summary>
        {part.answer === null ? (
          <span class="spinner" aria-label="under way" />
        ) : (
          <Icon name={part.answer.ok ? "check" : "error"} />
        )}
        <span>{WORDS[part.tool] ?? part.tool}</span>
        {part.answer?.ok === false && <span class="faint">refused</span>}
      </summary>
      {typeof cell === "string" && view.session.mirror.order.value.includes(cell) && (
        <p>
          <CellLink view={view} id={cell}>
            {view.session.mirror.cell(cell)?.label.value}
          </CellLink>
        </p>
      )}
      <p class="faint">{part.tool} was given</p>
      <Data value={part.arguments} />
      {part.answer !== null && (
        <>
          <p class="faint">and answered</p>
          <Data value={part.answer.result} />
        </>
      )}
    </details>
  );
}

const MOST_CHARACTERS = 20_000;

/** A value for people: text as it is (a source has lines), anything else as JSON. */
function Data({ value }: { value: unknown }) {
  const whole = Object.entries(value !== null && typeof value === "object" && !Array.isArray(value) ? value : {})
    .filter(([, one]) => typeof one === "string")
    .map(([name, one]) => `${name}:\n${one as string}`);
  const text = whole.length > 0 && whole.length === Object.keys(value as object).length ? whole.join("\n\n") : null;
  const shown = text ?? JSON.stringify(value, null, 1) ?? "nothing";
  return <pre>{shown.length > MOST_CHARACTERS ? `${shown.slice(0, MOST_CHARACTERS)}\n…` : shown}</pre>;
}
