/** Mathematics in labels and texts, as MathML, which needs no fonts of its own. */
import renderMath from "katex/contrib/auto-render";

const DELIMITERS = [
  { left: "$$", right: "$$", display: true },
  { left: "$", right: "$", display: false },
  { left: "\\(", right: "\\)", display: false },
  { left: "\\[", right: "\\]", display: true },
];

/** What Jupyter's views look for in a manager, to have formulas set. */
export const rendermime = {
  latexTypesetter: {
    typeset(element: HTMLElement): void {
      renderMath(element, { delimiters: DELIMITERS, output: "mathml", throwOnError: false });
    },
  },
};
