"""Runs and the kernel over REST, with real kernels."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tests.api.service import Service, new_notebook

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx2.AsyncClient]:
    async with service.client() as made:
        yield made


async def finished(client: httpx2.AsyncClient, notebook: dict[str, Any], **body: Any) -> dict[str, Any]:
    answer = await client.post(f"notebooks/{notebook['id']}/run", json={"wait": 30} | body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_with_wait_the_answer_has_statuses_and_outputs(client: httpx2.AsyncClient) -> None:
    notebook = await new_notebook(client, "x = 20", "print('hi')\nx + 1", "1 / 0", "never = 1")
    run = await finished(client, notebook)
    assert run["state"] == "finished"
    assert [(cell["id"], cell["status"]) for cell in run["cells"]] == [
        ("c0", "success"),
        ("c1", "success"),
        ("c2", "error"),
        ("c3", "success"),
    ]
    stream, result = run["cells"][1]["outputs"]
    assert (stream["text"], result["data"]["text/plain"]) == ("hi\n", "21")
    assert run["cells"][2]["outputs"][0]["ename"] == "ZeroDivisionError"
    assert "division by zero" in run["cells"][2]["error"]["message"]
    read = (await client.get(f"notebooks/{notebook['id']}")).json()
    assert [cell["outputs"] for cell in read["cells"]] == [cell["outputs"] for cell in run["cells"]]


async def test_only_what_is_stale_runs_again(client: httpx2.AsyncClient) -> None:
    notebook = await new_notebook(client, "x = 1", "y = x", "z = 9")
    await finished(client, notebook)
    await client.put(f"notebooks/{notebook['id']}/cells/c0", json={"source": "x = 2"})
    now = (await client.get(f"notebooks/{notebook['id']}")).json()
    assert [cell["status"] for cell in now["cells"]] == ["stale", "stale", "success"]
    assert [cell["id"] for cell in (await finished(client, notebook))["cells"]] == ["c0", "c1"]


async def test_a_part_of_the_page_is_run(client: httpx2.AsyncClient) -> None:
    notebook = await new_notebook(client, "x = 1", "y = x", "y", "'fresh'")
    await finished(client, notebook)

    async def ran(**body: Any) -> list[str]:
        return [cell["id"] for cell in (await finished(client, notebook, **body))["cells"]]

    assert await ran(from_cell="c1") == ["c1", "c2"]
    assert await ran(up_to_cell="c3") == []
    await client.put(f"notebooks/{notebook['id']}/cells/c0", json={"source": "x = 2"})
    assert await ran(up_to_cell="c1") == ["c0", "c1"]
    assert await ran(from_cell="c2") == ["c2"]
    assert await ran(all=True) == ["c0", "c1", "c2", "c3"]


async def test_a_run_is_asked_for_in_one_way(client: httpx2.AsyncClient) -> None:
    notebook = await new_notebook(client, "x = 1")
    answer = await client.post(f"notebooks/{notebook['id']}/run", json={"from_cell": "c0", "all": True})
    assert (answer.status_code, "one of cells" in answer.json()["errors"][0]["message"]) == (422, True)
    missing = await client.post(f"notebooks/{notebook['id']}/run", json={"up_to_cell": "c9"})
    assert missing.status_code == 404


async def test_without_wait_the_answer_comes_at_once(client: httpx2.AsyncClient, service: Service) -> None:
    notebook = await new_notebook(client, "input()")
    async with service.live(notebook["id"]) as live:
        answer = await client.post(f"notebooks/{notebook['id']}/run")
        assert answer.json()["state"] == "running"
        await live.until("input.requested")
        still = await client.post(f"notebooks/{notebook['id']}/run", json={"wait": 0.01})
        assert still.json()["state"] == "running"
        sent = await client.post(f"notebooks/{notebook['id']}/input", json={"value": "hello"})
        assert sent.status_code == 204
        await live.until("run.finished")
        assert "hello" in str((await client.get(f"notebooks/{notebook['id']}/cells/c0")).json()["outputs"])


async def test_input_that_nobody_waits_for_is_refused(client: httpx2.AsyncClient) -> None:
    notebook = await new_notebook(client)
    answer = await client.post(f"notebooks/{notebook['id']}/input", json={"value": "x"})
    assert answer.status_code == 422


async def test_a_cell_that_is_not_there_can_t_be_run(client: httpx2.AsyncClient) -> None:
    notebook = await new_notebook(client)
    answer = await client.post(f"notebooks/{notebook['id']}/run", json={"cells": ["missing"]})
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-cell")


async def test_an_interrupted_run_ends(client: httpx2.AsyncClient, service: Service) -> None:
    notebook = await new_notebook(client, "print('go', flush=True)\nwhile True: pass", "after = 1")
    async with service.live(notebook["id"]) as live:
        run = asyncio.ensure_future(finished(client, notebook))
        await live.until("output.append", cell_id="c0")
        answer = await client.post(f"notebooks/{notebook['id']}/interrupt")
        assert answer.status_code == 200
        assert (await run)["state"] == "interrupted"
    idle = await client.post(f"notebooks/{notebook['id']}/interrupt")
    assert idle.json()["message"] == "Nothing was running."


async def test_a_kernel_is_shut_down_and_the_next_run_starts_another(client: httpx2.AsyncClient) -> None:
    notebook = await new_notebook(client, "x = 1")
    address = f"notebooks/{notebook['id']}"
    assert (await client.post(f"{address}/shutdown")).json() == {"state": "none", "message": "No kernel was running."}
    await finished(client, notebook)
    answer = await client.post(f"{address}/shutdown")
    assert answer.json() == {"state": "none", "message": "The kernel was shut down."}
    assert (await client.get(f"{address}/variables")).json() == {"variables": []}
    assert (await finished(client, notebook))["state"] == "finished"


async def test_a_restarted_kernel_has_forgotten_everything(client: httpx2.AsyncClient) -> None:
    notebook = await new_notebook(client, "x = 1")
    await finished(client, notebook)
    where = f"notebooks/{notebook['id']}/variables"
    listed = (await client.get(where)).json()["variables"]
    assert [(one["name"], one["type"], one["preview"], one["cell"]) for one in listed] == [("x", "int", "1", "c0")]
    assert (await client.post(f"notebooks/{notebook['id']}/restart")).status_code == 200
    assert (await client.get(where)).json()["variables"] == []
    assert (await client.get(f"notebooks/{notebook['id']}/cells/c0")).json()["status"] == "stale"


async def test_a_table_is_read_in_pages(client: httpx2.AsyncClient) -> None:
    notebook = await new_notebook(client, "rows = list(range(100))")
    await finished(client, notebook)
    where = f"notebooks/{notebook['id']}/variables"
    page = (await client.get(f"{where}/rows", params={"offset": 10, "limit": 3})).json()
    assert (page["total"], page["offset"], len(page["rows"])) == (100, 10, 3)
    question: dict[str, Any] = {"limit": 2, "sort": 0, "descending": "true", "filter": ["0:lt:50", "0:contains:4"]}
    page = (await client.get(f"{where}/rows", params=question)).json()
    assert (page["total"], page["matching"], page["rows"]) == (100, 14, [[49], [48]])
    wrongs: list[dict[str, Any]] = [{"filter": "0:like:4"}, {"sort": -1}, {"sorted": 1}]
    for wrong in wrongs:
        refused = await client.get(f"{where}/rows", params=wrong)
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/invalid")
        assert next(iter(wrong)) in refused.text
    no_number = await client.get(f"{where}/rows", params={"filter": "0:gt:many"})
    assert (no_number.status_code, no_number.json()["detail"]) == (422, "'many' is no number.")
    missing = await client.get(f"{where}/columns")
    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/no-such-variable")


async def test_completion_and_documentation(client: httpx2.AsyncClient) -> None:
    notebook = await new_notebook(client, "horizon = 1")
    await finished(client, notebook)
    found = await client.post(f"notebooks/{notebook['id']}/complete", json={"code": "horiz", "cursor_pos": 5})
    assert "horizon" in found.json()["matches"]
    told = await client.post(f"notebooks/{notebook['id']}/inspect", json={"code": "len", "cursor_pos": 3})
    assert told.json()["found"]
    assert "Return the number of items" in told.json()["data"]["text/plain"]


async def test_the_debugger_answers_over_rest(client: httpx2.AsyncClient) -> None:
    notebook = await new_notebook(client, "1")
    await finished(client, notebook)
    request = {"type": "request", "seq": 1, "command": "debugInfo", "arguments": {}}
    answer = await client.post(f"notebooks/{notebook['id']}/debug", json={"request": request})
    assert answer.json()["response"]["command"] == "debugInfo"
    assert answer.json()["response"]["success"]


async def test_what_needs_a_kernel_says_that_there_is_none(client: httpx2.AsyncClient) -> None:
    notebook = await new_notebook(client)
    answer = await client.post(f"notebooks/{notebook['id']}/complete", json={"code": "a", "cursor_pos": 1})
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/kernel-unavailable")
    assert "run a cell" in answer.json()["detail"]


ECHO = """
import comm
def opened(made, message):
    def echo(said):
        made.send({"echo": said["content"]["data"]}, buffers=[bytes(part)[::-1] for part in said["buffers"]])
    made.on_msg(echo)
