/** A comm as Jupyter's models want it: what is said on it goes to the page. */
import type { ICallbacks, IClassicComm } from "@jupyter-widgets/base";
import type { JSONObject, JSONValue } from "@lumino/coreutils";

import type { Said, Told } from "./talk";

type Hear = (message: unknown) => void;

/** The line to the page. */
export class Line {
  readonly #wanted = new Map<string, (state: Record<string, unknown> | null) => void>();
  readonly #modules = new Map<string, (source: string | null) => void>();
  readonly #done = new Map<number, () => void>();
  readonly #comms = new Map<string, Comm>();
  #last = 0;

  constructor(private readonly port: MessagePort) {
    port.onmessage = (message: MessageEvent<Told>) => this.#hear(message.data);
  }

  /** The state of a widget now, and its comm; null if there is no such widget. */
  async find(id: string): Promise<{ state: Record<string, unknown>; comm: Comm } | null> {
    const comm = new Comm(id, this);
    this.#comms.set(id, comm); // messages that follow the state are not to be missed
    const state = await new Promise<Record<string, unknown> | null>((resolve) => {
      this.#wanted.set(id, resolve);
      this.#say({ type: "want", id });
    });
    return state === null ? null : { state, comm };
  }

  /** The code of a library of widgets; null if there is none beside the kernel. */
  module(name: string): Promise<string | null> {
    return new Promise((resolve) => {
      this.#modules.set(name, resolve);
      this.#say({ type: "module", name });
    });
  }

  send(id: string, data: Record<string, unknown>, metadata: Record<string, unknown>, buffers: ArrayBuffer[]) {
    const key = ++this.#last;
    this.#say({ type: "msg", id, key, data, metadata, buffers });
    return { key, done: new Promise<void>((resolve) => this.#done.set(key, resolve)) };
  }

  #say(said: Said): void {
    this.port.postMessage(said);
  }

  #hear(told: Told): void {
    switch (told.type) {
      case "state":
        this.#wanted.get(told.id)?.(told.state);
        this.#wanted.delete(told.id);
        return;
      case "module":
        this.#modules.get(told.name)?.(told.source);
        this.#modules.delete(told.name);
        return;
      case "done":
        this.#done.get(told.key)?.();
        this.#done.delete(told.key);
        return;
      case "msg":
        this.#comms.get(told.id)?.hear(told);
        return;
      case "close":
        this.#comms.get(told.id)?.closed();
        this.#comms.delete(told.id);
        return;
    }
  }
}

export class Comm implements IClassicComm {
  readonly target_name = "jupyter.widget";
  #onMessage: Hear = () => {};
  #onClose: Hear = () => {};
  #early: Extract<Told, { type: "msg" }>[] | null = [];

  constructor(
    readonly comm_id: string,
    private readonly line: Line,
  ) {}

  open(): string {
    return ""; // it is open
  }

  send(
    data: JSONValue,
    callbacks?: ICallbacks,
    metadata: JSONObject = {},
    buffers: ArrayBuffer[] | ArrayBufferView[] = [],
  ): string {
    const { key, done } = this.line.send(
      this.comm_id,
      data as JSONObject,
      metadata,
      Array.from<ArrayBuffer | ArrayBufferView, ArrayBuffer>(buffers, bytesOf),
    );
    // Models keep back what changes until the kernel is done with what was said before.
    void done.then(() => callbacks?.iopub?.status?.({ content: { execution_state: "idle" } } as never));
    return String(key);
  }

  close(): string {
    return ""; // views come and go; the kernel's widget stays
  }

  on_msg(callback: Hear): void {
    this.#onMessage = callback;
    const early = this.#early ?? [];
    this.#early = null;
    for (const told of early) this.hear(told);
  }

  on_close(callback: Hear): void {
    this.#onClose = callback;
  }

  hear(told: Extract<Told, { type: "msg" }>): void {
    if (this.#early !== null) {
      this.#early.push(told);
      return;
    }
    const { data, metadata } = told;
    const buffers = told.buffers.map((buffer) => new DataView(buffer));
    this.#onMessage({
      channel: "iopub",
      header: { msg_type: "comm_msg" },
      parent_header: {},
      metadata,
      content: { comm_id: this.comm_id, data },
      buffers,
    });
  }

  closed(): void {
    this.#onClose({ content: { comm_id: this.comm_id, data: {} } });
  }
}

function bytesOf(buffer: ArrayBuffer | ArrayBufferView): ArrayBuffer {
  if (buffer instanceof ArrayBuffer) return buffer;
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength).slice().buffer;
}
