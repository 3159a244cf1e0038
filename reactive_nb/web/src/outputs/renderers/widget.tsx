/** Widgets of the kernel: ipywidgets, anywidgets, and what is made of them. */
import { useMemo } from "preact/hooks";

import program from "../../frame/widgets.ts?worker&url";
import { joined } from "../../session/streams";
import type { RenderProps } from "../renderer";
import { Sandbox } from "../Sandbox";
import { switchboardOf } from "../widgets";

export default function WidgetOutput({ session, output, data }: RenderProps) {
  const id = (data as { model_id?: string } | null)?.model_id ?? "";
  const alive = session.comms.changes.value >= 0 && session.comms.get(id) !== undefined;
  const content = useMemo(
    () => ({ program, data: id, talk: (port: MessagePort) => switchboardOf(session).connect(port) }),
    [session, id],
  );
  if (alive) return <Sandbox title="Widget" content={content} />;
  return (
    <div>
      <pre class="plain">{joined(output.data?.["text/plain"])}</pre>
      <p class="output-unknown">This widget is not in the kernel. Run the cell to use it.</p>
    </div>
  );
}
