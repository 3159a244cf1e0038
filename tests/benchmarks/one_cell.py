"""From sending the command that runs `1+1` on a kernel that is idle to receiving the event with its output.

Ours: `cell.run` to `output.append`. Jupyter Server: `execute_request` to `execute_result` over its WebSocket.
jupyter_client: the same messages over ZeroMQ, with no server between: what the others can at best come near to.
marimo: `POST /api/kernel/run` to the output on its WebSocket. The next command is sent when the run before is over.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tests.benchmarks.peers import jupyter_client, jupyter_server, marimo, reactive_nb
from tests.benchmarks.rounds import Contestant, Turn, in_rounds
from tests.benchmarks.samples import Result

ROUNDS, QUICK_ROUNDS = 12, 2
OURS, JUPYTER_SERVER = "reactive-nb, WebSocket", "jupyter server, WebSocket"
BARE, MARIMO = "jupyter_client, no server", "marimo edit, WebSocket"
A_TURN = 25
"""Commands in one turn."""
SOURCE = "1+1"
GOAL = "at most 1.1 times what it is without a server"


async def measure(*, quick: bool) -> list[Result]:
    """All kernels live at once; each contestant runs the cell a few times in its turn."""
    contestants = [
        Contestant(OURS, _ours),
        Contestant(JUPYTER_SERVER, _jupyter_server, jupyter_server.PACKAGE),
        Contestant(BARE, _jupyter_client, jupyter_client.PACKAGE),
        Contestant(MARIMO, _marimo, marimo.PACKAGE),
    ]
    rows = await in_rounds(contestants, QUICK_ROUNDS if quick else ROUNDS)
    return [Result("one-cell", "One trivial cell: command sent to output received", "ms", rows, goal=GOAL)]


@asynccontextmanager
async def _ours() -> AsyncIterator[Turn]:
    async with reactive_nb.service() as server, reactive_nb.rest(server) as client:
        notebook = await reactive_nb.create(client, [SOURCE])
        async with reactive_nb.live(server, notebook) as live:

            async def run() -> float:
                began = time.perf_counter()
                await live.say("cell.run", cell_id="c0")
                await live.until(lambda message: reactive_nb.shown(message, "c0") == "2")
                took = time.perf_counter() - began
                await live.until(reactive_nb.finished)
                return took

            yield _repeated(run)


@asynccontextmanager
async def _jupyter_server() -> AsyncIterator[Turn]:
    async with jupyter_server.service() as server, jupyter_server.rest(server) as client:
        kernel = await jupyter_server.start_kernel(client)
        async with jupyter_server.channels(server, kernel) as channels:

            async def run() -> float:
                began = time.perf_counter()
                request = await channels.execute(SOURCE)
                await channels.until(request, jupyter_server.is_result)
                took = time.perf_counter() - began
                await channels.until(request, jupyter_server.is_idle)
                return took

            yield _repeated(run)


@asynccontextmanager
async def _jupyter_client() -> AsyncIterator[Turn]:
    async with jupyter_client.client() as kernel:

        async def run() -> float:
            began = time.perf_counter()
            request = kernel.execute(SOURCE)
            await jupyter_client.result(kernel, request)
            took = time.perf_counter() - began
            await jupyter_client.end(kernel, request)
            return took

        yield _repeated(run)


@asynccontextmanager
async def _marimo() -> AsyncIterator[Turn]:
    async with (
        marimo.service() as server,
        marimo.rest(server) as client,
        marimo.session(server, client) as session,
    ):
        await session.over()

        async def run() -> float:
            began = time.perf_counter()
            await session.run({"c0": SOURCE})
            await session.until(lambda message: marimo.shown(message, "c0") is not None)
            took = time.perf_counter() - began
            await session.over()
            return took

        yield _repeated(run)


def _repeated(run: Callable[[], Awaitable[float]]) -> Turn:
    async def turn() -> list[float]:
        return [await run() for _ in range(A_TURN)]

    return turn
