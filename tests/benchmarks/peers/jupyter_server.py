"""Jupyter Server: REST for the kernel, and its WebSocket in the framing that JupyterLab asks for."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.benchmarks.processes import Server, serving

PACKAGE = "jupyter_server"
HEALTH = "/api"
TOKEN = "token-of-the-benchmarks"
_FRAMING = Subprotocol("v1.kernel.websocket.jupyter.org")
_HEADERS = {"Authorization": f"token {TOKEN}"}
_PARTS = ("header", "parent_header", "metadata", "content")

Message = dict[str, Any]


def service() -> AbstractAsyncContextManager[Server]:
    """`jupyter server` as it comes, but for the port, the token and that it may run as root."""
    return serving(_arguments, HEALTH)


def _arguments(port: int, directory: Path) -> list[str]:
    options = {"port": port, "root_dir": directory, "open_browser": False, "allow_root": True}
    chosen = [f"--ServerApp.{name}={value}" for name, value in options.items()]
    return [PACKAGE, *chosen, f"--IdentityProvider.token={TOKEN}"]


@asynccontextmanager
async def rest(server: Server) -> AsyncIterator[httpx2.AsyncClient]:
    """A signed-in HTTP client, its connection already made."""
    async with httpx2.AsyncClient(base_url=server.http, headers=_HEADERS, timeout=30, trust_env=False) as client:
        (await client.get(HEALTH)).raise_for_status()
        yield client


async def start_kernel(client: httpx2.AsyncClient) -> str:
    """A new kernel's id; it need not answer yet."""
    answer = await client.post("/api/kernels", json={"name": "python3"})
    return str(answer.raise_for_status().json()["id"])


async def shut_down(client: httpx2.AsyncClient, kernel_id: str) -> None:
    """End a kernel."""
    (await client.delete(f"/api/kernels/{kernel_id}")).raise_for_status()


class Channels:
    """A kernel's WebSocket."""

    def __init__(self, socket: ClientConnection, session: str) -> None:
        self._socket = socket
        self._session = session

    async def execute(self, code: str) -> str:
        """Send an execute_request; its message id."""
        message_id = uuid.uuid4().hex
        header = {
            "msg_id": message_id,
            "msg_type": "execute_request",
            "session": self._session,
            "username": "",
            "version": "5.4",
        }
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        await self._socket.send(_framed("shell", [header, {}, {}, content]))
        return message_id

    async def until(self, request: str, wanted: Callable[[Message], bool]) -> Message:
        """The first message in answer to `request` for which `wanted` holds."""
        while True:
            frame = await self._socket.recv()
            assert isinstance(frame, bytes)
            message = _unframed(frame)
            if message["parent_header"].get("msg_id") == request and wanted(message):
                return message


@asynccontextmanager
async def channels(server: Server, kernel_id: str) -> AsyncIterator[Channels]:
    """A connection to a kernel."""
    session = uuid.uuid4().hex
    url = f"{server.ws}/api/kernels/{kernel_id}/channels?session_id={session}"
    async with connect(url, additional_headers=_HEADERS, subprotocols=[_FRAMING], max_size=None, proxy=None) as socket:
        yield Channels(socket, session)


def is_result(message: Message) -> bool:
    """Whether this is the value of the last expression."""
    return bool(message["header"]["msg_type"] == "execute_result")


def is_idle(message: Message) -> bool:
    """Whether the kernel says that it is done."""
    return bool(message["header"]["msg_type"] == "status" and message["content"]["execution_state"] == "idle")


def _framed(channel: str, parts: list[Message]) -> bytes:
    """Number of offsets, offsets, channel, parts; numbers of eight bytes, the lowest first."""
    pieces = [channel.encode(), *(json.dumps(part).encode() for part in parts)]
    offsets = [8 * (len(pieces) + 2)]
    for piece in pieces:
        offsets.append(offsets[-1] + len(piece))
    return b"".join([_number(len(offsets)), *map(_number, offsets), *pieces])


def _unframed(frame: bytes) -> Message:
    count = int.from_bytes(frame[:8], "little")
    offsets = [int.from_bytes(frame[8 * place : 8 * place + 8], "little") for place in range(1, count + 1)]
    pieces = [frame[start:end] for start, end in itertools.pairwise(offsets[1:])]
    return {name: json.loads(piece) for name, piece in zip(_PARTS, pieces, strict=False)}


def _number(value: int) -> bytes:
    return value.to_bytes(8, "little")
