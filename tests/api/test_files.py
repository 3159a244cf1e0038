"""Notebooks as files, both ways, and large outputs by hash."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import unquote

import pytest

from tests.api.service import Service, new_notebook

pytestmark = pytest.mark.anyio

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def ipynb(*outputs: dict[str, Any]) -> bytes:
    cell = {
        "id": "kept",
        "cell_type": "code",
        "source": "x = 1",
        "metadata": {"tags": ["mine"]},
        "execution_count": None,
        "outputs": outputs,
    }
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}).encode()


def image(media_type: str, content: str) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": {media_type: content}}


async def test_an_ipynb_comes_back_as_it_was(service: Service) -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": "kept\n"}
    async with service.client() as client:
        made = await client.post(
            "notebooks/import",
            params={"name": "Über prices"},
            content=ipynb(stream),
            headers={"Content-Type": "application/x-ipynb+json"},
        )
        assert made.status_code == 201, made.text
        assert made.json()["name"] == "Über prices"
        assert made.headers["location"].endswith(made.json()["id"])
        exported = await client.get(f"notebooks/{made.json()['id']}/export")
        assert exported.headers["content-type"] == "application/x-ipynb+json"
        plain, _, encoded = exported.headers["content-disposition"].partition("; filename*=UTF-8''")
        assert plain == 'attachment; filename="_ber prices.ipynb"'
        assert unquote(encoded) == "Über prices.ipynb"
        cell = exported.json()["cells"][0]
        assert (cell["id"], cell["metadata"]["tags"]) == ("kept", ["mine"])
        assert "".join(cell["outputs"][0]["text"]) == "kept\n"


async def test_the_same_file_can_be_imported_twice(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client, "x = 1")
        content = (await client.get(f"notebooks/{made['id']}/export")).content
        copies = {
            (await client.post("notebooks/import", content=content, headers={"Content-Type": kind})).json()["id"]
            for kind in ("application/json", "application/x-ipynb+json")
        }
        assert len(copies | {made["id"]}) == 3


async def test_a_python_script_is_imported_and_exported(service: Service) -> None:
    async with service.client() as client:
        made = await client.post(
            "notebooks/import",
            content=b"# %% [markdown]\n# # Title\n\n# %%\nx = 1\n",
            headers={"Content-Type": "text/x-python; charset=utf-8"},
        )
        assert [cell["type"] for cell in made.json()["cells"]] == ["markdown", "python"]
        script = await client.get(f"notebooks/{made.json()['id']}/export", params={"format": "py"})
        assert script.headers["content-type"] == "text/x-python; charset=utf-8"
        assert "x = 1" in script.text


@pytest.mark.parametrize(("name", "media_type"), [("html", "text/html"), ("md", "text/markdown")])
async def test_a_notebook_leaves_as_a_page_or_markdown(service: Service, name: str, media_type: str) -> None:
    async with service.client() as client:
        made = await new_notebook(client, "answer = 42")
        answer = await client.get(f"notebooks/{made['id']}/export", params={"format": name})
        assert answer.headers["content-type"].startswith(media_type)
        assert answer.headers["content-disposition"].startswith("attachment")
        assert "42" in answer.text
        wrong = await client.get(f"notebooks/{made['id']}/export", params={"format": "pdf"})
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "format")


@pytest.mark.parametrize(
    "content", [b"", b"no json", b"[]", b"\xff\xfe", b'{"nbformat": 99, "cells": []}', b"{" * 9999]
)
async def test_what_is_no_notebook_is_refused_with_the_reason(service: Service, content: bytes) -> None:
    async with service.client() as client:
        answer = await client.post(
            "notebooks/import", content=content, headers={"Content-Type": "application/x-ipynb+json"}
        )
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")
        assert answer.json()["detail"]


async def test_a_media_type_that_is_no_notebook_is_refused(service: Service) -> None:
    async with service.client() as client:
        answer = await client.post("notebooks/import", content=b"x", headers={"Content-Type": "text/html"})
        assert (answer.status_code, answer.json()["type"]) == (415, "/problems/unsupported-media-type")


async def test_an_output_is_fetched_by_its_hash_and_can_run_nothing(service: Service) -> None:
    svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    content = ipynb(image("image/png", base64.b64encode(PIXEL).decode()), image("image/svg+xml", svg))
    async with service.client() as client:
        made = await client.post(
            "notebooks/import", content=content, headers={"Content-Type": "application/x-ipynb+json"}
        )
        where = f"notebooks/{made.json()['id']}/outputs"
        encoded = base64.b64encode(PIXEL)
        found = await client.get(f"{where}/{hashlib.sha256(encoded).hexdigest()}")
        assert (found.status_code, found.headers["content-type"], found.content) == (200, "image/png", PIXEL)
        assert "immutable" in found.headers["cache-control"]
        drawn = await client.get(f"{where}/{hashlib.sha256(svg.encode()).hexdigest()}")
        assert drawn.headers["content-disposition"] == "attachment"
        assert drawn.headers["content-security-policy"].startswith("sandbox")
        missing = await client.get(f"{where}/{'0' * 64}")
        assert (missing.status_code, missing.json()["type"]) == (404, "/problems/no-such-output")


async def test_a_notebook_is_exported_without_outputs(service: Service) -> None:
    async with service.client() as client:
        made = await new_notebook(client, "print('seen')")
        address = f"notebooks/{made['id']}"
        await client.post(f"{address}/run", json={"wait": 60})
        for name in ("ipynb", "html", "md"):
            whole, bare = [
                (await client.get(f"{address}/export", params={"format": name, "outputs": outputs})).text
                for outputs in (True, False)
            ]
            assert (whole.count("seen"), bare.count("seen")) == (2, 1), name


async def test_a_notebook_with_a_strange_name_is_still_exported(service: Service) -> None:
    name = 'a"b\\c;d%\u202e\u00e9\U0001f600'
    async with service.client() as client:
        made = await new_notebook(client, name=name)
        answer = await client.get(f"notebooks/{made['id']}/export")
        assert answer.status_code == 200
        assert json.loads(answer.content)["nbformat"] == 4
        assert "\n" not in answer.headers["content-disposition"]
