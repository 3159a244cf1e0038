/**
 * What is typed, on its way to the service: at rest for a moment, then sent with the revision that it was made from.
 *
 * No keystroke is lost: a draft stays until the service has confirmed its text, is sent again after a cut, and takes in
 * what others have written meanwhile. Where both wrote in the same place nothing is sent until somebody decides.
 */
import { Disconnected, Refused } from "./connection";
import type { CellState, Draft } from "./cell";
import { merged } from "./merge";
import type { Reply, Say } from "./types";

const REST_MS = 300;

export class Drafts {
  #timers = new Map<string, number>();
  /** Texts that were sent and are not answered, by cell, the first one first. */
  #underway = new Map<string, readonly string[]>();
  #waiting = new Set<CellState>();

  constructor(
    private readonly ask: (said: Say) => Promise<Reply>,
    private readonly refused: (cell: CellState, problem: Refused) => void,
  ) {}

  /** Somebody has typed. */
  edit(cell: CellState, text: string): void {
    const base = cell.draft.peek() ?? fresh(cell);
    if (text === base.base && !this.#underway.has(cell.id)) {
      this.#settle(cell);
      return;
    }
    cell.draft.value = { ...base, text };
    this.#waiting.add(cell);
    window.clearTimeout(this.#timers.get(cell.id));
    this.#timers.set(
      cell.id,
      window.setTimeout(() => this.send(cell), REST_MS),
    );
  }

  /** Write `text` with a command that makes it the cell's source, among other things. Throws what `say` throws. */
  async replace(cell: CellState, text: string, say: () => Promise<Reply>): Promise<void> {
    this.send(cell);
    window.clearTimeout(this.#timers.get(cell.id));
    cell.draft.value = { ...(cell.draft.peek() ?? fresh(cell)), text };
    this.#waiting.add(cell);
    this.#begin(cell, text);
    try {
      await say();
    } catch (problem) {
      this.#end(cell, text);
      throw problem;
    }
    this.#confirmed(cell, text);
  }

  /** Send a cell's draft now, if it has one and nothing of it is under way. */
  send(cell: CellState): void {
    const draft = cell.draft.peek();
    if (draft === null || draft.conflict) return;
    const { text } = draft;
    if (this.#underway.get(cell.id)?.at(-1) === text) return;
    window.clearTimeout(this.#timers.get(cell.id));
    if (this.#underway.has(cell.id)) return; // its answer sends the rest
    this.#begin(cell, text);
    // Of a cell that is only being added nobody else can have another source.
    const changes = cell.expected ? { source: text } : { source: text, base_revision: draft.baseRevision };
    this.ask({ type: "cell.update", cell_id: cell.id, changes }).then(
      () => this.#confirmed(cell, text),
      (problem: unknown) => this.#failed(cell, text, problem),
    );
  }

  /** Send every draft: what follows on the connection is done to what is seen. */
  sendAll(): void {
    for (const cell of this.#waiting) this.send(cell);
  }

  /** The cell's confirmed source has changed: by us, or by somebody else. */
  updated(cell: CellState): void {
    const draft = cell.draft.peek();
    if (draft === null) return;
    const source = cell.source.peek();
    const baseRevision = cell.revision.peek();
    if (source === draft.text) {
      this.#settle(cell);
      return;
    }
    if (draft.conflict) {
      cell.draft.value = { ...draft, base: source, baseRevision };
      return;
    }
    // Our own text coming back is the base of what was typed since.
    const text = this.#underway.get(cell.id)?.includes(source) ? draft.text : merged(draft.base, draft.text, source);
    cell.draft.value = { text: text ?? draft.text, base: source, baseRevision, conflict: text === null };
  }

  /** End a conflict: with the own text, or with what the service has. */
  decide(cell: CellState, mine: boolean): void {
    const draft = cell.draft.peek();
    if (draft === null) return;
    if (!mine) {
      this.#settle(cell);
      return;
    }
    cell.draft.value = { ...draft, conflict: false };
    this.send(cell);
  }

  /** Whether something is not stored yet. */
  get unsent(): boolean {
    return this.#waiting.size > 0;
  }

  forget(cell: CellState): void {
    this.#settle(cell);
  }

  #begin(cell: CellState, text: string): void {
    this.#underway.set(cell.id, [...(this.#underway.get(cell.id) ?? []), text]);
  }

  /** A text is no longer under way; whether it was the only one. */
  #end(cell: CellState, text: string): boolean {
    const texts = [...(this.#underway.get(cell.id) ?? [])];
    texts.splice(texts.indexOf(text), 1);
    if (texts.length > 0) this.#underway.set(cell.id, texts);
    else this.#underway.delete(cell.id);
    return texts.length === 0;
  }

  #confirmed(cell: CellState, text: string): void {
    const draft: Draft | null = cell.draft.peek();
    if (!this.#end(cell, text) || draft === null) return;
    if (draft.text === cell.source.peek()) this.#settle(cell);
    else this.send(cell);
  }

  #failed(cell: CellState, sent: string, problem: unknown): void {
    const draft = cell.draft.peek();
    if (!this.#end(cell, sent) || draft === null || problem instanceof Disconnected) return; // sent again once connected
    if (problem instanceof Refused && problem.code === "conflict" && draft.text !== sent) this.send(cell);
    else if (
      problem instanceof Refused &&
      problem.code === "conflict" &&
      !draft.conflict &&
      draft.baseRevision === cell.revision.peek()
    )
      this.send(cell);
    else if (problem instanceof Refused && problem.code !== "conflict") this.refused(cell, problem);
  }

  #settle(cell: CellState): void {
    window.clearTimeout(this.#timers.get(cell.id));
    this.#timers.delete(cell.id);
    this.#waiting.delete(cell);
    cell.draft.value = null;
  }
}

/** The base of what is typed now. */
function fresh(cell: CellState): Omit<Draft, "text"> {
  return { base: cell.source.peek(), baseRevision: cell.revision.peek(), conflict: false };
}
