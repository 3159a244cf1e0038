"""Kernels kept ready, a few for each of the kernelspecs that were asked for last, and replaced in the background.

What starts and counts kernels is the pool's; here is decided which are wanted, and which go first.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator

from .connection import KernelConnection
from .errors import KernelError

logger = logging.getLogger(__name__)

_KERNELSPECS = 2


class Spares:
    """The kernels that nobody uses yet."""

    def __init__(
        self,
        each: int,
        first: str,
        start: Callable[[str], Awaitable[KernelConnection | None]],
    ) -> None:
        """Keep `each` kernels for each of the kernelspecs used last, at first for `first`.

        `start` starts one, unless there is no room for it; it raises KernelError.
        """
        self._each = each
        self._start = start
        self._ready: dict[str, list[KernelConnection]] = {}
        self._wanted = [first]
        self._filling: set[str] = set()

    def __len__(self) -> int:
        return sum(map(len, self._ready.values()))

    def __iter__(self) -> Iterator[KernelConnection]:
        return (kernel for ready in self._ready.values() for kernel in ready)

    def used(self, name: str) -> None:
        """A kernel of that kernelspec was asked for."""
        if name in self._wanted:
            self._wanted.remove(name)
        self._wanted.insert(0, name)
        del self._wanted[_KERNELSPECS:]

    def claim_missing(self) -> list[str]:
        """The kernelspecs of which there are too few: for the caller to `fill`, and named to nobody else until then."""
        lacking = [name for name in self._wanted if len(self._ready.get(name, ())) < self._each]
        claimed = [name for name in lacking if name not in self._filling]
        self._filling.update(claimed)
        return claimed

    async def fill(self, name: str) -> None:
        """Start spares of one kernelspec until there are enough. If one fails that is logged, and left at that."""
        ready = self._ready.setdefault(name, [])
        try:
            while len(ready) < self._each and name in self._wanted:
                spare = await self._start(name)
                if spare is None:
                    break
                ready.append(spare)
        except KernelError as error:
            logger.warning("No spare %s kernel: %s", name, error)
        finally:
            self._filling.discard(name)

    def take(self, name: str) -> KernelConnection | None:
        """Take out the oldest spare of a kernelspec, if there is one."""
        ready = self._ready.get(name)
        return ready.pop(0) if ready else None

    def give_up(self) -> KernelConnection | None:
        """Take out a spare of the kernelspec that is least wanted, for something else needs its place."""
        by_want = sorted(self._ready, key=lambda name: self._wanted.index(name) if name in self._wanted else len(self))
        return next((self._ready[name].pop() for name in reversed(by_want) if self._ready[name]), None)

    def clear(self) -> None:
        """Forget them all; whoever calls ends them."""
        self._ready.clear()
