"""HTTP as our own server speaks it: uvicorn's, with a limit on how long a client may take to ask.

uvicorn waits for the rest of a request's head for ever, and for the rest of a body that nobody reads, because it has
been refused. Bodies that are read have their limit where they are read (`middleware.body`), WebSockets have pings, and
idle connections uvicorn closes itself.
"""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


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
