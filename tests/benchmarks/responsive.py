"""How long others wait while one notebook keeps the service busy: the longest answer to a small request.

The request is `GET /api/v1/health`, every 10 ms, from a process of its own. What keeps the service busy: a cell that
prints 300 MB; a notebook of 10,000 cells that is opened from its file and told to a client; one of 20 MB that is
changed and saved; a cell that prints 20,000 lines to 50 clients. With nothing to do, what is left is the machine's.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from tests.benchmarks.peers import reactive_nb
from tests.benchmarks.prober import probing
from tests.benchmarks.processes import Server
from tests.benchmarks.rounds import Contestant, Turn, in_rounds
from tests.benchmarks.samples import Result

ROUNDS, QUICK_ROUNDS = 5, 1
IDLE_S = 1.0
MEGABYTES, CLIENTS, CELLS = 300, 50, 10_000
GOAL = "at most 50 more than with nothing to do"
IDLE = "with nothing to do"
PRINTING = f"while {MEGABYTES} MB are printed"
OPENING = f"while a notebook of {CELLS:,} cells is opened"
SAVING = "while a notebook of 20 MB is saved"
MANY = f"while {CLIENTS} clients are told 20,000 lines"
QUICK_SHARE = 10
"""Of how much there is to do, one part in a quick run."""

Busy = Callable[[], Awaitable[None]]


async def measure(*, quick: bool) -> list[Result]:
    """Each on a server of its own, one after the other in a round."""
    share = QUICK_SHARE if quick else 1
    contestants = [
        Contestant(IDLE, lambda: _beside(_nothing)),
        Contestant(PRINTING, lambda: _beside(_printing, share)),
        Contestant(OPENING, lambda: _beside(_opening, share)),
        Contestant(SAVING, lambda: _beside(_saving, share)),
        Contestant(MANY, lambda: _beside(_many_clients, share)),
    ]
    rows = await in_rounds(contestants, QUICK_ROUNDS if quick else ROUNDS)
    return [Result("responsive", "The longest wait for an answer to a small request", "ms", rows, goal=GOAL)]


@asynccontextmanager
async def _beside(
    work: Callable[[Server, httpx2.AsyncClient, Path, int], AbstractAsyncContextManager[Busy]], share: int = 1
) -> AsyncIterator[Turn]:
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        settings = {"NOTEBOOK_STORAGE_DIR": directory}
        async with (
            reactive_nb.service(settings=settings) as server,
            reactive_nb.rest(server) as client,
            work(server, client, Path(directory), share) as busy,
        ):

            async def turn() -> list[float]:
                async with probing(server, reactive_nb.HEALTH) as waits:
                    await busy()
                return [waits.longest_s]

            yield turn


@asynccontextmanager
async def _nothing(*_: Any) -> AsyncIterator[Busy]:
    yield lambda: asyncio.sleep(IDLE_S)


@asynccontextmanager
async def _printing(server: Server, client: httpx2.AsyncClient, _: Path, share: int) -> AsyncIterator[Busy]:
    source = f"for _ in range({MEGABYTES // share}): print(('x' * 99 + '\\n') * 10_000, end='')"
    notebook = await reactive_nb.create(client, [source])
    async with reactive_nb.live(server, notebook) as live:
        await live.until(_is_state)
        yield lambda: _run([live])


@asynccontextmanager
async def _many_clients(server: Server, client: httpx2.AsyncClient, _: Path, share: int) -> AsyncIterator[Busy]:
    notebook = await reactive_nb.create(client, [f"for i in range({20_000 // share}): print(i)"])
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(reactive_nb.live(server, notebook)) for _ in range(CLIENTS)]
        for one in clients:
            await one.until(_is_state)
        yield lambda: _run(clients)


async def _run(clients: Sequence[reactive_nb.Live]) -> None:
    await clients[0].say("cell.run", cell_id="c0")
    await asyncio.gather(*(one.until(reactive_nb.over) for one in clients))


def _is_state(message: reactive_nb.Message) -> bool:
    return bool(message["type"] == "notebook.state")


@asynccontextmanager
async def _opening(server: Server, client: httpx2.AsyncClient, directory: Path, share: int) -> AsyncIterator[Busy]:
    count = CELLS // share
    sources = ["x0 = 1", *(f"x{place} = x{place - 1} + 1" for place in range(1, count))]
    numbers = itertools.count()

    async def opened() -> None:
        notebook = await _put(client, directory, f"chain {next(numbers)}", [_cell(source) for source in sources])
        async with reactive_nb.live(server, notebook) as live:
            await live.until(_is_state)

    yield opened


@asynccontextmanager
async def _saving(_: Server, client: httpx2.AsyncClient, directory: Path, share: int) -> AsyncIterator[Busy]:
    picture = {"output_type": "display_data", "metadata": {}, "data": {"text/html": "<b>" + "x" * 50_000 + "</b>"}}
    cells = [_cell(str(place), [picture] * 10) for place in range(40 // share)]
    notebook = await _put(client, directory, "pictures", cells)
    numbers = itertools.count()

    async def saved() -> None:
        changed = await client.put(
            f"/api/v1/notebooks/{notebook}/cells/c0", json={"source": f"x = {next(numbers)}"}, timeout=60
        )
        changed.raise_for_status()

    yield saved


def _cell(source: str, outputs: Sequence[Any] = ()) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "metadata": {},
        "source": source,
        "outputs": list(outputs),
        "execution_count": 1 if outputs else None,
    }


async def _put(client: httpx2.AsyncClient, directory: Path, name: str, cells: Sequence[dict[str, Any]]) -> str:
    """Put a notebook's file where the service keeps them, as another program would; its id."""
    own = [{"id": f"c{place}", **cell} for place, cell in enumerate(cells)]
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": own}
    (directory / f"{name}.ipynb").write_text(json.dumps(document), encoding="utf-8")
    answer = await client.get("/api/v1/notebooks", timeout=60)
    return str(next(one["id"] for one in answer.raise_for_status().json()["notebooks"] if one["name"] == name))
