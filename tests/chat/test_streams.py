"""The ways in which providers cut a call of a tool, or several at once, into pieces: all mean the same."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from tests.api.service import new_notebook
from tests.chat.provider import Provider, Turn, calls, says
from tests.chat.test_chat import chat, client, model, of, service

__all__ = ["client", "model", "service"]
pytestmark = pytest.mark.anyio

SOURCES = ("a = 'naïve \N{GRINNING FACE} \\u00e9'", 'b = """\n{"x": [1, 2]}\n"""')
TWO: list[tuple[str, dict[str, Any]]] = [("add_cell", {"source": source}) for source in SOURCES]


def piece(index: int | None, call_id: str | None, name: str | None, arguments: str | None) -> dict[str, Any]:
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    given: dict[str, Any] = {"index": index, "id": call_id, "type": "function", "function": function}
    return {key: value for key, value in given.items() if value is not None}


def at_once(*pieces: dict[str, Any]) -> Turn:
    """All pieces in one chunk."""
    return Turn([{"tool_calls": list(pieces)}])


def by_turns(*pieces: dict[str, Any]) -> Turn:
    """A chunk for each piece."""
    return Turn([{"tool_calls": [one]} for one in pieces])


FIRST, SECOND = (json.dumps(arguments) for _, arguments in TWO)
HALF = len(FIRST) // 2
WAYS: dict[str, Turn] = {
    "a character at a time, both mixed": calls(*TWO, piece_chars=1),
    "in pieces, both mixed": calls(*TWO, piece_chars=7),
    "with words before": calls(*TWO, text="I add two cells."),
    "whole, in one chunk": at_once(piece(0, "x", "add_cell", FIRST), piece(1, "y", "add_cell", SECOND)),
    "whole, a chunk for each": by_turns(piece(0, "x", "add_cell", FIRST), piece(1, "y", "add_cell", SECOND)),
    "both with the same number": by_turns(piece(0, "x", "add_cell", FIRST), piece(0, "y", "add_cell", SECOND)),
    "numbers that begin at one, with gaps": by_turns(
        piece(1, "x", "add_cell", FIRST), piece(10**12, "y", "add_cell", SECOND)
    ),
    "the id in each piece": by_turns(
        piece(0, "x", "add_cell", FIRST[:HALF]),
        piece(1, "y", "add_cell", ""),
        piece(0, "x", None, FIRST[HALF:]),
        piece(1, "y", None, SECOND),
    ),
    "another id in each piece": by_turns(
        piece(0, "x", "add_cell", FIRST[:HALF]),
        piece(0, "x2", None, FIRST[HALF:]),
        piece(1, "y", "add_cell", SECOND[:HALF]),
        piece(1, "y2", None, SECOND[HALF:]),
    ),
    "no id at all": by_turns(piece(0, None, "add_cell", FIRST), piece(1, None, "add_cell", SECOND)),
}


@pytest.mark.parametrize("turn", WAYS.values(), ids=WAYS)
async def test_parallel_calls_in_fragments_are_each_made_once(
    client: httpx2.AsyncClient, model: Provider, turn: Turn
) -> None:
    notebook = await new_notebook(client, "x = 1")
    model.script = [turn, says("Done.")]
    events = await chat(client, notebook)
    assert [data["arguments"] for data in of(events, "tool_call")] == [arguments for _, arguments in TWO]
    assert [data["ok"] for data in of(events, "tool_result")] == [True, True]
    assert events[-1][1]["reason"] == "done"
    cells = (await client.get(f"notebooks/{notebook['id']}")).json()["cells"]
    assert [cell["source"] for cell in cells] == ["x = 1", *SOURCES]
    asked, *answers = model.told()[-3:]
    ids = [call["id"] for call in asked["tool_calls"]]
    assert len(set(ids)) == 2
    assert [answer["tool_call_id"] for answer in answers] == ids, "the provider is answered by its own ids"


MALFORMED = {
    "cut off": FIRST[:HALF],
    "another language": "{'source': 'a = 1'}",
    "twice": FIRST + FIRST,
    "a sentence": "I would add a cell.",
    "in a fence": f"```json\n{FIRST}\n```",
}


@pytest.mark.parametrize("arguments", MALFORMED.values(), ids=MALFORMED)
async def test_malformed_arguments_are_explained_and_the_call_beside_them_is_made(
    client: httpx2.AsyncClient, model: Provider, arguments: str
) -> None:
    notebook = await new_notebook(client, "x = 1")
    model.script = [calls(("add_cell", arguments), TWO[1], piece_chars=3), calls(TWO[0]), says("Done.")]
    events = await chat(client, notebook)
    assert [data["ok"] for data in of(events, "tool_result")] == [False, True, True]
    assert "no valid JSON" in model.told(1)[-2]["content"]
    cells = (await client.get(f"notebooks/{notebook['id']}")).json()["cells"]
    assert [cell["source"] for cell in cells] == ["x = 1", SOURCES[1], SOURCES[0]]
