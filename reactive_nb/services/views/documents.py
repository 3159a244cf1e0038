"""A notebook and its cells, whole, as clients see them."""

from __future__ import annotations

from reactive_nb.models import CellStatus
from reactive_nb.schemas.cells import CellConfigModel, CellResponse
from reactive_nb.schemas.notebooks import KernelModel, NotebookResponse, SettingsModel
from reactive_nb.schemas.runs import RunCell
from reactive_nb.services.large_outputs import slim
from reactive_nb.services.state import SessionState
from reactive_nb.services.views.errors import cell_error, error_model
from reactive_nb.services.views.graph import defined_names, used_names
from reactive_nb.services.views.reasons import stale_because
from reactive_nb.services.views.unresolved import unresolved


def notebook_response(state: SessionState) -> NotebookResponse:
    notebook = state.notebook
    return NotebookResponse(
        id=notebook.id,
        name=notebook.name,
        kernel_name=notebook.kernel_name,
        kernel=kernel_model(state),
        settings=SettingsModel.model_validate(notebook.settings),
        cells=[cell_response(state, cell.id) for cell in notebook.cells],
        revision=notebook.revision,
        created_at=notebook.created_at,
        updated_at=notebook.updated_at,
        storage_problem=state.storage_problem,
    )


def cell_response(state: SessionState, cell_id: str) -> CellResponse:
    """The cell of that id, which must exist."""
    cell = state.notebook.by_id[cell_id]
    error = cell_error(state, cell)
    return CellResponse.model_construct(
        id=cell.id,
        type=cell.type,
        source=cell.source,
        status=state.statuses.get(cell.id, CellStatus.IDLE),
        outputs=[slim(output) for output in cell.outputs],
        execution_count=cell.execution_count,
        defines=defined_names(state, cell_id),
        uses=used_names(state, cell_id),
        unresolved=unresolved(state, cell_id),
        upstream=list(state.graph.upstream(cell_id)),
        downstream=list(state.graph.downstream(cell_id)),
        config=CellConfigModel.model_validate(cell.config),
        error=error_model(error),
        stale_because=stale_because(state, cell),
        started_at=cell.started_at,
        duration_ms=cell.duration_ms,
        revision=cell.revision,
    )


def run_cell(state: SessionState, cell_id: str) -> RunCell:
    cell = state.notebook.by_id[cell_id]
    return RunCell(
        id=cell_id,
        status=state.statuses[cell_id],
        outputs=[slim(output) for output in cell.outputs],
        execution_count=cell.execution_count,
        error=error_model(cell_error(state, cell)),
        duration_ms=cell.duration_ms,
    )


def kernel_model(state: SessionState) -> KernelModel:
    return KernelModel(
        name=state.notebook.kernel_name,
        state=state.kernel,
        language=state.language,
        message=state.kernel_message,
    )
