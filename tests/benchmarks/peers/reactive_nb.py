"""Our service: REST for the notebook, a WebSocket for what runs in it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.benchmarks.processes import Server, serving

HEALTH = "/api/v1/health"
TOKEN = "token-of-the-benchmarks"
_HEADERS = {"Authorization": f"Bearer {TOKEN}"}

Message = dict[str, Any]


def service(
    *, warm_kernels: int = 1, most_kernels: int = 32, settings: Mapping[str, str] | None = None
) -> AbstractAsyncContextManager[Server]:
    """`reactive-nb serve`, with that many kernels kept ready, and at most so many (the defaults are 1 and 32).

    `settings`: more of them, by variable; where notebooks are kept is among them or a directory of its own.
    """
    limits = {"REACTIVE_NB_WARM_KERNELS": str(warm_kernels), "REACTIVE_NB_MAX_KERNELS": str(most_kernels)}
    given = dict(settings or {})

    def arguments(port: int, directory: Path) -> list[str]:
        return _arguments(port, given.pop("NOTEBOOK_STORAGE_DIR", str(directory / "notebooks")))

    return serving(arguments, HEALTH, {"REACTIVE_NB_TOKEN": TOKEN} | limits | given)


def _arguments(port: int, storage: str) -> list[str]:
    return ["reactive_nb", "serve", "--no-browser", "--port", str(port), "--storage-dir", storage]


@asynccontextmanager
async def rest(server: Server) -> AsyncIterator[httpx2.AsyncClient]:
    """A signed-in HTTP client, its connection already made."""
    async with httpx2.AsyncClient(base_url=server.http, headers=_HEADERS, timeout=30, trust_env=False) as client:
        (await client.get(HEALTH)).raise_for_status()
        yield client


async def create(client: httpx2.AsyncClient, sources: Sequence[str]) -> str:
    """A notebook with Python cells `c0`, `c1`, …; its id."""
    cells = [{"id": f"c{place}", "source": source} for place, source in enumerate(sources)]
    answer = await client.post("/api/v1/notebooks", json={"name": "Benchmark", "cells": cells})
    return str(answer.raise_for_status().json()["id"])


async def delete(client: httpx2.AsyncClient, notebook_id: str) -> None:
    """Delete a notebook; its kernel is shut down."""
    (await client.delete(f"/api/v1/notebooks/{notebook_id}")).raise_for_status()


class Live:
    """A notebook's WebSocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0

    async def say(self, kind: str, **fields: Any) -> None:
        """Send a command; its reply is heard among the events."""
        self._number += 1
        await self._socket.send(json.dumps({"type": kind, "id": str(self._number), **fields}))

    async def until(self, wanted: Callable[[Message], bool]) -> Message:
        """The first message for which `wanted` holds. Raises RuntimeError when a command is refused."""
        while True:
            message: Message = json.loads(await self._socket.recv())
            if message["type"] == "reply" and not message["ok"]:
                raise RuntimeError(f"refused: {message['error']}")
            if wanted(message):
                return message


@asynccontextmanager
async def live(server: Server, notebook_id: str) -> AsyncIterator[Live]:
    """A connection to a notebook. Its state is the first message to be heard."""
    url = f"{server.ws}/api/v1/ws/notebooks/{notebook_id}"
    subprotocols = [Subprotocol("reactive-nb.v1")]
    async with connect(
        url, additional_headers=_HEADERS, subprotocols=subprotocols, max_size=None, proxy=None
    ) as socket:
        yield Live(socket)


def shown(message: Message, cell_id: str) -> str | None:
    """The text of the result that this message shows in the cell, if it does."""
    if message["type"] != "output.append" or message["cell_id"] != cell_id:
        return None
    return next((str(one["data"]["text/plain"]) for one in message["outputs"] if "data" in one), None)


def finished(message: Message) -> bool:
    """Whether a run is over."""
    return bool(message["type"] == "run.finished")


def over(message: Message) -> bool:
    """Whether nothing runs any more, as is said, or as a state shows that was sent anew to a client that lagged."""
    return finished(message) or (message["type"] == "notebook.state" and not message["runs"])
