"""What clients are told of why a cell is as it is, over REST and the WebSocket, with real kernels."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tests.api.service import Live, Service, new_notebook

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx2.AsyncClient]:
    async with service.client() as made:
        yield made


async def ran(client: httpx2.AsyncClient, *sources: str) -> str:
    """A notebook with cells `c0`, `c1`, …, all of which have run."""
    notebook = await new_notebook(client, *sources)
    answer = await client.post(f"notebooks/{notebook['id']}/run", json={"wait": 30})
    assert answer.json()["state"] == "finished"
    return str(notebook["id"])


async def why(client: httpx2.AsyncClient, notebook: str, cell: str) -> dict[str, Any]:
    answer = await client.get(f"notebooks/{notebook}/cells/{cell}/why")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_stale_cell_leads_to_the_edit_that_made_it_so(client: httpx2.AsyncClient) -> None:
    notebook = await ran(client, "df = [1]", "total = sum(df)", "print(total)")
    await client.put(f"notebooks/{notebook}/cells/c0", json={"source": "df = [1, 2]"})
    told = await why(client, notebook, "c2")
    assert told["status"] == "stale"
    assert [one["message"] for one in told["stale_because"]] == ["total comes from cell c1, which is stale."]
    (cause,) = told["causes"]
    assert (cause["cell"], cause["label"], cause["manual"]) == ("c0", "df = [1, 2]", False)
    assert [one["kind"] for one in cause["because"]] == ["edited"]
    assert cause["path"] == [{"cell": "c1", "names": ["df"]}, {"cell": "c2", "names": ["total"]}]
    cell = (await client.get(f"notebooks/{notebook}/cells/c2")).json()
    assert cell["stale_because"] == told["stale_because"]


async def test_a_restart_and_a_fresh_cell(client: httpx2.AsyncClient) -> None:
    notebook = await ran(client, "x = 1")
    told = await why(client, notebook, "c0")
    assert (told["status"], told["stale_because"], told["causes"]) == ("success", [], [])
    await client.post(f"notebooks/{notebook}/restart")
    assert [one["kind"] for one in (await why(client, notebook, "c0"))["stale_because"]] == ["kernel-restarted"]


async def test_a_blocked_cell_and_a_name_that_nobody_provides(client: httpx2.AsyncClient) -> None:
    notebook = await ran(client, "x = 1 / 0", "y = x", "y", "pritn(1)")
    told = await why(client, notebook, "c2")
    assert told["status"] == "blocked"
    assert told["culprits"] == [
        {"cell": "c0", "label": "x = 1 / 0", "status": "error", "message": "ZeroDivisionError: division by zero"}
    ]
    (unresolved,) = (await why(client, notebook, "c3"))["unresolved"]
    assert (unresolved["name"], unresolved["similar"]) == ("pritn", ["print"])
    assert (await client.get(f"notebooks/{notebook}/cells/c3")).json()["unresolved"] == ["pritn"]


async def test_why_of_a_cell_that_is_not_there(client: httpx2.AsyncClient) -> None:
    notebook = await new_notebook(client)
    assert (await client.get(f"notebooks/{notebook['id']}/cells/c9/why")).status_code == 404


async def test_statuses_come_with_their_reasons(client: httpx2.AsyncClient, service: Service) -> None:
    notebook = await ran(client, "x = 1", "y = x", "y")
    async with service.live(notebook) as live:
        await live.ask("notebook.update", settings={"mode": "lazy"})
        await live.ask("cell.update", cell_id="c0", changes={"source": "x = 2"})
        assert _reasons(live, "c1") == [("input-stale", "c0", ["x"])]
        run = (await live.ask("cell.run", cell_id="c0"))["result"]
        await live.until("run.finished", run_id=run["run_id"])
        assert _reasons(live, "c1") == [("input-ran", "c0", ["x"])]
        await live.ask("cell.add", cell={"id": "new", "source": "z = missing"})
        graph = next(event for event in reversed(live.events) if event["type"] == "graph.updated")
        assert graph["cells"][0]["unresolved"] == ["missing"]


def _reasons(live: Live, cell: str) -> list[tuple[str, str, list[str]]]:
    """The latest that was told of why a cell is stale."""
    told = [event for event in live.events if event["type"] == "cell.status" and event["cell_id"] == cell]
    return [(one["kind"], one["cell"], one["names"]) for one in told[-1]["stale_because"]]


async def test_a_dry_run_tells_what_would_run_and_starts_nothing(client: httpx2.AsyncClient, service: Service) -> None:
    notebook = str((await new_notebook(client, "x = 1", "y = x", "z = 1"))["id"])
    async with service.live(notebook) as live:
        await live.hear()
        answer = await client.post(f"notebooks/{notebook}/run", json={"cells": ["c1"], "plan": True, "wait": 10})
        plan = answer.json()["plan"]
        assert [(cell["id"], cell["because"][0]["kind"], cell["because"][0]["cell"]) for cell in plan] == [
            ("c0", "needed", "c1"),
            ("c1", "asked", None),
        ]
        assert [cell["stale_because"][0]["kind"] for cell in plan] == ["never-ran", "never-ran"]
        told = await live.ask("notebook.run", up_to_cell="c2", plan=True)
        assert [cell["id"] for cell in told["result"]["plan"]] == ["c0", "c1", "c2"]
        missing = await live.ask("notebook.run", cells=["c9"], plan=True)
        assert missing["error"]["code"] == "no-such-cell"
        ran = (await live.ask("notebook.run", from_cell="c1"))["result"]
        assert ran["cells"] == ["c0", "c1", "c2"]
        await live.until("run.finished", run_id=ran["run_id"])
        kinds = [event["type"] for event in live.events]
        assert kinds.count("run.started") == 1
        assert kinds.index("run.started") < kinds.index("kernel.status")
        again = (await live.ask("notebook.run", all=True))["result"]
        assert again["cells"] == ["c0", "c1", "c2"]


async def test_values_in_text_are_told_as_outputs(client: httpx2.AsyncClient, service: Service) -> None:
    cells = [{"id": "c0", "source": "x = 3"}, {"id": "t", "type": "markdown", "source": "a {{ x }}"}]
    notebook = (await client.post("notebooks", json={"cells": cells})).json()["id"]
    async with service.live(notebook) as live:
        await live.hear()
        ran = (await live.ask("cell.run", cell_id="t"))["result"]
        assert ran["cells"] == ["c0", "t"]
        await live.until("run.finished", run_id=ran["run_id"])
        (told,) = [event for event in live.events if event["type"] == "output.append"]
        assert (told["cell_id"], told["outputs"][0]["data"]["text/markdown"]) == ("t", "a 3")
    cell = (await client.get(f"notebooks/{notebook}/cells/t")).json()
    assert (cell["status"], cell["uses"], cell["upstream"], cell["source"]) == ("success", ["x"], ["c0"], "a {{ x }}")
    exported = await client.get(f"notebooks/{notebook}/export", params={"format": "md"})
    assert "a 3" in exported.text
    assert "{{" not in exported.text
