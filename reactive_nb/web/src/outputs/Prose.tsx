/** Markdown, shown; what shows mathematics is loaded when there is some. */
import { useEffect, useMemo, useState } from "preact/hooks";

import { type Extension, markdownToHtml, mayHaveMath } from "./markdown";

let known: Extension | null = null;

export default function Prose({ text }: { text: string }) {
  const [math, setMath] = useState<{ readonly extension: Extension } | null>(
    known === null ? null : { extension: known },
  );
  const wanted = math === null && mayHaveMath(text);
  useEffect(() => {
    if (!wanted) return;
    let here = true;
    import("./math").then(
      (module) => {
        known = module.addMath;
        if (here) setMath({ extension: module.addMath });
      },
      () => undefined, // without it, its source is seen
    );
    return () => {
      here = false;
    };
  }, [wanted]);
  const html = useMemo(() => markdownToHtml(text, math?.extension), [text, math]);
  return <div class="prose" dangerouslySetInnerHTML={{ __html: html }} />;
}
