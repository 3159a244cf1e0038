/**
 * The token that signs this page in.
 *
 * It comes in the page's address, as `?token=` or `#token=`, or from who types it; it is taken out of the address at
 * once, and kept for this tab only. Without one there may still be the service's own cookie.
 */
import { signal } from "@preact/signals";

import { address } from "./address";

const PLACE = `reactive-nb token ${address("")}`;

/** Whether the service has refused what we signed in with. */
export const signedOut = signal(false);

let token: string | null = fromAddress() ?? sessionStorage.getItem(PLACE);
if (token !== null) sessionStorage.setItem(PLACE, token);

export function currentToken(): string | null {
  return token;
}

/** Sign in with another token; null forgets it. */
export function useToken(next: string | null): void {
  token = next;
  if (next === null) sessionStorage.removeItem(PLACE);
  else sessionStorage.setItem(PLACE, next);
  signedOut.value = false;
}

function fromAddress(): string | null {
  const url = new URL(window.location.href);
  const fragment = /^#token=([^&]+)$/.exec(url.hash);
  const found = url.searchParams.get("token") ?? (fragment?.[1] !== undefined ? decodeURIComponent(fragment[1]) : null);
  if (found === null) return null;
  url.searchParams.delete("token");
  if (fragment !== null) url.hash = "";
  window.history.replaceState(null, "", url);
  return found;
}
