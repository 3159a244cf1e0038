/** What a text cell says, with the values in it that the kernel gave. */
import { lazy, Suspense } from "preact/compat";

import { joined } from "../session/streams";
import type { CellState } from "../session/cell";
import type { NotebookView } from "../page/view";

const Prose = lazy(() => import("../outputs/Prose"));

export function TextCell({ view, cell, near }: { view: NotebookView; cell: CellState; near: boolean }) {
  const text = filledText(cell) ?? cell.shown.value;
  const edit = () => view.edit(cell.id);
  if (text.trim() === "") {
    return (
      <button type="button" class="text-empty" onClick={edit}>
        An empty text cell. Press Enter to write.
      </button>
    );
  }
  return (
    <div class="text-cell" onDblClick={edit}>
      {near ? (
        <Suspense fallback={<pre class="source-far">{text}</pre>}>
          <Prose text={text} />
        </Suspense>
      ) : (
        <pre class="source-far">{text}</pre>
      )}
    </div>
  );
}

/** The text with values in the place of their names, if the kernel has filled them in. */
export function filledText(cell: CellState): string | null {
  for (const output of cell.outputs.value) {
    const own = output.metadata?.["reactive_nb"] as { text?: boolean } | undefined;
    if (own?.text === true && cell.draft.value === null) return joined(output.data?.["text/markdown"]);
  }
  return null;
}
