"""A cell that prints a million lines: the time until it is over, and what the server needs meanwhile.

Ours: from `notebook.run` to `run.finished` at a client that has heard all there was to hear, as outputs or as a state
anew. jupyter_client: from the request to reply and idle, with every message read, and no server between. The second
table is the most memory that our server's process had resident during a turn, less what it had before.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from tests.benchmarks.peers import jupyter_client, reactive_nb
from tests.benchmarks.processes import PeakMemory
from tests.benchmarks.rounds import Contestant, Turn, in_rounds
from tests.benchmarks.samples import Result, Row

ROUNDS, QUICK_ROUNDS = 3, 1
LINES, QUICK_LINES = 1_000_000, 50_000
SECONDS = 1.0
MEGABYTE = 1e6
GOAL = "at most 1.5 times what it is without a server"
OURS, BARE = "reactive-nb, WebSocket", "jupyter_client, no server"


async def measure(*, quick: bool) -> list[Result]:
    """A notebook each, in which the cell runs again and again."""
    lines = QUICK_LINES if quick else LINES
    source = f"for i in range({lines}): print(i)"
    peaks: list[float] = []
    contestants = [
        Contestant(OURS, lambda: _ours(source, peaks)),
        Contestant(BARE, lambda: _bare(source), jupyter_client.PACKAGE),
    ]
    rows = await in_rounds(contestants, QUICK_ROUNDS if quick else ROUNDS, scale=SECONDS)
    memory = Row(OURS, tuple(peak / MEGABYTE for peak in peaks[1:]), rows[0].problem)
    return [
        Result("printing", f"{lines:,} printed lines", "s", rows, goal=GOAL),
        Result("printing-memory", f"{lines:,} printed lines: the server's memory at its most", "MB more", (memory,)),
    ]


def _ours(source: str, peaks: list[float]) -> AbstractAsyncContextManager[Turn]:
    @asynccontextmanager
    async def enter() -> AsyncIterator[Turn]:
        async with reactive_nb.service() as server, reactive_nb.rest(server) as client:
            notebook = await reactive_nb.create(client, ["1", source])
            async with reactive_nb.live(server, notebook) as live:
                await live.say("cell.run", cell_id="c0")
                await live.until(reactive_nb.finished)

                async def turn() -> list[float]:
                    with PeakMemory(server) as peak:
                        began = time.perf_counter()
                        await live.say("cell.run", cell_id="c1")
                        await live.until(reactive_nb.over)
                        took = time.perf_counter() - began
                    peaks.append(peak.more_bytes)
                    return [took]

                yield turn

    return enter()


def _bare(source: str) -> AbstractAsyncContextManager[Turn]:
    @asynccontextmanager
    async def enter() -> AsyncIterator[Turn]:
        async with jupyter_client.client() as kernel:

            async def turn() -> list[float]:
                began = time.perf_counter()
                await jupyter_client.end_of_flood(kernel, kernel.execute(source))
                return [time.perf_counter() - began]

            yield turn

    return enter()
