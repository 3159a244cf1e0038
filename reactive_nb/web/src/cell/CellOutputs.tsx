/** A cell's outputs, in their order; made when first near what is seen. */
import { useRef } from "preact/hooks";

import { OutputView } from "../outputs/OutputView";
import type { CellState } from "../session/cell";
import type { NotebookView } from "../page/view";

interface Props {
  view: NotebookView;
  cell: CellState;
  near: boolean;
}

export function CellOutputs({ view, cell, near }: Props) {
  const made = useRef(false);
  if (near) made.current = true;
  const outputs = cell.outputs.value.filter((one) => cell.type.value !== "markdown" || one.output_type === "error");
  const hidden = cell.config.value.hide_output;
  if (outputs.length === 0) return null;
  if (hidden) return <p class="outputs-hidden">Output hidden</p>;
  return (
    <div class={`outputs${cell.status.value === "stale" ? " is-outdated" : ""}`} aria-label="Outputs" role="group">
      {made.current &&
        outputs.map((output, index) => (
          <div class="output" key={index}>
            <OutputView session={view.session} cell={cell} output={output} />
          </div>
        ))}
    </div>
  );
}
