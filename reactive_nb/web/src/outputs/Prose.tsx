/** Markdown, shown. */
import { useMemo } from "preact/hooks";

import { markdownToHtml } from "./markdown";

export default function Prose({ text }: { text: string }) {
  const html = useMemo(() => markdownToHtml(text), [text]);
  return <div class="prose" dangerouslySetInnerHTML={{ __html: html }} />;
}
