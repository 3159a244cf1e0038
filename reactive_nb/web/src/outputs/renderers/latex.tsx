/** LaTeX, as far as it is mathematics; anything else of it as text. */
import { useMemo } from "preact/hooks";

import { joined } from "../../session/streams";
import { latexToHtml } from "../math";
import type { RenderProps } from "../renderer";

export default function Latex({ data }: RenderProps) {
  const text = joined(data);
  const html = useMemo(() => latexToHtml(text), [text]);
  if (html === null) return <pre class="plain">{text}</pre>;
  return <div class="latex" dangerouslySetInnerHTML={{ __html: html }} />;
}
