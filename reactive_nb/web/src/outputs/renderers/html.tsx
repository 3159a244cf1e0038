/** HTML from the kernel, with its scripts; and scripts by themselves. */
import { useMemo } from "preact/hooks";

import { joined } from "../../session/streams";
import { Folded } from "../Folded";
import type { RenderProps } from "../renderer";
import { Sandbox } from "../Sandbox";

export default function Html({ mime, data }: RenderProps) {
  const text = joined(data);
  const content = useMemo(() => (mime === "text/html" ? { html: text } : { script: text }), [mime, text]);
  return (
    <Folded>
      <Sandbox title="HTML output" content={content} />
    </Folded>
  );
}
