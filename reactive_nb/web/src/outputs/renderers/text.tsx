/** Plain text, as Python's `repr` gives it. */
import { useMemo } from "preact/hooks";

import { joined } from "../../session/streams";
import { ansiToHtml } from "../ansi";
import { Folded } from "../Folded";
import type { RenderProps } from "../renderer";

export default function Text({ data }: RenderProps) {
  const text = joined(data);
  const html = useMemo(() => ansiToHtml(text), [text]);
  return (
    <Folded>
      <pre class="plain" dangerouslySetInnerHTML={{ __html: html }} />
    </Folded>
  );
}
