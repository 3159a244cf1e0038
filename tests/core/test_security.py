from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Annotated, Any

import httpx2
import pytest
import uvicorn
import websockets
from fastapi import Depends, FastAPI, Request, WebSocket
from fastapi.responses import JSONResponse

from reactive_nb.core import get_current_user
from reactive_nb.core.config import ConfigurationError, load_settings
from reactive_nb.core.security import (
    MAX_TOKEN_CHARS,
    AuthenticationError,
    Identity,
    IdentityProvider,
    TokenIdentity,
    User,
    check_exposure,
    host_allowed,
    identity_provider,
    local_identity,
    token_from_headers,
    token_from_subprotocols,
)

TOKEN = "a-token-of-mine"
ANN, BOB = User("ann", "Ann"), User("bob", "Bob")
HUB = TokenIdentity({"ann-token": ANN, "bob-token": BOB}, name="hub", multi_user=True)


@pytest.mark.parametrize(
    ("value", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc", "abc"),
        ("TOKEN abc.d~e", "abc.d~e"),
        (None, None),
    ],
)
def test_token_from_headers(value: str | None, token: str | None) -> None:
    assert token_from_headers({} if value is None else {"authorization": value}) == token


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "malformed_authorization"),
        ("abc", "malformed_authorization"),
        ("Bearer", "malformed_authorization"),
        ("Bearer a b", "malformed_authorization"),
        ("Bearer ä", "malformed_authorization"),
        ("Basic YTpi", "malformed_authorization"),
        ("Bearer " + "a" * MAX_TOKEN_CHARS, "token_too_long"),
    ],
)
def test_authorization_that_is_no_token(value: str, reason: str) -> None:
    with pytest.raises(AuthenticationError) as caught:
        token_from_headers({"authorization": value})
    assert caught.value.reason == reason
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize(
    ("offered", "token"),
    [
        ("reactive-nb.v1, bearer.abc.def", "abc.def"),
        ("bearer.abc", "abc"),
        ("reactive-nb.v1", None),
        ("bearer.", None),
        (None, None),
    ],
)
def test_token_from_subprotocols(offered: str | None, token: str | None) -> None:
    assert token_from_subprotocols(offered) == token


@pytest.mark.anyio
async def test_tokens_stand_for_their_users() -> None:
    assert await HUB.authenticate("ann-token") == Identity(ANN)
    assert await HUB.authenticate("bob-token") == Identity(BOB)
    for wrong in ("", "ann-toke", "ann-token ", "\ud800", "ä"):
        with pytest.raises(AuthenticationError, match=r"The token is not valid\."):
            await HUB.authenticate(wrong)


@pytest.mark.anyio
async def test_an_empty_token_is_nobodys() -> None:
    with pytest.raises(AuthenticationError):
        await TokenIdentity({"": ANN}).authenticate("")


@pytest.mark.anyio
async def test_local_identity_is_the_one_local_user() -> None:
    provider: IdentityProvider = local_identity(load_settings(token=TOKEN))
    assert (provider.name, provider.allows_query_token, provider.multi_user) == ("local", True, False)
    assert (await provider.authenticate(TOKEN)).user == User("local", "local")


def test_clerk_is_asked_where_it_is_configured() -> None:
    settings = load_settings(clerk_frontend_api="clerk.example.org", allowed_origins=("https://app.example.org",))
    provider = identity_provider(settings)
    assert (provider.name, provider.allows_query_token, provider.multi_user) == ("clerk", False, True)


def test_clerk_needs_to_know_the_pages() -> None:
    settings = load_settings(clerk_frontend_api="clerk.example.org")
    with pytest.raises(ConfigurationError, match=r"^ALLOWED_ORIGINS: .*for example ALLOWED_ORIGINS=https"):
        identity_provider(settings)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_listening_on_this_machine_needs_no_sign_in_for_several(host: str) -> None:
    settings = load_settings(host=host)
    check_exposure(settings, local_identity(settings))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "nb.example", "localhost.example"])
