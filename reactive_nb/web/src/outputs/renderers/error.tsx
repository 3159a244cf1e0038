/** An error: what it says and in which cells, with the traceback folded. */
import { useMemo, useState } from "preact/hooks";

import { notebookLink } from "../../page/route";
import type { NotebookSession } from "../../session/session";
import { ansiToHtml, ansiToText } from "../ansi";
import { useStill } from "../../sharing/still";
import type { RenderProps } from "../renderer";

export default function ErrorOutput({ session, cell, output }: RenderProps) {
  const still = useStill();
  const [open, setOpen] = useState(still);
  const traceback = output.traceback ?? [];
  const places = useMemo(() => placesIn(traceback), [traceback]);
  const elsewhere = places.map((place) => ({ ...place, id: cellOf(session, place.count) }));
  const last = elsewhere.filter((place) => place.id !== null && place.id !== cell.id).at(-1);
  return (
    <div class="error-output" role="group" aria-label="Error">
      <p class="error-line">
        <strong>{output.ename}</strong>
        {output.evalue ? `: ${ansiToText(output.evalue)}` : ""}
        {last !== undefined && !still && <CellLink session={session} id={last.id as string} line={last.line} />}
      </p>
      {traceback.length > 0 && !still && (
        <button type="button" class="link" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Hide traceback" : "Show traceback"}
        </button>
      )}
      {open && (
        <div class="traceback">
          {traceback.map((frame, index) => {
            const place = elsewhere.find((one) => one.index === index);
            return (
              <div class="frame" key={index}>
                {place?.id != null && !still && <CellLink session={session} id={place.id} line={place.line} />}
                <pre dangerouslySetInnerHTML={{ __html: ansiToHtml(frame) }} />
              </div>
            );
          })}
        </div>
      )}
    </div>
  );
}

function CellLink({ session, id, line }: { session: NotebookSession; id: string; line: number }) {
  const label = session.mirror.cell(id)?.label.value ?? id;
  return (
    <a class="cell-link" href={notebookLink(session.notebookId, id)} title={`Go to this cell: line ${line}`}>
      → {label}, line {line}
    </a>
  );
}

interface Place {
  readonly index: number;
  readonly count: number;
  readonly line: number;
}

/** Which parts of a traceback are of cells, each named by its execution count. */
function placesIn(traceback: readonly string[]): Place[] {
  return traceback.flatMap((frame, index) => {
    const found = /^\s*Cell In\[(\d+)\], line (\d+)/.exec(ansiToText(frame));
    return found === null ? [] : [{ index, count: Number(found[1]), line: Number(found[2]) }];
  });
}

/** The cell whose last run had that number; none if it has run again since. */
function cellOf(session: NotebookSession, count: number): string | null {
  for (const cell of session.mirror.cells()) if (cell.executionCount.value === count) return cell.id;
  return null;
}
