"""What a client may send, how much of it and how slowly: refused in time, with the limit, while others are served."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from reactive_nb.api.server_protocol import AskingLimit
from reactive_nb.core.config import MIB, Settings
from reactive_nb.main import create_app, server_options
from reactive_nb.storage import MemoryStorage
from tests.api.service import ANN, DEADLINE_S, LOCAL, People, Service, new_notebook, serve, settings_for

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("source_bytes", "body_bytes", "expected"),
    [(MIB, 64 * MIB, 8 * MIB), (4 * MIB, 64 * MIB, 32 * MIB), (1024, 64 * MIB, 8 * MIB), (MIB, 4 * MIB, 4 * MIB)],
)
def test_json_is_limited_by_the_size_of_sources(
    tmp_path: Path, source_bytes: int, body_bytes: int, expected: int
) -> None:
    settings = settings_for(tmp_path, max_source_bytes=source_bytes, max_body_bytes=body_bytes)
    assert settings.max_json_bytes == expected


async def test_a_source_of_the_full_size_fits_however_it_is_escaped(service: Service) -> None:
    limit = service.settings.max_source_bytes
    async with service.client() as client:
        made = await new_notebook(client)
        for source in ("#" + "\x01" * (limit - 1), "#" + "é" * (limit // 2 - 1)):
            body = json.dumps({"source": source}).encode()
            answer = await client.post(f"notebooks/{made['id']}/cells", content=body, headers=JSON)
            assert answer.status_code == 201, answer.text[:200]


async def test_only_imports_may_be_larger_than_that(service: Service) -> None:
    limit = service.settings.max_json_bytes
    large = json.dumps({"nbformat": 4, "cells": [], "metadata": {"x": "#" * limit}}).encode()
    async with service.client() as client:
        refused = await client.post("notebooks", content=large, headers=JSON)
        assert (refused.status_code, refused.json()["type"]) == (413, "/problems/too-large")
        assert f"{limit:,} bytes" in refused.json()["detail"]
        assert (await client.post("notebooks/import", content=large, headers=JSON)).status_code == 201


HOSTILE = {
    "many fields": (json.dumps({f"k{i}": 1 for i in range(300_000)}), 422, "300,000 fields"),
    "many cells with fields there are not": (
        json.dumps({"cells": [{f"k{i}": 1 for i in range(60)} for _ in range(5_000)]}),
        422,
        "(and 57 more)",
    ),
    "many cells": (json.dumps({"cells": [{}] * 150_000}), 422, "10000 items"),
    "a name without end": (json.dumps({"k" * 5_000_000: 1}), 422, "k" * 100 + ": there is no such field here"),
    "many objects": (json.dumps({"cells": [{}] * 300_000}), 413, "200,000 lists and objects"),
    "many lists": ("[" + "[]," * 1_000_000 + "[]]", 413, "200,000 lists and objects"),
}


@pytest.mark.parametrize("case", HOSTILE)
async def test_what_would_take_long_to_refuse_is_refused_at_its_first_mistake(service: Service, case: str) -> None:
    body, status, said = HOSTILE[case]
    async with service.client() as client:
        answer = await client.post("notebooks", content=body.encode(), headers=JSON)
    assert answer.status_code == status
    assert said in answer.json()["detail"]
    assert len(answer.json().get("errors", [])) <= 100
    assert len(answer.content) < 20_000


async def test_lists_in_a_source_are_text(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client, "x = '" + "[" * 300_000 + "'")
        assert made["cells"][0]["source"].count("[") == 300_000


async def test_a_command_has_the_same_limits(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client)
    fields = {f"k{i}": 1 for i in range(300_000)}
    async with service.live(made["id"]) as live:
        reply = await live.ask("notebook.run", **fields)
        assert (reply["ok"], reply["error"]["code"]) == (False, "invalid")
        assert "300,002 fields" in reply["error"]["message"]
        await live.socket.send("[" + "[]," * 300_000 + "[]]")
        assert await live.closed() == (4400, "JSON with more than 200,000 lists and objects is not taken.")
    async with service.live(made["id"]) as live:
        await live.send("complete", code="#" * service.settings.max_json_bytes, cursor_pos=0)
        assert (await live.closed())[0] == 4400


# -- time
class Quick(AskingLimit):
    """The same, in less of a test's time."""

    asking_s = 0.3


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that does not wait long."""
    app = create_app(settings_for(tmp_path_factory.mktemp("notebooks")), identity=People(), storage=MemoryStorage())
    for layer in app.user_middleware:
        if "larger" in layer.kwargs:
            layer.kwargs["grace_s"] = 0.3
    with serve(app, http=Quick) as service:
        yield service


async def heard(service: Service, *said: bytes, every_s: float = 0.05) -> bytes:
    """What the service says until it closes, while a client says these things and then the last one for ever."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)

    async def speak() -> None:
        for part in said:
            writer.write(part)
            await writer.drain()
        while True:
            await asyncio.sleep(every_s)
            writer.write(said[-1])
            await writer.drain()

    speaking = asyncio.create_task(speak())
    try:
        async with asyncio.timeout(DEADLINE_S):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        speaking.cancel()
        await asyncio.wait({speaking})
        writer.close()


