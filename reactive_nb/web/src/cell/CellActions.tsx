/** What can be done with a cell by pointing at it. */
import { COMMANDS } from "../commands/commands";
import { moveCell, removeCell } from "../commands/cells";
import { Icon } from "../page/Icon";
import { Menu } from "../page/Menu";
import type { NotebookView } from "../page/view";
import type { CellState } from "../session/cell";

const IN_MENU = [
  "run.above",
  "run.below",
  "cell.python",
  "cell.markdown",
  "cell.sql",
  "cell.raw",
  "cell.join",
  "cell.hide-source",
  "cell.hide-output",
  "cell.mode-auto",
  "cell.mode-manual",
  "cell.mode-disabled",
];

export function CellActions({ view, cell }: { view: NotebookView; cell: CellState }) {
  const entries = IN_MENU.flatMap((id) => COMMANDS.find((one) => one.id === id) ?? []);
  return (
    <div class="cell-actions" role="toolbar" aria-label="Cell">
      <button
        type="button"
        class="icon-button"
        title="Move up"
        aria-label="Move the cell up"
        onClick={() => moveCell(view, cell.id, view.index(cell.id) - 1)}
      >
        <Icon name="up" />
      </button>
      <button
        type="button"
        class="icon-button"
        title="Move down"
        aria-label="Move the cell down"
        onClick={() => moveCell(view, cell.id, view.index(cell.id) + 1)}
      >
        <Icon name="down" />
      </button>
      <button
        type="button"
        class="icon-button"
        title="Delete (d d)"
        aria-label="Delete the cell"
        onClick={() => removeCell(view, cell.id)}
      >
        <Icon name="trash" />
      </button>
      <Menu
        label="More for this cell"
        entries={entries.map((command) => ({
          title: command.title,
          keys: command.keys?.[0] ?? command.anywhere?.[0],
          run: () => {
            view.select(cell.id, false);
            command.run(view);
          },
        }))}
      />
    </div>
  );
}
