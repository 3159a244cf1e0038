"""From just before the server's process is made to its first answer with status 200.

`python -m …` with each program's own health address (`/api/v1/health`; `/api` of Jupyter Server; `/health` of marimo),
asked every 5 ms until it answers. Compiled files are there, as after a first use. No token, no browser, no notebook.
Ours begins to start a spare kernel meanwhile, which is part of the time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from tests.benchmarks.peers import jupyter_server, marimo, reactive_nb
from tests.benchmarks.processes import Server
from tests.benchmarks.rounds import Contestant, Turn, in_rounds
from tests.benchmarks.samples import Result

ROUNDS, QUICK_ROUNDS = 7, 2
OURS, JUPYTER_SERVER, MARIMO = "reactive-nb serve", "jupyter server", "marimo edit"


async def measure(*, quick: bool) -> list[Result]:
    """Start each server anew in each round."""
    contestants = [
        _contestant(OURS, reactive_nb.service),
        _contestant(JUPYTER_SERVER, jupyter_server.service, jupyter_server.PACKAGE),
        _contestant(MARIMO, marimo.service, marimo.PACKAGE),
    ]
    rows = await in_rounds(contestants, QUICK_ROUNDS if quick else ROUNDS)
    return [Result("start", "Process start to first answered request", "ms", rows, goal="at most 1,000")]


def _contestant(
    name: str, service: Callable[[], AbstractAsyncContextManager[Server]], needs: str | None = None
) -> Contestant:
    @asynccontextmanager
    async def enter() -> AsyncIterator[Turn]:
        async def turn() -> list[float]:
            async with service() as server:
                return [server.start_s]

        yield turn

    return Contestant(name, enter, needs)
