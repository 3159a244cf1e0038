"""Fifty notebooks that are busy at once: each runs `1+1` again as soon as it has seen its result.

The kernels are started before, one after the other. Throughput is all cells of a turn through its length; latency, from
a command sent to its output received, is of each cell, with all fifty clients in one process, which is part of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from tests.benchmarks.peers import jupyter_server, reactive_nb
from tests.benchmarks.rounds import Contestant, Turn, in_rounds
from tests.benchmarks.samples import Result, Row

ROUNDS, QUICK_ROUNDS = 3, 1
NOTEBOOKS, QUICK_NOTEBOOKS = 50, 4
TURN_S, QUICK_TURN_S = 8.0, 1.0
SOURCE = "1+1"
OURS, JUPYTER_SERVER = "reactive-nb, WebSocket", "jupyter server, WebSocket"

RunCell = Callable[[], Awaitable[None]]


async def measure(*, quick: bool) -> list[Result]:
    """All kernels live at once; the servers take turns."""
    count = QUICK_NOTEBOOKS if quick else NOTEBOOKS
    seconds = QUICK_TURN_S if quick else TURN_S
    rates: dict[str, list[float]] = {OURS: [], JUPYTER_SERVER: []}
    contestants = [
        Contestant(OURS, lambda: _busy(_ours(count), rates[OURS], seconds)),
        Contestant(
            JUPYTER_SERVER,
            lambda: _busy(_jupyter_server(count), rates[JUPYTER_SERVER], seconds),
            jupyter_server.PACKAGE,
        ),
    ]
    rows = await in_rounds(contestants, QUICK_ROUNDS if quick else ROUNDS)
    throughput = tuple(Row(row.contestant, tuple(rates[row.contestant][1:]), row.problem) for row in rows)
    title = f"{count} busy notebooks side by side"
    return [
        Result("many", f"{title}: throughput (more is better)", "cells/s", throughput),
        Result("many-latency", f"{title}: latency of a cell", "ms", rows),
    ]


def _busy(
    notebooks: AbstractAsyncContextManager[list[RunCell]], rates: list[float], seconds: float
) -> AbstractAsyncContextManager[Turn]:
    @asynccontextmanager
    async def enter() -> AsyncIterator[Turn]:
        async with notebooks as runs:

            async def turn() -> list[float]:
                began = time.perf_counter()
                latencies: list[float] = []

                async def keep_busy(run: RunCell) -> None:
                    while (sent := time.perf_counter()) < began + seconds:
                        await run()
                        latencies.append(time.perf_counter() - sent)

                async with asyncio.TaskGroup() as group:
                    for run in runs:
                        group.create_task(keep_busy(run))
                rates.append(len(latencies) / (time.perf_counter() - began))
                return latencies

            yield turn

    return enter()


@asynccontextmanager
async def _ours(count: int) -> AsyncIterator[list[RunCell]]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(reactive_nb.service(most_kernels=count + 1))
        client = await stack.enter_async_context(reactive_nb.rest(server))
        runs = []
        for _ in range(count):
            notebook = await reactive_nb.create(client, [SOURCE])
            live = await stack.enter_async_context(reactive_nb.live(server, notebook))
            runs.append(_our_run(live))
            await runs[-1]()
        yield runs


def _our_run(live: reactive_nb.Live) -> RunCell:
    async def run() -> None:
        await live.say("cell.run", cell_id="c0")
        await live.until(reactive_nb.finished)

    return run


@asynccontextmanager
async def _jupyter_server(count: int) -> AsyncIterator[list[RunCell]]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(jupyter_server.service())
        client = await stack.enter_async_context(jupyter_server.rest(server))
        runs = []
        for _ in range(count):
            kernel = await jupyter_server.start_kernel(client)
            channels = await stack.enter_async_context(jupyter_server.channels(server, kernel))
            runs.append(_their_run(channels))
            await runs[-1]()
        yield runs


def _their_run(channels: jupyter_server.Channels) -> RunCell:
    async def run() -> None:
        await channels.until(await channels.execute(SOURCE), jupyter_server.is_idle)

    return run
