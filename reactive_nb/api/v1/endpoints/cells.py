"""Cells: add, read, change, remove. No edit runs anything: it makes cells stale."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from reactive_nb.api.deps import CellPath, IfMatch, Session
from reactive_nb.api.json_input import JsonRoute
from reactive_nb.api.problems import problems
from reactive_nb.api.responses import answer, nothing
from reactive_nb.api.v1.operations import add_cell, update_cell
from reactive_nb.schemas import CellResponse, CellWhy, CreateCellRequest, UpdateCellRequest
from reactive_nb.services.errors import NoSuchCell
from reactive_nb.services.operations import RemoveCell
from reactive_nb.services.session import NotebookSession
from reactive_nb.services.views import cell_response, cell_why

router = APIRouter(prefix="/notebooks/{notebook_id}/cells", tags=["cells"], route_class=JsonRoute)
_WRITE = problems("no-such-notebook", "no-such-cell", "conflict", "too-large", "storage-unavailable")


@router.post("", status_code=201, summary="Add a cell", response_model=CellResponse, responses=_WRITE)
async def create_cell(request: Request, session: Session, body: CreateCellRequest, revision: IfMatch) -> Response:
    """At `index`, after another cell, or at the end."""
    operation = add_cell(body)
    new = await session.apply(operation, if_match=revision)
    where = request.url_for("read_cell", notebook_id=session.id, cell_id=operation.cell_id).path
    return _cell(session, operation.cell_id, new, status=201, location=str(where))


@router.get(
    "/{cell_id}",
    summary="Read a cell",
    response_model=CellResponse,
    responses=problems("no-such-notebook", "no-such-cell"),
)
async def read_cell(session: Session, cell_id: CellPath) -> Response:
    """The cell with its status, outputs, names and neighbours. The ETag is the notebook's revision."""
    return _cell(session, cell_id, session.revision)


@router.get(
    "/{cell_id}/why",
    summary="Say why a cell is as it is",
    response_model=CellWhy,
    responses=problems("no-such-notebook", "no-such-cell"),
)
async def explain_cell(session: Session, cell_id: CellPath) -> Response:
    """Why it is stale, and which cells that goes back to; who blocks it; which names it needs that no cell provides."""
    if cell_id not in session.state.notebook.by_id:
        raise NoSuchCell(cell_id)
    return answer(cell_why(session.state, cell_id), revision=session.revision)


@router.put("/{cell_id}", summary="Change a cell", response_model=CellResponse, responses=_WRITE)
async def change_cell(session: Session, cell_id: CellPath, body: UpdateCellRequest, revision: IfMatch) -> Response:
    """Source, type, config or place; what you leave out stays. The cell, and what depends on it, becomes stale."""
    new = await session.apply(update_cell(cell_id, body), if_match=revision)
    return _cell(session, cell_id, new)


@router.delete(
    "/{cell_id}",
    status_code=204,
    summary="Remove a cell",
    responses=problems("no-such-notebook", "no-such-cell", "conflict", "storage-unavailable"),
)
async def remove_cell(session: Session, cell_id: CellPath, revision: IfMatch) -> Response:
    """What depended on it becomes stale."""
    return nothing(await session.apply(RemoveCell(cell_id), if_match=revision))


def _cell(
    session: NotebookSession, cell_id: str, revision: int, *, status: int = 200, location: str | None = None
) -> Response:
    """The cell as it stands. Raises NoSuchCell: it may never have been there, or be gone again already."""
    if cell_id not in session.state.notebook.by_id:
        raise NoSuchCell(cell_id)
    return answer(cell_response(session.state, cell_id), status=status, revision=revision, location=location)
