"""Signing in on a WebSocket: who it is, before anything about the notebook is looked at.

A token comes in a header, as subprotocol, in a cookie or query where the provider allows that, or in a first message
within ten seconds. A refusal is a close code, which a browser can read; so the socket is accepted first, and says
nothing else.
"""

from __future__ import annotations

import asyncio
import time

from starlette.websockets import WebSocket

from reactive_nb.api.middleware.gate import handshake_refusal
from reactive_nb.api.v1.frames import Closing, FrameReader
from reactive_nb.api.v1.state import ServiceState
from reactive_nb.core.security import AuthenticationError, Identity, IdentityUnavailable, get_identity
from reactive_nb.schemas.commands import Auth

SUBPROTOCOL = "reactive-nb.v1"
UNAUTHENTICATED = 4401
FORBIDDEN = 4403
BUSY = 1013
AUTH_TIMEOUT_S = 10.0
MAX_AUTH_CHARS = 16_384
MAX_STRANGERS = 256
"""WebSockets that may be open without having signed in; further ones are sent away."""


async def accept(websocket: WebSocket, service: ServiceState) -> None:
    """Accept the socket, and raise Closing if this host name or this page may not speak to the service."""
    offered = websocket.scope.get("subprotocols", [])
    await websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
    if (refused := handshake_refusal(websocket, service.settings)) is not None:
        raise Closing(FORBIDDEN, refused.detail)


async def sign_in(websocket: WebSocket, service: ServiceState) -> tuple[Identity, str | None]:
    """Who it is, and the id of the first message if that told. Raises Closing, or Gone."""
    try:
        return await get_identity(websocket), None
    except AuthenticationError as error:
        if error.reason != "missing_token":
            raise _closing(error) from None
    if service.strangers >= MAX_STRANGERS:
        raise Closing(BUSY, "Too many connections are signing in.")
    service.strangers += 1
    try:
        async with asyncio.timeout(AUTH_TIMEOUT_S):
            said = await FrameReader(websocket.receive, max_text=MAX_AUTH_CHARS, max_buffers=0).read()
    except TimeoutError:
        raise Closing(UNAUTHENTICATED, "No token came in time.") from None
    finally:
        service.strangers -= 1
    if not isinstance(said.command, Auth):
        raise Closing(UNAUTHENTICATED, "Sign in first: send an auth message with a token.")
    return await authenticated(said.command.token, service), said.command.id


async def authenticated(token: str, service: ServiceState) -> Identity:
    """The identity that a token proves now. Raises Closing."""
    try:
        identity = await service.identity.authenticate(token)
    except AuthenticationError as error:
        raise _closing(error) from None
    if identity.expires_at is not None and identity.expires_at <= time.time():
        raise Closing(UNAUTHENTICATED, "The token has expired.")
    return identity


def _closing(error: AuthenticationError) -> Closing:
    """Without fault of the token's, a client may come again."""
    return Closing(BUSY if isinstance(error, IdentityUnavailable) else UNAUTHENTICATED, str(error))
