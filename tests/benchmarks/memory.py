"""What one more idle kernel costs in memory: all processes of a server with eight notebooks, less the same with one.

The proportional set size, which shares out what processes share; each notebook has run `1+1` and nothing else. Ours
keeps no kernel ready meanwhile, so that none is counted which no notebook has.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from tests.benchmarks.peers import jupyter_server, marimo, reactive_nb
from tests.benchmarks.processes import Server, proportional_bytes, quiet
from tests.benchmarks.rounds import Contestant, Turn, in_rounds
from tests.benchmarks.samples import Result

ROUNDS, QUICK_ROUNDS = 3, 1
KERNELS, QUICK_KERNELS = 8, 3
SOURCE = "1+1"
MEGABYTE = 1e6
GOAL = "at most 30"
OURS, JUPYTER_SERVER, MARIMO = "reactive-nb serve", "jupyter server", "marimo edit"

Start = Callable[[AsyncExitStack], Awaitable[None]]
"""Make one more notebook that has run a cell, until the stack is left."""


async def measure(*, quick: bool) -> list[Result]:
    """A server of its own in each turn."""
    count = QUICK_KERNELS if quick else KERNELS
    contestants = [
        _contestant(OURS, _ours, count),
        _contestant(JUPYTER_SERVER, _jupyter_server, count, jupyter_server.PACKAGE),
        _contestant(MARIMO, _marimo, count, marimo.PACKAGE),
    ]
    rows = await in_rounds(contestants, QUICK_ROUNDS if quick else ROUNDS, scale=1 / MEGABYTE)
    return [Result("memory", "Memory of one more idle kernel", "MB", rows, goal=GOAL)]


def _contestant(
    name: str,
    enter: Callable[[], AbstractAsyncContextManager[tuple[Server, Start]]],
    count: int,
    needs: str | None = None,
) -> Contestant:
    @asynccontextmanager
    async def entered() -> AsyncIterator[Turn]:
        async def turn() -> list[float]:
            async with enter() as (server, start), AsyncExitStack() as kernels:
                sizes = []
                for more in (1, count - 1):
                    for _ in range(more):
                        await start(kernels)
                    await quiet(server)
                    sizes.append(proportional_bytes(server))
            return [(sizes[1] - sizes[0]) / (count - 1)]

        yield turn

    return Contestant(name, entered, needs)


@asynccontextmanager
async def _ours() -> AsyncIterator[tuple[Server, Start]]:
    async with reactive_nb.service(warm_kernels=0) as server, reactive_nb.rest(server) as client:

        async def start(kernels: AsyncExitStack) -> None:
            notebook = await reactive_nb.create(client, [SOURCE])
            async with reactive_nb.live(server, notebook) as live:
                await live.say("notebook.run")
                await live.until(lambda message: reactive_nb.shown(message, "c0") == "2")
                await live.until(reactive_nb.finished)

        yield server, start


@asynccontextmanager
async def _jupyter_server() -> AsyncIterator[tuple[Server, Start]]:
    async with jupyter_server.service() as server, jupyter_server.rest(server) as client:

        async def start(kernels: AsyncExitStack) -> None:
            kernel = await jupyter_server.start_kernel(client)
            async with jupyter_server.channels(server, kernel) as channels:
                await channels.until(await channels.execute(SOURCE), jupyter_server.is_idle)

        yield server, start


@asynccontextmanager
async def _marimo() -> AsyncIterator[tuple[Server, Start]]:
    async with marimo.service() as server, marimo.rest(server) as client:

        async def start(kernels: AsyncExitStack) -> None:
            session = await kernels.enter_async_context(marimo.session(server, client))
            await session.over()
            await session.run({"c0": SOURCE})
            await session.over()

        yield server, start
