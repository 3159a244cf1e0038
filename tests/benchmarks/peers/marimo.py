"""marimo: its editor's server, spoken to as its page does; and `App.run()`, which needs no server.

The server's interface is marimo's own and not promised to anybody, so a new release may need changes here.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
from websockets.asyncio.client import ClientConnection, connect

from tests.benchmarks.processes import Server, serving

PACKAGE = "marimo"
HEALTH = "/health"
_OPTIONS = ("--headless", "--no-token", "--no-sandbox", "--skip-update-check", "--no-skew-protection")

Message = dict[str, Any]


def service(path: Path | None = None) -> AbstractAsyncContextManager[Server]:
    """`marimo edit` on a notebook (or an empty directory), without a token and without looking for updates."""
    return serving(lambda port, empty: [PACKAGE, "edit", *_OPTIONS, "--port", str(port), str(path or empty)], HEALTH)


def write(path: Path, sources: Sequence[str]) -> Path:
    """Write a notebook of these cells to a file, as marimo keeps them, and return its path."""
    cells = [f"@app.cell\ndef _():\n    {source}\n    return\n" for source in sources]
    path.write_text("\n\n".join(["import marimo\n\napp = marimo.App()\n", *cells]))
    return path


@asynccontextmanager
async def rest(server: Server) -> AsyncIterator[httpx2.AsyncClient]:
    """An HTTP client, its connection already made."""
    async with httpx2.AsyncClient(base_url=server.http, timeout=30, trust_env=False) as client:
        (await client.get(HEALTH)).raise_for_status()
        yield client


class Session:
    """A notebook that is open, with a kernel of its own."""

    def __init__(self, socket: ClientConnection, client: httpx2.AsyncClient, session_id: str) -> None:
        self._socket = socket
        self._client = client
        self._headers = {"Marimo-Session-Id": session_id}

    async def run(self, cells: Mapping[str, str]) -> None:
        """Give these cells this code and run them, and what depends on them."""
        await self._post("run", {"cellIds": list(cells), "codes": list(cells.values())})

    async def until(self, wanted: Callable[[Message], bool]) -> Message:
        """The first message for which `wanted` holds."""
        while True:
            message: Message = json.loads(await self._socket.recv())
            if wanted(message):
                return message

    async def begin(self) -> None:
        """What the page does when the kernel is ready: have it run what is there, which is nothing."""
        await self.until(lambda message: bool(message["op"] == "kernel-ready"))
        await self._post("instantiate", {"objectIds": [], "values": [], "autoRun": True})

    async def over(self) -> None:
        """Wait until the oldest request that has not been waited for has run, `begin` included."""
        await self.until(is_over)

    async def _post(self, what: str, body: Message) -> None:
        (await self._client.post(f"/api/kernel/{what}", headers=self._headers, json=body)).raise_for_status()


@asynccontextmanager
async def session(server: Server, client: httpx2.AsyncClient) -> AsyncIterator[Session]:
    """A new, empty notebook; its kernel is ended at the end."""
    session_id = f"s_{uuid.uuid4().hex[:6]}"
    url = f"{server.ws}/ws?session_id={session_id}&file={quote(f'__new__{session_id}')}"
    async with connect(url, max_size=None, proxy=None) as socket:
        opened = Session(socket, client, session_id)
        await opened.begin()
        yield opened
    ended = await client.post("/api/home/shutdown_session", json={"sessionId": session_id})
    ended.raise_for_status()


def shown(message: Message, cell_id: str) -> str | None:
    """The HTML of the result that this message shows in the cell, if it does."""
    data = message["data"]
    if message["op"] != "cell-op" or data["cell_id"] != cell_id or not data.get("output"):
        return None
    return str(data["output"]["data"]) or None


def is_over(message: Message) -> bool:
    """Whether all that a request caused has run."""
    return bool(message["op"] == "completed-run")
