"""Bounds on request bodies, kept while they stream in and before anything parses them: how large, and how slow."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

from anyio.lowlevel import checkpoint
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reactive_nb.api.errors import Refused
from reactive_nb.api.problems import problem_response

GRACE_S = 20.0
LINGER_S = 1.0
"""How long what still comes of a refused body is thrown away: a client cut off while it sends may not read why."""
BYTES_PER_S = 4096
"""A body has this long, and a second more for each so many bytes that have come: slow lines may send large files."""


class BodyLimit:
    """Refuses bodies that are too large with 413 (at once if they say so, else when they get there), too slow with 408.

    Args:
        app: what gets the bodies.
        limit: bytes of a body, at most.
        larger: addresses below the base URL that take more, and how much.
        base: the base URL without its last slash.
        grace_s: seconds that each body has, before its own bytes earn it more.

    """

    def __init__(
        self,
        app: ASGIApp,
        limit: int,
        *,
        larger: Mapping[str, int] | None = None,
        base: str = "",
        grace_s: float = GRACE_S,
    ) -> None:
        self._app = app
        self._limit = limit
        self._larger = {f"{base}{path}": most for path, most in (larger or {}).items()}
        self._grace_s = grace_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._larger.get(scope["path"].removeprefix(scope.get("root_path", "")), self._limit)
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > limit:
            await _refuse(_too_large(limit), scope, receive, send)
            return
        body = _Body(receive, limit, self._grace_s)
        answered = False

        async def checked(message: Message) -> None:
            nonlocal answered
            if body.refused is None:
                await send(message)
            elif not answered:
                answered = True
                await _refuse(body.refused, scope, receive, send)

        try:
            await self._app(scope, body.receive, checked)
        except Exception:
            if body.refused is None:
                raise
        if body.refused is not None and not answered:
            await _refuse(body.refused, scope, receive, send)


class _Body:
    """A body on its way in. Once it is refused, whoever reads is told that the client is gone."""

    def __init__(self, receive: Receive, limit: int, grace_s: float) -> None:
        self.refused: Refused | None = None
        self._receive = receive
        self._limit = limit
        self._grace_s = grace_s
        self._received = 0
        self._complete = False
        self._began: float | None = None

    async def receive(self) -> Message:
        if self._complete:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline()):
                message = await self._receive()
        except TimeoutError:
            self.refused = Refused("too-slow", "The body did not come in time.", headers={"Connection": "close"})
            return {"type": "http.disconnect"}
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            self._complete = not message.get("more_body", False)
            if self._received > self._limit:
                self.refused = _too_large(self._limit)
                return {"type": "http.disconnect"}
        return message

    def _deadline(self) -> float:
        if self._began is None:
            self._began = asyncio.get_running_loop().time()
        return self._began + self._grace_s + self._received / BYTES_PER_S


def _too_large(limit: int) -> Refused:
    return Refused("too-large", f"A body has {limit:,} bytes at most at this address.", headers={"Connection": "close"})


async def _refuse(refused: Refused, scope: Scope, receive: Receive, send: Send) -> None:
    async def unfinished(message: Message) -> None:
        await send({**message, "more_body": True} if message["type"] == "http.response.body" else message)

    await problem_response(refused.refusal, scope)(scope, receive, unfinished)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            while (await receive()).get("more_body"):
                await checkpoint()  # what has come already needs no waiting, and would not let the time run out
    await send({"type": "http.response.body", "body": b""})
