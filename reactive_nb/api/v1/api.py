"""All endpoints of version 1, put together."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from reactive_nb.api.asyncapi import asyncapi_document
from reactive_nb.api.deps import json_only
from reactive_nb.api.v1.endpoints import (
    cells,
    chat,
    database,
    files,
    health,
    kernelspecs,
    notebooks,
    run,
    websocket,
    widgets,
)
from reactive_nb.schemas.encoding import encode

PREFIX = "/api/v1"


def api_router() -> APIRouter:
    """The routes below `/api/v1`."""
    router = APIRouter()
    router.include_router(files.router)  # before the notebooks: `import` is no notebook's id
    for part in (
        notebooks.router,
        database.router,
        cells.router,
        run.router,
        kernelspecs.router,
        chat.router,
        widgets.router,
    ):
        router.include_router(part, dependencies=[Depends(json_only)])
    router.include_router(health.router)
    router.include_router(websocket.router)

    @router.get("/asyncapi.json", include_in_schema=False)
    async def asyncapi(request: Request) -> Response:
        address = str(request.app.url_path_for("notebook_websocket", notebook_id="ID")).replace("ID", "{notebook_id}")
        return Response(encode(asyncapi_document(address)).encode(), media_type="application/json")

    return router
