"""A bound on request bodies, kept while they stream in and before anything parses them."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reactive_nb.api.errors import Refused
from reactive_nb.api.problems import problem_response


class BodyLimit:
    """Refuses bodies of more than `limit` bytes with 413: at once when they say so, else when they get there."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > self._limit:
            await self._refuse(scope, receive, send)
            return
        received = 0
        answered = False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > self._limit:
                    return {"type": "http.disconnect"}  # stops whoever reads, whatever it answers then
            return message

        async def checked(message: Message) -> None:
            nonlocal answered
            if received <= self._limit:
                await send(message)
            elif not answered:
                answered = True
                await self._refuse(scope, receive, send)

        try:
            await self._app(scope, counted, checked)
        except Exception:
            if received <= self._limit:
                raise
        if received > self._limit and not answered:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = Refused(
            "too-large",
            f"The body has more than {self._limit} bytes (REACTIVE_NB_MAX_BODY_BYTES).",
            headers={"Connection": "close"},
        )
        await problem_response(refused.refusal, scope)(scope, receive, send)
