/**
 * What the service has told of a notebook: its state first, then event by event.
 *
 * Nothing here speaks to the service, and nothing but its events changes what is here (drafts apart, see drafts.ts).
 */
import { batch, type ReadonlySignal, signal } from "@preact/signals";

import { CellState } from "./cell";
import { Order, type OrderChange } from "./order";
import { continued } from "./streams";
import type { CellType, GraphEdge, Live, NotebookState, Output, Presence, ServerEvent } from "./types";

/** An event does not follow the one before: something is missing. */
export class Gap extends Error {}

export class Mirror {
  /** The number of the last event; null before the first state. */
  seq: number | null = null;
  readonly ready = signal(false);
  readonly name = signal("");
  readonly revision = signal(0);
  readonly settings = signal<Live["SettingsModel"] | null>(null);
  readonly kernel = signal<Live["KernelModel"] | null>(null);
  readonly kernelName = signal("");
  readonly storageProblem = signal<string | null>(null);
  /** What another program did to the stored notebook, last. */
  readonly message = signal<string | null>(null);
  /** The cells' ids in the order of the page. */
  get order(): ReadonlySignal<readonly string[]> {
    return this.#order.shown;
  }
  /** Edges by the cell in which they end. */
  readonly edges = signal<ReadonlyMap<string, readonly GraphEdge[]>>(new Map());
  readonly presence = signal<readonly Presence[]>([]);
  readonly question = signal<Live["InputRequested"] | null>(null);
  readonly runs = signal<ReadonlySet<string>>(new Set());
  readonly lastRun = signal<Live["RunFinished"] | null>(null);
  readonly #cells = new Map<string, CellState>();
  readonly #order = new Order();
  /** By the ids of cells that are expected: how to show them no more. */
  readonly #expected = new Map<string, () => void>();

  cell(id: string): CellState | undefined {
    return this.#cells.get(id);
  }

