"""A kernel that is further than its session has heard, in this process: every order of what each of them does.

Between two runs of cells that it was given together a kernel waits for nobody. So when the document changes it may have
run cells that are to run otherwise by then, or not at all; and what it says of them comes after the change.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from reactive_nb.models import CellMode, CellType
from reactive_nb.services.effects import Effect, Execute, ExecuteBatch, ForgetOutputs, StopBatch
from reactive_nb.services.operations import (
    AddCell,
    BatchEnded,
    CellFinished,
    CellStarted,
    ChangeOutputs,
    MoveCell,
    Operation,
    RemoveCell,
    UpdateCell,
)
from tests.services.in_process import NOW, InProcessNotebook, as_expected


class NotebookOfLateNews(InProcessNotebook):
    """A notebook whose kernel takes several cells at once, and runs up to `lag` more than have been heard of."""

    def __init__(self, *sources: str, lag: int = 0) -> None:
        super().__init__(*sources, batches=True)
        self.lag = lag
        self.heard = 0
        """How much news there has been."""
        self.between: dict[int, list[Callable[[], Operation | None]]] = {}
        """After how much news what else happens."""
        self._undo: list[Operation] = []

    def _carry_out(self, effect: Effect) -> list[Effect]:
        match effect:
            case Execute():
                return self._give([effect], [])
            case ExecuteBatch():
                return self._give(effect.cells, effect.expected)
            case _:
                return super()._carry_out(effect)

    def _give(self, cells: Sequence[Execute], expected: Sequence[Any]) -> list[Effect]:
        effects: list[Effect] = []
        news: deque[Operation] = deque()
        ran = ended = 0
        goes_on = True
        mute: set[int] = set()
        while True:
            while goes_on and ran <= ended + self.lag:
                cell = cells[ran]
                said, report = self._run(cell)
                news += said
                goes_on = ran + 1 < len(cells) and as_expected(report, expected[ran])
                ran += 1
            for happens in self.between.pop(self.heard, ()):
                operation = happens()
                for effect in [] if operation is None else self._try(operation):
                    if isinstance(effect, StopBatch):
                        goes_on = False
                    elif isinstance(effect, ForgetOutputs):
                        mute |= {one.number for one in cells[ended:] if one.cell_id in effect.cells}
                    else:
                        effects.append(effect)
            if not news:
                break
            self.heard += 1
            now = news.popleft()
            if not (isinstance(now, ChangeOutputs) and cells[ended].number in mute):
                effects += self._apply(now)
            ended += isinstance(now, CellFinished)
        if ran < len(cells):
            effects += self._apply(BatchEnded(cells[ran].number))
        return [effect for effect in effects if not isinstance(effect, StopBatch)]

    def _run(self, cell: Execute) -> tuple[list[Operation], dict[str, Any]]:
        """What the kernel says of a cell that it runs."""
        self.log.append(cell.cell_id)
        output, finished, report = self.in_kernel(cell)
        said: list[Operation] = [CellStarted(cell.number, NOW)]
        if output is not None:
            said.append(output)
        return [*said, finished], report

    # -- what people do
    def change(self, kind: str, where: int, what: str, new: str) -> Operation | None:
        """An edit of the document as it is when it happens; `undo` takes back the last one."""
        notebook = self.state.notebook
        if kind == "undo":
            return self._undo.pop() if self._undo else None
        if kind == "insert" or not notebook.cells:
            self._undo.append(RemoveCell(new))
            return AddCell(new, source=what, index=where % (len(notebook.cells) + 1))
        cell = notebook.cells[where % len(notebook.cells)]
        place = notebook.position(cell.id)
        match kind:
            case "edit":
                self._undo.append(UpdateCell(cell.id, source=cell.source))
                return UpdateCell(cell.id, source=what)
            case "delete":
                self._undo.append(AddCell(cell.id, cell.type, cell.source, cell.config, place))
                return RemoveCell(cell.id)
            case "move":
                self._undo.append(MoveCell(cell.id, place))
                return MoveCell(cell.id, int(what) % len(notebook.cells))
            case "disable":
                mode = CellMode.AUTO if cell.config.mode is CellMode.DISABLED else CellMode.DISABLED
                self._undo.append(UpdateCell(cell.id, config={"mode": cell.config.mode}))
                return UpdateCell(cell.id, config={"mode": mode})
            case "text":
                self._undo.append(UpdateCell(cell.id, type=cell.type))
                return UpdateCell(cell.id, type=CellType.MARKDOWN)
        raise AssertionError(kind)
