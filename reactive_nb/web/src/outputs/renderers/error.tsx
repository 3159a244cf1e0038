/** An error: what it says, with the traceback folded. */
import { useMemo, useState } from "preact/hooks";

import { ansiToHtml } from "../ansi";
import type { RenderProps } from "../renderer";

export default function ErrorOutput({ output }: RenderProps) {
  const [open, setOpen] = useState(false);
  const traceback = output.traceback ?? [];
  const html = useMemo(() => (open ? ansiToHtml(traceback.join("\n")) : ""), [open, traceback]);
  return (
    <div class="error-output" role="group" aria-label="Error">
      <p class="error-line">
        <strong>{output.ename}</strong>
        {output.evalue ? `: ${output.evalue}` : ""}
      </p>
      {traceback.length > 0 && (
        <button type="button" class="link" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Hide traceback" : "Show traceback"}
        </button>
      )}
      {open && <pre class="traceback" dangerouslySetInnerHTML={{ __html: html }} />}
    </div>
  );
}