comm.get_comm_manager().register_target("echo", opened)
"""


async def test_comms_can_be_spoken_on(client: httpx2.AsyncClient, service: Service) -> None:
    notebook = await new_notebook(client, ECHO)
    await finished(client, notebook)
    async with service.live(notebook["id"]) as live:
        where = f"notebooks/{notebook['id']}/comms/comm-1"
        assert (await client.post(where, json={"action": "open", "target_name": "echo"})).status_code == 204
        assert (await client.post(where, json={"data": {"n": 1}, "buffers": ["AQID"]})).status_code == 204
        mine = await live.until("comm.msg", client_id="rest")
        echo = await live.until("comm.msg", client_id=None)
        assert (mine["data"], echo["data"]) == ({"n": 1}, {"echo": {"n": 1}})
        assert live.buffers[live.events.index(echo)] == [b"\x03\x02\x01"]
        assert (await client.post(where, json={"action": "close"})).status_code == 204
        await live.until("comm.close")
    wrong = await client.post(where, json={"action": "open"})
    assert wrong.status_code == 422


async def test_the_kernels_that_can_be_chosen_are_listed(client: httpx2.AsyncClient) -> None:
    listed = (await client.get("kernelspecs")).json()["kernelspecs"]
    (default,) = [spec for spec in listed if spec["default"]]
    assert (default["name"], default["language"]) == ("python3", "python")
