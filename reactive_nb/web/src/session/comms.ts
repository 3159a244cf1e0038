/**
 * What the kernel's widgets are now: the state of each open comm, told at first and kept up to date, so that whoever
 * shows a widget, however late, shows it as it is. Binary values stand in the state at their places.
 */
import { signal } from "@preact/signals";

import type { CommEvent, ServerEvent } from "./types";

type State = Record<string, unknown>;

/** What was said on a comm that is no state: whoever shows the widget later needs it as well (drawings, say). */
export interface CustomMessage {
  readonly data: State;
  readonly metadata: State;
  readonly buffers: readonly ArrayBuffer[];
}

export interface Comm {
  readonly target: string;
  readonly state: State;
  /** The latest ones, oldest first. */
  readonly custom: CustomMessage[];
}

const MOST_MESSAGES = 500;
const MOST_BYTES = 8_000_000;

/** After these nothing is left of what was in the kernel. */
const WITHOUT_COMMS = new Set(["starting", "restarting", "dead", "stopped", "none"]);

export class Comms {
  /** Grows with each comm that is opened or closed. */
  readonly changes = signal(0);
  #comms = new Map<string, Comm>();

  get(id: string): Comm | undefined {
    return this.#comms.get(id);
  }

  hear(event: ServerEvent, buffers: readonly ArrayBuffer[]): void {
    switch (event.type) {
      case "notebook.state": {
        this.#comms.clear();
        let from = 0;
        for (const { comm_id, target_name, data, buffers: count } of event.comms) {
          const own = buffers.slice(from, from + count);
          from += count;
          this.#comms.set(comm_id, { target: target_name, state: withBuffers(data, own), custom: [] });
        }
        this.changes.value++;
        return;
      }
      case "kernel.status":
        if (!WITHOUT_COMMS.has(event.kernel.state) || this.#comms.size === 0) return;
        this.#comms.clear();
        this.changes.value++;
        return;
      case "comm.open":
        this.#comms.set(event.comm_id, { target: event.target_name, state: updateOf(event, buffers), custom: [] });
        this.changes.value++;
        return;
      case "comm.msg": {
        const known = this.#comms.get(event.comm_id);
        if (known === undefined) return;
        if (event.data["method"] === "custom" && event.client_id == null) keep(known.custom, event, buffers);
        if (event.data["method"] !== "update") return;
        this.#comms.set(event.comm_id, { ...known, state: { ...known.state, ...updateOf(event, buffers) } });
        return;
      }
      case "comm.close":
        if (this.#comms.delete(event.comm_id)) this.changes.value++;
        return;
    }
  }
}

function keep(kept: CustomMessage[], event: CommEvent, buffers: readonly ArrayBuffer[]): void {
  kept.push({ data: event.data ?? {}, metadata: event.metadata ?? {}, buffers });
  const size = (one: CustomMessage) => one.buffers.reduce((sum, buffer) => sum + buffer.byteLength, 100);
  let bytes = kept.reduce((sum, one) => sum + size(one), 0);
  while (kept.length > MOST_MESSAGES || bytes > MOST_BYTES) {
    const oldest = kept.shift();
    bytes -= oldest === undefined ? bytes : size(oldest);
  }
}

/** The state that a message carries, its binary values at their places. */
export function updateOf(event: CommEvent, buffers: readonly ArrayBuffer[]): State {
  return withBuffers(event.data, buffers);
}

function withBuffers(data: State, buffers: readonly ArrayBuffer[]): State {
  const state = (data["state"] ?? {}) as State;
  const paths = (data["buffer_paths"] ?? []) as (string | number)[][];
  if (buffers.length === 0) return state;
  const whole = structuredClone(state);
  paths.forEach((path, index) => {
    let place: Record<string | number, unknown> = whole;
    for (const step of path.slice(0, -1)) place = place[step] as Record<string | number, unknown>;
    const last = path.at(-1);
    const buffer = buffers[index];
    if (last !== undefined && buffer !== undefined) place[last] = new DataView(buffer);
  });
  return whole;
}
