"""Notebooks that nobody here wrote: imported, opened and run in the page as they are; what they display is seen."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.service import LOCAL, Service
from tests.notebooks import corpus
from tests.web.browser import ask, cell, guest, open_notebook, picture

RUN_MS = 120_000
TO_COME = ", ".join(f'[data-status="{status}"]' for status in ("stale", "queued", "running"))


@dataclass(frozen=True)
class Opened:
    """A notebook in the page, run to its end."""

    page: Page
    address: str
    cells: list[str]

    def shows(self, place: int, what: str, *, in_frame: bool = False) -> None:
        """The cell at this place shows something that the selector finds, when one goes there by its link."""
        self.page.goto(f"{self.address}/{self.cells[place]}")
        one = cell(self.page, self.cells[place])
        found = (one.frame_locator("iframe").first.locator(what) if in_frame else one.locator(what)).first
        expect(found).to_be_visible(timeout=RUN_MS)
        expect(one).to_be_in_viewport()


def taylor(opened: Opened) -> None:
    opened.shows(3, ".katex")
    opened.shows(6, "text=Add(")
    opened.shows(27, "img")


def styled_tables(opened: Opened) -> None:
    opened.shows(14, "th:has-text('Tumour (Positive)')", in_frame=True)
    opened.shows(103, "td", in_frame=True)
    opened.shows(105, "td", in_frame=True)


def of_all_kinds(opened: Opened) -> None:
    opened.shows(8, "text=42")
    opened.shows(14, ".stream-stderr")
    opened.shows(27, ".katex")
    opened.shows(36, "img")
    opened.shows(54, "em:has-text('should')")
    opened.shows(72, "text=ugly colors")


def updated(opened: Opened) -> None:
    opened.shows(2, ".output:has-text('z')")
    opened.shows(17, "progress", in_frame=True)


def mixed(opened: Opened) -> None:
    opened.shows(2, ".stream-stderr:has-text('using sys.stderr.write')")
    opened.shows(5, "td:has-text('4')")
    opened.shows(9, "img")
    opened.shows(11, ".error-line:has-text('undefined_variable')")


def a_large_chart(opened: Opened) -> None:
    opened.shows(2, ".main-svg", in_frame=True)


SEEN: dict[str, Callable[[Opened], None]] = {
    "ipython/examples/IPython Kernel/SymPy.ipynb": taylor,
    "ipython/examples/IPython Kernel/Updating Displays.ipynb": updated,
    "jupytext/demo/vscode/notebook.ipynb": a_large_chart,
    "jupytext/tests/data/notebooks/inputs/ipynb_py/text_outputs_and_images.ipynb": mixed,
    "nbsphinx/doc/code-cells.ipynb": of_all_kinds,
    "pandas/doc/source/user_guide/style.ipynb": styled_tables,
}


def bring_in(service: Service, path: Path) -> str:
    """Import a notebook; its id."""
    headers = {"Authorization": f"Bearer {LOCAL}", "Content-Type": "application/x-ipynb+json"}
    request = urllib.request.Request(f"{service.api}/notebooks/import", path.read_bytes(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return str(json.loads(answer.read())["id"])


@pytest.mark.parametrize("path", SEEN)
def test_what_it_displays_is_seen(browser: Browser, service: Service, path: str) -> None:
    notebook = bring_in(service, corpus.REAL / path)
    ids = [one["id"] for one in ask(service, "GET", f"notebooks/{notebook}")["cells"]]
    with guest(browser, service, complaints=True) as page:
        page.goto(f"{service.url}/?token={LOCAL}")
        open_notebook(page, service, notebook)
        page.get_by_role("button", name=re.compile(r"Run \d+ stale")).click()
        expect(page.locator(TO_COME)).to_have_count(0, timeout=RUN_MS)
        SEEN[path](Opened(page, f"{service.url}/#/notebooks/{notebook}", ids))
        picture(page, f"real-{Path(path).stem}")
