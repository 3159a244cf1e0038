/** Markdown, shown; what shows mathematics is loaded when there is some. */
import { useEffect, useMemo, useState } from "preact/hooks";

import { type Extension, markdownToHtml, mayHaveMath } from "./markdown";

let known: Extension | null = null;

/** Load what shows mathematics, so that it is there at once. */
export async function loadMath(): Promise<Extension> {
  known ??= (await import("./math")).addMath;
  return known;
}

export default function Prose({ text }: { text: string }) {
  const [math, setMath] = useState<{ readonly extension: Extension } | null>(
    known === null ? null : { extension: known },
  );
  const wanted = math === null && mayHaveMath(text);
  useEffect(() => {
    if (!wanted) return;
    let here = true;
    loadMath().then(
      (extension) => {
        if (here) setMath({ extension });
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
