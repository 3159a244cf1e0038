/**
 * One WebSocket to a notebook, made again whenever it is cut.
 *
 * It keeps three promises: what is heard is handed on in order, with its binary frames; every command is answered, or
 * fails with Disconnected; and after a cut only what was missed is asked for (`since`). Whoever is signed out comes again
 * when signed in. What the messages mean is not known here.
 */
import { effect, signal } from "@preact/signals";

import { socketAddress } from "../service/address";
import { currentToken, freshToken, signedOut, tokensRenew } from "../service/token";
import type { Reply, Say, ServerEvent } from "./types";

const SUBPROTOCOL = "reactive-nb.v1";
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 15_000;
const MOST_REFUSALS = 3;

/** Close codes after which coming again is of no use, and what to say to people. */
const FINAL: Record<number, string> = {
  4403: "This page may not speak to the service from where it was loaded.",
  4404: "There is no such notebook.",
  4409: "The notebook was deleted.",
};

export type Link = "connecting" | "open" | "waiting" | "ended";

/** The connection was cut before a command was answered: whether it was carried out is not known. */
export class Disconnected extends Error {
  constructor(message = "Not connected to the service.") {
    super(message);
  }
}

/** A command was refused. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly current: Record<string, unknown> | null,
  ) {
    super(message);
  }
}

export interface Listener {
  /** The number of the last event that was taken in; null before the first. */
  seen(): number | null;
  heard(event: ServerEvent, buffers: ArrayBuffer[]): void;
}

interface Asked {
  resolve(reply: Reply): void;
  reject(problem: Error): void;
}

export class Connection {
  readonly link = signal<Link>("connecting");
  /** Why it ended for good. */
  readonly ending = signal<string | null>(null);

  #socket: WebSocket | null = null;
  #asked = new Map<string, Asked>();
  #lastId = 0;
  #wait = FIRST_WAIT_MS;
  /** How often in a row our tokens were refused: one may have lapsed on its way. */
  #refusals = 0;
  /** Whether we come again only when somebody has signed in. */
  #signedOut = false;
  readonly #stop: () => void;
  #timer: number | undefined;
  #announced: { event: ServerEvent; missing: number; buffers: ArrayBuffer[] } | null = null;

  constructor(
    readonly notebookId: string,
    private readonly listener: Listener,
  ) {
    window.addEventListener("online", this.#soon);
    this.#connect();
    this.#stop = effect(() => {
      if (signedOut.value || !this.#signedOut) return;
      this.#signedOut = false;
      this.#soon();
    });
  }

  /** Say something; the reply to it. Throws Refused or Disconnected. */
  ask(said: Say, buffers: ArrayBuffer[] = []): Promise<Reply> {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN || this.link.value !== "open") return Promise.reject(new Disconnected());
    const id = String(++this.#lastId);
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      socket.send(JSON.stringify({ ...said, id }));
      for (const buffer of buffers) socket.send(buffer);
    });
  }

  /** Wait until it is made again, or ends for good: for who has noticed that it is cut. */
  madeAgain(): Promise<void> {
    return new Promise((resolve) => {
      let first = true;
      const stop = this.link.subscribe((link) => {
        if (!first && (link === "open" || link === "ended")) {
          stop();
          resolve();
        }
        first = false;
      });
    });
  }

  /** Cut it, and come again: for who has noticed that something is missing. */
  again(): void {
    this.#socket?.close();
  }

  /** Leave for good. */
  end(why: string | null = null): void {
    window.removeEventListener("online", this.#soon);
    this.#stop();
    window.clearTimeout(this.#timer);
    this.link.value = "ended";
    this.ending.value = why;
    this.#drop();
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const one of asked) one.reject(new Disconnected());
  }

  readonly #connect = (): void => {
    this.link.value = "connecting";
    if (tokensRenew()) void freshToken().then((token) => this.link.peek() === "connecting" && this.#open(token));
    else this.#open(currentToken());
  };

  #open(token: string | null): void {
    const since = this.listener.seen();
    const url = new URL(socketAddress(`api/v1/ws/notebooks/${this.notebookId}`));
    if (since !== null) url.searchParams.set("since", String(since));
    const socket = new WebSocket(url, token === null ? [SUBPROTOCOL] : [SUBPROTOCOL, `bearer.${token}`]);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#announced = null;
    socket.addEventListener("open", () => {
      if (since !== null) this.#settled(); // with nothing missed there may be nothing to hear
    });
    socket.addEventListener("message", (message: MessageEvent<string | ArrayBuffer>) => {
      if (socket === this.#socket) this.#hear(message.data);
    });
    socket.addEventListener("close", (event) => {
      if (socket === this.#socket) this.#closed(event.code);
    });
  }

  readonly #soon = (): void => {
    if (this.link.peek() !== "waiting" || this.#signedOut) return;
    window.clearTimeout(this.#timer);
    this.#connect();
  };

  #settled(): void {
    this.link.value = "open";
  }

  #closed(code: number): void {
    this.#drop();
    const final = FINAL[code];
    if (final !== undefined) {
      this.end(final);
      return;
    }
    if (code === 4401 && (!tokensRenew() || ++this.#refusals >= MOST_REFUSALS)) {
      this.link.value = "waiting";
      [this.#signedOut, this.#refusals, this.#wait] = [true, 0, FIRST_WAIT_MS];
      signedOut.value = true; // what was typed is kept, and sent once somebody has signed in
      return;
    }
    this.link.value = "waiting";
    this.#timer = window.setTimeout(this.#connect, this.#wait * (0.75 + Math.random() / 2));
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
  }

  #hear(frame: string | ArrayBuffer): void {
    this.#wait = FIRST_WAIT_MS; // that it was opened is not enough: whom it refuses, the service tells by closing it
    this.#refusals = 0;
    if (typeof frame !== "string") {
      const announced = this.#announced;
      if (announced === null) return;
      announced.buffers.push(frame);
      if (announced.buffers.length === announced.missing) {
        this.#announced = null;
        this.listener.heard(announced.event, announced.buffers);
      }
      return;
    }
    const message = JSON.parse(frame) as Reply | ServerEvent;
    if (message.type === "reply") {
      this.#answered(message);
      return;
    }
    if (this.link.value !== "open") this.#settled();
    const missing = "buffers" in message ? message.buffers : 0;
    if (missing > 0) this.#announced = { event: message, missing, buffers: [] };
    else this.listener.heard(message, []);
  }

  #answered(reply: Reply): void {
    const asked = reply.id === null ? undefined : this.#asked.get(reply.id);
    if (reply.id === null || asked === undefined) return;
    this.#asked.delete(reply.id);
    if (reply.ok) asked.resolve(reply);
    else
      asked.reject(
        new Refused(reply.error?.code ?? "", reply.error?.message ?? "Refused.", reply.error?.current ?? null),
      );
  }
}
