"""A client that cannot keep up costs nobody anything: it gets the state again, or is not read from."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.service import ANN, Service, new_notebook, running

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("notebooks"), ws_queue_events=20, ws_replay_events=10) as started:
        yield started


async def made(service: Service, *sources: str) -> str:
    async with service.client() as client:
        return str((await new_notebook(client, *sources))["id"])


async def test_a_client_that_stops_reading_gets_the_state_again_and_others_notice_nothing(service: Service) -> None:
    notebook = await made(service, "x = 1")
    big = "#" * 400_000
    async with service.live(notebook, max_queue=1, ping_interval=None) as slow, service.live(notebook) as quick:
        first = await slow.hear()
        await quick.hear()
        assert (await quick.ask("cell.update", cell_id="c0", changes={"type": "markdown"}))["ok"]  # nothing to analyse
        for number in range(60):  # 24 MB: more than the sockets' own buffers hold
            changes = {"source": f"x = {number} {big}"}
            assert (await quick.ask("cell.update", cell_id="c0", changes=changes))["ok"]
        assert [event["type"] for event in quick.events].count("notebook.state") == 1
        numbers = [event["seq"] for event in quick.events[1:]]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        await quick.ask("cell.add", cell={"id": "last"})
        seen = first["seq"]
        sources, resynchronised, cells = [], 0, {"c0"}
        while "last" not in cells:
            event = await slow.hear()
            if event["type"] == "notebook.state":
                resynchronised += 1
                cells = {cell["id"] for cell in event["notebook"]["cells"]}
                sources.append(event["notebook"]["cells"][0]["source"])
            else:
                assert event["seq"] == seen + 1, "between two states nothing is missing"
                if event["type"] == "cell.added":
                    cells.add(event["cell"]["id"])
                elif event["type"] == "cell.updated":
                    sources.append(event["source"])
            seen = event["seq"]
        assert resynchronised >= 1
        assert sources[-1].startswith("x = 59 ")
        assert len(sources) < 55


async def test_a_client_that_never_reads_its_replies_is_no_longer_read_from(service: Service) -> None:
    notebook = await made(service, "x = 1")
    async with service.live(notebook, max_queue=1) as live:
        await live.ask("cell.update", cell_id="c0", changes={"source": "#" * 400_000})
        # Each is refused with the whole notebook in its reply, which nobody reads.
        said = {"type": "cell.update", "id": "1", "cell_id": "c0", "changes": {"source": "#" * 100_000}, "if_match": 0}
        command = json.dumps(said)
        sent = 0

        async def send_500_megabytes() -> None:
            nonlocal sent
            while sent < 5_000:
                await live.socket.send(command)
                sent += 1

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(send_500_megabytes(), 3)
        assert sent < 500
        async with service.client() as client:
            assert (await client.get("health")).status_code == 200
        live.socket.transport.abort()


async def test_many_clients_come_and_go_and_nothing_is_left(service: Service) -> None:
    notebook = await made(service, "x = 1")

    async def visit(number: int) -> None:
        async with service.live(notebook) as live:
            await live.hear()
            if number % 3 == 0:
                live.socket.transport.abort()
            else:
                assert (await live.ask("cell.update", cell_id="c0", changes={"source": f"x = {number}"}))["ok"]

    await asyncio.gather(*(visit(number) for number in range(40)))
    async with service.live(notebook) as last:
        state = await last.hear()
        while len(state.get("presence") or state.get("clients") or ()) > 1:
            state = await last.until("presence.updated")
        assert await _clients(service) == 1


async def _clients(service: Service) -> float:
    async with service.client(ANN) as client:
        text = (await client.get(f"{service.url}/metrics")).text
    line: Any = next(line for line in text.splitlines() if line.startswith("reactive_nb_websocket_clients "))
    return float(line.split()[1])
