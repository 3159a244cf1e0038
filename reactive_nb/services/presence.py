"""Who is connected to a notebook, told to all of them: at once, and in a crowd a few times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from reactive_nb.schemas.events import Presence

INTERVAL_S = 0.1
"""Between two tellings, at least: each goes to everybody and names everybody."""


class PresenceList:
    """The clients of one notebook."""

    def __init__(self, tell: Callable[[list[Presence]], None], changed: Callable[[], None]) -> None:
        """`tell` is called with all of them, now and then; `changed` at each change."""
        self._tell = tell
        self._changed = changed
        self._clients: dict[str, Presence] = {}
        self._told_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    @property
    def clients(self) -> list[Presence]:
        return list(self._clients.values())

    def put(self, client: Presence) -> None:
        """A client that came, or is elsewhere now."""
        if self._clients.get(client.client_id) != client:
            self._clients[client.client_id] = client
            self._tell_soon()

    def remove(self, client_id: str) -> None:
        if self._clients.pop(client_id, None) is not None:
            self._tell_soon()

    def close(self) -> None:
        """Tell nothing any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _tell_soon(self) -> None:
        self._changed()
        if self._timer is None:
            loop = asyncio.get_running_loop()
            wait = self._told_at + INTERVAL_S - loop.time()
            if wait > 0:
                self._timer = loop.call_later(wait, self._tell_now)
            else:
                self._tell_now()

    def _tell_now(self) -> None:
        self._timer = None
        self._told_at = asyncio.get_running_loop().time()
        self._tell(self.clients)
