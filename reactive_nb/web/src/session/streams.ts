/** Text of streams, by the protocol's rule: places are counted in characters, which JavaScript does not do. */
import type { Output } from "./types";

const SURROGATES = /[\ud800-\udfff]/;

/** The first `count` characters of `text`. */
export function firstCharacters(text: string, count: number): string {
  if (count >= text.length) return text;
  if (!SURROGATES.test(text)) return text.slice(0, count);
  return Array.from(text).slice(0, count).join("");
}

/** Where a place in JavaScript's counting is in characters, as the service and kernels count. */
export function characters(text: string, place: number): number {
  const before = text.slice(0, place);
  return SURROGATES.test(before) ? Array.from(before).length : place;
}

/** Nbformat lets any text be a list of lines; this is the text. */
export function joined(text: unknown): string {
  if (Array.isArray(text)) return text.join("");
  return typeof text === "string" ? text : "";
}

/** The stream that keeps its first `keep` characters and goes on with `text`. */
export function continued(output: Output, keep: number, text: string): Output {
  return { ...output, text: firstCharacters(joined(output.text), keep) + text };
}