def test_listening_beyond_this_machine_does(host: str) -> None:
    settings = load_settings(host=host)
    with pytest.raises(ConfigurationError, match=r"^REACTIVE_NB_HOST: .*set REACTIVE_NB_HOST=127\.0\.0\.1.*$"):
        check_exposure(settings, local_identity(settings))
    check_exposure(settings, HUB)


@pytest.mark.parametrize(
    ("host", "listening", "allowed"),
    [
        ("127.0.0.1:8000", "127.0.0.1", True),
        ("localhost:8000", "127.0.0.1", True),
        ("[::1]:8000", "127.0.0.1", True),
        ("nb.example", "127.0.0.1", True),
        ("a.pods.local:80", "127.0.0.1", True),
        ("app.example", "127.0.0.1", True),
        ("evil.test:8000", "127.0.0.1", False),
        ("127.0.0.1.evil.test", "127.0.0.1", False),
        ("10.1.2.3:8000", "127.0.0.1", False),
        ("10.1.2.3:8000", "0.0.0.0", True),
        ("[fd00::1]:8000", "::", True),
        ("evil.test", "0.0.0.0", False),
        ("inside.example", "inside.example", True),
        ("nb.example/..", "127.0.0.1", False),
        ("", "127.0.0.1", False),
        (None, "127.0.0.1", False),
    ],
)
def test_host_allowed(host: str | None, listening: str, allowed: bool) -> None:
    settings = load_settings(
        host=listening, trusted_hosts="nb.example,*.pods.local", allowed_origins="https://app.example:8443"
    )
    assert host_allowed(host, settings) is allowed


def application(provider: IdentityProvider) -> FastAPI:
    app = FastAPI()
    app.state.identity = provider
    app.state.settings = load_settings(allowed_origins="https://app.example")

    @app.exception_handler(AuthenticationError)
    async def refused(_: Request, error: AuthenticationError) -> JSONResponse:
        return JSONResponse({"reason": error.reason}, status_code=401)

    @app.api_route("/me", methods=["GET", "POST"])
    async def me(user: Annotated[User, Depends(get_current_user)]) -> dict[str, str]:
        return {"id": user.id}

    @app.websocket("/ws")
    async def ws(socket: WebSocket) -> None:
        await socket.accept()
        try:
            await socket.send_text((await get_current_user(socket)).id)
        except AuthenticationError as error:
            await socket.send_text(error.reason)
        await socket.close()

    return app


class Expiring:
    """A provider that does not look at the clock."""

    name = "expiring"
    allows_query_token = False
    multi_user = True

    async def authenticate(self, token: str) -> Identity:
        return Identity(ANN, expires_at=time.time() + float(token))


