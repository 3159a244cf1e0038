/**
 * The token that signs this page in.
 *
 * It comes in the page's address, as `?token=` or `#token=`, or from who types it; it is taken out of the address at
 * once, and kept for this tab only. Without one there may still be the service's own cookie.
 *
 * Where tokens live for a minute (Clerk's do), whoever serves the page says where fresh ones come from, in a script that
 * runs before this one: `window.reactiveNb = { token: () => Clerk.session.getToken() }`. They are never kept.
 */
import { signal } from "@preact/signals";

import { address } from "./address";

const PLACE = `reactive-nb token ${address("")}`;

/** Whether the service has refused what we signed in with. */
export const signedOut = signal(false);

let token: string | null = fromAddress() ?? sessionStorage.getItem(PLACE);
if (token !== null) sessionStorage.setItem(PLACE, token);

declare global {
  interface Window {
    reactiveNb?: { token?(): Promise<string | null> | string | null };
  }
}

/** Whether tokens are short-lived, and fresh ones can be had. */
export function tokensRenew(): boolean {
  return window.reactiveNb?.token !== undefined;
}

/** A token that is good now; null without one. */
export async function freshToken(): Promise<string | null> {
  try {
    token = (await window.reactiveNb?.token?.()) ?? token;
  } catch {
    // the one before may still be good
  }
  return token;
}

/** The last token that is known. */
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
