/** The headings of the notebook's text cells, to go to. */
import type { CellState } from "../session/cell";
import type { PanelProps } from "./panel";

interface Heading {
  readonly cell: string;
  readonly level: number;
  readonly text: string;
}

export default function Contents({ view }: PanelProps) {
  const headings = view.session.mirror.cells().flatMap(headingsOf);
  if (headings.length === 0)
    return <p class="empty">Headings of text cells are listed here: lines that begin with #.</p>;
  return (
    <ul class="contents">
      {headings.map(({ cell, level, text }, index) => (
        <li key={index} style={{ paddingLeft: `${(level - 1) * 14}px` }}>
          <button type="button" class="contents-entry" onClick={() => view.reveal(cell)}>
            {text}
          </button>
        </li>
      ))}
    </ul>
  );
}

function headingsOf(cell: CellState): Heading[] {
  if (cell.type.value !== "markdown") return [];
  const found: Heading[] = [];
  let code = false;
  for (const line of cell.source.value.split("\n")) {
    if (/^\s*(```|~~~)/.test(line)) code = !code;
    const heading = code ? null : /^(#{1,6})\s+(.+?)\s*#*$/.exec(line);
    if (heading?.[1] !== undefined && heading[2] !== undefined) {
      found.push({ cell: cell.id, level: heading[1].length, text: heading[2].replace(/[*_`]/g, "") });
    }
  }
  return found;
}
