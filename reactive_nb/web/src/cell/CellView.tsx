/** One cell of the page. */
import { memo } from "preact/compat";
import { useLayoutEffect, useRef } from "preact/hooks";

import { addCell } from "../commands/cells";
import { COMMANDS } from "../commands/commands";
import { engineOf } from "../editor/languages";
import { Icon } from "../page/Icon";
import { PeopleAt } from "../page/People";
import type { NotebookView } from "../page/view";
import type { CellState } from "../session/cell";
import type { CellType } from "../session/types";
import { CellActions } from "./CellActions";
import { CellFacts } from "./CellFacts";
import { CellOutputs } from "./CellOutputs";
import { CellSource } from "./CellSource";
import { Conflict } from "./Conflict";
import { beginDrag } from "./drag";
import { useNear } from "./near";
import { runs, STATUS } from "./status";

const TYPE_NAMES: Record<CellType, string> = {
  python: "Python",
  sql: "SQL",
  markdown: "Text",
  code: "Code",
  raw: "Raw",
};
const RUN = COMMANDS.find((command) => command.id === "run.cell");

interface Props {
  view: NotebookView;
  cell: CellState;
}

export const CellView = memo(function CellView({ view, cell }: Props) {
  const place = useRef<HTMLElement>(null);
  const near = useNear(place);
  const look = view.look(cell.id);
  useLayoutEffect(() => {
    look.element = place.current;
    if (look.selected.peek() && view.mode.peek() === "command") place.current?.focus({ preventScroll: true });
    return () => {
      look.element = null;
    };
  }, [look, view]);
  const [status, type, lit] = [cell.status.value, cell.type.value, look.lit.value];
  const classes = ["cell", `is-${type}`, `is-${status}`];
  if (look.selected.value) classes.push(view.mode.value === "edit" ? "is-edited" : "is-selected");
  if (lit !== null) classes.push(`lit-${lit}`);
  if (cell.config.value.mode !== "auto") classes.push(`mode-${cell.config.value.mode}`);
  const said = runs(cell) ? `${TYPE_NAMES[type]} cell, ${STATUS[status].word}` : `${TYPE_NAMES[type]} cell`;
  return (
    <article
      ref={place}
      class={classes.join(" ")}
      data-cell={cell.id}
      data-status={status}
      tabIndex={-1}
      aria-label={said}
      onPointerDown={(event) => {
        const target = event.target as Element;
        if (target.closest(".source-editor, button, a, iframe, input, .outputs, .drag-handle") === null) {
          event.preventDefault();
          view.select(cell.id, false);
        } else if (target.closest(".outputs") !== null && !look.selected.peek()) view.select(cell.id, false);
      }}
      onPointerEnter={() => {
        look.pointed.value = true;
        view.light(cell.id);
      }}
      onPointerLeave={() => {
        look.pointed.value = false;
        view.light(null);
      }}
    >
      <div class="cell-gutter">
        <span
          class="drag-handle"
          draggable
          title="Drag to move (Alt+Up, Alt+Down)"
          aria-hidden="true"
          onDragStart={(event) => beginDrag(event, cell.id, place.current)}
        >
          ⠿
        </span>
        {runs(cell) ? (
          <button
            type="button"
            class="run-button"
            title="Run (Shift+Enter)"
            aria-label="Run the cell"
            onClick={() => {
              view.select(cell.id, false);
              RUN?.run(view);
            }}
          >
            <span class="count">
              {status === "running" ? <span class="spinner" /> : `[${cell.executionCount.value ?? " "}]`}
            </span>
            <Icon name="run" />
          </button>
        ) : null}
      </div>
      <PeopleAt view={view} id={cell.id} />
      <div class="cell-body">
        {cell.config.value.hide_source ? (
          <button
            type="button"
            class="source-hidden"
            onClick={() => void view.session.change(cell, { config: { hide_source: false } })}
          >
            {cell.label.value}
          </button>
        ) : (
          <div class="source">
            {type === "sql" && <SqlMark view={view} />}
            {(type === "code" || type === "raw") && <span class="type-mark">{TYPE_NAMES[type]}</span>}
            <CellSource view={view} cell={cell} near={near} />
          </div>
        )}
        <Conflict view={view} cell={cell} />
        {near && <CellFacts view={view} cell={cell} />}
        <CellOutputs view={view} cell={cell} near={near} />
      </div>
      {(look.pointed.value || look.selected.value) && <CellActions view={view} cell={cell} />}
      {(look.pointed.value || look.selected.value) && <Between view={view} cell={cell} />}
    </article>
  );
});

/** What an SQL cell runs on; leads to where that is set. */
function SqlMark({ view }: { view: NotebookView }) {
  const { name } = engineOf(view.session.mirror.settings.value?.database ?? null);
  return (
    <button
      type="button"
      class="sql-head"
      title={`Runs on ${name}. Click to connect a database.`}
      onClick={() => (view.connecting.value = true)}
    >
      SQL · {name}
    </button>
  );
}

/** Where another cell can be added: on the line below this one. */
function Between({ view, cell }: Props) {
  const add = (type: CellType) => addCell(view, view.index(cell.id) + 1, type, true);
  return (
    <div class="between">
      <button type="button" onClick={() => add("python")} aria-label="Add a code cell below">
        <Icon name="add" /> Code
      </button>
      <button type="button" onClick={() => add("markdown")} aria-label="Add a text cell below">
        <Icon name="add" /> Text
      </button>
    </div>
  );
}
