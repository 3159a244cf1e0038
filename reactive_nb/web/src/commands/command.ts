/**
 * Everything one can do with keys or from the palette: one table, so that keys, palette and help never differ.
 *
 * Keys are written as Jupyter's documentation does: `Shift-Enter`, `d d` for one after the other. `Mod` is the command
 * key on a Mac and Ctrl elsewhere.
 */
import type { NotebookView } from "../page/view";

export interface Command {
  readonly id: string;
  readonly title: string;
  /** Keys in command mode. */
  readonly keys?: readonly string[];
  /** Keys in any mode, also while a cell is edited. */
  readonly anywhere?: readonly string[];
  run(view: NotebookView): void;
}
