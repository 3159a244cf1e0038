"""Deny by default: every address and every command, with no token, a bad one, and another user's."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute
from httpx2 import AsyncClient
from starlette.routing import BaseRoute, Route

from reactive_nb.api.middleware.gate import PUBLIC, PUBLIC_FOLDERS
from reactive_nb.main import create_app
from reactive_nb.schemas.commands import ClientCommand
from reactive_nb.storage import MemoryStorage
from tests.api.service import ANN, BOB, LOCAL, Service, new_notebook, running, serve, settings_for

pytestmark = pytest.mark.anyio

BAD_TOKENS = (None, "wrong", ANN + "x", "two words", "~~", "x" * 9_000)


def addresses(service: Service) -> list[tuple[str, str]]:
    """Method and path of every operation there is."""
    paths = service.app.openapi()["paths"]
    return sorted((method.upper(), path) for path, operations in paths.items() for method in operations)


def closed_addresses(service: Service) -> list[tuple[str, str]]:
    return [(method, path) for method, path in addresses(service) if path not in PUBLIC]


async def test_every_closed_address_wants_a_valid_token(service: Service) -> None:
    async with service.client(token=None) as client:
        checked = 0
        for method, path in closed_addresses(service):
            address = service.origin + re.sub(r"\{\w+\}", "x", path)
            for token in BAD_TOKENS:
                headers = {} if token is None else {"Authorization": f"Bearer {token}"}
                answer = await client.request(method, address, headers=headers, content=b"{ no json")
                assert answer.status_code == 401, (method, path, token)
                assert answer.headers["content-type"] == "application/problem+json"
                checked += 1
        assert checked >= 25 * len(BAD_TOKENS)


async def test_nothing_is_public_that_is_not_listed(service: Service) -> None:
    """Whatever an address is, known or not, it is closed unless the list has it."""
    async with service.client(token=None) as client:
        for path in (
            "/api/v1",
            "/api/v1/",
            "/api/v1/nowhere",
            "/nowhere",
            "//",
            "/docs2",
            "/api/v1/health/../notebooks",
        ):
            assert (await client.get(service.origin + path)).status_code == 401, path
        for path in (*PUBLIC, "/docs/start.js"):
            assert (await client.get(service.origin + path)).status_code == 200, path
        for folder in PUBLIC_FOLDERS:
            assert (await client.get(f"{service.origin}{folder}nothing")).status_code == 404, folder


async def test_every_route_is_in_the_document_or_public(service: Service) -> None:
    """Nothing is served that the walks above do not walk over: these are all routes that the application has."""
    documented = {path for _, path in addresses(service)}
    sockets, seen = [], 0
    for path, route in _flat(service.app.routes):
        seen += 1
        if isinstance(route, APIWebSocketRoute):
            sockets.append(path)
            continue
        assert isinstance(route, Route | APIRoute), (path, route)
        assert path in documented or path in PUBLIC or path.startswith(PUBLIC_FOLDERS), path
    assert seen > 40
    assert sockets == ["/api/v1/ws/notebooks/{notebook_id}"], "the one whose commands are walked over below"


def _flat(routes: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, BaseRoute]]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield re.sub(r":\w+\}", "}", prefix + str(getattr(route, "path", "?"))), route
            continue
        yield from _flat(inner.routes, prefix + route.include_context.prefix)  # type: ignore[attr-defined]


BODIES: dict[str, Any] = {
    "name": {"name": "stolen"},
    "settings": {"mode": "lazy"},
    "db": {},
    "cells": {"source": "stolen"},
    "c0": {"source": "stolen"},
    "batch": {"operations": [{"type": "cell.remove", "cell_id": "c0"}]},
    "complete": {"code": "", "cursor_pos": 0},
    "inspect": {"code": "", "cursor_pos": 0},
    "debug": {"request": {}},
    "input": {"value": ""},
    "comm": {},
    "mine": {"state": {"value": 1}},
}


async def nothing_is_there_for(stranger: AsyncClient, service: Service, notebook_id: str) -> int:
    """Every address of somebody's notebook answers a stranger that there is none; how many there are."""
    fill = {"notebook_id": notebook_id, "cell_id": "c0", "name": "mine", "digest": "0" * 64}
    fill |= {"comm_id": "comm", "widget": "mine", "module": "@jupyter-widgets/base"}
    checked = 0
    for method, path in closed_addresses(service):
        if "{notebook_id}" not in path:
            continue
        address = service.origin + re.sub(r"\{(\w+)\}", lambda found: fill[found[1]], path)
        body = BODIES.get(address.rpartition("/")[2])
        answer = await stranger.request(method, address, json=body if method in ("POST", "PUT") else None)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-notebook"), (method, path)
        checked += 1
    return checked


async def test_another_users_notebook_does_not_exist(service: Service) -> None:
    async with service.client(ANN) as ann, service.client(BOB) as bob:
        made = await new_notebook(ann, "mine = 1")
        assert await nothing_is_there_for(bob, service, made["id"]) >= 20
        assert (await ann.get(f"notebooks/{made['id']}")).json() == made


