/**
 * Types that were asked for: seen at once, since keys that follow are meant for a cell of the new type, and asked for
 * again after a cut. Once the service has answered the last wish for a cell, the type that the service has is shown.
 */
import { Disconnected } from "./connection";
import type { CellState } from "./cell";
import type { CellType, Reply, Say } from "./types";

export class Retyping {
  /** The number of the last wish for each cell that is not answered yet. */
  readonly #wishes = new Map<CellState, number>();
  #count = 0;

  constructor(
    private readonly ask: (said: Say) => Promise<Reply>,
    private readonly failed: (problem: unknown) => void,
  ) {}

  want(cell: CellState, type: CellType): void {
    cell.wantedType.value = type;
    this.#send(cell, type);
  }

  /** Say again what was not answered: the connection had been cut. */
  sendAll(): void {
    for (const cell of [...this.#wishes.keys()]) {
      const type = cell.wantedType.peek();
      if (type !== null) this.#send(cell, type);
    }
  }

  forget(cell: CellState): void {
    this.#wishes.delete(cell);
  }

  #send(cell: CellState, type: CellType): void {
    const wish = ++this.#count;
    this.#wishes.set(cell, wish);
    const answered = () => {
      if (this.#wishes.get(cell) !== wish) return;
      this.#wishes.delete(cell);
      cell.wantedType.value = null;
    };
    this.ask({ type: "cell.update", cell_id: cell.id, changes: { type } }).then(answered, (problem: unknown) => {
      if (problem instanceof Disconnected) return; // said again once connected
      answered();
      this.failed(problem);
    });
  }
}
