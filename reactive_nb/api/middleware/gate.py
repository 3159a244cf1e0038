"""The gate: who may come in at all. Requests under a foreign name, from a foreign page or without sign-in end here.

Deny by default: whatever is not listed as public needs a valid token, before its body is read, and whether or not
there is anything at that address. WebSockets pass, since they tell their refusals as close codes: their endpoint asks
the same questions.
"""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from reactive_nb.api.errors import Refusal, refusal
from reactive_nb.api.problems import problem_response
from reactive_nb.core.config import Settings
from reactive_nb.core.security import (
    AuthenticationError,
    get_identity,
    host_allowed,
    origin_allowed,
    reached_from_outside,
)

PUBLIC = frozenset(
    {
        "/",
        "/docs",
        "/frame.html",
        "/health",
        "/health/ready",
        "/icon.svg",
        "/metrics",
        "/api/v1/health",
        "/api/v1/health/ready",
        "/api/v1/metrics",
        "/api/v1/openapi.json",
        "/api/v1/asyncapi.json",
    }
)
"""Addresses that say nothing of anyone's notebooks, below the base URL. Those of health also stand outside of it."""

PUBLIC_FOLDERS = ("/assets/", "/docs/")
_ANYWHERE = frozenset({"/health", "/health/ready", "/metrics"})
_SAFE_METHODS = frozenset({"GET", "HEAD"})


class Origins:
    """Refuses requests from outside without sign-in for several users, and those under a foreign `Host`.

    From foreign pages, those that are more than reading.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = None
        if scope["type"] == "http":
            refused = handshake_refusal(HTTPConnection(scope), self._settings, safe=scope["method"] in _SAFE_METHODS)
        if refused is not None:
            await problem_response(refused, scope)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class Gate:
    """Refuses requests without a valid token; leaves the identity of the others in the request's state."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._base = settings.base_url.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._open(scope):
            connection = HTTPConnection(scope)
            try:
                connection.state.identity = await get_identity(connection)
            except AuthenticationError as error:
                await problem_response(refusal(error), scope)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _open(self, scope: Scope) -> bool:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if path in _ANYWHERE or (self._base and path == self._base):
            return True
        if not path.startswith(f"{self._base}/"):
            return False
        below = path[len(self._base) :]
        return below in PUBLIC or below.startswith(PUBLIC_FOLDERS)


def handshake_refusal(connection: HTTPConnection, settings: Settings, *, safe: bool = False) -> Refusal | None:
    """Why this address, host name or page may not speak to the service; None if it may. `safe`: it only reads.

    A page elsewhere that reads gets an answer its browser does not show it, unless it is listed in ALLOWED_ORIGINS.
    """
    if reached_from_outside(connection):
        return Refusal(
            "exposed",
            "This service has one user and one token, and answers on its own machine only: let the server listen at"
            " 127.0.0.1, behind a proxy that signs users in if others are to reach it.",
        )
    host = connection.headers.get("host")
    if not host_allowed(host, settings):
        return Refusal("forbidden-host", "The service is not known by this host name (REACTIVE_NB_TRUSTED_HOSTS).")
    if not safe and not origin_allowed(connection.headers.get("origin"), host, settings.allowed_origins):
        return Refusal("forbidden-origin", "Pages of this origin may not use the service (ALLOWED_ORIGINS).")
    return None
