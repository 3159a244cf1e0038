"""The promise, over REST on real kernels: after any edits and runs, a notebook is what a fresh one would be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.api.service import ANN, running
from tests.services.test_promise import EDITS, SOURCES

EXAMPLES = max(200, settings().max_examples // 10)
KERNEL = "reactive-python"


class RestNotebook:
    """A notebook of the service's, spoken to by nothing but REST."""

    def __init__(self, client: httpx2.Client, cells: list[dict[str, Any]], notebook_settings: dict[str, Any]) -> None:
        """Make it, and run it once."""
        self._client = client
        self.id = self._ask("POST", "notebooks", {"kernel_name": KERNEL, "cells": cells})["id"]
        if notebook_settings:
            self._ask("PUT", self._at("settings"), notebook_settings)
        self.run()

    def edit(self, kind: str, where: int, what: str, new: str) -> None:
        cells = self.cells()
        cell = cells[where % len(cells)] if cells else None
        note(f"{kind} {cell['id'] if cell else ''} {what!r}")
        if kind == "insert" or cell is None:
            source = what if kind in ("edit", "insert") else ""
            self._ask("POST", self._at("cells"), {"id": new, "source": source, "index": where % (len(cells) + 1)})
            return
        at = self._at(f"cells/{cell['id']}")
        match kind:
            case "edit":
                self._ask("PUT", at, {"source": what})
            case "delete":
                self._ask("DELETE", at)
            case "move":
                self._ask("PUT", at, {"index": int(what) % len(cells)})
            case "disable":
                mode = "auto" if cell["config"]["mode"] == "disabled" else "disabled"
                self._ask("PUT", at, {"config": {"mode": mode}})
            case "redefine":
                self._ask("PUT", self._at("settings"), {"redefinition": what})
            case "mode":
                self._ask("PUT", self._at("settings"), {"mode": what})
            case "run":
                self.run(cell["id"])
            case "interrupt":
                self._ask("POST", self._at("run"), {"cells": [cell["id"]]})
                self._ask("POST", self._at("interrupt"))

    def run(self, *cells: str) -> None:
        run = self._ask("POST", self._at("run"), {"wait": 60} | ({"cells": list(cells)} if cells else {}))
        assert run["state"] == "finished", run

    def cells(self) -> list[dict[str, Any]]:
        return list(self._ask("GET", self._at())["cells"])

    def settings(self) -> dict[str, Any]:
        return dict(self._ask("GET", self._at())["settings"])

    def shown(self) -> dict[str, Any]:
        """Cell → status, outputs, error: all that the promise speaks of. A disabled cell keeps what it once showed."""
        return {
            cell["id"]: (cell["status"], _text(cell["outputs"]), cell["error"] and cell["error"]["kind"])
            for cell in self.cells()
            if cell["status"] != "disabled"
        }

    def variables(self) -> dict[str, str]:
        held = self._ask("GET", self._at("variables"))["variables"]
        return {variable["name"]: _bare(variable["preview"]) for variable in held}

    def delete(self) -> None:
        self._ask("DELETE", self._at())

    def _at(self, part: str = "") -> str:
        return f"notebooks/{self.id}/{part}".rstrip("/")

    def _ask(self, method: str, address: str, body: Any = None) -> Any:
        answer = self._client.request(method, address, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


def _text(outputs: list[dict[str, Any]]) -> list[str]:
    """What outputs say; of an error its kind and words, without the traceback, which has addresses and numbers."""
    found = []
    for output in outputs:
        if output["output_type"] == "error":
            found.append(f"{output['ename']}: {output['evalue']}")
        else:
            found.append(output.get("text") or output["data"]["text/plain"])
    return [_bare(text) for text in found]


def _bare(text: str) -> str:
    return re.sub("0x[0-9a-f]+", "0x", text)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    with running(tmp_path_factory.mktemp("notebooks"), warm_kernels=2, default_kernel=KERNEL) as service:
        headers = {"Authorization": f"Bearer {ANN}"}
        with httpx2.Client(base_url=f"{service.api}/", headers=headers, timeout=90) as made:
            yield made


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
@given(sources=st.lists(SOURCES, min_size=2, max_size=6), edits=st.lists(EDITS, max_size=6))
def test_a_settled_notebook_equals_a_fresh_one(
    client: httpx2.Client, sources: list[str], edits: list[tuple[str, int, str]]
) -> None:
    edited = RestNotebook(client, [{"id": f"c{n}", "source": source} for n, source in enumerate(sources)], {})
    try:
        for number, (kind, where, what) in enumerate(edits):
            edited.edit(kind, where, what, f"n{number}")
            edited.run()
        kept = ("id", "source", "config")
        cells = [{key: cell[key] for key in kept} for cell in edited.cells()]
        fresh = RestNotebook(client, cells, {"redefinition": edited.settings()["redefinition"]})
        try:
            assert edited.shown() == fresh.shown()
            if all(cell["config"]["mode"] == "auto" for cell in cells):
                assert edited.variables() == fresh.variables()
        finally:
            fresh.delete()
    finally:
        edited.delete()
