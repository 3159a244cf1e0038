"""What clients are told of a change: from values to the contracts of `reactive_nb.schemas.events`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from reactive_nb.models import Cell, Output
from reactive_nb.schemas.events import (
    CellStatusEvent,
    CellUpdated,
    Event,
    NotebookUpdated,
    OutputAppend,
    OutputClear,
)
from reactive_nb.schemas.notebooks import SettingsModel
from reactive_nb.services.large_outputs import slim
from reactive_nb.services.state import SessionState
from reactive_nb.services.views.errors import cell_error, error_model
from reactive_nb.services.views.reasons import stale_because


def notebook_updated(state: SessionState, message: str | None = None) -> NotebookUpdated:
    notebook = state.notebook
    return NotebookUpdated(
        name=notebook.name,
        settings=SettingsModel.model_validate(notebook.settings),
        kernel_name=notebook.kernel_name,
        storage_problem=state.storage_problem,
        message=message,
    )


def status_event(state: SessionState, cell: Cell) -> CellStatusEvent:
    return CellStatusEvent(
        cell_id=cell.id,
        status=state.statuses[cell.id],
        execution_count=cell.execution_count,
        error=error_model(cell_error(state, cell)),
        stale_because=stale_because(state, cell),
        started_at=cell.started_at.isoformat() if cell.started_at else None,
        duration_ms=cell.duration_ms,
    )


def cell_updated(cell: Cell) -> CellUpdated:
    return CellUpdated(
        cell_id=cell.id,
        cell_type=cell.type,
        source=cell.source,
        config=asdict(cell.config),
        cell_revision=cell.revision,
    )


def clear_outputs(events: list[Event], cell_id: str) -> None:
    events.append(OutputClear(cell_id=cell_id))


def append_outputs(events: list[Event], cell_id: str, outputs: Sequence[Output]) -> None:
    if outputs:
        events.append(OutputAppend(cell_id=cell_id, outputs=[slim(output) for output in outputs]))
