/** The REST interface, typed by the service's own OpenAPI document. */
import createClient, { type Middleware } from "openapi-fetch";

import { address } from "./address";
import type { components, paths } from "./generated/rest";
import { freshToken, signedOut } from "./token";

export type Schemas = components["schemas"];

/** A problem document (RFC 9457) as an error: its message is for people. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    message: string,
  ) {
    super(message);
  }
}

const signIn: Middleware = {
  async onRequest({ request }) {
    const token = await freshToken();
    if (token !== null) request.headers.set("Authorization", `Bearer ${token}`);
    return request;
  },
  onResponse({ response }) {
    if (response.status === 401) signedOut.value = true;
  },
};

export const rest = createClient<paths>({ baseUrl: address("").replace(/\/$/, "") });
rest.use(signIn);

/** What an answer holds. Throws a Problem where the service, or the way to it, has one. */
export async function answered<T>(asked: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let answer;
  try {
    answer = await asked;
  } catch {
    throw new Problem(0, "unreachable", "The service can't be reached.");
  }
  if (answer.error !== undefined) {
    const { detail, title, type } = answer.error as { detail?: string; title?: string; type?: string };
    throw new Problem(
      answer.response.status,
      type ?? "",
      detail ?? title ?? `The service answered ${answer.response.status}.`,
    );
  }
  return answer.data as T;
}
