/** Moving cells by dragging them: where one would go, and that it goes there. */
import { useState } from "preact/hooks";

import { moveCell } from "../commands/cells";
import type { NotebookView } from "../page/view";

const KIND = "application/x-reactive-nb-cell";

/** Say, when a cell begins to be dragged, which one it is. */
export function beginDrag(event: DragEvent, id: string, shown: HTMLElement | null): void {
  event.dataTransfer?.setData(KIND, id);
  if (event.dataTransfer !== null) event.dataTransfer.effectAllowed = "move";
  if (shown !== null) event.dataTransfer?.setDragImage(shown, 0, 0);
}

interface Gap {
  /** How many cells stand above it. */
  readonly index: number;
  /** Where it is in the column, in pixels. */
  readonly top: number;
}

/** What the column of cells does when a cell is dragged over it, and where its mark is to be drawn. */
export function useCellDrop(view: NotebookView) {
  const [gap, setGap] = useState<Gap | null>(null);
  return {
    gap,
    onDragOver(event: DragEvent & { currentTarget: HTMLElement }) {
      if (!event.dataTransfer?.types.includes(KIND)) return;
      event.preventDefault();
      setGap(gapAt(event.currentTarget, event.clientY));
    },
    onDragLeave(event: DragEvent & { currentTarget: HTMLElement }) {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setGap(null);
    },
    onDrop(event: DragEvent & { currentTarget: HTMLElement }) {
      const id = event.dataTransfer?.getData(KIND) ?? "";
      const from = view.index(id);
      setGap(null);
      if (from < 0) return;
      event.preventDefault();
      const { index } = gapAt(event.currentTarget, event.clientY);
      moveCell(view, id, index > from ? index - 1 : index);
    },
  };
}

/** The gap between cells that is nearest to a height in the window. */
function gapAt(column: HTMLElement, y: number): Gap {
  const cells = [...column.querySelectorAll<HTMLElement>(":scope > .cell")];
  const { top } = column.getBoundingClientRect();
  let [low, high] = [0, cells.length]; // the cells stand in order
  while (low < high) {
    const middle = (low + high) >> 1;
    const box = (cells[middle] as HTMLElement).getBoundingClientRect();
    if (box.top + box.height / 2 < y) low = middle + 1;
    else high = middle;
  }
  const edge =
    low < cells.length ? cells[low]?.getBoundingClientRect().top : cells.at(-1)?.getBoundingClientRect().bottom;
  return { index: low, top: (edge ?? top) - top };
}
