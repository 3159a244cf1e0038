/** Keeps a connection signed in where tokens are short-lived: a fresh one is sent when half of the last one's time is over. */
import { effect } from "@preact/signals";

import { freshToken, tokensRenew } from "../service/token";
import { type Connection, Disconnected } from "./connection";

const SHORTEST_WAIT_MS = 1_000;
const RETRY_MS = 3_000;

/** Do so until what is returned is called. */
export function keepSignedIn(connection: Connection): () => void {
  let timer: number | undefined;
  const later = (ms: number) => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void renew(), ms);
  };
  const renew = async (): Promise<void> => {
    const token = await freshToken();
    if (connection.link.peek() !== "open") return; // a new connection brings a token of its own
    if (token === null) return later(RETRY_MS);
    try {
      const { result } = await connection.ask({ type: "auth.renew", token });
      const left = result?.["expires_in_s"];
      if (typeof left === "number") later(Math.max(SHORTEST_WAIT_MS, left * 500));
    } catch (problem) {
      if (!(problem instanceof Disconnected)) later(RETRY_MS); // refused: the last one still counts
    }
  };
  const stop = effect(() => {
    window.clearTimeout(timer);
    if (connection.link.value === "open" && tokensRenew()) void renew();
  });
  return () => {
    window.clearTimeout(timer);
    stop();
  };
}
