/**
 * An open notebook: what is known of it (`mirror`), what is typed (`drafts`), and everything one can do with it.
 *
 * Whatever changes the notebook goes through here, as a command of the public interface; what became of it is seen in
 * the events that follow, the same way as what others do.
 */
import { computed, effect, signal } from "@preact/signals";

import { Connection, Disconnected, Refused } from "./connection";
import { CellState } from "./cell";
import { Comms } from "./comms";
import { Drafts } from "./drafts";
import { Gap, Mirror } from "./mirror";
import { keepSignedIn } from "./renewal";
import { Retyping } from "./retyping";
import type { CellType, Live, Reply, Say, ServerEvent } from "./types";

const LONGEST_WAIT_MS = 5_000;
const POLL_MS = 20;

export interface Notice {
  readonly kind: "problem" | "note";
  readonly text: string;
}

export type Hearer = (event: ServerEvent, buffers: ArrayBuffer[]) => void;

export class NotebookSession {
  readonly mirror = new Mirror();
  readonly comms = new Comms();
  readonly connection: Connection;
  readonly drafts: Drafts;
  readonly #retyping: Retyping;
  /** The latest thing to tell the user. */
  readonly notice = signal<Notice | null>(null);
  /** Which of those present is this connection. */
  readonly clientId = signal<string | null>(null);
  /** The others who have the notebook open. */
  readonly others = computed(() => this.mirror.presence.value.filter((one) => one.client_id !== this.clientId.value));
  readonly #ending = new AbortController();
  readonly #hearers = new Set<Hearer>();
  readonly #stop: () => void;
  readonly #signedIn: () => void;
  #at: string | null = null;
  /** Cells that were added while cut off: how to say so. */
  readonly #unsent = new Map<string, () => void>();

  constructor(readonly notebookId: string) {
    this.drafts = new Drafts(
      (said) => this.connection.ask(said),
      (_, problem) => this.tell("problem", problem.message),
    );
    this.#retyping = new Retyping(
      (said) => this.connection.ask(said),
      (problem) => this.#tellOf(problem),
    );
    this.connection = new Connection(notebookId, { seen: () => this.mirror.seq, heard: this.#heard });
    this.#stop = effect(() => {
      if (this.connection.link.value !== "open") return;
      this.present(this.#at);
      for (const add of [...this.#unsent.values()]) add();
      this.#retyping.sendAll();
      this.drafts.sendAll();
    });
    this.#signedIn = keepSignedIn(this.connection);
    window.addEventListener("beforeunload", this.#leaving);
  }

  /** Aborted when the session is closed: for what is under way on its behalf. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  close(): void {
    this.#ending.abort();
    this.#signedIn();
    this.#stop();
    window.removeEventListener("beforeunload", this.#leaving);
    this.drafts.sendAll();
    this.connection.end();
  }

  /** Hear every event after it was taken in, with its binary frames (widgets do). Returns how to stop. */
  listen(hearer: Hearer): () => void {
    this.#hearers.add(hearer);
    return () => this.#hearers.delete(hearer);
  }

  /** Say something. The reply; null if it failed, which the user has been told then. */
  async say(said: Say, buffers: ArrayBuffer[] = []): Promise<Reply | null> {
    try {
      return await this.connection.ask(said, buffers);
    } catch (problem) {
      if (!(problem instanceof Refused || problem instanceof Disconnected)) throw problem;
      this.tell("problem", problem.message);
      return null;
    }
  }

  /** The same for what may be said late, or twice: it waits for the connection. */
  async sayOnceConnected(said: Say, buffers: ArrayBuffer[] = []): Promise<Reply | null> {
    const { link } = this.connection;
    for (;;) {
      try {
        return await this.connection.ask(said, buffers);
      } catch (problem) {
        if (problem instanceof Disconnected && link.peek() !== "ended") {
          await this.connection.madeAgain();
          continue;
        }
        this.#tellOf(problem);
        return null;
      }
    }
  }

  /** Tell the others at which cell one is. */
  present(cellId: string | null): void {
    this.#at = cellId;
    this.connection.ask({ type: "presence.update", cell_id: cellId }).then(
      (reply) => (this.clientId.value = (reply.result?.["client_id"] as string | undefined) ?? null),
      () => undefined, // said again once connected
    );
  }

  tell(kind: Notice["kind"], text: string): void {
    this.notice.value = { kind, text };
  }

  edit(cell: CellState, text: string): void {
    this.drafts.edit(cell, text);
  }

  /** A new cell, seen at once; its id. `kept`: what else is to be known of it. */
  add(index: number, type: CellType = "python", kept: Omit<Live["CreateCellRequest"], "index" | "after"> = {}): string {
    const id = kept.id ?? newId();
    const told = { type, ...kept, id };
    this.mirror.expect(new CellState({ id, type: told.type, source: told.source ?? "" }), index);
    const send = () => {
      this.#unsent.delete(id);
      this.connection.ask({ type: "cell.add", cell: { ...told, index } }).catch((problem: unknown) => {
        if (this.mirror.cell(id)?.expected !== true) return; // it had been added before a cut
        if (problem instanceof Disconnected) this.#unsent.set(id, send);
        else {
          this.mirror.unexpect(id);
          this.#tellOf(problem);
        }
      });
    };
    send();
    return id;
  }

  remove(cell: CellState): Promise<Reply | null> {
    this.drafts.forget(cell);
    this.#retyping.forget(cell);
    const done = this.mirror.want({ kind: "remove", id: cell.id });
    return this.say({ type: "cell.remove", cell_id: cell.id }).finally(done);
  }

  move(cell: CellState, index: number): Promise<Reply | null> {
    const done = this.mirror.want({ kind: "move", id: cell.id, index });
    return this.say({ type: "cell.move", cell_id: cell.id, index }).finally(done);
  }

  change(cell: CellState, changes: Live["UpdateCellRequest"]): Promise<Reply | null> {
    this.drafts.send(cell);
    return this.say({ type: "cell.update", cell_id: cell.id, changes });
  }

  /** Make two cells of one, seen at once; the id of the lower one, which stands at `index`. */
  split(cell: CellState, index: number, above: string, below: string): string {
    const whole = cell.shown.peek();
    const added = new CellState({ id: newId(), type: cell.type.peek(), source: below });
    this.mirror.expect(added, index);
    const told = { id: added.id, type: added.type.peek(), source: below, index };
    this.#reshape(cell, above, [{ type: "cell.add", cell: told }]).catch((problem: unknown) => {
      if (!added.expected) return; // it had been done before a cut
      const written = cell.shown.peek() !== above || added.shown.peek() !== below;
      this.drafts.edit(cell, written ? `${cell.shown.peek()}\n${added.shown.peek()}` : whole);
      this.drafts.forget(added);
      this.mirror.unexpect(added.id);
      this.#tellOf(problem);
    });
    return added.id;
  }

  /** Put the text of `other`, which stands below, at the end of a cell: seen at once. */
  join(cell: CellState, other: CellState): void {
    const [before, both] = [cell.shown.peek(), `${cell.shown.peek()}\n${other.shown.peek()}`];
    this.drafts.send(other);
    const done = this.mirror.want({ kind: "remove", id: other.id });
    this.#reshape(cell, both, [{ type: "cell.remove", cell_id: other.id }])
      .catch((problem: unknown) => {
        if (this.mirror.cell(other.id) === undefined) return; // it had been done before a cut
        if (cell.shown.peek() === both) this.drafts.edit(cell, before);
        this.#tellOf(problem);
      })
      .finally(done);
  }

  /** Several changes of the document: one revision, all or nothing. */
  #reshape(cell: CellState, source: string, operations: Live["Batch"]["operations"]): Promise<void> {
    const batch: Live["Batch"]["operations"] = [
      { type: "cell.update", cell_id: cell.id, changes: { source } },
      ...operations,
    ];
    return this.drafts.replace(cell, source, () => this.connection.ask({ type: "batch", operations: batch }));
  }

