"""The WebSocket of a notebook: everything live."""

from __future__ import annotations

from fastapi import APIRouter, WebSocket

from reactive_nb.api.v1.connection import serve
from reactive_nb.api.v1.state import service_state

router = APIRouter()


@router.websocket("/ws/notebooks/{notebook_id}", name="notebook_websocket")
async def notebook_websocket(websocket: WebSocket, notebook_id: str) -> None:
    """Events of one notebook, and commands to it. `asyncapi.json` describes the messages."""
    await serve(websocket, service_state(websocket), notebook_id, websocket.query_params.get("since"))
