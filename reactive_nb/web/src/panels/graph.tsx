/**
 * Who gets what from whom: the cells in their order, and a bow for each edge; what comes from above bows to the left,
 * what comes from further down the page is dashed.
 */
import { useState } from "preact/hooks";

import { runs, STATUS } from "../cell/status";
import type { CellState } from "../session/cell";
import type { GraphEdge } from "../session/types";
import type { PanelProps } from "./panel";

const ROW_PX = 26;
const BOWS_PX = 84;

export default function Graph({ view }: PanelProps) {
  const { mirror } = view.session;
  const [at, setAt] = useState<string | null>(null);
  const cells = mirror.cells().filter((cell) => runs(cell) || cell.uses.value.length > 0);
  const rows = new Map(cells.map((cell, row) => [cell.id, row]));
  const edges = [...mirror.edges.value.values()].flat();
  if (cells.length === 0) return <p class="empty">The graph of what depends on what is drawn here.</p>;
  const point = (id: string | null) => {
    setAt(id);
    view.light(id);
  };
  return (
    <div class="graph" style={{ height: `${cells.length * ROW_PX}px` }} onPointerLeave={() => point(null)}>
      <svg class="graph-bows" width={BOWS_PX} height={cells.length * ROW_PX} aria-hidden="true">
        {edges.map((edge) => (
          <Bow key={`${edge.from} ${edge.to}`} edge={edge} rows={rows} at={at} />
        ))}
      </svg>
      <ul class="graph-cells">
        {cells.map((cell) => (
          <Row
            key={cell.id}
            cell={cell}
            lit={view.look(cell.id).lit.value}
            point={point}
            go={() => view.reveal(cell.id)}
          />
        ))}
      </ul>
    </div>
  );
}

function Bow({ edge, rows, at }: { edge: GraphEdge; rows: ReadonlyMap<string, number>; at: string | null }) {
  const [from, to] = [rows.get(edge.from), rows.get(edge.to)];
  if (from === undefined || to === undefined) return null;
  const y = (row: number) => row * ROW_PX + ROW_PX / 2;
  const reach = BOWS_PX - 6 - Math.min(Math.abs(to - from) * 9 + 6, BOWS_PX - 10);
  const lit = at === null ? "" : at === edge.to ? " is-upstream" : at === edge.from ? " is-downstream" : " is-other";
  const x = BOWS_PX - 2;
  return (
    <path
      class={`bow${lit}${edge.below ? " is-below" : ""}`}
      d={`M${x} ${y(from)}C${reach} ${y(from)} ${reach} ${y(to)} ${x} ${y(to)}`}
    />
  );
}

interface RowProps {
  cell: CellState;
  lit: string | null;
  point(id: string | null): void;
  go(): void;
}

function Row({ cell, lit, point, go }: RowProps) {
  const status = cell.status.value;
  const names = cell.defines.value.join(", ");
  return (
    <li class={lit === null ? "" : `lit-${lit}`}>
      <button
        type="button"
        onPointerEnter={() => point(cell.id)}
        onFocus={() => point(cell.id)}
        onClick={go}
        title={`${cell.label.value}\n${STATUS[status].word}${names === "" ? "" : `; defines ${names}`}`}
        aria-label={`${cell.label.value}, ${STATUS[status].word}`}
      >
        <span class={`dot is-${status}`} aria-hidden="true" />
        <span class="graph-label">{names === "" ? cell.label.value : names}</span>
      </button>
    </li>
  );
}
