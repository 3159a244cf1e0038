/** Commands on cells: select, add, remove, move, retype, split, join. */
import type { CellType } from "../session/types";
import type { NotebookView } from "../page/view";
import type { Command } from "./command";

export function addCell(view: NotebookView, index: number, type: CellType = "python", edit = false): void {
  const id = view.session.add(index, type);
  if (edit) view.edit(id);
  else view.select(id);
}

export function removeCell(view: NotebookView, id: string): void {
  const cell = view.session.mirror.cell(id);
  const index = view.index(id);
  if (cell === undefined || index < 0) return;
  view.removed.keep(cell, index);
  const order = view.session.mirror.order.peek();
  const next = order[index + 1] ?? order[index - 1] ?? null;
  if (view.selected.peek() === id) view.select(next);
  void view.session.remove(cell);
}

function restoreCell(view: NotebookView): void {
  const kept = view.removed.last();
  if (kept === undefined) {
    view.session.tell("note", "No cell was deleted here.");
    return;
  }
  const index = Math.min(kept.index, view.session.mirror.order.peek().length);
  view.select(view.session.add(index, kept.cell.type, kept.cell));
}

export function moveCell(view: NotebookView, id: string, index: number): void {
  const cell = view.session.mirror.cell(id);
  const last = view.session.mirror.order.peek().length - 1;
  if (cell === undefined || index < 0 || index > last || index === view.index(id)) return;
  view.anchor.release();
  void view.session.move(cell, index);
  requestAnimationFrame(() => view.scrollTo(id, "nearest"));
}

function retype(view: NotebookView, type: CellType): void {
  const { cell } = view;
  if (cell === undefined || cell.type.peek() === type) return;
  view.session.retype(cell, type);
}

/** Split the selected cell at the cursor. */
function split(view: NotebookView): void {
  const { cell } = view;
  const editor = cell === undefined ? null : view.look(cell.id).editor;
  if (cell === undefined || editor === null) return;
  const [text, place] = [cell.shown.peek(), editor.place];
  const [above, below] = [text.slice(0, place).replace(/\n$/, ""), text.slice(place).replace(/^\n/, "")];
  view.edit(view.session.split(cell, view.index(cell.id) + 1, above, below), "start");
}

/** Put the cell below at the end of the selected one. */
function join(view: NotebookView): void {
  const { cell, session } = view;
  const below = session.mirror.order.peek()[view.index(view.selected.peek()) + 1];
  const other = below === undefined ? undefined : session.mirror.cell(below);
  if (cell !== undefined && other !== undefined) session.join(cell, other);
}

export const CELL_COMMANDS: readonly Command[] = [
  { id: "cell.up", title: "Select the cell above", keys: ["ArrowUp", "k"], run: (view) => view.step(-1) },
  { id: "cell.down", title: "Select the cell below", keys: ["ArrowDown", "j"], run: (view) => view.step(1) },
  {
    id: "cell.first",
    title: "Select the first cell",
    keys: ["Mod-Home"],
    run: (view) => view.select(view.session.mirror.order.peek()[0] ?? null),
  },
  {
    id: "cell.last",
    title: "Select the last cell",
    keys: ["Mod-End"],
    run: (view) => view.select(view.session.mirror.order.peek().at(-1) ?? null),
  },
  {
    id: "cell.edit",
    title: "Edit the cell",
    keys: ["Enter"],
    run: (view) => {
      const id = view.selected.peek();
      if (id !== null) view.edit(id);
    },
  },
  {
    id: "cell.add-above",
    title: "Add a cell above",
    keys: ["a"],
    run: (view) => addCell(view, Math.max(view.index(view.selected.peek()), 0)),
  },
  {
    id: "cell.add-below",
    title: "Add a cell below",
    keys: ["b"],
    run: (view) => addCell(view, view.index(view.selected.peek()) + 1),
  },
  {
    id: "cell.remove",
    title: "Delete the cell",
    keys: ["d d"],
    run: (view) => {
      const id = view.selected.peek();
      if (id !== null) removeCell(view, id);
    },
  },
  { id: "cell.restore", title: "Undo deleting a cell", keys: ["z"], run: (view) => restoreCell(view) },
  { id: "cell.python", title: "Make it a Python cell", keys: ["y"], run: (view) => retype(view, "python") },
  { id: "cell.markdown", title: "Make it a text cell", keys: ["m"], run: (view) => retype(view, "markdown") },
  { id: "cell.sql", title: "Make it an SQL cell", keys: ["s"], run: (view) => retype(view, "sql") },
  { id: "cell.raw", title: "Make it a raw cell", keys: ["r"], run: (view) => retype(view, "raw") },
  {
    id: "cell.move-up",
    title: "Move the cell up",
    keys: ["Alt-ArrowUp", "Mod-Shift-ArrowUp"],
    run: (view) => {
      const id = view.selected.peek();
      if (id !== null) moveCell(view, id, view.index(id) - 1);
    },
  },
  {
    id: "cell.move-down",
    title: "Move the cell down",
    keys: ["Alt-ArrowDown", "Mod-Shift-ArrowDown"],
    run: (view) => {
      const id = view.selected.peek();
      if (id !== null) moveCell(view, id, view.index(id) + 1);
    },
  },
  {
    id: "cell.split",
    title: "Split the cell at the cursor",
    anywhere: ["Mod-Shift--"],
    run: split,
  },
  { id: "cell.join", title: "Join with the cell below", keys: ["Shift-m"], run: join },
  {
    id: "cell.hide-source",
    title: "Hide or show the source",
    run: ({ cell, session }) =>
      cell && void session.change(cell, { config: { hide_source: !cell.config.peek().hide_source } }),
  },
  {
    id: "cell.hide-output",
    title: "Hide or show the output",
    keys: ["o"],
    run: ({ cell, session }) =>
      cell && void session.change(cell, { config: { hide_output: !cell.config.peek().hide_output } }),
  },
  ...(["auto", "manual", "disabled"] as const).map((mode): Command => ({
    id: `cell.mode-${mode}`,
    title: { auto: "Let the cell run by itself", manual: "Run the cell only when asked", disabled: "Disable the cell" }[
      mode
    ],
    run: ({ cell, session }) => cell && void session.change(cell, { config: { mode } }),
  })),
];
