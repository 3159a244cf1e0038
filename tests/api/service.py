"""The whole service for tests: a real server on a free port of loopback, real kernels, real files."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from reactive_nb.core.config import Settings, load_settings
from reactive_nb.core.security import AuthenticationError, Identity, User
from reactive_nb.main import create_app, server_options

DEADLINE_S = 30.0
ANN, BOB = "token-of-ann", "token-of-bob"
LOCAL = "the-local-token"


class People:
    """An identity provider with tokens that say all: `token-of-NAME`, or `NAME.SESSION.EXPIRY` for one that ends."""

    name = "people"
    allows_query_token = False
    multi_user = True

    async def authenticate(self, token: str) -> Identity:
        if token in (ANN, BOB):
            name = token.removeprefix("token-of-")
            return Identity(User(name, name.title()))
        try:
            name, session, expiry = token.split("~")
            return Identity(User(name, name.title()), expires_at=float(expiry), session_id=session)
        except ValueError:
            raise AuthenticationError("invalid_token", "The token is not valid.") from None


class _Server(uvicorn.Server):
    """Tells when it is up, and where."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()
        self.down = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.up.set()

    async def shutdown(self, sockets: Any = None) -> None:
        await super().shutdown(sockets)
        self.down.set()

    @property
    def port(self) -> int:
        return int(self.servers[0].sockets[0].getsockname()[1])


@dataclass(frozen=True)
class Service:
    """A running service."""

    app: FastAPI
    settings: Settings
    server: _Server
    port: int
    base: str = ""

    def stop(self) -> None:
        """Ask the server to stop, as a signal would, and wait until it has."""
        self.server.should_exit = True
        assert self.server.down.wait(DEADLINE_S)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}{self.base}"

    @property
    def api(self) -> str:
        return f"{self.url}/api/v1"

    def client(self, token: str | None = ANN, **options: Any) -> httpx2.AsyncClient:
        headers = dict(options.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return httpx2.AsyncClient(base_url=f"{self.api}/", headers=headers, timeout=DEADLINE_S, **options)

    @asynccontextmanager
    async def live(
        self, notebook_id: str, token: str | None = ANN, *, query: str = "", **options: Any
    ) -> AsyncIterator[Live]:
        """A WebSocket client, signed in by header unless `token` is None. It reads on while nobody listens."""
        options.setdefault("max_queue", None)
        headers = dict(options.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        url = f"{self.api.replace('http', 'ws', 1)}/ws/notebooks/{notebook_id}{query}"
        subprotocols = [Subprotocol(one) for one in options.pop("subprotocols", ["reactive-nb.v1"])]
        async with connect(
            url, additional_headers=headers, subprotocols=subprotocols, max_size=None, proxy=None, **options
        ) as socket:
            yield Live(socket)


class Live:
    """A WebSocket client that keeps all it hears, in order."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        self.buffers: list[list[bytes]] = []
        self._number = 0
        self._replies: dict[str | None, dict[str, Any]] = {}

    async def hear(self) -> dict[str, Any]:
        """The next message, with its binary frames in `buffers`."""
        async with asyncio.timeout(DEADLINE_S):
            message: dict[str, Any] = json.loads(await self.socket.recv())
            parts = []
            for _ in range(message.get("buffers", 0)):
                part = await self.socket.recv()
                assert isinstance(part, bytes)
                parts.append(part)
        if message["type"] == "reply":
            self._replies[message["id"]] = message
        else:
            self.events.append(message)
            self.buffers.append(parts)
        return message

    async def until(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Hear until an event of this type and with these fields has come; that one."""
        while True:
            message = await self.hear()
            if message["type"] == kind and all(message.get(name) == value for name, value in fields.items()):
                return message

    async def send(self, kind: str, *, buffers: tuple[bytes, ...] = (), **fields: Any) -> str:
        """Say a command; its id."""
        self._number += 1
        said = {"type": kind, "id": str(self._number), **fields}
        if buffers:
            said["buffers"] = len(buffers)
        await self.socket.send(json.dumps(said))
        for part in buffers:
            await self.socket.send(part)
        return str(said["id"])

    async def reply(self, command_id: str | None) -> dict[str, Any]:
        while command_id not in self._replies:
            await self.hear()
        return self._replies.pop(command_id)

    async def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Say a command and hear its reply."""
        return await self.reply(await self.send(kind, **fields))

    async def closed(self) -> tuple[int | None, str | None]:
        """Hear until the server closes; its code and reason."""
        try:
            while True:
                await self.hear()
        except ConnectionClosed:
            return self.socket.close_code, self.socket.close_reason


def settings_for(directory: Path, **overrides: Any) -> Settings:
    return load_settings(
        **{"notebook_storage_dir": directory, "warm_kernels": 0, "token": "the-local-token"} | overrides
    )


@contextmanager
def serve(app: FastAPI, **options: Any) -> Iterator[Service]:
    """The application on a real server, in a thread of its own."""
    settings: Settings = app.state.settings
    server = _Server(uvicorn.Config(app, **server_options(settings) | {"port": 0, "access_log": False} | options))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + DEADLINE_S
    while not server.up.wait(0.5):
        assert thread.is_alive(), "the server did not start"
        assert time.monotonic() < deadline
    try:
        yield Service(app, settings, server, server.port, settings.base_url.rstrip("/"))
    finally:
        server.should_exit = True
        thread.join(DEADLINE_S)
        assert not thread.is_alive()


@contextmanager
def running(directory: Path, **overrides: Any) -> Iterator[Service]:
    """A service with two users, Ann and Bob."""
    with serve(create_app(settings_for(directory, **overrides), identity=People())) as service:
        yield service


async def new_notebook(client: httpx2.AsyncClient, *sources: str, **fields: Any) -> dict[str, Any]:
    """A notebook with Python cells `c0`, `c1`, …"""
    cells = [{"id": f"c{place}", "source": source} for place, source in enumerate(sources)]
    answered = await client.post("notebooks", json={"name": "Test", "cells": cells} | fields)
    assert answered.status_code == 201, answered.text
    return dict(answered.json())


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


__all__ = ["ANN", "BOB", "LOCAL", "Live", "People", "Service", "base64_of", "new_notebook", "running", "serve"]
