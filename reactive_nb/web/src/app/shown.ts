/** What readers see of a cell: text, or outputs; never its code. */
import { filledText } from "../cell/TextCell";
import type { CellState } from "../session/cell";
import type { Output } from "../session/types";

/** What a text cell says; null for any other, and for one that says nothing. */
export function shownText(cell: CellState): string | null {
  if (cell.type.value !== "markdown" || cell.config.value.hide_output) return null;
  const text = filledText(cell) ?? cell.shown.value;
  return text.trim() === "" ? null : text;
}

export function shownOutputs(cell: CellState): readonly Output[] {
  if (cell.config.value.hide_output) return [];
  return cell.outputs.value.filter((one) => cell.type.value !== "markdown" || one.output_type === "error");
}