  /** All cells, in the order of the page. */
  cells(): CellState[] {
    return this.order.value.flatMap((id) => this.#cells.get(id) ?? []);
  }

  /** Show a cell that the service has been asked to add, so that one can write in it at once. */
  expect(cell: CellState, index: number): void {
    cell.expected = true;
    this.#cells.set(cell.id, cell);
    this.#expected.set(cell.id, this.#order.want({ kind: "add", id: cell.id, index }));
  }

  /** The service has not added it after all. */
  unexpect(id: string): void {
    if (this.#cells.get(id)?.expected !== true) return;
    this.#cells.delete(id);
    this.#forgetExpected(id);
  }

  /** Show a change of the order that the service is being asked for, until what is returned is called. */
  want(change: OrderChange): () => void {
    return this.#order.want(change);
  }

  /** Take an event in. Throws Gap if one is missing before it. */
  apply(event: ServerEvent): void {
    if (event.type !== "notebook.state" && event.seq !== (this.seq ?? -1) + 1) {
      if (this.seq !== null && event.seq <= this.seq) return; // heard before the cut, and told again
      throw new Gap();
    }
    batch(() => this.#take(event));
    this.seq = event.seq;
    this.revision.value = event.revision;
  }

  #take(event: ServerEvent): void {
    switch (event.type) {
      case "notebook.state":
        return this.#takeState(event);
      case "notebook.updated":
        this.name.value = event.name;
        this.settings.value = event.settings;
        this.kernelName.value = event.kernel_name;
        this.storageProblem.value = event.storage_problem;
        if (event.message !== null) this.message.value = event.message;
        return;
      case "cell.added": {
        const known = this.#cells.get(event.cell.id);
        if (known === undefined) this.#cells.set(event.cell.id, new CellState(event.cell));
        else {
          this.#arrived(known);
          known.take(event.cell);
        }
        this.#order.take({ kind: "add", id: event.cell.id, index: event.index });
        return;
      }
      case "cell.removed":
        this.#order.take({ kind: "remove", id: event.cell_id });
        if (this.#cells.get(event.cell_id)?.expected !== true) this.#cells.delete(event.cell_id);
        this.#setEdges([[event.cell_id, []]]);
        if (this.question.value?.cell_id === event.cell_id) this.question.value = null;
        return;
      case "cell.moved":
        this.#order.take({ kind: "move", id: event.cell_id, index: event.index });
        return;
      case "graph.updated":
        for (const one of event.cells) {
          const cell = this.#cells.get(one.id);
          if (cell === undefined) continue;
          cell.defines.value = one.defines;
          cell.uses.value = one.uses;
          cell.unresolved.value = one.unresolved;
          cell.upstream.value = one.upstream;
          cell.downstream.value = one.downstream;
        }
        this.#setEdges(event.cells.map((one) => [one.id, one.edges]));
        return;
      case "run.started":
        this.runs.value = new Set([...this.runs.value, event.run_id]);
        return;
      case "run.finished":
        this.runs.value = new Set([...this.runs.value].filter((id) => id !== event.run_id));
        this.lastRun.value = event;
        return;
      case "kernel.status":
        this.kernel.value = event.kernel;
        if (event.kernel.state !== "busy") this.question.value = null;
        return;
      case "input.requested":
        this.question.value = event;
        return;
      case "presence.updated":
        this.presence.value = event.clients;
        return;
      case "comm.open":
      case "comm.msg":
      case "comm.close":
      case "debug.event":
        return; // for whoever listens to the session
      default: {
        const cell = this.#cells.get(event.cell_id);
        if (cell !== undefined) this.#takeOfCell(cell, event);
      }
    }
  }

  #takeOfCell(
    cell: CellState,
    event:
      Live["CellUpdated"] | Live["CellStatusEvent"] | Live["OutputAppend"] | Live["OutputUpdate"] | Live["OutputClear"],
  ): void {
    switch (event.type) {
      case "cell.updated":
        cell.toldType.value = event.cell_type as CellType;
        cell.source.value = event.source;
        cell.config.value = event.config as unknown as CellState["config"]["value"];
        cell.revision.value = event.cell_revision;
        return;
      case "cell.status":
        cell.status.value = event.status;
        cell.executionCount.value = event.execution_count;
        cell.error.value = event.error;
        cell.staleBecause.value = event.stale_because;
        cell.startedAt.value = event.started_at;
        cell.durationMs.value = event.duration_ms;
        if (event.status !== "running" && this.question.value?.cell_id === cell.id) this.question.value = null;
        return;
      case "output.append":
        cell.outputs.value = [...cell.outputs.value, ...(event.outputs as unknown as Output[])];
        return;
      case "output.update": {
        const outputs = [...cell.outputs.value];
        const before = outputs[event.index];
        if (before === undefined) throw new Gap();
        outputs[event.index] =
          event.output === null
            ? continued(before, event.keep ?? 0, event.text ?? "")
            : (event.output as unknown as Output);
        cell.outputs.value = outputs;
        return;
      }
      case "output.clear":
        cell.outputs.value = [];
        return;
    }
  }

  #takeState(event: NotebookState): void {
    const { notebook } = event;
    this.name.value = notebook.name;
    this.settings.value = notebook.settings;
    this.kernel.value = notebook.kernel;
    this.kernelName.value = notebook.kernel_name;
    this.storageProblem.value = notebook.storage_problem;
    const order = notebook.cells.map((one) => one.id);
    const present = new Set(order);
    for (const [id, cell] of this.#cells) {
      if (!present.has(id) && !cell.expected) this.#cells.delete(id);
    }
    for (const told of notebook.cells) {
      const known = this.#cells.get(told.id);
      if (known === undefined) this.#cells.set(told.id, new CellState(told));
      else {
        this.#arrived(known);
        known.take(told);
      }
    }
    this.#order.take(order);
    const edges = new Map<string, GraphEdge[]>();
    for (const edge of event.edges) edges.set(edge.to, [...(edges.get(edge.to) ?? []), edge]);
    this.edges.value = edges;
    this.presence.value = event.presence;
    this.question.value = event.input_request;
    this.runs.value = new Set(event.runs);
    this.ready.value = true;
  }

  /** The service has the cell. */
  #arrived(cell: CellState): void {
    cell.expected = false;
    this.#forgetExpected(cell.id);
  }

  #forgetExpected(id: string): void {
    this.#expected.get(id)?.();
    this.#expected.delete(id);
  }

  #setEdges(changed: Iterable<readonly [string, readonly GraphEdge[]]>): void {
    const edges = new Map(this.edges.value);
    for (const [id, ending] of changed) {
      if (ending.length > 0) edges.set(id, ending);
      else edges.delete(id);
    }
    this.edges.value = edges;
  }
}
