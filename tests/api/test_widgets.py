"""Widgets over REST, with nobody looking: listed, moved, and refused in words."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.api.service import Service, new_notebook

pytestmark = pytest.mark.anyio

SLIDER = "import ipywidgets as w\nslider = w.IntSlider(value=1)\nslider"


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx2.AsyncClient]:
    async with service.client() as made:
        yield made


async def test_a_widget_is_moved_by_its_name_and_the_cells_below_follow(client: httpx2.AsyncClient) -> None:
    notebook = await new_notebook(client, SLIDER, "x = slider.value", "print(x * 2)")
    address = f"notebooks/{notebook['id']}"
    assert (await client.get(f"{address}/widgets")).json() == {"widgets": []}
    await client.post(f"{address}/run", json={"wait": 60})

    listed = (await client.get(f"{address}/widgets")).json()["widgets"]
    [slider] = [widget for widget in listed if widget["names"]]
    assert (slider["names"], slider["model"], slider["read_by"]) == (["slider"], "IntSliderModel", ["c1"])
    assert slider["state"]["value"] == 1

    moved = (await client.put(f"{address}/widgets/slider", json={"state": {"value": 21}, "wait": 60})).json()
    assert moved["settled"]
    assert moved["widget"]["state"]["value"] == 21
    assert [(cell["id"], cell["status"]) for cell in moved["cells"]] == [("c1", "success"), ("c2", "success")]
    assert moved["cells"][1]["outputs"][0]["text"] == "42\n"

    by_comm = await client.put(f"{address}/widgets/{slider['comm_id']}", json={"state": {"value": 4}, "wait": 60})
    assert by_comm.json()["cells"][1]["outputs"][0]["text"] == "8\n"


async def test_what_cannot_be_moved_is_refused_in_words(client: httpx2.AsyncClient) -> None:
    notebook = await new_notebook(client, SLIDER)
    address = f"notebooks/{notebook['id']}/widgets"
    none = await client.put(f"{address}/slider", json={"state": {"value": 1}})
    assert (none.status_code, none.json()["type"]) == (404, "/problems/no-such-widget")
    await client.post(f"notebooks/{notebook['id']}/run", json={"wait": 60})
    other = await client.put(f"{address}/sldier", json={"state": {"value": 1}})
    assert "bound to names are: slider" in other.json()["detail"]
    trait = await client.put(f"{address}/slider", json={"state": {"valeu": 1}})
    assert (trait.status_code, trait.json()["errors"][0]["field"]) == (422, "state.valeu")


async def test_what_libraries_of_widgets_have_for_browsers_is_read_and_nothing_else(client: httpx2.AsyncClient) -> None:
    notebook = await new_notebook(client, "1")
    modules = f"notebooks/{notebook['id']}/widgets/modules"
    assert (await client.get(f"{modules}/ipycanvas")).status_code == 503  # there is no kernel yet to ask
    await client.post(f"notebooks/{notebook['id']}/run", json={"wait": 60})
    found = await client.get(f"{modules}/ipycanvas")
    assert found.headers["content-type"] == "application/json"
    assert 'define(["@jupyter-widgets/base"]' in found.json()["source"]
    for other in ("nowhere", "..%2f..%2f..%2f..%2fetc", "%2fetc", "ipycanvas%2f..%2f..", "a%2fb%2fc", "%2e%2e"):
        missing = await client.get(f"{modules}/{other}")
        assert (missing.status_code, missing.json()["type"]) == (404, "/problems/no-such-module"), other
