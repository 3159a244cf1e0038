/** What was printed: colours, lines written over; of very much, the end. */
import { useMemo } from "preact/hooks";

import { joined } from "../../session/streams";
import { ansiToHtml, written } from "../ansi";
import { Folded } from "../Folded";
import type { RenderProps } from "../renderer";

const MOST_CHARACTERS = 200_000;

export default function Stream({ output, data }: RenderProps) {
  const text = joined(data);
  const [html, left] = useMemo(() => {
    const from = text.length > MOST_CHARACTERS ? text.indexOf("\n", text.length - MOST_CHARACTERS) + 1 : 0;
    return [ansiToHtml(written(text.slice(from))), from];
  }, [text]);
  return (
    <Folded>
      {left > 0 && <p class="output-unknown">{left.toLocaleString()} characters before this are not shown.</p>}
      <pre
        class={`stream stream-${output.name === "stderr" ? "stderr" : "stdout"}`}
        dangerouslySetInnerHTML={{ __html: html }}
      />
    </Folded>
  );
}
