"""Every error is a problem document, and none tells what it should not."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.types import Receive, Scope, Send

from reactive_nb.api.metrics import Metrics
from reactive_nb.api.middleware import BodyLimit, RequestScope
from reactive_nb.main import create_app
from reactive_nb.storage import MemoryStorage, StorageUnavailable
from tests.api.service import ANN, People, Service, new_notebook, serve, settings_for

pytestmark = pytest.mark.anyio


def problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The document, with everything that each has."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["type"] == f"/problems/{code}"
    assert found["status"] == status
    assert found["title"]
    assert found["detail"]
    assert found["request_id"] == answer.headers["x-request-id"]
    assert "?" not in found["instance"]
    return found


async def test_addresses_and_methods_that_there_are_not(service: Service) -> None:
    async with service.client() as client:
        problem(await client.get("nowhere"), 404, "not-found")
        made = await new_notebook(client, "1")
        answer = await client.patch(f"notebooks/{made['id']}", json={})
        problem(answer, 405, "method-not-allowed")
        assert answer.headers["allow"] == "GET, HEAD, DELETE"
        answer = await client.post(f"notebooks/{made['id']}/cells/c0", json={})
        assert answer.headers["allow"] == "GET, HEAD, PUT, DELETE"
        for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
            answer = await client.request(method, "notebooks/import")
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        answer = await client.post(f"{service.url}/docs")
        problem(answer, 405, "method-not-allowed")


UPDATE = {"type": "cell.update", "cell_id": "c0", "source": "x"}
MISTAKES: list[tuple[str, Any, str]] = [
    (
        "batch",
        {"operations": [UPDATE]},
        """operations.0.changes: is required: what to change of the cell, for example {"source": "x = 2"}; """
        "operations.0.source: there is no such field here",
    ),
    ("batch", {}, 'operations: is required: a list, for example [{"type": "cell.remove", '),
    ("batch", {"operations": [{"type": "fly"}]}, "operations.0: there is no type 'fly', only 'cell.add', "),
    ("batch", {"operations": [{}]}, "operations.0: should be an object with a type, such as cell.update"),
    ("cells", {"text": "x", "n": "y"}, "text: there is no such field here; n: there is no such field here"),
]


@pytest.mark.parametrize(("address", "body", "said"), MISTAKES)
async def test_a_mistake_is_told_with_what_would_be_right(service: Service, address: str, body: Any, said: str) -> None:
    async with service.client() as client:
        made = await new_notebook(client, "1")
        found = problem(await client.post(f"notebooks/{made['id']}/{address}", json=body), 422, "invalid")
        assert found["detail"].startswith(said), found["detail"]


@pytest.mark.parametrize("given", ["seven", '"abc"', "1.5", "-1", '"1", "2"', "1" * 200])
async def test_an_if_match_that_no_etag_is_is_told_what_one_looks_like(service: Service, given: str) -> None:
    async with service.client() as client:
        made = await new_notebook(client, "1")
        answer = await client.put(f"notebooks/{made['id']}/name", json={"name": "x"}, headers={"If-Match": given})
        found = problem(answer, 422, "invalid")
        assert found["detail"] == 'If-Match: should be the ETag of an answer, for example "7", or * for any revision'
        assert found["errors"][0]["field"] == "If-Match"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("cell.updated", "There is no command 'cell.updated'. Did you mean cell.update? There are: auth, "),
        ("fly", "There is no command 'fly'. There are: auth, "),
        (None, "A command has a type, one of: auth, "),
    ],
)
async def test_a_command_that_there_is_not_is_told_which_there_are(service: Service, kind: Any, said: str) -> None:
    async with service.client() as client:
        made = await new_notebook(client)
    async with service.live(made["id"]) as live:
        await live.socket.send(json.dumps({"id": "1"} | ({"type": kind} if kind else {})))
        error = (await live.reply("1"))["error"]
        assert error["code"] == "unknown-command"
        assert error["message"].startswith(said)
        assert error["message"].endswith("presence.update, batch.")


async def test_a_body_that_is_no_json(service: Service) -> None:
    async with service.client(headers={"Content-Type": "application/json"}) as client:
        for body in (b"{", b"nope", b"\xff", b"[" * 100_000, b'{"name": NaN}'):
            answer = await client.post("notebooks", content=body)
            assert answer.status_code in (400, 422)
            problem(answer, answer.status_code, "malformed" if answer.status_code == 400 else "invalid")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_a_body_that_does_not_say_it_is_json(service: Service, kind: str) -> None:
    async with service.client() as client:
        answer = await client.post(
            "notebooks", content=b'{"name": "x"}', headers={"Content-Type": kind} if kind else {}
        )
        problem(answer, 415, "unsupported-media-type")


async def test_a_body_beyond_the_limit_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    app = create_app(settings_for(tmp_path, max_body_bytes=10_000), identity=People(), storage=MemoryStorage())
    with serve(app) as service:
        async with service.client() as client:
            body = json.dumps({"name": "x", "cells": [{"source": "#" * 20_000}]}).encode()
            headers = {"Content-Type": "application/json"}
            problem(await client.post("notebooks", content=body, headers=headers), 413, "too-large")

            async def pieces() -> AsyncIterator[bytes]:
                for start in range(0, len(body), 1_000):
                    yield body[start : start + 1_000]

            problem(await client.post("notebooks", content=pieces(), headers=headers), 413, "too-large")
            problem(await client.post("notebooks/import", content=pieces(), headers=headers), 413, "too-large")
            fits = json.dumps({"name": "x" * 100}).encode()
            assert (await client.post("notebooks", content=fits, headers=headers)).status_code == 201


async def test_what_streams_in_is_not_gathered_beyond_the_limit() -> None:
    """The application behind the limit never sees more than the limit."""
    seen = 0

    async def reads_all(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal seen
        while (message := await receive())["type"] == "http.request":
            seen += len(message["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    sent: list[Any] = []

    async def endless() -> dict[str, Any]:
        return {"type": "http.request", "body": bytes(1_000), "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/", "headers": [], "method": "POST"}
    await BodyLimit(reads_all, limit=10_000)(scope, endless, send)
    assert seen == 10_000
    assert [message.get("status") for message in sent] == [413, None, None]
    assert [message.get("more_body", False) for message in sent] == [False, True, False]


async def test_a_mistake_of_ours_says_nothing_of_itself(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("the secret is 42")

    app = RequestScope(broken, metrics=Metrics())
    transport = httpx2.ASGITransport(app=app)
    with caplog.at_level(logging.ERROR):
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            answer = await client.get("/path?token=hidden")
    found = problem(answer, 500, "internal")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert found["instance"] == "/path"
    assert "the secret is 42" in caplog.text


async def test_storage_that_is_out_of_order_is_told_with_what_to_do(tmp_path: Path) -> None:
    class Unreachable(MemoryStorage):
        async def list(self, owner: str, *, limit: int = 50, cursor: str | None = None) -> Any:
            raise StorageUnavailable("The disk can't be read; look at its cable.")

    with serve(create_app(settings_for(tmp_path), identity=People(), storage=Unreachable())) as service:
        async with service.client() as client:
            answer = await client.get("notebooks")
            found = problem(answer, 503, "storage-unavailable")
            assert "cable" in found["detail"]
            assert answer.headers["retry-after"]


async def test_a_request_keeps_the_id_it_came_with(service: Service) -> None:
    async with service.client() as client:
        for given in ("abc-123", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"):
            answer = await client.get("nowhere", headers={"X-Request-ID": given})
            assert answer.headers["x-request-id"] == given
            assert answer.json()["request_id"] == given
        for given in ("with space", "x" * 200, "<script>"):
            answer = await client.get("nowhere", headers={"X-Request-ID": given})
            assert answer.headers["x-request-id"] != given
            assert len(answer.headers["x-request-id"]) == 32


async def test_every_answer_tells_browsers_to_run_nothing(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client)
        for address in ("notebooks", f"notebooks/{made['id']}", "nowhere", "health", "openapi.json"):
            headers = (await client.get(address)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "frame-ancestors 'self'" in headers["content-security-policy"]


async def test_a_missing_token_says_how_to_sign_in(service: Service) -> None:
    async with service.client(token=None) as client:
        answer = await client.get("notebooks")
        assert problem(answer, 401, "unauthenticated")["reason"] == "missing_token"
        assert answer.headers["www-authenticate"].startswith("Bearer ")
        answer = await client.get("notebooks", headers={"Authorization": f"Bearer {ANN}x"})
        assert problem(answer, 401, "unauthenticated")["reason"] == "invalid_token"
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
