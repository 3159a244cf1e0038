"""A session's state as clients see it: from values to the contracts of `reactive_nb.schemas`. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from reactive_nb.execution.analysis import BUILTINS
from reactive_nb.execution.records import Outcome
from reactive_nb.models import Cell, CellError, CellStatus, Output
from reactive_nb.schemas.cells import CellConfigModel, CellErrorModel, CellResponse
from reactive_nb.schemas.events import (
    CellNames,
    CellStatusEvent,
    CellUpdated,
    Event,
    NotebookUpdated,
    OutputAppend,
    OutputClear,
)
from reactive_nb.schemas.graph import GraphCell, GraphEdge, GraphResponse
from reactive_nb.schemas.notebooks import KernelModel, NotebookResponse, SettingsModel
from reactive_nb.schemas.runs import RunCell
from reactive_nb.services.large_outputs import slim

if TYPE_CHECKING:
    from reactive_nb.services.state import SessionState

STATUS_OF_OUTCOME: Mapping[Outcome, CellStatus] = {
    Outcome.OK: CellStatus.SUCCESS,
    Outcome.ERROR: CellStatus.ERROR,
    Outcome.TIMEOUT: CellStatus.ERROR,
    Outcome.INTERRUPTED: CellStatus.STALE,
    Outcome.KERNEL: CellStatus.STALE,
    Outcome.BLOCKED: CellStatus.BLOCKED,
}


# -- whole things
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
        upstream=list(state.graph.upstream(cell_id)),
        downstream=list(state.graph.downstream(cell_id)),
        config=CellConfigModel.model_validate(cell.config),
        error=error_model(error),
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


def graph_response(state: SessionState) -> GraphResponse:
    return GraphResponse(
        cells=[
            GraphCell(
                id=cell.id,
                type=cell.type,
                status=state.statuses.get(cell.id, CellStatus.IDLE),
                defines=defined_names(state, cell.id),
                uses=used_names(state, cell.id),
            )
            for cell in state.notebook.cells
        ],
        edges=all_edges(state),
        revision=state.notebook.revision,
    )


def all_edges(state: SessionState) -> list[GraphEdge]:
    return [GraphEdge(from_=e.provider, to=e.user, names=list(e.names)) for e in state.graph.edges()]


def kernel_model(state: SessionState) -> KernelModel:
    return KernelModel(
        name=state.notebook.kernel_name,
        state=state.kernel,
        language=state.language,
        message=state.kernel_message,
    )


# -- names
def defined_names(state: SessionState, cell_id: str) -> list[str]:
    known = state.knowledge.get(cell_id)
    return sorted(known.analysis.defines | known.observed) if known else []


def used_names(state: SessionState, cell_id: str) -> list[str]:
    known = state.knowledge.get(cell_id)
    if known is None:
        return []
    provided = state.graph.providers.get(cell_id, {})
    return sorted(name for name in known.analysis.uses if name not in BUILTINS or name in provided)


def cell_names(state: SessionState, cell_id: str) -> CellNames:
    """What `graph.updated` says of a cell."""
    names: dict[str, list[str]] = {}
    for name, provider in sorted(state.graph.providers.get(cell_id, {}).items()):
        names.setdefault(provider, []).append(name)
    upstream = state.graph.upstream(cell_id)
    return CellNames(
        id=cell_id,
        defines=defined_names(state, cell_id),
        uses=used_names(state, cell_id),
        upstream=list(upstream),
        downstream=list(state.graph.downstream(cell_id)),
        edges=[GraphEdge(from_=provider, to=cell_id, names=names[provider]) for provider in upstream],
    )


# -- events
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


# -- errors, in words
def cell_error(state: SessionState, cell: Cell) -> CellError | None:
    """Why the cell has no good result: as it stands, or as its last run ended."""
    known = state.knowledge.get(cell.id)
    if known is not None and known.problem is not None:
        return CellError("syntax", known.problem.message, line=known.problem.line)
    return cell.error or redefinition_error(state, cell.id)


def error_model(error: CellError | None) -> CellErrorModel | None:
    return None if error is None else CellErrorModel.model_validate(error)


def blocked_error(state: SessionState, names: Mapping[str, Sequence[str]]) -> CellError:
    """`names`: cell to blame → the names that it would have provided."""
    cells: list[str] = []
    wanted: set[str] = set()
    reasons: list[str] = []
    for blame, missing in names.items():
        cells.append(blame)
        wanted.update(missing)
        culprit = state.notebook.cell(blame)
        if culprit is not None and culprit.error is not None and culprit.error.kind == "blocked":
            cells.extend(culprit.error.cells)
        reasons.append(f"{_listed(missing)} from cell {blame}, which {_why(state, blame)}")
    return CellError(
        "blocked", "It needs " + "; and ".join(reasons) + ".", tuple(sorted(wanted)), tuple(dict.fromkeys(cells))
    )


def _why(state: SessionState, blame: str) -> str:
    record = state.records.get(blame)
    if blame not in state.graph.rank:
        return "is disabled"
    if record is None:
        return "runs only when it is asked to itself, and has not run"
    return {Outcome.ERROR: "raised an error", Outcome.TIMEOUT: "ran out of time", Outcome.BLOCKED: "is blocked"}.get(
        record.outcome, "was interrupted"
    )


def redefinition_error(state: SessionState, cell_id: str) -> CellError | None:
    """The names that this cell and another define, where a notebook does not want that."""
    others = state.graph.conflicts.get(cell_id)
    if not others:
        return None
    cells = tuple(dict.fromkeys(cell for definers in others.values() for cell in definers))
    message = f"{_listed(list(others))} {'is' if len(others) == 1 else 'are'} defined in other cells too"
    return CellError("redefinition", f"{message}: {', '.join(cells)}.", tuple(others), cells)


def failure(state: SessionState, cell_id: str, outcome: Outcome, message: str, name: str | None) -> CellError:
    """What to say of a run that ended badly. `name`: the one a NameError was about."""
    kind = {Outcome.INTERRUPTED: "interrupted", Outcome.TIMEOUT: "timeout", Outcome.KERNEL: "kernel"}
    if outcome is not Outcome.ERROR or name is None:
        return CellError(kind.get(outcome, "exception"), message)
    places = state.graph.places
    below = [cell for cell in state.graph.writers.get(name, ()) if places[cell] > places.get(cell_id, len(places))]
    if below:
        hint = f"{name} is first defined further down, in cell {below[0]}, which can't be run before this one"
        return CellError("exception", f"{message} ({hint}).", (name,), (below[0],))
    similar = difflib.get_close_matches(name, [n for n in state.graph.writers if n != name], n=1)
    hint = f" Did you mean {similar[0]}?" if similar and "Did you mean" not in message else ""
    return CellError("exception", f"{message}{hint}", (name,))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
