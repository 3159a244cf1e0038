"""What the README and its chapters tell people to do works, and what they state is so."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.serving import serving
from tests.docs.settings_chapter import CHAPTER, chapter

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHAPTERS = sorted((ROOT / "docs").glob("*.md"))
PRICES = {
    "cells": [
        {
            "cell_type": "code",
            "id": "price",
            "metadata": {"tags": ["parameters"]},
            "source": "price = 3",
            "outputs": [],
            "execution_count": None,
        },
        {
            "cell_type": "code",
            "id": "total",
            "metadata": {},
            "source": "print(price * 7)",
            "outputs": [],
            "execution_count": None,
        },
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def shell(commands: str, folder: Path) -> subprocess.CompletedProcess[str]:
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "prices.ipynb").write_text(json.dumps(PRICES))
    return tmp_path


def test_the_first_screen_has_exactly_the_two_commands() -> None:
    assert blocks(README, "sh")[:2] == ["pip install . && reactive-nb\n", "pip install nox && nox\n"]


def test_a_notebook_is_run_and_converted_as_the_tour_says(folder: Path) -> None:
    for block in blocks(README, "sh"):
        if block.startswith(("reactive-nb run", "reactive-nb convert")):
            done = shell(block, folder)
            assert done.returncode == 0, done.stderr
    executed = json.loads((folder / "done.ipynb").read_text())
    assert next(cell["outputs"] for cell in executed["cells"] if cell["id"] == "total")[0]["text"] == ["63\n"]
    assert "price = 3" in (folder / "prices.py").read_text()
    assert "<html" in (folder / "prices.html").read_text()


@pytest.mark.skipif(shutil.which("curl") is None, reason="the tour's calls are written for curl")
def test_the_calls_of_the_tour_do_what_it_says(folder: Path) -> None:
    served = next(block for block in blocks(README, "sh") if block.startswith("reactive-nb serve"))
    calls = [block for block in blocks(README, "sh") if block.startswith("curl")]
    with serving(served.split()[1:], folder) as address:
        done = shell("".join(calls).replace("http://127.0.0.1:8000", address), folder)
    assert done.returncode == 0, done.stderr
    first, _, second = (json.loads(line) for line in _documents(done.stdout))
    assert [cell["id"] for cell in first["cells"]] == ["a", "c", "b"]
    assert first["cells"][-1]["outputs"][0]["data"]["text/plain"] == "21"
    assert [cell["id"] for cell in second["cells"]] == ["a", "b"]
    assert second["cells"][-1]["outputs"][0]["data"]["text/plain"] == "35"


def _documents(text: str) -> list[str]:
    """Several JSON documents, one after the other."""
    found: list[str] = []
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        _, end = decoder.raw_decode(text, at)
        found.append(text[at:end])
        at = end
        while at < len(text) and text[at].isspace():
            at += 1
    return found


def test_the_public_imports_load_nothing_heavy(tmp_path: Path) -> None:
    (imports,) = blocks(README, "python")
    check = imports + "import sys\nprint(sorted({'litellm', 'boto3'} & set(sys.modules)))\n"
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False
    )
    assert done.stdout == "[]\n", done.stderr


def test_the_chapter_on_settings_lists_every_setting() -> None:
    assert CHAPTER.read_text(encoding="utf-8") == chapter()


def anchors(page: str) -> set[str]:
    """The names that a renderer of Markdown gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", [ROOT / "README.md", *CHAPTERS], ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    targets = [t.partition("#") for t in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in t]
    assert [page for page, _, _ in targets if not (path.parent / page).exists()] == []
    pages = [((path.parent / page) if page else path, place) for page, _, place in targets if place]
    assert [place for page, place in pages if place not in anchors(page.read_text(encoding="utf-8"))] == []
