"""HTTP and WebSockets as our own server speaks them: uvicorn's, with a limit on asking, and fewer writes.

uvicorn waits for the rest of a request's head for ever, and for the rest of a body that nobody reads, because it has
been refused. Bodies that are read have their limit where they are read (`middleware.body`), WebSockets have pings, and
idle connections uvicorn closes itself.

To a WebSocket it writes each message by itself, and a write costs more than anything else that is done for a short one.
A cell that runs makes several, and cells that run together make many: these leave in one.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

WRITE_AT_ONCE = 64 * 1024
"""Bytes that do not wait for more."""


class AskingLimit(H11Protocol):
    """Closes connections that take longer than `asking_s` for what no application waits for."""

    asking_s = 20.0
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Wait on, or stop waiting because the application has got a request."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing to wait for any more."""
        self._stop()
        super().connection_lost(exc)

    def _watch(self) -> None:
        ours = self.transport.get_protocol() is self  # else it has become a WebSocket
        answered = self.cycle is None or self.cycle.response_complete
        if not ours or not answered or self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._stop()
        elif self._late is None:
            self._late = self.loop.call_later(self.asking_s, self.transport.close)

    def _stop(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


class GatheredWebSocket(WebSocketsSansIOProtocol):
    """Writes together what is sent in one turn of the event loop."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Write to `transport`, what there is to write gathered."""
        super().connection_made(cast(asyncio.Transport, _Gathering(transport, self.loop)))


class _Gathering:
    """A transport that passes on what is written to it at the end of the event loop's turn, or when it is much."""

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._waiting: list[bytes] = []
        self._size = 0
        self._due: asyncio.Handle | None = None

    def write(self, data: bytes) -> None:
        self._waiting.append(data)
        self._size += len(data)
        if self._size >= WRITE_AT_ONCE:
            self._pass_on()
        elif self._due is None:
            self._due = self._loop.call_soon(self._pass_on)

    def close(self) -> None:
        self._pass_on()
        self._transport.close()

    def _pass_on(self) -> None:
        if self._due is not None:
            self._due.cancel()
        waiting, self._waiting, self._size, self._due = self._waiting, [], 0, None
        if waiting:
            self._transport.write(b"".join(waiting))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
