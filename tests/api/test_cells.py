"""Cells over REST. No edit runs anything."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.service import Service, new_notebook

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("place", "expected"),
    [({}, ["c0", "c1", "new"]), ({"index": 0}, ["new", "c0", "c1"]), ({"after": "c0"}, ["c0", "new", "c1"])],
)
async def test_a_cell_goes_where_it_is_asked_to(service: Service, place: dict[str, Any], expected: list[str]) -> None:
    async with service.client() as client:
        made = await new_notebook(client, "x = 1", "x")
        answer = await client.post(f"notebooks/{made['id']}/cells", json={"id": "new", "source": "1"} | place)
        assert answer.status_code == 201
        assert answer.headers["location"] == f"/api/v1/notebooks/{made['id']}/cells/new"
        assert answer.headers["etag"] == f'"{made["revision"] + 1}"'
        assert (await client.get(service.origin + answer.headers["location"])).json() == answer.json()
        now = (await client.get(f"notebooks/{made['id']}")).json()
        assert [cell["id"] for cell in now["cells"]] == expected


async def test_a_cell_without_an_id_gets_one(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client)
        ids = {(await client.post(f"notebooks/{made['id']}/cells", json={})).json()["id"] for _ in range(3)}
        assert len(ids) == 3


async def test_a_cell_shows_its_names_and_neighbours(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client, "x = 1", "y = x", "print(y)")
        middle = (await client.get(f"notebooks/{made['id']}/cells/c1")).json()
        assert (middle["defines"], middle["uses"], middle["upstream"], middle["downstream"]) == (
            ["y"],
            ["x"],
            ["c0"],
            ["c2"],
        )


async def test_what_is_left_out_of_a_change_stays(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client, "x = 1", "y = 2")
        where = f"notebooks/{made['id']}/cells/c0"
        changed = (await client.put(where, json={"config": {"timeout": 5, "hide_source": True}})).json()
        assert changed["source"] == "x = 1"
        changed = (await client.put(where, json={"config": {"timeout": None}})).json()
        assert (changed["config"]["timeout"], changed["config"]["hide_source"]) == (None, True)
        changed = (await client.put(where, json={"source": "x = 3", "type": "markdown", "index": 1})).json()
        assert (changed["source"], changed["type"]) == ("x = 3", "markdown")
        now = (await client.get(f"notebooks/{made['id']}")).json()
        assert [cell["id"] for cell in now["cells"]] == ["c1", "c0"]


async def test_a_removed_cell_is_gone(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client, "x = 1")
        gone = await client.delete(f"notebooks/{made['id']}/cells/c0")
        assert (gone.status_code, gone.content, gone.headers["etag"]) == (204, b"", f'"{made["revision"] + 1}"')
        for answer in (
            await client.get(f"notebooks/{made['id']}/cells/c0"),
            await client.put(f"notebooks/{made['id']}/cells/c0", json={"source": ""}),
            await client.delete(f"notebooks/{made['id']}/cells/c0"),
        ):
            assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-cell")


async def test_a_cell_that_changed_since_it_was_seen_is_a_conflict_with_that_cell(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client, "x = 1", "y = 1")
        where = f"notebooks/{made['id']}/cells"
        seen = made["revision"]
        assert (await client.put(f"{where}/c1", json={"source": "y = 2"})).status_code == 200
        other = await client.put(f"{where}/c0", json={"source": "x = 2", "base_revision": seen})
        assert other.status_code == 200, "another cell's change is no conflict"
        lost = await client.put(f"{where}/c1", json={"source": "y = 3", "base_revision": seen})
        assert lost.status_code == 409
        assert lost.json()["current"]["cell"]["source"] == "y = 2"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": "poem"}, "type"),
        ({"sauce": "x"}, "sauce"),
        ({"index": -1}, "index"),
        ({"id": "not an id"}, "id"),
        ({"config": {"mode": "sometimes"}}, "config.mode"),
        ({"config": {"timeout": -1}}, "config.timeout"),
        ({"source": "\ud800"}, "source"),
        ({"source": 5, "type": None}, "type"),
    ],
)
async def test_a_wrong_field_is_named(service: Service, body: dict[str, Any], field: str) -> None:
    async with service.client() as client:
        made = await new_notebook(client)
        answer = await client.post(
            f"notebooks/{made['id']}/cells", content=json.dumps(body), headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 422
        assert field in [error["field"] for error in answer.json()["errors"]]


async def test_a_source_beyond_the_limit_is_refused(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client, "x = 1")
        long = "#" * (service.settings.max_source_bytes + 1)
        for answer in (
            await client.post(f"notebooks/{made['id']}/cells", json={"source": long}),
            await client.put(f"notebooks/{made['id']}/cells/c0", json={"source": long}),
            await client.post("notebooks", json={"cells": [{"source": long}]}),
        ):
            assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
        assert (await client.get(f"notebooks/{made['id']}")).json() == made


@pytest.mark.parametrize("name", ["class", "None", "__builtins__", "1x", "a b", ""])
async def test_rows_get_a_name_that_python_knows_as_one(service: Service, name: str) -> None:
    async with service.client() as client:
        made = await new_notebook(client, "x = 1")
        answer = await client.put(f"notebooks/{made['id']}/cells/c0", json={"config": {"result": name}})
        assert answer.status_code == 422
        assert answer.json()["detail"].startswith("config.result: ")
        file: dict[str, Any] = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
        cell: dict[str, Any] = {"id": "a", "cell_type": "code", "source": "1", "outputs": [], "execution_count": None}
        cell["metadata"] = {"reactive_nb": {"type": "sql", "config": {"result": name}}}
        read = await client.post("notebooks/import", json=file | {"cells": [cell]})
        assert read.status_code == 201, read.text
        assert read.json()["cells"][0]["config"]["result"] is None
