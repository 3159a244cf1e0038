"""Errors over HTTP: every one is an RFC 9457 problem document, whoever noticed it."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from reactive_nb.api.errors import EXPECTED, TITLES, Refusal, Refused, refusal
from reactive_nb.core.logs import request_id
from reactive_nb.schemas.encoding import encode
from reactive_nb.services.errors import Conflict
from reactive_nb.services.views import cell_response, notebook_response

MEDIA_TYPE = "application/problem+json"


def problem_response(refused: Refusal, scope: Scope) -> Response:
    """The problem document for a request. Its address is shown without the query, which may hold a token."""
    document: dict[str, Any] = {
        "type": f"/problems/{refused.code}",
        "title": refused.title,
        "status": refused.http_status,
        "detail": refused.detail,
        "instance": scope["path"],
    }
    if (known_as := request_id.get()) is not None:
        document["request_id"] = known_as
    if refused.fields:
        document["errors"] = [{"field": name, "message": message} for name, message in refused.fields]
    return Response(
        encode(document | dict(refused.more)).encode(),
        status_code=refused.http_status,
        headers=dict(refused.headers),
        media_type=MEDIA_TYPE,
    )


def install_problems(app: FastAPI) -> None:
    """Answer every expected error with its problem document. What is not expected is left to the outermost layer."""

    async def answer(request: Request, error: Exception) -> Response:
        refused = refusal(error)
        if refused.code == "method-not-allowed" and not isinstance(error, Refused):
            response = problem_response(refused, request.scope)
            response.headers["Allow"] = ", ".join(_methods(app, request.scope))
            return response
        if refused.code == "conflict":
            current = current_state(error, getattr(request.state, "session", None))
            if current is not None:
                refused = Refusal(refused.code, refused.detail, refused.headers, more={"current": current})
        return problem_response(refused, request.scope)

    for kind in EXPECTED:
        app.add_exception_handler(kind, answer)


def current_state(error: Exception, session: Any) -> dict[str, Any] | None:
    """What a writer who was out of date should look at: the cell, or the whole notebook, as it now is."""
    if session is None:
        return None
    state = session.state
    if isinstance(error, Conflict) and error.cell_id is not None and error.cell_id in state.notebook.by_id:
        cell = cell_response(state, error.cell_id).model_dump(mode="python", by_alias=True)
        return {"revision": session.revision, "cell": cell}
    return {
        "revision": session.revision,
        "notebook": notebook_response(state).model_dump(mode="python", by_alias=True),
    }


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's description of the problems that an endpoint may answer with, beside those that each may."""
    found: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        status, title = TITLES[code]
        if status in found:
            found[status]["description"] += f", or: {title.lower()}"
        else:
            found[status] = {"description": title, "content": {MEDIA_TYPE: {"schema": {"$ref": PROBLEM_SCHEMA}}}}
    return found


PROBLEM_SCHEMA = "#/components/schemas/Problem"


def _methods(app: FastAPI, scope: Scope) -> list[str]:
    """The methods that this address does answer. A router knows only those of the first route that fits."""
    found = []
    for method in ("GET", "POST", "PUT", "DELETE"):
        asked = {**scope, "method": method, "fastapi": {}}
        if any(route.matches(asked)[0] is Match.FULL for route in app.router.routes):
            found += ["GET", "HEAD"] if method == "GET" else [method]
    return found
