"""Who is at the other end of a WebSocket, from the handshake to the end of a token's time."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from reactive_nb.api.v1 import handshake
from tests.api.service import ANN, Service, new_notebook, running

pytestmark = pytest.mark.anyio


def token(name: str = "ann", session: str = "s1", seconds: float = 60) -> str:
    return f"{name}~{session}~{time.time() + seconds}"


async def made(service: Service) -> str:
    async with service.client() as client:
        return str((await new_notebook(client, "x = 1"))["id"])


async def test_by_a_header(service: Service) -> None:
    async with service.live(await made(service)) as live:
        assert (await live.hear())["type"] == "notebook.state"


async def test_by_a_subprotocol_that_is_never_echoed(service: Service) -> None:
    offered = ["reactive-nb.v1", f"bearer.{ANN}"]
    async with service.live(await made(service), None, subprotocols=offered) as live:
        assert live.socket.subprotocol == "reactive-nb.v1"
        assert (await live.hear())["type"] == "notebook.state"


async def test_by_a_first_message(service: Service) -> None:
    async with service.live(await made(service), None) as live:
        command = await live.send("auth", token=ANN)
        assert (await live.hear())["type"] == "notebook.state"
        reply = await live.reply(command)
        assert (reply["ok"], reply["result"]["user_id"]) == (True, "ann")


async def test_a_first_message_that_does_not_come_ends_the_wait(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handshake, "AUTH_TIMEOUT_S", 0.05)
    async with service.live(await made(service), None) as live:
        assert await live.closed() == (4401, "No token came in time.")


async def test_too_many_who_do_not_sign_in_are_sent_away(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake, "MAX_STRANGERS", 1)
    notebook = await made(service)
    async with service.live(notebook, None) as first, service.live(notebook, None) as second:
        codes = {asyncio.ensure_future(one.closed()) for one in (first, second)}
        done, waiting = await asyncio.wait(codes, return_when=asyncio.FIRST_COMPLETED, timeout=20)
        assert [task.result()[0] for task in done] == [1013]
        for task in waiting:
            task.cancel()
    async with service.live(notebook) as signed_in:
        assert (await signed_in.hear())["type"] == "notebook.state"


async def test_a_client_without_our_subprotocol_is_served_too(service: Service) -> None:
    url = f"{service.api.replace('http', 'ws', 1)}/ws/notebooks/{await made(service)}"
    async with connect(url, additional_headers={"Authorization": f"Bearer {ANN}"}, proxy=None) as socket:
        assert "notebook.state" in str(await asyncio.wait_for(socket.recv(), 20))


async def test_a_token_that_ends_ends_the_connection(service: Service) -> None:
    async with service.live(await made(service), token(seconds=0.5)) as live:
        assert (await live.hear())["type"] == "notebook.state"
        assert (await live.closed())[0] == 4401


async def test_a_renewed_token_keeps_it_open(service: Service) -> None:
    async with service.live(await made(service), token(seconds=1.0)) as live:
        first_ends = time.time() + 1.0
        reply = await live.ask("auth.renew", token=token(seconds=60))
        assert reply["ok"]
        while time.time() < first_ends + 0.1:
            assert (await live.ask("cell.update", cell_id="c0", changes={"source": str(time.time())}))["ok"]


async def test_a_renewed_token_may_end_sooner(service: Service) -> None:
    async with service.live(await made(service), token(seconds=60)) as live:
        assert (await live.ask("auth.renew", token=token(seconds=0.3)))["ok"]
        assert (await live.closed())[0] == 4401


@pytest.mark.parametrize("bad", ["wrong", "ann~s1~1000"])
async def test_a_renewal_with_a_bad_token_changes_nothing(service: Service, bad: str) -> None:
    async with service.live(await made(service), token()) as live:
        refused = await live.ask("auth.renew", token=bad)
        assert (refused["ok"], refused["error"]["code"]) == (False, "unauthenticated")
        assert (await live.ask("cell.update", cell_id="c0", changes={"source": "1"}))["ok"]


@pytest.mark.parametrize(("name", "session"), [("bob", "s1"), ("ann", "another")])
async def test_a_renewal_by_somebody_else_ends_the_connection(service: Service, name: str, session: str) -> None:
    async with service.live(await made(service), token()) as live:
        await live.hear()
        await live.send("auth.renew", token=token(name, session))
        assert (await live.closed())[0] == 4403


async def test_a_service_that_stops_asks_its_clients_to_come_back(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        async with service.live(await made(service)) as live:
            await live.hear()
            closing = asyncio.ensure_future(live.closed())
            await asyncio.to_thread(service.stop)
            assert (await closing)[0] == 1012
