/** What is to be known of a cell beside its text: why it is as it is, what it defines and needs. */
import type { ComponentChildren } from "preact";

import type { CellState } from "../session/cell";
import type { NotebookView } from "../page/view";
import { Clock } from "./Clock";
import { duration, runs, STATUS } from "./status";

interface Props {
  view: NotebookView;
  cell: CellState;
}

export function CellFacts({ view, cell }: Props) {
  const status = cell.status.value;
  if (!runs(cell) && status !== "error" && status !== "stale") return null;
  return (
    <div class="facts">
      <span class={`fact status-word is-${status}`}>
        {status === "running" ? <Clock /> : status === "idle" ? null : STATUS[status].word}
        {status === "success" && cell.durationMs.value !== null && (
          <span class="faint"> · {duration(cell.durationMs.value)}</span>
        )}
      </span>
      <Why view={view} cell={cell} />
      <Names view={view} cell={cell} />
    </div>
  );
}

function Why({ view, cell }: Props) {
  const error = cell.error.value;
  if (cell.status.value === "stale") {
    const [reason, ...more] = cell.staleBecause.value;
    if (reason === undefined) return null;
    const culprit = reason.cell ?? reason.was;
    return (
      <span class="fact why" title={[reason, ...more].map((one) => one.message).join("\n")}>
        <Told text={reason.message} view={view} cells={culprit == null ? [] : [culprit]} />
        {more.length > 0 && <span class="faint"> (+{more.length})</span>}
      </span>
    );
  }
  if (cell.status.value === "blocked" && error !== null) {
    const blamed = error.roots.length > 0 ? error.roots : error.cells;
    return (
      <span class="fact why is-blocked">
        <Told text={error.message} view={view} cells={blamed} />
      </span>
    );
  }
  if (error !== null && !cell.outputs.value.some((one) => one.output_type === "error")) {
    return <span class="fact why is-error">{error.message}</span>;
  }
  return null;
}

/** A message, and links to the cells it is about. */
function Told({ text, view, cells }: { text: string; view: NotebookView; cells: readonly string[] }) {
  const others = cells.filter((id) => view.session.mirror.cell(id) !== undefined);
  return (
    <>
      {text}
      {others.map((id) => (
        <CellLink key={id} view={view} id={id} />
      ))}
    </>
  );
}

export function CellLink({ view, id, children }: { view: NotebookView; id: string; children?: ComponentChildren }) {
  const cell = view.session.mirror.cell(id);
  if (cell === undefined) return null;
  return (
    <button
      type="button"
      class="link cell-link"
      onClick={(event) => {
        event.stopPropagation();
        view.reveal(id);
      }}
    >
      {children ?? `→ ${cell.label.value}`}
    </button>
  );
}

const MOST_NAMES = 6;

function Names({ view, cell }: Props) {
  const { mirror } = view.session;
  const edges = mirror.edges.value.get(cell.id) ?? [];
  const provider = (name: string) => edges.find((edge) => edge.names.includes(name))?.from;
  const [defines, uses] = [cell.defines.value, cell.uses.value];
  const needed = uses.filter((name) => provider(name) !== undefined);
  const unresolved = cell.unresolved.value;
  return (
    <span class="names">
      {unresolved.map((name) => (
        <span class="name is-missing" key={name} title={`No cell defines ${name}.`}>
          {name}?
        </span>
      ))}
      {needed.length > 0 && (
        <span class="name-list" aria-label="Uses">
          <span class="faint">uses</span>
          {needed.slice(0, MOST_NAMES).map((name) => (
            <button
              type="button"
              class="name is-used"
              key={name}
              title={`Go to the cell that defines ${name}`}
              onClick={() => view.reveal(provider(name) as string)}
            >
              {name}
            </button>
          ))}
          {needed.length > MOST_NAMES && <span class="faint">+{needed.length - MOST_NAMES}</span>}
        </span>
      )}
      {defines.length > 0 && (
        <span class="name-list" aria-label="Defines">
          <span class="faint">defines</span>
          {defines.slice(0, MOST_NAMES).map((name) => (
            <span class="name is-defined" key={name}>
              {name}
            </span>
          ))}
          {defines.length > MOST_NAMES && <span class="faint">+{defines.length - MOST_NAMES}</span>}
        </span>
      )}
    </span>
  );
}
