"""Documents over REST: made, read, changed, conflicted over, deleted."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from tests.api.service import ANN, BOB, Service, new_notebook

pytestmark = pytest.mark.anyio


async def test_a_new_notebook_has_what_was_sent_and_its_own_address(service: Service) -> None:
    async with service.client() as client:
        made = await client.post(
            "notebooks", json={"name": "Prices", "cells": [{"source": "a = 1"}, {"type": "markdown", "source": "# Hi"}]}
        )
        assert made.status_code == 201
        body = made.json()
        assert uuid.UUID(body["id"])
        assert [(cell["type"], cell["source"], cell["status"]) for cell in body["cells"]] == [
            ("python", "a = 1", "idle"),
            ("markdown", "# Hi", "idle"),
        ]
        assert body["kernel"]["state"] == "none"
        assert made.headers["location"] == f"/api/v1/notebooks/{body['id']}"
        read = await client.get(service.origin + made.headers["location"])
        assert read.json() == body
        assert read.headers["etag"] == made.headers["etag"] == f'"{body["revision"]}"'


async def test_everything_about_a_new_notebook_has_a_default(service: Service) -> None:
    async with service.client() as client:
        for made in (await client.post("notebooks"), await client.post("notebooks", json={})):
            assert made.status_code == 201
            assert made.json()["kernel_name"] == "python3"
            assert made.json()["cells"] == []


async def test_the_list_goes_page_by_page_newest_first(service: Service) -> None:
    names = [f"Page {number}" for number in range(5)]
    async with service.client(token=_token("paging")) as client:
        for name in names:
            await new_notebook(client, name=name)
        seen: list[str] = []
        cursor = None
        for _ in range(5):
            page = (await client.get("notebooks", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
            assert len(page["notebooks"]) <= 2
            seen += [item["name"] for item in page["notebooks"]]
            cursor = page["cursor"]
            if cursor is None:
                break
        assert seen == names[::-1]
        bad = await client.get("notebooks", params={"cursor": "no cursor"})
        assert bad.status_code == 422
        assert bad.json()["errors"][0]["field"] == "cursor"


async def test_a_list_shows_only_the_users_own(service: Service) -> None:
    async with service.client(ANN) as ann, service.client(BOB) as bob:
        mine = await new_notebook(ann)
        listed = (await bob.get("notebooks", params={"limit": 500})).json()["notebooks"]
        assert mine["id"] not in {item["id"] for item in listed}
        listed = (await ann.get("notebooks", params={"limit": 500})).json()["notebooks"]
        assert mine["id"] in {item["id"] for item in listed}


async def test_a_rename_is_a_new_revision(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client)
        renamed = await client.put(f"notebooks/{made['id']}/name", json={"name": "  Better  "})
        assert renamed.status_code == 200
        assert renamed.json()["name"] == "Better"
        assert renamed.json()["revision"] == made["revision"] + 1
        assert renamed.headers["etag"] == f'"{made["revision"] + 1}"'


async def test_settings_that_are_left_out_stay(service: Service) -> None:
    async with service.client() as client:
        where = f"notebooks/{(await new_notebook(client))['id']}/settings"
        await client.put(where, json={"mode": "lazy"})
        changed = (await client.put(where, json={"redefinition": "warn"})).json()["settings"]
        asked_for = {"mode": "lazy", "redefinition": "warn"}
        assert changed == {**asked_for, "restart_dead_kernel": False, "equal_results": False, "database": None}


async def test_a_kernel_that_is_not_installed_is_refused_by_its_field(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client)
        for answer in (
            await client.put(f"notebooks/{made['id']}/settings", json={"kernel_name": "cobol"}),
            await client.post("notebooks", json={"kernel_name": "cobol"}),
        ):
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["field"] == "kernel_name"
        assert (await client.get(f"notebooks/{made['id']}")).json()["kernel_name"] == "python3"


async def test_a_deleted_notebook_is_gone(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client)
        assert (await client.delete(f"notebooks/{made['id']}")).status_code == 204
        assert (await client.get(f"notebooks/{made['id']}")).status_code == 404
        assert (await client.delete(f"notebooks/{made['id']}")).status_code == 404


@pytest.mark.parametrize("form", ["{0}", '"{0}"', 'W/"{0}"', "*"])
async def test_a_write_may_say_which_revision_it_is_based_on(service: Service, form: str) -> None:
    async with service.client() as client:
        made = await new_notebook(client)
        headers = {"If-Match": form.format(made["revision"])}
        answer = await client.put(f"notebooks/{made['id']}/name", json={"name": "New"}, headers=headers)
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("value", ["x", '"', '"x"', "-1", '"1', "1, 2", "9" * 60])
async def test_a_revision_that_is_none_is_refused(service: Service, value: str) -> None:
    async with service.client() as client:
        made = await new_notebook(client)
        answer = await client.put(f"notebooks/{made['id']}/name", json={"name": "N"}, headers={"If-Match": value})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "If-Match"


async def test_of_two_writers_who_saw_the_same_one_gets_a_conflict_with_the_current_state(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client, "x = 1")
        seen = {"If-Match": f'"{made["revision"]}"'}
        where = f"notebooks/{made['id']}/cells/c0"
        answers = await asyncio.gather(
            *(client.put(where, json={"source": f"x = {n}"}, headers=seen) for n in range(2, 6))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
        winner = next(answer.json() for answer in answers if answer.status_code == 200)
        for lost in (answer.json() for answer in answers if answer.status_code == 409):
            assert lost["type"] == "/problems/conflict"
            assert lost["current"]["revision"] == made["revision"] + 1
            assert lost["current"]["notebook"]["cells"][0]["source"] == winner["source"]


async def test_a_batch_is_one_revision(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client, "x = 1", "y = 2")
        operations = [
            {"type": "cell.add", "cell": {"id": "new", "source": "z = x"}},
            {"type": "cell.add", "cell": {"after": "new"}},
            {"type": "cell.update", "cell_id": "c0", "changes": {"source": "x = 10"}},
            {"type": "cell.move", "cell_id": "c1", "index": 0},
            {"type": "cell.remove", "cell_id": "c1"},
            {"type": "notebook.update", "name": "Batched", "settings": {"mode": "lazy"}},
        ]
        answer = await client.post(f"notebooks/{made['id']}/batch", json={"operations": operations})
        assert answer.status_code == 200, answer.text
        assert answer.json()["revision"] == made["revision"] + 1
        added = answer.json()["cell_ids"]
        assert added[0] == "new"
        assert len(added) == 2
        now = (await client.get(f"notebooks/{made['id']}")).json()
        assert [cell["id"] for cell in now["cells"]] == ["c0", *added]
        assert (now["name"], now["settings"]["mode"], now["cells"][0]["source"]) == ("Batched", "lazy", "x = 10")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"type": "cell.remove", "cell_id": "missing"}, 404),
        ({"type": "cell.add", "cell": {"id": "c0"}}, 422),
        ({"type": "cell.add", "cell": {"source": "#" * 3_000_000}}, 413),
        ({"type": "cell.fly", "cell_id": "c0"}, 422),
        ({"type": "notebook.update", "settings": {"kernel_name": "cobol"}}, 422),
    ],
)
async def test_a_batch_with_one_wrong_part_changes_nothing(
    service: Service, wrong: dict[str, object], status: int
) -> None:
    async with service.client() as client:
        made = await new_notebook(client, "x = 1")
        operations = [{"type": "cell.update", "cell_id": "c0", "changes": {"source": "x = 2"}}, wrong]
        answer = await client.post(f"notebooks/{made['id']}/batch", json={"operations": operations})
        assert answer.status_code == status, answer.text
        assert (await client.get(f"notebooks/{made['id']}")).json() == made


async def test_the_graph_has_an_edge_for_each_provider_and_user(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client, "x, y = 1, 2", "z = x + y")
        graph = (await client.get(f"notebooks/{made['id']}/graph")).json()
        assert graph["edges"] == [{"from": "c0", "to": "c1", "names": ["x", "y"], "kind": "reads", "below": False}]
        assert [(cell["id"], cell["defines"], cell["uses"]) for cell in graph["cells"]] == [
            ("c0", ["x", "y"], []),
            ("c1", ["z"], ["x", "y"]),
        ]
        for form, media_type, start in (
            ("dot", "text/vnd.graphviz", "digraph"),
            ("mermaid", "text/vnd.mermaid", "flowchart"),
        ):
            drawn = await client.get(f"notebooks/{made['id']}/graph", params={"format": form})
            assert drawn.headers["content-type"].startswith(media_type)
            assert drawn.headers["etag"] == '"0"'
            assert drawn.text.startswith(start)
        assert (await client.get(f"notebooks/{made['id']}/graph", params={"format": "svg"})).status_code == 422


def _token(name: str) -> str:
    """A token of somebody with no notebooks yet."""
    return f"{name}-{uuid.uuid4().hex[:6]}~s~99999999999"
