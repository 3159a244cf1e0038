/** A question to the language model of the service, and its answer as it comes: server-sent events. */
import { EventSourceParserStream } from "eventsource-parser/stream";

import { answered, Problem, rest, type Schemas } from "./rest";

export type ChatMessage = Schemas["ChatMessage"];
export type ChatMode = Schemas["ChatMode"];

/** The events, as `schemas/chat.py` describes them. */
export type ChatEvent =
  | { readonly event: "text"; readonly text: string }
  | { readonly event: "tool_call"; readonly call_id: string; readonly tool: string; readonly arguments: unknown }
  | {
      readonly event: "tool_result";
      readonly call_id: string;
      readonly tool: string;
      readonly ok: boolean;
      readonly result: unknown;
    }
  | { readonly event: "end"; readonly reason: "done" | "steps" | "time"; readonly messages: ChatMessage[] }
  | { readonly event: "error"; readonly code: string; readonly message: string };

/**
 * Ask, and hear all of the answer. `signal` stops it: the service stops when the connection is closed.
 * Throws Problem where the service refuses, or the connection is cut.
 */
export async function* chat(
  notebookId: string,
  messages: readonly ChatMessage[],
  mode: ChatMode,
  signal: AbortSignal,
): AsyncGenerator<ChatEvent> {
  const stream = (await answered(
    rest.POST("/api/v1/chat/{notebook_id}", {
      params: { path: { notebook_id: notebookId } },
      body: { messages: [...messages], mode },
      parseAs: "stream",
      signal,
    }),
  )) as unknown as ReadableStream<Uint8Array<ArrayBuffer>>;
  const events = stream.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  const reader = events.getReader();
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      yield { event: value.event, ...JSON.parse(value.data) } as ChatEvent;
    }
  } catch (problem) {
    if (signal.aborted) return;
    throw new Problem(0, "cut", `The connection to the service was cut: ${String(problem)}`);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