  /** Make it a cell of another type. */
  retype(cell: CellState, type: CellType): void {
    this.drafts.send(cell);
    this.#retyping.want(cell, type);
  }

  run(cell: CellState): Promise<Reply | null> {
    this.drafts.sendAll(); // commands are carried out in the order in which they are said
    return this.say({ type: "cell.run", cell_id: cell.id });
  }

  runSelection(selection: Omit<Extract<Say, { type: "notebook.run" }>, "type">): Promise<Reply | null> {
    this.drafts.sendAll();
    return this.say({ type: "notebook.run", ...selection });
  }

  /** Wait until everything that was typed is stored. Throws Disconnected if that takes too long. */
  async settled(): Promise<void> {
    this.drafts.sendAll();
    const deadline = performance.now() + LONGEST_WAIT_MS;
    while (this.drafts.unsent) {
      if (performance.now() > deadline) throw new Disconnected("What was typed last is not stored yet.");
      await new Promise((resolve) => window.setTimeout(resolve, POLL_MS));
    }
  }

  #tellOf(problem: unknown): void {
    this.tell("problem", problem instanceof Error ? problem.message : String(problem));
  }

  readonly #heard: Hearer = (event, buffers) => {
    try {
      this.mirror.apply(event);
    } catch (problem) {
      if (!(problem instanceof Gap)) throw problem;
      this.mirror.seq = null; // asks for everything
      this.connection.again();
      return;
    }
    if (event.type === "cell.updated" || event.type === "cell.added") {
      const cell = this.mirror.cell(event.type === "cell.added" ? event.cell.id : event.cell_id);
      if (cell !== undefined) this.drafts.updated(cell);
    } else if (event.type === "notebook.state") {
      for (const cell of this.mirror.cells()) this.drafts.updated(cell);
    }
    this.comms.hear(event, buffers);
    for (const hearer of this.#hearers) hearer(event, buffers);
  };

  readonly #leaving = (event: BeforeUnloadEvent): void => {
    this.drafts.sendAll();
    if (this.drafts.unsent && this.connection.link.value !== "open") event.preventDefault();
  };
}

/** An id for a cell, as nbformat wants them. */
function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
