"""What is sent to a WebSocket in one turn leaves together: whole, in order, and before the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from reactive_nb.api.server_protocol import WRITE_AT_ONCE, GatheredWebSocket

pytestmark = pytest.mark.anyio

DEADLINE_S = 30.0


class Told(uvicorn.Server):
    """Says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.up.set()


@asynccontextmanager
async def serving(app: Any, protocol: type[GatheredWebSocket] = GatheredWebSocket) -> AsyncIterator[int]:
    """The port of a server of this application."""
    config = uvicorn.Config(app, ws=protocol, port=0, lifespan="off", log_config=None)
    server = Told(config)
    task = asyncio.create_task(server.serve())
    await server.up.wait()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def received(port: int) -> tuple[list[str | bytes], int]:
    """All that a client is sent, and the code with which it is sent away."""
    found: list[str | bytes] = []
    async with asyncio.timeout(DEADLINE_S), connect(f"ws://127.0.0.1:{port}/", max_size=None, proxy=None) as socket:
        try:
            while True:
                found.append(await socket.recv())
        except ConnectionClosed as closed:
            return found, closed.rcvd.code if closed.rcvd is not None else 1006


@pytest.mark.parametrize("length", [1, 1_000, WRITE_AT_ONCE - 5, WRITE_AT_ONCE, 3 * WRITE_AT_ONCE + 1])
async def test_nothing_is_lost_or_out_of_order(length: int) -> None:
    told: list[str | bytes] = [f"{place:03}" + "x" * length for place in range(100)]
    told += [b"\0" * length, "last"]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        for message in told:
            kind = "text" if isinstance(message, str) else "bytes"
            await send({"type": "websocket.send", kind: message})
        await send({"type": "websocket.close", "code": 4321})

    async with serving(app) as port:
        assert await received(port) == (told, 4321)


async def test_what_is_sent_in_one_turn_is_written_once() -> None:
    written: list[int] = []

    class Counted(GatheredWebSocket):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            write = transport.write  # type: ignore[attr-defined]

            class Counting:
                def write(self, data: bytes) -> None:
                    written.append(len(data))
                    write(data)

                def __getattr__(self, name: str) -> Any:
                    return getattr(transport, name)

            super().connection_made(Counting())  # type: ignore[arg-type]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        for place in range(50):
            await send({"type": "websocket.send", "text": str(place)})
        await receive()
        await asyncio.sleep(0.05)
        await send({"type": "websocket.close"})

    async with serving(app, Counted) as port:
        found, _ = await received(port)
    assert found == [str(place) for place in range(50)]
    assert len(written) < 10
