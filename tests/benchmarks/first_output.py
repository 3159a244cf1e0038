"""From asking a running server for a new notebook to seeing the first output of its only cell, `1+1`.

Ours: `POST /notebooks` with the cell, the WebSocket's handshake, `notebook.run`, the event with the output; with a
kernel kept ready (the default) and with none. Jupyter Server: `POST /api/kernels`, the WebSocket's handshake,
`execute_request`, `execute_result` (it has no document to make). marimo: the handshake that makes a notebook and its
kernel, what its page says then, the cell, its output. HTTP connections are already open; each server waits until
nothing of it is busy before its turn, so ours has its spare kernel and the others owe nothing to each other.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from tests.benchmarks.peers import jupyter_server, marimo, reactive_nb
from tests.benchmarks.processes import quiet
from tests.benchmarks.rounds import Contestant, Turn, in_rounds
from tests.benchmarks.samples import Result

ROUNDS, QUICK_ROUNDS = 7, 2
WARM, COLD = "reactive-nb, a kernel kept ready", "reactive-nb, none kept ready"
JUPYTER_SERVER, MARIMO = "jupyter server", "marimo edit"
SOURCE = "1+1"
GOAL = "at most 50 with a kernel kept ready, 300 without"


async def measure(*, quick: bool) -> list[Result]:
    """A new notebook and a new kernel in each turn."""
    contestants = [
        Contestant(WARM, partial(_ours, warm_kernels=1)),
        Contestant(COLD, partial(_ours, warm_kernels=0)),
        Contestant(JUPYTER_SERVER, _jupyter_server, jupyter_server.PACKAGE),
        Contestant(MARIMO, _marimo, marimo.PACKAGE),
    ]
    rows = await in_rounds(contestants, QUICK_ROUNDS if quick else ROUNDS)
    return [Result("first-output", "New notebook to first output", "ms", rows, goal=GOAL)]


def _ours(*, warm_kernels: int) -> AbstractAsyncContextManager[Turn]:
    @asynccontextmanager
    async def enter() -> AsyncIterator[Turn]:
        async with reactive_nb.service(warm_kernels=warm_kernels) as server, reactive_nb.rest(server) as client:

            async def turn() -> list[float]:
                await quiet(server)
                began = time.perf_counter()
                notebook = await reactive_nb.create(client, [SOURCE])
                async with reactive_nb.live(server, notebook) as live:
                    await live.say("notebook.run")
                    await live.until(lambda message: reactive_nb.shown(message, "c0") == "2")
                    took = time.perf_counter() - began
                await reactive_nb.delete(client, notebook)
                await quiet(server)
                return [took]

            yield turn

    return enter()


@asynccontextmanager
async def _jupyter_server() -> AsyncIterator[Turn]:
    async with jupyter_server.service() as server, jupyter_server.rest(server) as client:

        async def turn() -> list[float]:
            await quiet(server)
            began = time.perf_counter()
            kernel = await jupyter_server.start_kernel(client)
            async with jupyter_server.channels(server, kernel) as channels:
                request = await channels.execute(SOURCE)
                await channels.until(request, jupyter_server.is_result)
                took = time.perf_counter() - began
            await jupyter_server.shut_down(client, kernel)
            return [took]

        yield turn


@asynccontextmanager
async def _marimo() -> AsyncIterator[Turn]:
    async with marimo.service() as server, marimo.rest(server) as client:

        async def turn() -> list[float]:
            await quiet(server)
            began = time.perf_counter()
            async with marimo.session(server, client) as session:
                await session.run({"c0": SOURCE})
                await session.until(lambda message: marimo.shown(message, "c0") is not None)
                took = time.perf_counter() - began
            return [took]

        yield turn
