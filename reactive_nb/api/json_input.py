"""JSON that clients send, parsed without stopping everybody else.

A parser holds the interpreter until it is done, in a thread as elsewhere. What takes it long in few bytes are lists
and objects: each is one that Python's memory management follows. So those are counted first.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute

from reactive_nb.formats.json_text import has_more_containers

LARGE = 65_536
"""Bytes or characters from which on a text is parsed in a thread."""
MAX_CONTAINERS = 200_000
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
HALF_CHARACTER = b"\\ud"
"""How the escape begins that stands for half of a character, which is none by itself."""


class TooManyContainers(ValueError):
    """The text has more lists and objects than anything of ours could mean."""

    def __init__(self) -> None:
        super().__init__(f"JSON with more than {MAX_CONTAINERS:,} lists and objects is not taken.")


def check_containers(text: str | bytes) -> None:
    """Raise TooManyContainers, whether the text is JSON or not."""
    if has_more_containers(text, MAX_CONTAINERS):
        raise TooManyContainers


class JsonRequest(Request):
    """A request whose JSON is bounded, and large JSON parsed in a thread."""

    async def json(self) -> Any:
        """The body's value. Raises JSONDecodeError, or HTTPException (413)."""
        if not hasattr(self, "_json"):
            body = await self.body()
            try:
                self._json = await asyncio.to_thread(_parsed, body) if len(body) > LARGE else _parsed(body)
            except TooManyContainers as error:
                raise HTTPException(413, str(error)) from None
        return self._json


class JsonRoute(APIRoute):
    """A route that gets its body from a JsonRequest."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, given that request."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await handler(JsonRequest(request.scope, request.receive))

        return handle


def _parsed(body: bytes) -> Any:
    check_containers(body)
    try:
        return orjson.loads(body.removeprefix(BYTE_ORDER_MARK))
    except orjson.JSONDecodeError:
        if HALF_CHARACTER in body:
            return json.loads(body)  # takes it, so that the field where it stands can be named
        raise