@pytest.fixture
async def server(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The address of a real server with the provider that the test asks for (else the local one)."""
    provider = getattr(request, "param", None) or local_identity(load_settings(token=TOKEN))
    listener = socket.create_server(("127.0.0.1", 0))
    running = uvicorn.Server(uvicorn.Config(application(provider), log_config=None, lifespan="off"))
    task = asyncio.create_task(running.serve(sockets=[listener]))
    yield f"127.0.0.1:{listener.getsockname()[1]}"
    running.should_exit = True
    async with asyncio.timeout(10):
        await task


SAME = object()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("method", "headers", "query", "answer"),
    [
        ("GET", {}, "", "missing_token"),
        ("GET", {"authorization": f"Bearer {TOKEN}"}, "", "local"),
        ("POST", {"authorization": f"token {TOKEN}"}, "", "local"),
        ("GET", {"authorization": "Bearer wrong"}, "", "invalid_token"),
        ("GET", {"authorization": "Bearer wrong"}, f"?token={TOKEN}", "invalid_token"),
        ("GET", {}, f"?token={TOKEN}", "local"),
        ("GET", {}, "?token=", "missing_token"),
        ("GET", {}, "?token=" + "a" * (MAX_TOKEN_CHARS + 1), "token_too_long"),
        ("GET", {"cookie": f"reactive_nb_token={TOKEN}"}, "", "local"),
        ("GET", {"cookie": "reactive_nb_token=wrong"}, "", "invalid_token"),
        ("POST", {"cookie": f"reactive_nb_token={TOKEN}"}, "", "missing_origin"),
        ("POST", {"cookie": f"reactive_nb_token={TOKEN}", "origin": SAME}, "", "local"),
        ("POST", {"cookie": f"reactive_nb_token={TOKEN}", "origin": "https://app.example"}, "", "local"),
        ("POST", {"cookie": f"reactive_nb_token={TOKEN}", "origin": "https://evil.test"}, "", "foreign_origin"),
        ("GET", {"cookie": f"reactive_nb_token={TOKEN}", "origin": "https://evil.test"}, "", "foreign_origin"),
        ("POST", {"cookie": f"reactive_nb_token={TOKEN}", "origin": "null"}, "", "foreign_origin"),
    ],
)
async def test_where_a_token_counts(server: str, method: str, headers: dict[str, Any], query: str, answer: str) -> None:
    sent = {name: f"http://{server}" if value is SAME else value for name, value in headers.items()}
    async with httpx2.AsyncClient(timeout=10) as client:
        response = await client.request(method, f"http://{server}/me{query}", headers=sent)
    assert list(response.json().values()) == [answer]
    assert response.status_code == (200 if answer == "local" else 401)


@pytest.mark.anyio
@pytest.mark.parametrize("server", [HUB], indirect=True)
async def test_several_users_sign_in_with_the_header_alone(server: str) -> None:
    async with httpx2.AsyncClient(timeout=10, base_url=f"http://{server}") as client:
        by_header = await client.get("/me", headers={"authorization": "Bearer bob-token"})
        by_query = await client.get("/me?token=bob-token")
        by_cookie = await client.get("/me", headers={"cookie": "reactive_nb_token=bob-token"})
    assert by_header.json() == {"id": "bob"}
    assert by_query.json() == by_cookie.json() == {"reason": "missing_token"}


@pytest.mark.anyio
@pytest.mark.parametrize("server", [Expiring()], indirect=True)
async def test_an_identity_that_has_expired_is_refused(server: str) -> None:
    async with httpx2.AsyncClient(timeout=10, base_url=f"http://{server}") as client:
        fresh = await client.get("/me", headers={"authorization": "Bearer 60"})
        old = await client.get("/me", headers={"authorization": "Bearer -1"})
    assert (fresh.json(), old.json()) == ({"id": "ann"}, {"reason": "expired_token"})


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("options", "query", "answer"),
    [
        ({"additional_headers": {"authorization": f"Bearer {TOKEN}"}}, "", "local"),
        ({"subprotocols": ["reactive-nb.v1", f"bearer.{TOKEN}"]}, "", "local"),
        ({"subprotocols": ["bearer.wrong"]}, f"?token={TOKEN}", "invalid_token"),
        ({}, f"?token={TOKEN}", "local"),
        ({}, "", "missing_token"),
        ({"additional_headers": {"cookie": f"reactive_nb_token={TOKEN}"}}, "", "missing_origin"),
        (
            {"additional_headers": {"cookie": f"reactive_nb_token={TOKEN}"}, "origin": "https://app.example"},
            "",
            "local",
        ),
        (
            {"additional_headers": {"cookie": f"reactive_nb_token={TOKEN}"}, "origin": "https://evil.test"},
            "",
            "foreign_origin",
        ),
    ],
)
async def test_where_a_token_counts_in_a_handshake(
    server: str, options: dict[str, Any], query: str, answer: str
) -> None:
    async with asyncio.timeout(10), websockets.connect(f"ws://{server}/ws{query}", **options) as connection:
        assert await connection.recv() == answer


@pytest.mark.anyio
async def test_dependency_needs_nothing_but_the_provider() -> None:
    app = SimpleNamespace(state=SimpleNamespace(identity=local_identity(load_settings(token=TOKEN))))
    scope = {"type": "http", "method": "GET", "headers": [], "query_string": b"token=" + TOKEN.encode(), "app": app}
    assert (await get_current_user(Request(scope))).id == "local"
