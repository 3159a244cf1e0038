"""Notebooks on other people's kernels, over REST and the WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import nbformat
import pytest

from tests.api.service import Service, new_notebook, running
from tests.kernels.others.kernels import KERNELS
from tests.kernels.others.speech import SPEECHES, Speech

pytestmark = pytest.mark.anyio

Json = dict[str, Any]
LIMIT_S = 30
CODE = [name for name, kernel in KERNELS.items() if kernel.language != "python"]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, installed: None) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("notebooks")) as started:
        yield started


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx2.AsyncClient]:
    async with service.client() as made:
        yield made


async def run(client: httpx2.AsyncClient, notebook: Json, **body: Any) -> Json:
    answer = await client.post(f"notebooks/{notebook['id']}/run", json={"wait": LIMIT_S} | body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def statuses(client: httpx2.AsyncClient, notebook: Json) -> str:
    return " ".join(cell["status"] for cell in (await read(client, notebook))["cells"])


async def read(client: httpx2.AsyncClient, notebook: Json) -> Json:
    return dict((await client.get(f"notebooks/{notebook['id']}")).json())


async def exported(client: httpx2.AsyncClient, notebook: Json, form: str = "ipynb") -> str:
    answer = await client.get(f"notebooks/{notebook['id']}/export", params={"format": form})
    assert answer.status_code == 200, answer.text
    return answer.text


def shown(cell: Json) -> str:
    return "".join(
        output.get("text") or output.get("evalue") or str(output.get("data", {}).get("text/plain", ""))
        for output in cell["outputs"]
    )


async def test_all_can_be_chosen(client: httpx2.AsyncClient) -> None:
    listed = {spec["name"]: spec for spec in (await client.get("kernelspecs")).json()["kernelspecs"]}
    for name, kernel in KERNELS.items():
        assert (listed[name]["display_name"], listed[name]["language"]) == (kernel.display_name, kernel.language)
    assert not any(listed[name]["default"] for name in KERNELS)


async def test_a_life(client: httpx2.AsyncClient, service: Service, name: str, speech: Speech) -> None:
    """Run, see, fail, complete, interrupt, restart."""
    sources = [speech.remember, speech.recall, speech.fail, speech.say_hello]
    notebook = await new_notebook(client, *sources, kernel_name=name)
    kind = "python" if KERNELS[name].language == "python" else "code"
    assert {cell["type"] for cell in notebook["cells"]} == {kind}
    ran = await run(client, notebook)
    assert [cell["status"] for cell in ran["cells"]] == ["success", "success", "error", "success"]
    assert "42" in shown(ran["cells"][1])
    assert speech.failure in shown(ran["cells"][2])
    assert ran["cells"][2]["error"]["message"]
    assert "hello" in shown(ran["cells"][3])
    for cell in ran["cells"]:
        assert all(output.get("text", "-") for output in cell["outputs"])

    ask = {"code": speech.typed, "cursor_pos": len(speech.typed)}
    completed = (await client.post(f"notebooks/{notebook['id']}/complete", json=ask)).json()
    assert any(match.startswith(speech.completed) for match in completed["matches"])

    await client.put(f"notebooks/{notebook['id']}/cells/c3", json={"source": speech.endless})
    async with service.live(notebook["id"]) as live:
        endless = asyncio.ensure_future(run(client, notebook, cells=["c3"]))
        await live.until("output.append", cell_id="c3")
        while not endless.done():
            await client.post(f"notebooks/{notebook['id']}/interrupt")
            await asyncio.wait([endless], timeout=1)
        assert (await endless)["state"] == ("failed" if speech.interrupt_kills else "interrupted")
    if speech.interrupt_kills:
        dead = await read(client, notebook)
        assert dead["kernel"]["state"] == "dead"
        assert dead["kernel"]["message"]

    restarted = await client.post(f"notebooks/{notebook['id']}/restart")
    assert restarted.status_code == 200, restarted.text
    assert await statuses(client, notebook) == "stale stale stale stale"
    again = await run(client, notebook, cells=["c1"])
    assert "42" not in shown(again["cells"][-1]) or kind == "python"  # where c0, which it needs, runs first
    deleted = await client.delete(f"notebooks/{notebook['id']}")
    assert deleted.status_code == 204


@pytest.mark.parametrize("name", [name for name, speech in SPEECHES.items() if speech.ask], scope="module")
async def test_a_question_is_asked_and_answered(
    client: httpx2.AsyncClient, service: Service, name: str, speech: Speech
) -> None:
    notebook = await new_notebook(client, speech.ask or "", kernel_name=name)
    async with service.live(notebook["id"]) as live:
        asked = asyncio.ensure_future(run(client, notebook))
        question = await live.until("input.requested")
        assert (question["cell_id"], question["prompt"]) == ("c0", "name? ")
        await client.post(f"notebooks/{notebook['id']}/input", json={"value": "Ada"})
        assert "<Ada>" in shown((await asked)["cells"][0])


@pytest.mark.parametrize("name", CODE, scope="module")
async def test_what_cannot_be_analysed_runs_in_order_and_makes_stale_what_is_below(
    client: httpx2.AsyncClient, name: str, speech: Speech
) -> None:
    notebook = await new_notebook(client, speech.say_hello, speech.remember, speech.recall, kernel_name=name)
    assert [cell["id"] for cell in (await run(client, notebook))["cells"]] == ["c0", "c1", "c2"]
    assert await statuses(client, notebook) == "success success success"
    await run(client, notebook, cells=["c1"])
    assert await statuses(client, notebook) == "success success stale"
    await run(client, notebook)
    assert await statuses(client, notebook) == "success success success"
    await client.put(f"notebooks/{notebook['id']}/cells/c0", json={"source": speech.say_hello + "\n"})
    assert (await statuses(client, notebook)).startswith("stale")
    await run(client, notebook, cells=["c0"])
    assert await statuses(client, notebook) == "success stale stale"
    graph = (await client.get(f"notebooks/{notebook['id']}/graph")).json()
    assert graph["edges"] == []
    assert (await client.get(f"notebooks/{notebook['id']}/variables")).json()["variables"] == []


async def test_a_file_says_what_its_kernel_and_its_language_are(
    client: httpx2.AsyncClient, name: str, speech: Speech
) -> None:
    kernel = KERNELS[name]
    notebook = await new_notebook(client, speech.say_hello, kernel_name=name)
    await run(client, notebook)
    document = json.loads(await exported(client, notebook))
    nbformat.validate(nbformat.from_dict(document))  # type: ignore[no-untyped-call]  # has no types
    spec = {"name": name, "display_name": kernel.display_name, "language": kernel.language}
    assert document["metadata"]["kernelspec"] == spec
    if kernel.language != "python":
        assert document["metadata"]["language_info"]["name"] == kernel.language
    imported = await client.post("notebooks/import", content=json.dumps(document))
    assert imported.status_code == 201, imported.text
    back = imported.json()
    assert (back["kernel_name"], back["kernel"]["language"]) == (name, kernel.language)
    assert [cell["type"] for cell in back["cells"]] == [cell["type"] for cell in notebook["cells"]]
    assert json.loads(await exported(client, back))["metadata"]["kernelspec"] == spec


@pytest.mark.parametrize("name", CODE, scope="module")
async def test_other_formats_keep_its_cells(client: httpx2.AsyncClient, name: str, speech: Speech) -> None:
    notebook = await new_notebook(client, speech.say_hello, kernel_name=name)
    await run(client, notebook)
    script = await exported(client, notebook, "py")
    compile(script, "script", "exec")
    back = await client.post("notebooks/import", content=script, headers={"Content-Type": "text/x-python"})
    cell = back.json()["cells"][0]
    assert (cell["type"], cell["source"]) == ("code", speech.say_hello)
    assert back.json()["kernel_name"] == name
    markdown = await exported(client, notebook, "md")
    assert f"```{KERNELS[name].language}\n" in markdown
    assert "hello" in await exported(client, notebook, "html")


async def test_a_notebook_changes_its_kernel_and_back(client: httpx2.AsyncClient) -> None:
    notebook = await new_notebook(client, "kept = 42", "print('kept', kept)")
    await run(client, notebook)
    answer = await client.put(f"notebooks/{notebook['id']}/settings", json={"kernel_name": "bash"})
    assert answer.status_code == 200, answer.text
    changed = await read(client, notebook)
    assert [(cell["type"], cell["status"]) for cell in changed["cells"]] == [("code", "stale")] * 2
    assert changed["kernel"] | {"message": None} == {
        "name": "bash",
        "state": "none",
        "language": "bash",
        "message": None,
    }
    await client.put(f"notebooks/{notebook['id']}/cells/c0", json={"source": "kept=43"})
    await client.put(f"notebooks/{notebook['id']}/cells/c1", json={"source": "echo kept $kept"})
    assert "kept 43" in shown((await run(client, notebook))["cells"][1])
    metadata = json.loads(await exported(client, notebook))["metadata"]
    assert metadata["kernelspec"] == {"name": "bash", "display_name": "Bash", "language": "bash"}
    assert metadata["language_info"]["name"] == "bash"

    await client.put(f"notebooks/{notebook['id']}/settings", json={"kernel_name": "ipykernel-6.31"})
    metadata = json.loads(await exported(client, notebook))["metadata"]
    assert (metadata["kernelspec"]["language"], metadata.get("language_info")) == ("python", None)
    await client.put(f"notebooks/{notebook['id']}/cells/c0", json={"source": "kept = 44"})
    await client.put(f"notebooks/{notebook['id']}/cells/c1", json={"source": "print('kept', kept)"})
    assert "kept 44" in shown((await run(client, notebook))["cells"][1])
    assert [cell["type"] for cell in (await read(client, notebook))["cells"]] == ["python"] * 2


@pytest.mark.parametrize("name", ["ipykernel-6.31", "ipykernel-7.2", "xpython"])
async def test_the_promise_holds_on_any_python_kernel(client: httpx2.AsyncClient, name: str) -> None:
    """Names that are bound again, changed in place and removed further down are what they were at each cell's place."""
    sources = ["x = [1]", "print('first', x)", "x.append(2)", "print('second', x)", "x = 'other'", "print('third', x)"]
    notebook = await new_notebook(client, *sources, kernel_name=name)

    async def texts() -> list[str]:
        cells = (await read(client, notebook))["cells"]
        assert {cell["status"] for cell in cells} == {"success"}
        return [shown(cell) for cell in cells if cell["outputs"]]

    await run(client, notebook)
    assert await texts() == ["first [1]\n", "second [1, 2]\n", "third other\n"]
    await client.put(f"notebooks/{notebook['id']}/cells/c1", json={"source": "print('again', x)"})
    await run(client, notebook)
    assert await texts() == ["again [1]\n", "second [1, 2]\n", "third other\n"]
    await client.put(f"notebooks/{notebook['id']}/cells/c0", json={"source": "x = [0]"})
    await run(client, notebook)
    assert await texts() == ["again [0]\n", "second [0, 2]\n", "third other\n"]
    rows = (await client.get(f"notebooks/{notebook['id']}/variables")).json()["variables"]
    assert [(row["name"], row["type"]) for row in rows] == [("x", "str")]
