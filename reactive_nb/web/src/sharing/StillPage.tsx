/** A notebook as it is saved for readers: what it says and shows, without code. */
import Prose from "../outputs/Prose";
import { OutputView } from "../outputs/OutputView";
import { shownOutputs, shownText } from "../app/shown";
import type { CellState } from "../session/cell";
import type { NotebookSession } from "../session/session";
import type { Output } from "../session/types";

interface Props {
  session: NotebookSession;
  /** The outputs of each cell, with all their data. */
  outputs: ReadonlyMap<CellState, readonly Output[]>;
}

export function StillPage({ session, outputs }: Props) {
  return (
    <main class="app-cells">
      {session.mirror.cells().map((cell) => {
        const text = shownText(cell);
        const shown = outputs.get(cell) ?? shownOutputs(cell);
        if (text === null && shown.length === 0) return null;
        return (
          <section class="app-cell" key={cell.id}>
            {text !== null && <Prose text={text} />}
            {shown.map((output, index) => (
              <div class="output" key={index}>
                <OutputView session={session} cell={cell} output={output} />
              </div>
            ))}
          </section>
        );
      })}
    </main>
  );
}
