/**
 * What shows an output: a renderer for each media type, loaded when an output of that type is first met.
 *
 * To add one: write `renderers/NAME.tsx` whose default export is a component that takes `RenderProps`, and add a line to
 * RENDERERS. The first entry that fits one of an output's types shows it, so the richest stand first.
 */
import type { ComponentType } from "preact";

import type { CellState } from "../session/cell";
import type { NotebookSession } from "../session/session";
import type { Output } from "../session/types";

export interface RenderProps {
  readonly session: NotebookSession;
  readonly cell: CellState;
  readonly output: Output;
  /** The type that is to be shown, and what the output holds of it. */
  readonly mime: string;
  readonly data: unknown;
}

type Module = Promise<{ default: ComponentType<RenderProps> }>;

export interface RendererEntry {
  readonly mime: string | RegExp;
  load(): Module;
}

/** Streams and errors are no media types in nbformat; here they are. */
export const STREAM = "stream";
export const ERROR = "error";

export const RENDERERS: readonly RendererEntry[] = [
  { mime: STREAM, load: () => import("./renderers/stream") },
  { mime: ERROR, load: () => import("./renderers/error") },
  { mime: "application/vnd.jupyter.widget-view+json", load: () => import("./renderers/widget") },
  { mime: /^application\/vnd\.plotly\.v\d+\+json$/, load: () => import("./renderers/plotly") },
  { mime: /^application\/vnd\.vega(lite)?\.v\d+(\.\d+)*(\+json|\.json)$/, load: () => import("./renderers/vega") },
  { mime: "application/vnd.reactive-nb.table+json", load: () => import("./renderers/table") },
  { mime: "text/html", load: () => import("./renderers/html") },
  { mime: "text/markdown", load: () => import("./renderers/markdown") },
  { mime: "image/svg+xml", load: () => import("./renderers/svg") },
  { mime: "text/latex", load: () => import("./renderers/latex") },
  { mime: /^image\/(png|jpeg|gif|webp|bmp)$/, load: () => import("./renderers/image") },
  { mime: /^(text|application)\/javascript$/, load: () => import("./renderers/html") },
  { mime: /^application\/(.*\+)?(geo)?json$/, load: () => import("./renderers/json") },
  { mime: /^text\//, load: () => import("./renderers/text") },
];

export interface Choice {
  readonly entry: RendererEntry;
  readonly mime: string;
  readonly data: unknown;
}

/** Who shows an output, and as what; null if nobody can. `others`: types it has beside those whose data is there. */
export function choose(output: Output, others: readonly string[] = []): Choice | null {
  if (output.output_type === "stream") return chosen(STREAM, output.text);
  if (output.output_type === "error") return chosen(ERROR, output);
  const data = output.data ?? {};
  for (const entry of RENDERERS) {
    for (const mime of [...Object.keys(data), ...others]) {
      if (fits(entry, mime)) return { entry, mime, data: data[mime] };
    }
  }
  return null;
}

function chosen(mime: string, data: unknown): Choice | null {
  const entry = RENDERERS.find((one) => one.mime === mime);
  return entry === undefined ? null : { entry, mime, data };
}

function fits(entry: RendererEntry, mime: string): boolean {
  return typeof entry.mime === "string" ? entry.mime === mime : entry.mime.test(mime);
}
