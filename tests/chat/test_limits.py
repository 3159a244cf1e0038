"""What a model must not be able to do to a chat: endless answers, calls that make no sense, a time that runs out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from reactive_nb.chat import model as chat_model
from reactive_nb.main import create_app
from tests.api.service import ANN, People, Service, new_notebook, serve, settings_for
from tests.chat.provider import Provider, Turn, calls, says
from tests.chat.test_chat import QUESTION, chat, client, model, of, service

__all__ = ["client", "model", "service"]
pytestmark = pytest.mark.anyio

HOSTILE: dict[str, tuple[str, dict[str, Any] | str]] = {
    "no name": ("", {}),
    "a name that is a path": ("../../etc", {}),
    "arguments nested deeply": ("read_notebook", '{"cells": ' + "[" * 20_000 + "]" * 20_000 + "}"),
    "arguments with half of a character": ("add_cell", '{"source": "x = \\"\\ud800\\""}'),
    "arguments with a character that ends texts": ("add_cell", {"source": "x = 1\0"}),
    "a list for a word": ("add_cell", {"source": ["x"]}),
    "a number without end": ("move_cell", '{"cell_id": "c0", "index": 1' + "0" * 5_000 + "}"),
    "no number": ("move_cell", '{"cell_id": "c0", "index": NaN}'),
    "a place far away": ("move_cell", {"cell_id": "c0", "index": 10**15}),
    "a cell that is none": ("update_cell", {"cell_id": "no such cell!", "source": ""}),
    "a cell of another notebook": ("delete_cell", {"cell_id": "elsewhere"}),
    "cells that are none": ("run_cells", {"cells": ["elsewhere"]}),
    "cells twice": ("run_cells", {"cells": ["c0", "c0"]}),
    "a run without end": ("run_cells", '{"wait_s": Infinity}'),
    "after a cell that is none": ("add_cell", {"source": "1", "after": "elsewhere"}),
    "a variable that is none": ("read_variable", {"name": "no such; import os"}),
    "a variable with half of a character": ("read_variable", '{"name": "\\ud800"}'),
    "a variable from far away": ("read_variable", {"name": "x", "offset": 10**30}),
    "a private name": ("read_variable", {"name": "__builtins__"}),
    "unknown arguments": ("read_graph", {"password": "please"}),
}


@pytest.mark.parametrize(("name", "arguments"), HOSTILE.values(), ids=HOSTILE)
async def test_a_call_without_sense_ends_no_conversation(
    client: httpx2.AsyncClient, model: Provider, name: str, arguments: dict[str, Any] | str
) -> None:
    notebook = await new_notebook(client, "x = 1")
    await client.post(f"notebooks/{notebook['id']}/run", json={"wait": 60})
    model.script = [calls(("read_notebook", {}), (name, arguments), piece_chars=4_000), says("So be it.")]
    events = await chat(client, notebook)
    assert events[-1][0] == "end", events[-1]
    assert len(of(events, "tool_result")) == 2
    assert json.loads(json.dumps(model.told(1)))[-1]["role"] == "tool"
    assert (await client.get(f"notebooks/{notebook['id']}")).status_code == 200


async def test_half_of_a_character_is_told_as_one_that_is_not_known(
    client: httpx2.AsyncClient, model: Provider
) -> None:
    notebook = await new_notebook(client, "x = 1")
    model.script = [says("so \ud83d", " it is")]
    events = await chat(client, notebook)
    assert [data["text"] for data in of(events, "text")] == ["so \N{REPLACEMENT CHARACTER}", " it is"]
    assert events[-1][0] == "end"


ENDLESS = {
    "more calls than can be kept": calls(*(("read_graph", {}) for _ in range(80))),
    "words without end": says(*("word " * 2_000 for _ in range(60))),
    "arguments without end": calls(("add_cell", '{"source": "' + "x" * 300_000), piece_chars=20_000),
}


@pytest.mark.parametrize("turn", ENDLESS.values(), ids=ENDLESS)
async def test_an_answer_has_a_size(client: httpx2.AsyncClient, model: Provider, turn: Turn) -> None:
    notebook = await new_notebook(client, "x = 1")
    model.script = [turn]
    name, said = (await chat(client, notebook))[-1]
    assert (name, said["code"]) == ("error", "too-large")
    assert len(model.asked) == 1


@pytest.fixture
def short(model: Provider, tmp_path: Path) -> Iterator[Service]:
    """A service that answers for two seconds only."""
    settings = settings_for(
        tmp_path, chat_model="openai/scripted", chat_api_base=model.url, chat_api_key="sk-k", chat_timeout=2
    )
    with serve(create_app(settings, identity=People())) as made:
        yield made


async def test_a_conversation_whose_time_is_over_can_go_on(short: Service, model: Provider) -> None:
    """Each call has an answer in it, as providers ask for, and what was said stays said."""
    await chat_model._litellm()
    async with short.client(ANN) as client:
        notebook = await new_notebook(client, "import time\ntime.sleep(60)")
        model.script = [calls(("run_cells", {"wait_s": 100}), ("read_graph", {}), text="I run it.")]
        _, end = (await chat(client, notebook))[-1]
        assert end["reason"] == "time"
        asked, answered = end["messages"][1], end["messages"][2:]
        assert asked["content"] == "I run it."
        assert [one["tool_call_id"] for one in answered] == [call["id"] for call in asked["tool_calls"]]
        assert all("time" in one["content"] for one in answered)
        model.script = [Turn([{"content": "Half of "}], stalls=True)]
        _, end = (await chat(client, notebook, messages=[*end["messages"], *QUESTION]))[-1]
        assert (end["reason"], end["messages"][-1]) == ("time", {"role": "assistant", "content": "Half of "})
        model.released.set()


async def test_a_fault_of_ours_ends_the_answer_with_a_word(
    client: httpx2.AsyncClient, model: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reactive_nb.chat import conversation

    async def fails(*_: Any) -> Any:
        raise LookupError("of no concern to anybody")

    monkeypatch.setattr(conversation, "_call", fails)
    notebook = await new_notebook(client, "x = 1")
    model.script = [calls(("read_notebook", {}))]
    async with asyncio.timeout(60):
        name, said = (await chat(client, notebook))[-1]
    assert (name, said["code"]) == ("error", "failed")
    assert "concern" not in said["message"]
