"""Who may begin: so many at once, those first for whom somebody waits.

Whoever takes long lets the next one begin meanwhile: it waits for something, and no longer for a processor.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Turns:
    """Have one by `async with turns.turn():`."""

    def __init__(self, at_once: int, long_s: float) -> None:
        """`at_once` may be at it, those not counted that have been for `long_s`."""
        self._free = at_once
        self._long_s = long_s
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def turn(self, *, urgent: bool = True) -> AsyncIterator[None]:
        """Wait for one's turn, and have it. Not `urgent`: only when nobody else waits."""
        await self._take(self._urgent if urgent else self._others)
        given_back = asyncio.get_running_loop().call_later(self._long_s, self._give_back)
        try:
            yield
        finally:
            if not given_back.cancelled() and given_back.when() > asyncio.get_running_loop().time():
                given_back.cancel()
                self._give_back()

    async def _take(self, queue: deque[asyncio.Future[None]]) -> None:
        if self._free > 0:
            self._free -= 1
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._give_back()
            with suppress(ValueError):
                queue.remove(mine)
            raise

    def _give_back(self) -> None:
        for queue in (self._urgent, self._others):
            while queue:
                next_one = queue.popleft()
                if not next_one.done():
                    next_one.set_result(None)
                    return
        self._free += 1
