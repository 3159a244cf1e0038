/**
 * Mathematics by KaTeX, which makes nothing but marked-up text of it: commands that would set links, classes or addresses
 * are not trusted, and macros can't grow without bound.
 */
import markdownMath from "@vscode/markdown-it-katex";
import katex, { type KatexOptions } from "katex";
import "katex/dist/katex.min.css";

import type { Extension } from "./markdown";

const { default: plugin } = markdownMath as unknown as { default: typeof markdownMath }; // it is a CommonJS module

const OPTIONS: KatexOptions = { throwOnError: false, trust: false, maxExpand: 1_000, maxSize: 50, strict: false };

/** Teach a parser of Markdown `$…$`, `$$…$$` and environments. */
export const addMath: Extension = (parser) => {
  parser.use(plugin, { ...OPTIONS, enableBareBlocks: true });
};

const DELIMITERS: readonly (readonly [string, string, boolean])[] = [
  ["$$", "$$", true],
  ["\\[", "\\]", true],
  ["$", "$", false],
  ["\\(", "\\)", false],
];

/** What a cell has displayed as `text/latex`, as HTML; null if it is more than one piece of mathematics. */
export function latexToHtml(text: string): string | null {
  const source = text.trim();
  for (const [open, close, displayMode] of DELIMITERS) {
    if (!source.startsWith(open) || !source.endsWith(close) || source.length < open.length + close.length) continue;
    const inner = source.slice(open.length, -close.length);
    return inner.includes(close) ? null : katex.renderToString(inner, { ...OPTIONS, displayMode });
  }
  if (!/^\\begin\{(equation|align|alignat|gather|CD|matrix|cases|array|pmatrix|bmatrix)\*?\}/.test(source)) return null;
  return katex.renderToString(source, { ...OPTIONS, displayMode: true });
}
