/** Two people have written in the same place: what the other wrote, and which it is to be. */
import type { CellState } from "../session/cell";
import type { NotebookView } from "../page/view";

export function Conflict({ view, cell }: { view: NotebookView; cell: CellState }) {
  const draft = cell.draft.value;
  if (draft === null || !draft.conflict) return null;
  return (
    <div class="conflict" role="alert">
      <p>Somebody else has changed the same lines. Yours are above and not stored yet; this is theirs:</p>
      <pre>{cell.source.value}</pre>
      <div class="buttons">
        <button type="button" class="button" onClick={() => view.session.drafts.decide(cell, true)}>
          Keep mine
        </button>
        <button type="button" class="button" onClick={() => view.session.drafts.decide(cell, false)}>
          Take theirs
        </button>
      </div>
    </div>
  );
}
