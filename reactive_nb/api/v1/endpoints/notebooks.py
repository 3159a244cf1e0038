"""Notebooks: list, make, read, rename, set, delete."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from reactive_nb.api.deps import CurrentUser, IfMatch, NotebookPath, Service, Session
from reactive_nb.api.json_input import JsonRoute
from reactive_nb.api.problems import problems
from reactive_nb.api.responses import answer, etag, nothing, whole_notebook
from reactive_nb.api.v1.operations import add_cell, operation, update_notebook
from reactive_nb.schemas import (
    BatchRequest,
    BatchResponse,
    CreateNotebookRequest,
    GraphFormat,
    GraphResponse,
    NotebookList,
    NotebookResponse,
    NotebookSummaryResponse,
    RenameRequest,
    SettingsRequest,
)
from reactive_nb.services.operations import AddCell, Batch
from reactive_nb.services.state import SessionState
from reactive_nb.services.views import dot, graph_response, mermaid

DOT = "text/vnd.graphviz"
MERMAID = "text/vnd.mermaid"

router = APIRouter(prefix="/notebooks", tags=["notebooks"], route_class=JsonRoute)


@router.get("", summary="List notebooks", response_model=NotebookList, responses=problems("storage-unavailable"))
async def list_notebooks(
    user: CurrentUser,
    service: Service,
    limit: Annotated[int, Query(ge=1, le=500, description="Notebooks a page, at most.")] = 50,
    cursor: Annotated[str | None, Query(max_length=4096, description="From the page before.")] = None,
) -> Response:
    """Your notebooks, the one changed last first, page by page."""
    page = await service.registry.list(user, limit=limit, cursor=cursor)
    items = [NotebookSummaryResponse.model_validate(item) for item in page.items]
    for item in items:
        item.kernel_state = service.registry.kernel_state(item.id)
    return answer(NotebookList(notebooks=items, cursor=page.cursor))


@router.post(
    "",
    status_code=201,
    summary="Create a notebook",
    response_model=NotebookResponse,
    responses=problems("too-large", "storage-unavailable"),
)
async def create_notebook(
    request: Request, user: CurrentUser, service: Service, body: CreateNotebookRequest | None = None
) -> Response:
    """A new notebook, with cells if you send some. Nothing is run."""
    wanted = body or CreateNotebookRequest()
    cells = await asyncio.to_thread(lambda: [add_cell(cell) for cell in wanted.cells])
    session = service.watched(
        await service.registry.create(user, name=wanted.name, kernel_name=wanted.kernel_name, cells=cells)
    )
    return await whole_notebook(session, status=201, location=location(request, session.id))


@router.get(
    "/{notebook_id}",
    summary="Read a notebook",
    response_model=NotebookResponse,
    responses=problems("no-such-notebook", "storage-unavailable"),
)
async def read_notebook(session: Session) -> Response:
    """The whole notebook: cells with their status and outputs, settings, kernel. The ETag is its revision."""
    return await whole_notebook(session)


@router.delete(
    "/{notebook_id}",
    status_code=204,
    summary="Delete a notebook",
    responses=problems("no-such-notebook", "storage-unavailable"),
)
async def delete_notebook(notebook_id: NotebookPath, user: CurrentUser, service: Service) -> Response:
    """Its kernel is shut down, and its clients' WebSockets are closed with 4409."""
    await service.registry.delete(user, notebook_id)
    return nothing()


@router.put(
    "/{notebook_id}/name",
    summary="Rename a notebook",
    response_model=NotebookResponse,
    responses=problems("no-such-notebook", "conflict", "storage-unavailable"),
)
async def rename_notebook(session: Session, service: Service, body: RenameRequest, revision: IfMatch) -> Response:
    """In file storage the file gets the new name too."""
    await session.apply(update_notebook(service.registry.kernelspec_of, name=body.name), if_match=revision)
    return await whole_notebook(session)


@router.put(
    "/{notebook_id}/settings",
    summary="Change settings",
    response_model=NotebookResponse,
    responses=problems("no-such-notebook", "conflict", "storage-unavailable"),
)
async def change_settings(session: Session, service: Service, body: SettingsRequest, revision: IfMatch) -> Response:
    """Reactivity, and the kernel to use. What you leave out stays."""
    await session.apply(update_notebook(service.registry.kernelspec_of, changes=body), if_match=revision)
    return await whole_notebook(session)


@router.get(
    "/{notebook_id}/graph",
    summary="Read the dependency graph",
    response_model=GraphResponse,
    responses=problems("no-such-notebook") | {200: {"content": {DOT: {}, MERMAID: {}}}},
)
async def read_graph(
    session: Session,
    form: Annotated[
        GraphFormat, Query(alias="format", description="`dot` and `mermaid`: text that programs draw.")
    ] = GraphFormat.JSON,
) -> Response:
    """Cells with the names they define and use, and an edge for each cell that gets names from another."""
    return await asyncio.to_thread(_graph, session.state, form)


def _graph(state: SessionState, form: GraphFormat) -> Response:
    graph, revision = graph_response(state), state.notebook.revision
    match form:
        case GraphFormat.JSON:
            return answer(graph, revision=revision)
        case GraphFormat.DOT:
            return Response(dot(graph), media_type=f"{DOT}; charset=utf-8", headers={"ETag": etag(revision)})
        case GraphFormat.MERMAID:
            return Response(mermaid(graph), media_type=f"{MERMAID}; charset=utf-8", headers={"ETag": etag(revision)})


@router.post(
    "/{notebook_id}/batch",
    summary="Change several things at once",
    response_model=BatchResponse,
    responses=problems("no-such-notebook", "no-such-cell", "conflict", "too-large", "storage-unavailable"),
)
async def batch(session: Session, service: Service, body: BatchRequest, revision: IfMatch) -> Response:
    """Several operations, one revision: all are carried out, or none."""
    operations = tuple(operation(item, service.registry.kernelspec_of) for item in body.operations)
    new = await session.apply(Batch(operations), if_match=revision)
    added = [one.cell_id for one in operations if isinstance(one, AddCell)]
    return answer(BatchResponse(revision=new, cell_ids=added), revision=new)


def location(request: Request, notebook_id: str) -> str:
    """The path at which a notebook is found."""
    return str(request.url_for("read_notebook", notebook_id=notebook_id).path)
