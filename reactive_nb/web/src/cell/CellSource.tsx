/** A cell's source: an editor where it is near what is seen, its bare text elsewhere; of a text cell, what it says. */
import { computed, effect } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";

import { Keys } from "../commands/commands";
import { CellEditor } from "../editor/editor";
import { errorLine } from "../outputs/ansi";
import type { CellState } from "../session/cell";
import type { NotebookView } from "../page/view";
import { TextCell } from "./TextCell";

interface Props {
  view: NotebookView;
  cell: CellState;
  near: boolean;
}

export function CellSource({ view, cell, near }: Props) {
  const look = view.look(cell.id);
  if (cell.type.value === "markdown" && !look.opened.value) return <TextCell view={view} cell={cell} near={near} />;
  if (!near && !look.selected.value) return <pre class="source-far">{cell.shown.value}</pre>;
  return <SourceEditor key={cell.id} view={view} cell={cell} />;
}

function SourceEditor({ view, cell }: { view: NotebookView; cell: CellState }) {
  const place = useRef<HTMLDivElement>(null);
  const look = view.look(cell.id);
  useLayoutEffect(() => {
    if (place.current === null) return;
    const keys = new Keys();
    const editor = new CellEditor(place.current, cell, view.session, {
      bindings: [
        {
          any: (_, event) => {
            const command = keys.meant(event, "edit");
            if (command === null || command === true) return false;
            event.preventDefault();
            event.stopPropagation();
            command.run(view);
            return true;
          },
        },
      ],
      escape: () => view.select(cell.id, false),
      leave: (direction) => {
        const next = view.session.mirror.order.peek()[view.index(cell.id) + (direction === "up" ? -1 : 1)];
        if (next === undefined) return false;
        if (view.session.mirror.cell(next)?.type.peek() === "markdown" && !view.look(next).opened.peek())
          view.select(next);
        else view.edit(next, direction === "up" ? "end" : "start");
        return true;
      },
    });
    look.editor = editor;
    editor.view.contentDOM.addEventListener("focus", () => view.editing(cell.id));
    if (look.wanted !== null) {
      editor.focus(look.wanted === "same" ? undefined : look.wanted);
      look.wanted = null;
    }
    // At once, and not with the next drawing: what is typed then must be typed into what others have written.
    const database = computed(() => view.session.mirror.settings.value?.database ?? null);
    const following = [
      effect(() => editor.follow(cell.shown.value)),
      effect(() => editor.retype(cell.type.value, database.value)),
      effect(() => editor.mark(underlined(cell))),
    ];
    return () => {
      for (const stop of following) stop();
      look.editor = null;
      editor.destroy();
    };
  }, [cell, look, view]);
  return <div ref={place} class="source-editor" />;
}

/** The error to underline, and its line; null where there is none, or the source has been changed since. */
function underlined(cell: CellState): { line: number; message: string } | null {
  const error = cell.error.value;
  if (error === null || error.kind === "blocked" || cell.draft.value !== null || cell.status.value === "stale")
    return null;
  const output = cell.outputs.value.find((one) => one.output_type === "error");
  const line = error.line ?? errorLine(output?.traceback ?? [], cell.executionCount.value);
  return line === null ? null : { line, message: error.message };
}
