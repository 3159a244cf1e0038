"""Chat about a notebook with a language model."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from reactive_nb.api.deps import Session
from reactive_nb.api.errors import Refused
from reactive_nb.api.json_input import JsonRoute
from reactive_nb.api.problems import problems

router = APIRouter(prefix="/chat", tags=["chat"], route_class=JsonRoute)


@router.post(
    "/{notebook_id}",
    summary="Chat about a notebook",
    response_class=Response,
    responses=problems("no-such-notebook", "chat-unavailable"),
)
async def chat(session: Session) -> Response:
    """Not available in this version."""
    raise Refused("chat-unavailable", "No language model is available in this version.")
