"""Chat over the interface: a real service and kernels, litellm's own client, and a provider on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from reactive_nb.main import create_app
from tests.api.service import ANN, BOB, People, Service, new_notebook, running, serve, settings_for
from tests.chat.provider import DEADLINE_S, Provider, Turn, calls, provider, says

pytestmark = pytest.mark.anyio

KEY = "sk-the-secret-key"
QUESTION = [{"role": "user", "content": "Do it."}]
Event = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def model() -> Iterator[Provider]:
    with provider() as made:
        yield made


@pytest.fixture(scope="module")
def service(model: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("notebooks")
    settings = settings_for(
        folder,
        warm_kernels=1,
        chat_model="openai/scripted",
        chat_api_base=model.url,
        chat_api_key=KEY,
        chat_max_steps=5,
        chat_timeout=120,
    )
    with serve(create_app(settings, identity=People())) as made:
        yield made


@pytest.fixture
async def client(service: Service, model: Provider) -> AsyncIterator[httpx2.AsyncClient]:
    model.script, model.asked, model.keys = [], [], []
    model.gone.clear()
    model.released.clear()
    async with service.client(ANN) as made:
        yield made


async def chat(client: httpx2.AsyncClient, notebook: dict[str, Any], **body: Any) -> list[Event]:
    """All events of an answer."""
    async with asyncio.timeout(90), streaming(client, notebook, **body) as events:
        return [event async for event in events]


@asynccontextmanager
async def streaming(
    client: httpx2.AsyncClient, notebook: dict[str, Any], **body: Any
) -> AsyncIterator[AsyncIterator[Event]]:
    sent = {"messages": QUESTION} | body
    async with client.stream("POST", f"chat/{notebook['id']}", json=sent) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield read_events(answer)


async def read_events(answer: httpx2.Response) -> AsyncIterator[Event]:
    name = ""
    async for line in answer.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def of(events: list[Event], kind: str) -> list[dict[str, Any]]:
    return [data for name, data in events if name == kind]


async def test_the_model_speaks_and_the_key_goes_to_its_provider_alone(
    client: httpx2.AsyncClient, model: Provider
) -> None:
    notebook = await new_notebook(client, "x = 1")
    model.script = [says("Hel", "lo.")]
    events = await chat(client, notebook)
    assert [data["text"] for data in of(events, "text")] == ["Hel", "lo."]
    assert events[-1] == (
        "end",
        {"reason": "done", "messages": [*QUESTION, {"role": "assistant", "content": "Hello."}]},
    )
    assert model.keys == [f"Bearer {KEY}"]
    assert KEY not in json.dumps(events)
    assert {tool["function"]["name"] for tool in model.asked[0]["tools"]} >= {"read_notebook", "run_cells", "add_cell"}


async def test_it_works_in_the_notebook_and_every_client_sees_it(
    client: httpx2.AsyncClient, model: Provider, service: Service
) -> None:
    notebook = await new_notebook(client, "x = 20", "y = x + 1\nprint(y)")
    model.script = [
        calls(("read_notebook", {})),
        calls(
            ("update_cell", {"cell_id": "c0", "source": "x = 41"}), ("add_cell", {"source": "y * 10", "after": "c1"})
        ),
        calls(("run_cells", {"wait_s": 60})),
        says("Done."),
    ]
    async with service.live(notebook["id"]) as live:
        await live.until("notebook.state")
        events = await chat(client, notebook)
        await live.until("cell.updated", cell_id="c0")
        await live.until("cell.added")
        await live.until("run.finished")
    called = of(events, "tool_call")
    assert [data["tool"] for data in called] == ["read_notebook", "update_cell", "add_cell", "run_cells"]
    results = of(events, "tool_result")
    assert all(data["ok"] for data in results)
    assert results[0]["result"]["cells"][1]["source"] == "y = x + 1\nprint(y)"
    ran = {cell["id"]: cell for cell in results[3]["result"]["cells"]}
    assert ran["c1"]["outputs"] == "42\n"
    assert "420" in [cell.get("outputs") for cell in ran.values()]
    assert json.loads(model.told()[-1]["content"])["state"] == "finished", "the model is told what came of it"
    assert events[-1][1]["reason"] == "done"


async def test_an_earlier_conversation_goes_on(client: httpx2.AsyncClient, model: Provider) -> None:
    notebook = await new_notebook(client)
    model.script = [calls(("list_variables", {})), says("None yet."), says("Still none.")]
    first = (await chat(client, notebook))[-1][1]["messages"]
    await chat(client, notebook, messages=[*first, *QUESTION])
    assert [message["role"] for message in model.told()] == ["system", "user", "assistant", "tool", "assistant", "user"]


async def test_what_it_has_not_read_or_others_have_changed_it_must_read_again(
    client: httpx2.AsyncClient, model: Provider
) -> None:
    notebook = await new_notebook(client, "x = 1", "y = 2")
    model.script = [
        calls(("update_cell", {"cell_id": "c0", "source": "x = 5"})),
        calls(("read_notebook", {})),
        replace(
            calls(("delete_cell", {"cell_id": "c1"}), ("update_cell", {"cell_id": "c0", "source": "x = 6"})), waits=True
        ),
        says("ok"),
    ]
    async with asyncio.timeout(60), streaming(client, notebook) as events:
        results = []
        async for name, data in events:
            if name == "tool_result":
                results.append(data)
                if data["tool"] == "read_notebook":
                    await client.put(f"notebooks/{notebook['id']}/cells/c0", json={"source": "x = 'mine'"})
                    model.released.set()
    assert "Read the notebook first" in results[0]["result"]["error"]
    assert results[2]["ok"]
    assert "changed by somebody else" in results[3]["result"]["error"]
    cells = (await client.get(f"notebooks/{notebook['id']}")).json()["cells"]
    assert [cell["source"] for cell in cells] == ["x = 'mine'"]


@pytest.mark.parametrize(
    ("tool", "arguments", "says_why"),
    [
        ("update_cell", '{"cell_id": "c0", "sour', "no valid JSON"),
        ("update_cell", "[1, 2]", "JSON object"),
        ("update_cell", {"cell_id": "c0"}, "source"),
        ("update_cell", {"cell_id": "no such", "source": ""}, "cell_id"),
        ("add_cell", {"source": "1", "colour": "red"}, "colour"),
        ("delete_cell", {"cell_id": "absent"}, "read the notebook"),
        ("run_cells", {"cells": ["absent"]}, "no cell 'absent'"),
        ("read_variable", {"name": "absent"}, "not running"),
        ("format_disk", {}, "no tool 'format_disk'"),
    ],
)
async def test_a_call_that_makes_no_sense_is_explained_to_the_model(
    client: httpx2.AsyncClient, model: Provider, tool: str, arguments: Any, says_why: str
) -> None:
    notebook = await new_notebook(client, "x = 1")
    model.script = [calls((tool, arguments)), says("I see.")]
    events = await chat(client, notebook)
    [result] = of(events, "tool_result")
    assert not result["ok"]
    assert says_why in result["result"]["error"]
    assert says_why in model.told()[-1]["content"]
    assert events[-1][1]["reason"] == "done"


async def test_in_mode_ask_it_only_reads(client: httpx2.AsyncClient, model: Provider) -> None:
    notebook = await new_notebook(client, "x = 1")
    model.script = [calls(("add_cell", {"source": "2"})), says("I may not.")]
    events = await chat(client, notebook, mode="ask")
    assert {tool["function"]["name"] for tool in model.asked[0]["tools"]} & {"add_cell", "run_cells"} == set()
    assert "may only be read" in of(events, "tool_result")[0]["result"]["error"]
    assert len((await client.get(f"notebooks/{notebook['id']}")).json()["cells"]) == 1


async def test_it_is_stopped_after_so_many_steps(client: httpx2.AsyncClient, model: Provider) -> None:
    notebook = await new_notebook(client)
    model.script = [calls(("read_graph", {})) for _ in range(20)]
    events = await chat(client, notebook)
    assert events[-1][1]["reason"] == "steps"
    assert len(model.asked) == 5


async def test_long_outputs_are_cut_for_the_model(client: httpx2.AsyncClient, model: Provider) -> None:
    notebook = await new_notebook(client, "print('x' * 100_000)")
    model.script = [calls(("run_cells", {"wait_s": 60})), says("Long.")]
    await chat(client, notebook)
    told = model.told()[-1]["content"]
    assert len(told) < 4_000
    assert "characters left out" in told


@pytest.mark.parametrize(
    ("turn", "code"),
    [
        (Turn(status=429), "rate-limited"),
        (Turn(status=401), "unauthorized"),
        (Turn(status=404), "no-such-model"),
        (Turn(status=400), "refused"),
        (Turn(status=500), "failed"),
        (Turn(status=400, tells_the_key=True), "refused"),
        (Turn(status=401, tells_the_key=True), "unauthorized"),
        (Turn(status=500, tells_the_key=True), "failed"),
        (Turn(status=409, tells_the_key=True), "failed"),
    ],
)
async def test_what_the_provider_refuses_is_said_in_words(
    client: httpx2.AsyncClient, model: Provider, turn: Turn, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    notebook = await new_notebook(client)
    model.script = [turn]
    [(name, failure)] = await chat(client, notebook)
    assert (name, failure["code"]) == ("error", code)
    assert KEY not in failure["message"]
    assert KEY not in caplog.text


@pytest.mark.parametrize("broken", [Turn([{"content": "I ha"}], breaks_off=True), Turn(raw=b"data: {broken\n\n")])
async def test_a_broken_stream_ends_the_answer_and_keeps_what_was_done(
    client: httpx2.AsyncClient, model: Provider, broken: Turn
) -> None:
    notebook = await new_notebook(client)
    model.script = [calls(("add_cell", {"source": "kept = 1"})), broken]
    events = await chat(client, notebook)
    assert events[-1][0] in ("error", "end")
    cells = (await client.get(f"notebooks/{notebook['id']}")).json()["cells"]
    assert [cell["source"] for cell in cells] == ["kept = 1"]


async def test_a_model_that_stalls_is_given_up(
    client: httpx2.AsyncClient, model: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reactive_nb.chat.model.STALL_S", 2.0)
    notebook = await new_notebook(client)
    model.script = [Turn([{"content": "Well"}], stalls=True)]
    events = await chat(client, notebook)
    assert (events[0][0], events[-1][0], events[-1][1]["code"]) == ("text", "error", "stalled")


async def test_it_stops_when_the_client_goes_away(client: httpx2.AsyncClient, model: Provider) -> None:
    notebook = await new_notebook(client)
    model.script = [Turn([{"content": "Well"}], stalls=True), calls(("add_cell", {"source": "late"}))]
    async with streaming(client, notebook) as events:
        assert (await anext(events))[0] == "text"
    assert await asyncio.to_thread(model.gone.wait, DEADLINE_S)
    assert (await client.get(f"notebooks/{notebook['id']}")).json()["cells"] == []


async def test_others_notebooks_are_not_there_to_chat_about(
    client: httpx2.AsyncClient, model: Provider, service: Service
) -> None:
    notebook = await new_notebook(client)
    async with service.client(BOB) as bob:
        answer = await bob.post(f"chat/{notebook['id']}", json={"messages": QUESTION})
    assert answer.status_code == 404
    assert model.asked == []


async def test_a_conversation_ends_with_a_question(client: httpx2.AsyncClient) -> None:
    notebook = await new_notebook(client)
    answer = await client.post(f"chat/{notebook['id']}", json={"messages": [{"role": "assistant", "content": "Hi"}]})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "messages")


async def test_without_a_model_the_variables_to_set_are_named(tmp_path: Path) -> None:
    with running(tmp_path) as bare:
        async with bare.client(ANN) as client:
            notebook = await new_notebook(client)
            answer = await client.post(f"chat/{notebook['id']}", json={"messages": QUESTION})
            assert (answer.status_code, answer.json()["type"]) == (503, "/problems/chat-unavailable")
            assert "REACTIVE_NB_CHAT_MODEL" in answer.json()["detail"]
