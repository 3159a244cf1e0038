/** Commands that run cells, and those about the kernel. */
import type { NotebookView } from "../page/view";
import { addCell } from "./cells";
import type { Command } from "./command";

function runSelected(view: NotebookView): boolean {
  const { cell } = view;
  if (cell === undefined) return false;
  const type = cell.type.peek();
  if (type === "markdown" || type === "raw") {
    view.session.drafts.sendAll();
    view.look(cell.id).opened.value = false;
    if (type === "markdown") void view.session.run(cell);
  } else void view.session.run(cell);
  return true;
}

export const RUN_COMMANDS: readonly Command[] = [
  {
    id: "run.cell",
    title: "Run the cell",
    anywhere: ["Mod-Enter", "Ctrl-Enter"],
    run: (view) => {
      if (!runSelected(view)) return;
      view.select(view.selected.peek(), false);
      view.anchor.release();
    },
  },
  {
    id: "run.advance",
    title: "Run the cell, and go to the next",
    anywhere: ["Shift-Enter"],
    run: (view) => {
      if (!runSelected(view)) return;
      if (!view.step(1)) addCell(view, view.index(view.selected.peek()) + 1, "python", true);
      view.anchor.release();
    },
  },
  {
    id: "run.insert",
    title: "Run the cell, and add one below",
    anywhere: ["Alt-Enter"],
    run: (view) => {
      if (!runSelected(view)) return;
      addCell(view, view.index(view.selected.peek()) + 1, "python", true);
      view.anchor.release();
    },
  },
  {
    id: "run.stale",
    title: "Run what is stale",
    keys: ["Shift-r"],
    run: ({ session }) => void session.runSelection({}),
  },
  { id: "run.all", title: "Run all cells", run: ({ session }) => void session.runSelection({ all: true }) },
  {
    id: "run.above",
    title: "Run what is stale up to this cell",
    run: ({ cell, session }) => cell && void session.runSelection({ up_to_cell: cell.id }),
  },
  {
    id: "run.below",
    title: "Run this cell and what is below",
    run: ({ cell, session }) => cell && void session.runSelection({ from_cell: cell.id }),
  },
  {
    id: "kernel.interrupt",
    title: "Interrupt the kernel",
    keys: ["i i"],
    run: ({ session }) => void session.say({ type: "kernel.interrupt" }),
  },
  {
    id: "kernel.restart",
    title: "Restart the kernel",
    keys: ["0 0"],
    run: ({ session }) => void session.say({ type: "kernel.restart" }),
  },
  {
    id: "kernel.restart-run",
    title: "Restart the kernel and run all cells",
    run: ({ session }) =>
      void session.say({ type: "kernel.restart" }).then((reply) => reply && session.runSelection({ all: true })),
  },
  {
    id: "kernel.shutdown",
    title: "Shut the kernel down",
    run: ({ session }) => void session.say({ type: "kernel.shutdown" }),
  },
  {
    id: "notebook.mode",
    title: "Run what depends on a cell: at once, or only when asked",
    run: ({ session }) =>
      void session.say({
        type: "notebook.update",
        settings: { mode: session.mirror.settings.peek()?.mode === "auto" ? "lazy" : "auto" },
      }),
  },
];
