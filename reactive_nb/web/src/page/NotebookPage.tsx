/** A notebook: the bar, the panels, the cells, and the keys that act on them. */
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";

import { CellView } from "../cell/CellView";
import { useCellDrop } from "../cell/drag";
import { addCell } from "../commands/cells";
import { Keys } from "../commands/commands";
import { signedOut } from "../service/token";
import { NotebookSession } from "../session/session";
import { ConnectionDialog } from "./connection/ConnectionDialog";
import { FindBar } from "./FindBar";
import { Icon } from "./Icon";
import { KernelBar } from "./KernelBar";
import { LinkBar } from "./LinkBar";
import { NoticeBar } from "./Notice";
import { Palette } from "./Palette";
import { Question } from "./Question";
import { Sidebar } from "./Sidebar";
import { Toolbar } from "./Toolbar";
import { NotebookView } from "./view";

export function NotebookPage({ id, cell }: { id: string; cell: string | null }) {
  const view = useMemo(() => new NotebookView(new NotebookSession(id)), [id]);
  useEffect(() => () => view.close(), [view]);
  const { mirror } = view.session;
  const ready = mirror.ready.value;
  useEffect(() => {
    document.title = mirror.name.value === "" ? "reactive-nb" : `${mirror.name.value} – reactive-nb`;
  }, [mirror.name.value]);
  useEffect(() => {
    if (!ready) return;
    if (cell !== null && mirror.cell(cell) !== undefined) view.reveal(cell);
    else if (view.selected.peek() === null) view.select(mirror.order.peek()[0] ?? null, false);
  }, [ready, cell, view, mirror]);
  useEffect(() => {
    const keys = new Keys();
    const pressed = (event: KeyboardEvent) => {
      if (signedOut.peek()) return;
      const target = event.target as Element;
      if (target.closest("input, textarea, select, [contenteditable=true], dialog, [role=dialog]") !== null) return;
      if (event.key === "Enter" && target.closest("button, a, summary") !== null && !event.shiftKey && !event.ctrlKey)
        return;
      const command = keys.meant(event, view.awaiting ? "edit" : "command");
      if (command === null) return;
      event.preventDefault();
      if (command !== true) command.run(view);
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [view]);
  return (
    <div class="notebook-page">
      <Toolbar view={view} />
      <LinkBar session={view.session} />
      <KernelBar session={view.session} />
      <div class="notebook-middle">
        <Sidebar view={view} />
        <FindBar view={view} />
        <main class="cells" aria-label="Cells">
          {ready ? (
            <Cells view={view} />
          ) : (
            view.session.connection.link.value !== "ended" && <p class="empty">Opening…</p>
          )}
        </main>
      </div>
      <Question view={view} />
      <NoticeBar session={view.session} />
      <Palette view={view} />
      <ConnectionDialog view={view} />
    </div>
  );
}

/** Cells that are moved on the page lose the focus: whoever was writing in one goes on. */
function useFocusKept(view: NotebookView, order: readonly string[]): void {
  const before = document.activeElement;
  useLayoutEffect(() => {
    const lost = document.activeElement === document.body;
    if (!lost || !(before instanceof HTMLElement) || !before.isConnected) return;
    const { editor } = view.look(view.selected.peek() ?? "");
    if (editor?.view.contentDOM === before) editor.focus();
    else before.focus({ preventScroll: true });
  }, [order]);
}

function Cells({ view }: { view: NotebookView }) {
  const { mirror } = view.session;
  const order = mirror.order.value;
  const drop = useCellDrop(view);
  useFocusKept(view, order);
  const reserve = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const column = reserve.current?.parentElement;
    if (reserve.current && column?.parentElement)
      return view.anchor.watch(column.parentElement, column, reserve.current);
  }, [view]);
  return (
    <div class="cells-column" onDragOver={drop.onDragOver} onDragLeave={drop.onDragLeave} onDrop={drop.onDrop}>
      <div ref={reserve} class="cells-reserve" />
      {drop.gap !== null && <div class="drop-line" style={{ top: `${drop.gap.top}px` }} />}
      {order.length === 0 && <p class="empty">This notebook has no cells yet.</p>}
      {order.map((id) => {
        const cell = mirror.cell(id);
        return cell === undefined ? null : <CellView key={id} view={view} cell={cell} />;
      })}
      <div class="add-at-end">
        <button type="button" class="button" onClick={() => addCell(view, order.length, "python", true)}>
          <Icon name="add" /> Code
        </button>
        <button type="button" class="button" onClick={() => addCell(view, order.length, "markdown", true)}>
          <Icon name="add" /> Text
        </button>
        <button type="button" class="button" onClick={() => addCell(view, order.length, "sql", true)}>
          <Icon name="add" /> SQL
        </button>
      </div>
    </div>
  );
}
