"""Changes of the document. None of them runs anything: cells become stale, and wait to be asked.

Each operation is one revision, a batch too: all of it or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from reactive_nb.execution.reasons import ReasonKind
from reactive_nb.formats import kernelspecs
from reactive_nb.models import Cell, CellConfig, CellType, Kernelspec, KernelState, Notebook, NotebookSettings
from reactive_nb.models.persistent import PersistentMap
from reactive_nb.schemas.events import CellAdded, CellMoved, CellRemoved
from reactive_nb.schemas.runs import RunState
from reactive_nb.services import views
from reactive_nb.services.effects import ReplaceKernel
from reactive_nb.services.errors import Conflict, InvalidOperation, NoSuchCell
from reactive_nb.services.languages import cell_type
from reactive_nb.services.operations import (
    AddCell,
    Batch,
    MoveCell,
    RemoveCell,
    ReplaceNotebook,
    UpdateCell,
    UpdateNotebook,
)
from reactive_nb.services.reducer.knowing import knowledge_of
from reactive_nb.services.reducer.planning import mark_needless, settle
from reactive_nb.services.reducer.runs import abandon, forget_runs
from reactive_nb.services.reducer.telling import update_statuses
from reactive_nb.services.reducer.transition import Transition
from reactive_nb.services.state import SessionState


def initial_state(notebook: Notebook, language: str = "python") -> SessionState:
    """A notebook just opened: nothing has run."""
    step = Transition(SessionState(notebook=notebook, language=language))
    known = {cell.id: found for cell in notebook.cells if (found := knowledge_of(cell, step.state)) is not None}
    step.change(knowledge=PersistentMap(known))
    step.regraph(*known)
    step.touch_everything()
    settle(step)
    update_statuses(step, notebook.by_id)
    return step.state


def _revise(step: Transition) -> int:
    """The revision that this change makes; once for each operation."""
    if step.state.notebook.revision == step.before.notebook.revision:
        step.change(notebook=replace(step.state.notebook, revision=step.before.notebook.revision + 1))
    step.save(urgent=True)
    return step.state.notebook.revision


def _existing(step: Transition, cell_id: str) -> Cell:
    cell = step.state.notebook.cell(cell_id)
    if cell is None:
        raise NoSuchCell(cell_id)
    return cell


def _place_cells(step: Transition, notebook: Notebook, cell_id: str) -> None:
    step.change(notebook=notebook)
    step.cells_set.add(cell_id)
    step.regraph(cell_id)


def add_cell(operation: AddCell, step: Transition) -> None:
    notebook = step.state.notebook
    if notebook.cell(operation.cell_id) is not None:
        raise InvalidOperation(f"There is a cell {operation.cell_id!r} already.", "id")
    index = len(notebook.cells) if operation.index is None else min(operation.index, len(notebook.cells))
    if operation.after is not None:
        _existing(step, operation.after)
        index = notebook.position(operation.after) + 1
    cell = Cell(
        id=operation.cell_id,
        type=cell_type(step.state.language, operation.type),
        source=operation.source,
        config=operation.config,
        revision=_revise(step),
    )
    _place_cells(step, step.state.notebook.with_new(cell, index), cell.id)
    known = knowledge_of(cell, step.state)
    if known is not None:
        step.know(cell.id, known)
        step.touch(cell.id)
    step.emit(CellAdded(cell=views.cell_response(step.state, cell.id), index=index))


def update_cell(operation: UpdateCell, step: Transition) -> None:
    cell = _existing(step, operation.cell_id)
    if operation.base_revision is not None and cell.revision > operation.base_revision:
        raise Conflict(
            f"The cell was changed at revision {cell.revision}; revision {operation.base_revision} is out of date.",
            cell.revision,
            cell.id,
        )
    changed = _changed_cell(step, cell, operation)
    if changed != cell:
        _store_cell(step, cell, changed)
    if operation.index is not None:
        move_cell(MoveCell(cell.id, operation.index), step)


def _changed_cell(step: Transition, cell: Cell, operation: UpdateCell) -> Cell:
    changed = cell
    if operation.source is not None:
        changed = replace(changed, source=operation.source)
    if operation.type is not None:
        changed = replace(changed, type=cell_type(step.state.language, operation.type))
    if operation.config is not None:
        changed = replace(changed, config=_with_fields(changed.config, operation.config))
    return changed


def _store_cell(step: Transition, cell: Cell, changed: Cell) -> None:
    changed = replace(changed, revision=_revise(step))
    before = step.state.knowledge.get(cell.id)
    known = before
    if (changed.source, changed.type, changed.config.result) != (cell.source, cell.type, cell.config.result):
        known = knowledge_of(changed, step.state, before if changed.type is cell.type else None)
    if (before is not None and known is None) or (changed.type is not cell.type and not _both_code(changed, cell)):
        changed = _without_results(step, changed)
    step.set_cell(changed)
    if known is not before:
        step.know(cell.id, known)
    if changed.config != cell.config:
        step.regraph(cell.id)
    step.touch(cell.id)
    if changed.type is not cell.type:
        step.reconsider_overtaking()
    step.emit(views.cell_updated(changed))


def _both_code(one: Cell, other: Cell) -> bool:
    return one.type.runs and other.type.runs


def _without_results(step: Transition, cell: Cell) -> Cell:
    """The cell as one that has never run; what its runs left is let go."""
    if cell.outputs:
        views.clear_outputs(step.events, cell.id)
    _drop_run(step, cell.id)
    step.forget_outputs(cell.id)
    return replace(cell, outputs=(), error=None, execution_count=None, started_at=None, duration_ms=None)


Fields = TypeVar("Fields", CellConfig, NotebookSettings)


def _with_fields(value: Fields, changes: Mapping[str, Any]) -> Fields:
    known = {field.name for field in fields(value)}
    for name in changes:
        if name not in known:
            raise InvalidOperation(f"There is no {name!r} to be set; there are {', '.join(sorted(known))}.", name)
    return replace(value, **changes)


def move_cell(operation: MoveCell, step: Transition) -> None:
    cell = _existing(step, operation.cell_id)
    index = min(operation.index, len(step.state.notebook.cells) - 1)
    if index == step.state.notebook.position(cell.id):
        return
    cell = replace(cell, revision=_revise(step))
    _place_cells(step, step.state.notebook.without(cell.id).with_new(cell, index), cell.id)
    if cell.type is CellType.CODE:
        step.reconsider_overtaking()
    step.emit(CellMoved(cell_id=cell.id, index=index))


def remove_cell(operation: RemoveCell, step: Transition) -> None:
    cell = _existing(step, operation.cell_id)
    _revise(step)
    _place_cells(step, step.state.notebook.without(cell.id), cell.id)
    if cell.id in step.state.knowledge:
        step.know(cell.id, None)
    _drop_run(step, cell.id)
    if cell.type is CellType.CODE:
        step.reconsider_overtaking()
    step.forget_outputs(cell.id)
    step.emit(CellRemoved(cell_id=cell.id))


def _drop_run(step: Transition, cell_id: str) -> None:
    """What its runs left is let go, what one that is under way will leave too; and none that was asked for comes."""
    _void(step, cell_id)
    mark_needless(step, cell_id)
    state = step.state
    record = state.records.get(cell_id)
    if record is not None:
        step.change(
            records=state.records.without(cell_id),
            forget=state.forget | {cell_id},
        )
        step.unsettle(name for name in record.kept if name in state.bound)
        if not record.provides or record.deleted:  # it kept from others what now passes through it
            node = state.graph.nodes.get(cell_id)
            step.unsettle(record.deleted | (node.writes if node is not None else frozenset()))


def _void(step: Transition, cell_id: str) -> None:
    running, ahead = step.state.running, step.state.ahead
    if running is not None and running.cell == cell_id:
        step.change(running=replace(running, void=True))
    if any(execution.cell == cell_id for execution in ahead):
        step.change(ahead=tuple(replace(e, void=True) if e.cell == cell_id else e for e in ahead))


def update_notebook(operation: UpdateNotebook, step: Transition) -> None:
    notebook = step.state.notebook
    changed = notebook
    if operation.name is not None:
        changed = replace(changed, name=operation.name)
    if operation.settings is not None:
        changed = replace(changed, settings=_with_fields(changed.settings, operation.settings))
    if operation.kernel_name is not None:
        changed = replace(changed, kernel_name=operation.kernel_name)
    if changed == notebook:
        return
    step.change(notebook=changed)
    _revise(step)
    if changed.settings.redefinition is not notebook.settings.redefinition:
        step.regraph()
    if changed.settings.database != notebook.settings.database:
        _reconsider_sql(step)
    step.touch_everything()
    if changed.kernel_name != notebook.kernel_name:
        _change_kernel(step, operation.language or "python", operation.display_name)
    step.emit(views.notebook_updated(step.state))


def _change_kernel(step: Transition, language: str, display_name: str | None) -> None:
    abandon(step, RunState.INTERRUPTED, "The notebook was given another kernel.", "interrupted")
    forget_runs(step, ReasonKind.REPLACED)
    step.change(kernel=KernelState.NONE, kernel_message=None, language=language)
    step.do(ReplaceKernel(start=False))
    notebook = step.state.notebook
    if kernelspecs.kernel_name(notebook.metadata) != notebook.kernel_name:
        spec = Kernelspec(notebook.kernel_name, display_name or notebook.kernel_name, language)
        step.change(notebook=replace(notebook, metadata=kernelspecs.of_kernel(notebook.metadata, spec)))
    for cell in step.state.notebook.cells:
        wanted = cell_type(language, cell.type)
        if wanted is not cell.type:
            _store_cell(step, cell, replace(cell, type=wanted))
        elif cell.type is CellType.MARKDOWN:
            _reconsider_text(step, cell)
    _reconsider_sql(step)


def _reconsider_sql(step: Transition) -> None:
    """Which tables an SQL cell names depends on what it is run on."""
    for cell in step.state.notebook.cells:
        if cell.type is CellType.SQL:
            step.know(cell.id, knowledge_of(cell, step.state))


def _reconsider_text(step: Transition, cell: Cell) -> None:
    """Its values are Python: with a kernel of another language it shows none."""
    known, before = knowledge_of(cell, step.state), step.state.knowledge.get(cell.id)
    if (known is None) != (before is None):
        step.set_cell(_without_results(step, cell) if known is None else cell)
        step.know(cell.id, known)


def replace_notebook(operation: ReplaceNotebook, step: Transition) -> None:
    """Take over a document, telling what is different; what is the same keeps its results."""
    new, notebook = operation.notebook, step.state.notebook
    revision = max(new.revision, notebook.revision) + 1
    step.change(notebook=replace(notebook, revision=revision, metadata=new.metadata))
    step.save(urgent=True)
    settings = {
        field.name: getattr(new.settings, field.name)
        for field in fields(new.settings)
        if getattr(new.settings, field.name) != getattr(notebook.settings, field.name)
    }
    update_notebook(UpdateNotebook(new.name, settings, new.kernel_name, operation.language), step)
    _replace_cells(step, new.cells)


def _replace_cells(step: Transition, wanted: Sequence[Cell]) -> None:
    kept = {cell.id for cell in wanted}
    for cell in step.state.notebook.cells:
        if cell.id not in kept:
            remove_cell(RemoveCell(cell.id), step)
    order = [cell.id for cell in step.state.notebook.cells]
    for index, cell in enumerate(wanted):
        old = step.state.notebook.cell(cell.id)
        if old is None:
            add_cell(AddCell(cell.id, cell.type, cell.source, cell.config, index), step)
            order.insert(index, cell.id)
        elif order[index] != cell.id:  # where it is not, it is further down
            move_cell(MoveCell(cell.id, index), step)
            order.insert(index, order.pop(order.index(cell.id, index)))
        _take_over(step, cell)


def _take_over(step: Transition, wanted: Cell) -> None:
    cell = _existing(step, wanted.id)
    if (cell.metadata, cell.attachments) != (wanted.metadata, wanted.attachments):
        cell = replace(cell, metadata=wanted.metadata, attachments=wanted.attachments)
        step.set_cell(cell)
    type_ = cell_type(step.state.language, wanted.type)
    if (cell.source, cell.type, cell.config) != (wanted.source, type_, wanted.config):
        _store_cell(step, cell, replace(cell, source=wanted.source, type=type_, config=wanted.config))
    _take_over_results(step, wanted)


def _take_over_results(step: Transition, wanted: Cell) -> None:
    """What another program made a cell show; unless it ran here, for then its results are those of this kernel."""
    cell = _existing(step, wanted.id)
    running = (step.state.running, *step.state.ahead)
    if cell.outputs == wanted.outputs or cell.id in step.state.records or cell.id in {e.cell for e in running if e}:
        return
    step.forget_outputs(cell.id)
    if cell.outputs:
        views.clear_outputs(step.events, cell.id)
    views.append_outputs(step.events, cell.id, wanted.outputs)
    step.set_cell(
        replace(
            cell,
            outputs=wanted.outputs,
            execution_count=wanted.execution_count,
            error=wanted.error,
            started_at=wanted.started_at,
            duration_ms=wanted.duration_ms,
        )
    )


def batch(operation: Batch, step: Transition) -> None:
    for part in operation.operations:
        HANDLERS[type(part)](part, step)


HANDLERS: dict[type, Callable[[Any, Transition], None]] = {
    AddCell: add_cell,
    UpdateCell: update_cell,
    MoveCell: move_cell,
    RemoveCell: remove_cell,
    UpdateNotebook: update_notebook,
    ReplaceNotebook: replace_notebook,
    Batch: batch,
}
