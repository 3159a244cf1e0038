/**
 * A conversation with the language model about one notebook: what was asked, what came, and what is to be sent with the
 * next question. It goes on while its panel is closed, and ends with the notebook's session.
 */
import { signal, type Signal } from "@preact/signals";

import { chat, type ChatEvent, type ChatMessage, type ChatMode } from "../../service/chat";
import { Problem } from "../../service/rest";
import type { NotebookSession } from "../../session/session";

export interface ToolPart {
  readonly kind: "tool";
  readonly callId: string;
  readonly tool: string;
  readonly arguments: unknown;
  /** What came of it; null while it is being done. */
  readonly answer: { readonly ok: boolean; readonly result: unknown } | null;
}

export type Part = { readonly kind: "text"; readonly text: string } | ToolPart;

/** How an answer ended. `unset`: no model is configured. */
export interface Ending {
  readonly kind: "stopped" | "steps" | "time" | "problem" | "unset";
  readonly message: string;
}

export interface Exchange {
  readonly question: string;
  readonly parts: Signal<readonly Part[]>;
  /** Null while the answer comes, and where there is nothing to say of its end. */
  readonly ending: Signal<Ending | null>;
}

export class Conversation {
  readonly exchanges = signal<readonly Exchange[]>([]);
  readonly busy = signal(false);
  readonly mode = signal<ChatMode>("agent");
  /** What is being written, kept while the panel is closed. */
  readonly typed = signal("");
  #messages: readonly ChatMessage[] = [];
  #stop: AbortController | null = null;

  constructor(private readonly session: NotebookSession) {
    session.ending.addEventListener("abort", () => this.stop());
  }

  async ask(question: string): Promise<void> {
    if (this.busy.peek() || question.trim() === "") return;
    const exchange: Exchange = { question, parts: signal([]), ending: signal(null) };
    const stop = new AbortController();
    const said: ChatMessage[] = [...this.#messages, { role: "user", content: question }];
    this.exchanges.value = [...this.exchanges.peek(), exchange];
    this.#stop = stop;
    this.busy.value = true;
    this.typed.value = "";
    let kept: readonly ChatMessage[] | null = null;
    const pieces = new Pieces(exchange.parts);
    try {
      await this.session.settled(); // the model is to read what the user sees
      for await (const event of chat(this.session.notebookId, said, this.mode.peek(), stop.signal)) {
        if (event.event === "end") kept = event.messages;
        const ending = endingOf(event);
        if (ending !== null) exchange.ending.value = ending;
        else pieces.take(event);
      }
      pieces.flush();
      if (stop.signal.aborted) exchange.ending.value = STOPPED;
      else if (kept === null && exchange.ending.peek() === null) exchange.ending.value = CUT;
    } catch (problem) {
      pieces.flush();
      exchange.ending.value = stop.signal.aborted ? STOPPED : endingBy(problem);
    }
    if (kept !== null) this.#messages = kept;
    else if (exchange.parts.peek().length > 0) this.#messages = [...said, ...messagesOf(exchange.parts.peek())];
    else if (this.typed.peek() === "") this.typed.value = question; // to be asked again, not typed again
    if (this.#stop === stop) this.#stop = null;
    this.busy.value = false;
  }

  stop(): void {
    this.#stop?.abort();
  }

  /** Forget all of it. */
  clear(): void {
    this.stop();
    this.#messages = [];
    this.exchanges.value = [];
  }
}

/** Adds what comes to the parts of an answer: text once a frame, however small its pieces are. */
class Pieces {
  #text = "";
  #frame = 0;

  constructor(private readonly parts: Signal<readonly Part[]>) {}

  take(event: ChatEvent): void {
    if (event.event === "text") {
      this.#text += event.text;
      if (this.#frame === 0) this.#frame = window.setTimeout(() => this.flush(), FRAME_MS);
      return;
    }
    this.flush();
    if (event.event === "tool_call") {
      const { call_id: callId, tool, arguments: given } = event;
      this.parts.value = [...this.parts.peek(), { kind: "tool", callId, tool, arguments: given, answer: null }];
    } else if (event.event === "tool_result") {
      this.parts.value = this.parts
        .peek()
        .map((part) =>
          part.kind === "tool" && part.callId === event.call_id && part.answer === null
            ? { ...part, answer: { ok: event.ok, result: event.result } }
            : part,
        );
    }
  }

  flush(): void {
    window.clearTimeout(this.#frame);
    this.#frame = 0;
    if (this.#text === "") return;
    const parts = this.parts.peek();
    const last = parts.at(-1);
    const text = this.#text;
    this.#text = "";
    this.parts.value =
      last?.kind === "text"
        ? [...parts.slice(0, -1), { kind: "text", text: last.text + text }]
        : [...parts, { kind: "text", text }];
  }
}

const FRAME_MS = 40;
const STOPPED: Ending = { kind: "stopped", message: "Stopped. What was done in the notebook stays done." };
const CUT: Ending = { kind: "problem", message: "The answer broke off." };

function endingOf(event: ChatEvent): Ending | null {
  if (event.event === "error") return { kind: "problem", message: event.message };
  if (event.event !== "end" || event.reason === "done") return null;
  const message =
    event.reason === "steps"
      ? "The model has taken as many steps as the service lets it. Ask it to go on, if it should."
      : "The model has used up its time. Ask it to go on, if it should.";
  return { kind: event.reason, message };
}

function endingBy(problem: unknown): Ending {
  const kind = problem instanceof Problem && problem.status === 503 ? "unset" : "problem";
  return { kind, message: problem instanceof Error ? problem.message : String(problem) };
}

/** What of a broken-off answer is told the model with the next question: its text, and the tools that have answered. */
export function messagesOf(parts: readonly Part[]): ChatMessage[] {
  return parts.flatMap((part): ChatMessage[] => {
    if (part.kind === "text") return [{ role: "assistant", content: part.text }];
    if (part.answer === null) return [];
    const call = { name: part.tool, arguments: JSON.stringify(part.arguments) };
    return [
      { role: "assistant", tool_calls: [{ id: part.callId, type: "function", function: call }] },
      { role: "tool", tool_call_id: part.callId, content: JSON.stringify(part.answer.result) },
    ];
  });
}

const conversations = new WeakMap<NotebookSession, Conversation>();

export function conversationOf(session: NotebookSession): Conversation {
  let found = conversations.get(session);
  if (found === undefined) {
    found = new Conversation(session);
    conversations.set(session, found);
  }
  return found;
}
