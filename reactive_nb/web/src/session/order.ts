/**
 * The cells' order as it is to be seen: what the service has told, and on top what was asked for here and is not
 * answered yet. Keys that follow at once (another move, a cell below) count from what one sees.
 */
import { signal } from "@preact/signals";

export type OrderChange =
  | { readonly kind: "add" | "move"; readonly id: string; readonly index: number }
  | { readonly kind: "remove"; readonly id: string };

export class Order {
  readonly shown = signal<readonly string[]>([]);
  #told: readonly string[] = [];
  #wanted: OrderChange[] = [];

  /** What the service has done, or has told anew. */
  take(told: readonly string[] | OrderChange): void {
    if (!("kind" in told)) this.#told = told;
    else {
      this.#told = changed(this.#told, told);
      // The answer to a removal may come later than the cell itself, brought back meanwhile.
      if (told.kind === "remove")
        this.#wanted = this.#wanted.filter((one) => one.kind !== "remove" || one.id !== told.id);
    }
    this.#show();
  }

  /** Show a change that is being asked for, until what is returned is called. */
  want(change: OrderChange): () => void {
    this.#wanted.push(change);
    this.#show();
    return () => {
      this.#wanted = this.#wanted.filter((one) => one !== change);
      this.#show();
    };
  }

  #show(): void {
    const next = this.#wanted.reduce(changed, this.#told);
    const before = this.shown.peek();
    if (next.length !== before.length || next.some((id, index) => id !== before[index])) this.shown.value = next;
  }
}

function changed(order: readonly string[], change: OrderChange): readonly string[] {
  const there = order.includes(change.id);
  switch (change.kind) {
    case "remove":
      return there ? order.filter((id) => id !== change.id) : order;
    case "add":
    case "move": {
      if (there !== (change.kind === "move")) return order;
      const next = order.filter((id) => id !== change.id);
      next.splice(change.index, 0, change.id);
      return next;
    }
  }
}
