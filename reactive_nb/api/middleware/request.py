"""The outermost layer: a request gets its id and is timed, and a mistake of ours becomes a problem document."""

from __future__ import annotations

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reactive_nb.api.errors import refusal
from reactive_nb.api.metrics import Metrics
from reactive_nb.api.problems import problem_response
from reactive_nb.core.logs import request_id

HEADER = "X-Request-ID"
_SANE = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}")
_log = logging.getLogger(__name__)


class RequestScope:
    """Sets the request's id for logs and answers; one that the client sends is kept if it is sane."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        known_as = given if _SANE.fullmatch(given) else uuid.uuid4().hex
        reset = request_id.set(known_as)
        try:
            if scope["type"] == "http":
                await self._serve(scope, receive, send, known_as)
            else:
                await self._app(scope, receive, _with_id(send, known_as))
        finally:
            request_id.reset(reset)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, known_as: str) -> None:
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await marked(message)

        marked = _with_id(send, known_as)
        started = time.perf_counter()
        try:
            await self._app(scope, receive, noting)
        except ClientDisconnect:
            _log.debug("%s %s: the client left before it had sent everything", scope["method"], scope["path"])
        except Exception as error:
            _log.exception("%s %s failed", scope["method"], scope["path"])
            if status:
                raise  # an answer is under way: only the server can still break it off
            await problem_response(refusal(error), scope)(scope, receive, noting)
        finally:
            self._metrics.request(scope, status, time.perf_counter() - started)


def _with_id(send: Send, known_as: str) -> Send:
    async def marked(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.accept"):
            message.setdefault("headers", [])
            MutableHeaders(scope=message)[HEADER] = known_as
        await send(message)

    return marked
