/**
 * What the page shows, by the fragment of its address: `#/` the list, `#/notebooks/ID` a notebook.
 *
 * A fragment, since then the page is one file wherever it is served, under any prefix and behind any proxy.
 */
import { signal } from "@preact/signals";

export type Route =
  { readonly page: "list" } | { readonly page: "notebook"; readonly id: string; readonly cell: string | null };

export const route = signal<Route>(read());
window.addEventListener("hashchange", () => (route.value = read()));

function read(): Route {
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

export const LIST = "#/";