@pytest.mark.parametrize("token", [*BAD_TOKENS[1:4], "ann~s~1000"])
async def test_a_websocket_with_a_bad_token_is_closed(service: Service, token: str) -> None:
    async with service.client() as client:
        made = await new_notebook(client)
    async with service.live(made["id"], token) as live:
        assert (await live.closed())[0] == 4401
        assert live.events == []


async def test_a_websocket_to_another_users_notebook_is_told_that_there_is_none(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client)
    for notebook_id in (made["id"], "no-such-notebook", "%00", "..", "x" * 300):
        async with service.live(notebook_id, BOB) as live:
            assert (await live.closed())[0] == 4404
            assert live.events == []


def kind_of(command: Any) -> str:
    """The type that a command is said with."""
    return str(get_args(command.model_fields["type"].annotation)[0])


COMMANDS = [kind_of(one) for one in get_args(get_args(ClientCommand)[0])]


@pytest.mark.parametrize("kind", COMMANDS)
async def test_no_command_is_taken_from_somebody_not_signed_in(service: Service, kind: str) -> None:
    async with service.client() as client:
        made = await new_notebook(client, "x = 1")
        async with service.live(made["id"], None) as live:
            await live.send(kind, token="wrong", cell_id="c0", cell={}, value="", code="", cursor_pos=0)
            assert (await live.closed())[0] == 4401
            assert live.events == []
        assert (await client.get(f"notebooks/{made['id']}")).json() == made


async def test_pages_of_other_origins_may_not_change_anything(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client)
        for origin in ("https://evil.example", "null", f"{service.origin}.evil.example", "http://127.0.0.1:1", "x"):
            for method, address in (
                ("POST", "notebooks"),
                ("DELETE", f"notebooks/{made['id']}"),
                ("OPTIONS", "notebooks"),
            ):
                answer = await client.request(method, address, headers={"Origin": origin})
                assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden-origin"), origin
            async with service.live(made["id"], headers={"Origin": origin}) as live:
                assert (await live.closed())[0] == 4403
        own = await client.post("notebooks", headers={"Origin": service.origin})
        assert own.status_code == 201
        async with service.live(made["id"], headers={"Origin": service.origin}) as live:
            assert (await live.hear())["type"] == "notebook.state"


async def test_names_that_others_point_at_this_machine_are_refused(service: Service) -> None:
    async with service.client() as client:
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "a b"):
            for address in ("notebooks", "health", f"{service.url}/"):
                answer = await client.get(address, headers={"Host": host})
                assert answer.status_code in (400, 403), (host, address)
        assert (await client.get("health", headers={"Host": f"localhost:{service.port}"})).status_code == 200


async def test_listed_origins_may_come_in(tmp_path: Path) -> None:
    page = "https://app.example.org"
    with running(tmp_path, allowed_origins=page) as service:
        async with service.client() as client:
            made = await client.post("notebooks", headers={"Origin": page})
            assert made.status_code == 201
            assert made.headers["access-control-allow-origin"] == page
            assert "ETag" in made.headers["access-control-expose-headers"]
            preflight = await client.options(
                "notebooks",
                headers={
                    "Origin": page,
                    "Access-Control-Request-Method": "PUT",
                    "Access-Control-Request-Headers": "authorization, if-match",
                },
            )
            assert preflight.status_code == 200
            assert preflight.headers["access-control-allow-origin"] == page
            refused = await client.get("notebooks", headers={"Origin": page, "Authorization": "Bearer wrong"})
            assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, page)
            other = await client.get("notebooks", headers={"Origin": "https://evil.example"})
            assert "access-control-allow-origin" not in other.headers
            async with service.live(made.json()["id"], headers={"Origin": page}) as live:
                assert (await live.hear())["type"] == "notebook.state"


async def test_only_the_local_user_may_have_a_token_in_the_address(service: Service, tmp_path: Path) -> None:
    async with service.client(token=None) as client:
        assert (await client.get("notebooks", params={"token": ANN})).status_code == 401
    with serve(create_app(settings_for(tmp_path), storage=MemoryStorage())) as local:
        async with local.client(token=None) as client:
            assert (await client.get("notebooks", params={"token": LOCAL})).status_code == 200
            assert (await client.get("notebooks", params={"token": "wrong"})).status_code == 401
            made = await client.post("notebooks", params={"token": LOCAL})
        async with local.live(made.json()["id"], None, query=f"?token={LOCAL}") as live:
            assert (await live.hear())["type"] == "notebook.state"


async def test_a_token_is_never_worth_more_than_its_time(service: Service) -> None:
    async with service.client(f"ann~s~{time.time() + 100}") as client:
        assert (await client.get("notebooks")).status_code == 200
    async with service.client(f"ann~s~{time.time() - 1}") as client:
        answer = await client.get("notebooks")
        assert (answer.status_code, answer.json()["reason"]) == (401, "expired_token")