def post(service: Service, token: str | None, length: int = 1_000_000) -> bytes:
    lines = [
        "POST /api/v1/notebooks HTTP/1.1",
        f"Host: 127.0.0.1:{service.port}",
        "Content-Type: application/json",
        f"Content-Length: {length}",
        *([f"Authorization: Bearer {token}"] if token else []),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def test_a_head_that_trickles_in_is_cut_off(impatient: Service) -> None:
    assert await heard(impatient, b"GET / HTTP/1.1\r\n", b"X: 1\r\n") == b""


async def test_a_connection_that_asks_nothing_is_closed(impatient: Service) -> None:
    assert await heard(impatient, b"") == b""


async def test_a_second_head_has_no_more_time(impatient: Service) -> None:
    host = f"Host: 127.0.0.1:{impatient.port}\r\n".encode()
    first = b"GET /health HTTP/1.1\r\n" + host + b"\r\n"
    answered = await heard(impatient, first + b"GET /health HTTP/1.1\r\n", b"X: 1\r\n")
    assert answered.count(b"HTTP/1.1 200") == 1


async def test_a_body_that_trickles_in_is_refused(impatient: Service) -> None:
    answered = await heard(impatient, post(impatient, ANN), b" ")
    assert answered.startswith(b"HTTP/1.1 408 ")
    assert b"/problems/too-slow" in answered
    assert b"connection: close" in answered.lower()


async def test_a_body_that_nobody_reads_is_cut_off_too(impatient: Service) -> None:
    assert (await heard(impatient, post(impatient, None), b" ")).startswith(b"HTTP/1.1 401 ")


async def test_a_body_that_earns_its_time_may_take_long(impatient: Service) -> None:
    body = b"{" + b" " * 200_000 + b"}"
    reader, writer = await asyncio.open_connection("127.0.0.1", impatient.port)
    writer.write(post(impatient, ANN, len(body)))
    for start in range(0, len(body), 20_000):
        writer.write(body[start : start + 20_000])
        await writer.drain()
        await asyncio.sleep(0.1)  # in all, three times as long as a body has that sends nothing
    async with asyncio.timeout(DEADLINE_S):
        assert (await reader.readline()).startswith(b"HTTP/1.1 201 ")
    writer.close()


async def test_requests_and_websockets_that_take_long_to_be_answered_are_not_cut_off(impatient: Service) -> None:
    async with impatient.client() as client:
        made = await new_notebook(client, "import time; time.sleep(1)")
        async with impatient.live(made["id"]) as live:
            ran = await client.post(f"notebooks/{made['id']}/run", json={"wait": 60})
            assert ran.json()["state"] == "finished"
            await live.until("run.finished")
            assert (await live.ask("notebook.run"))["ok"]


# -- exposure
async def test_a_service_for_one_user_answers_at_loopback_only_whoever_started_it(tmp_path: Path) -> None:
    """As with `uvicorn reactive_nb.main:app --host 0.0.0.0`: this machine's other loopback stands for the network."""
    local = create_app(settings_for(tmp_path), storage=MemoryStorage())
    people = create_app(settings_for(tmp_path), storage=MemoryStorage(), identity=People())
    with serve(local) as own, serve(people) as shared:
        for service, token, expected in ((own, LOCAL, 403), (shared, ANN, 200)):
            for server in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "/run/nb.sock", None):
                assert await status_at(service.app, server, token) == 200, server
            for server in ("192.0.2.7", "10.0.0.1", "fd00::1", "::ffff:10.0.0.1", "0.0.0.0", "example.org"):
                assert await status_at(service.app, server, token) == expected, server


async def status_at(app: Any, server: str | None, token: str) -> int:
    """What an address of the machine is answered, and whether a WebSocket there is let in as well."""
    bound = None if server is None else (server, None if server.startswith("/") else 80)
    shared = {"server": bound, "path": "/api/v1/notebooks", "query_string": b"", "root_path": "", "client": None}
    headers = [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {token}".encode())]
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def connect() -> Any:
        return {"type": "websocket.connect"}

    http = {**shared, "type": "http", "method": "GET", "scheme": "http", "headers": headers}
    await app(http, receive, send)
    status = int(said[0]["status"])
    said.clear()
    path = "/api/v1/ws/notebooks/none"
    await app({**shared, "type": "websocket", "path": path, "scheme": "ws", "headers": headers}, connect, send)
    assert said[-1]["code"] == (4403 if status == 403 else 4404)
    return status


def test_the_server_is_asked_for_what_these_tests_try(tmp_path: Path) -> None:
    settings: Settings = settings_for(tmp_path)
    config = uvicorn.Config("reactive_nb.main:app", **server_options(settings))
    assert config.http is AskingLimit
    assert config.ws_max_size >= settings.max_json_bytes
