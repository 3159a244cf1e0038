/**
 * What the page shows, by the fragment of its address: `#/` the list, `#/notebooks/ID` a notebook, `#/apps/ID` the same for readers.
 *
 * A fragment, since then the page is one file wherever it is served, under any prefix and behind any proxy.
 */
import { signal } from "@preact/signals";

export type Route =
  | { readonly page: "list" }
  | { readonly page: "app"; readonly id: string }
  | { readonly page: "notebook"; readonly id: string; readonly cell: string | null };

export const route = signal<Route>(read());
window.addEventListener("hashchange", () => (route.value = read()));

function read(): Route {
  const app = /^#\/apps\/([^/]+)$/.exec(window.location.hash);
  if (app?.[1] !== undefined) return { page: "app", id: decodeURIComponent(app[1]) };
  const found = /^#\/notebooks\/([^/]+)(?:\/([^/]+))?$/.exec(window.location.hash);
  if (found?.[1] === undefined) return { page: "list" };
  return {
    page: "notebook",
    id: decodeURIComponent(found[1]),
    cell: found[2] === undefined ? null : decodeURIComponent(found[2]),
  };
}

export function notebookLink(id: string, cell?: string): string {
  return `#/notebooks/${encodeURIComponent(id)}${cell === undefined ? "" : `/${encodeURIComponent(cell)}`}`;
}

export function appLink(id: string): string {
  return `#/apps/${encodeURIComponent(id)}`;
}

export const LIST = "#/";
