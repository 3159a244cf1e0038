/** Cells that were removed here, to be brought back: the latest first. */
import type { CellState } from "../session/cell";
import type { Live } from "../session/types";

export interface RemovedCell {
  readonly index: number;
  readonly cell: Live["CreateCellRequest"];
}

const MOST = 100;

export class Removed {
  readonly #cells: RemovedCell[] = [];

  keep(cell: CellState, index: number): void {
    const { result, ...config } = cell.config.peek();
    const kept = {
      type: cell.type.peek(),
      source: cell.shown.peek(),
      config: result === null ? config : { ...config, result },
    };
    this.#cells.push({ index, cell: { id: cell.id, ...kept } });
    if (this.#cells.length > MOST) this.#cells.shift();
  }

  last(): RemovedCell | undefined {
    return this.#cells.pop();
  }
}
