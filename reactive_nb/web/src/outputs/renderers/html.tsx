/** HTML from the kernel, with its scripts, where it is no dataframe that the kernel still has; and scripts by themselves. */
import { useMemo } from "preact/hooks";

import { joined } from "../../session/streams";
import { useStill } from "../../sharing/still";
import { Folded } from "../Folded";
import Frame, { mayBeFrame } from "../Frame";
import type { RenderProps } from "../renderer";
import { Sandbox } from "../Sandbox";

export default function Html({ session, cell, output, mime, data }: RenderProps) {
  const text = joined(data);
  const content = useMemo(() => (mime === "text/html" ? { html: text } : { script: text }), [mime, text]);
  const plain = (
    <Folded>
      <Sandbox title="HTML output" content={content} />
    </Folded>
  );
  if (useStill() || mime !== "text/html" || !mayBeFrame(output, text)) return plain;
  return (
    <Frame session={session} cell={cell} output={output} html={text}>
      {plain}
    </Frame>
  );
}
