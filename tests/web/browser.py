"""A real browser at the real page: the machine's own Chromium, told where the service is and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, expect

from tests.api.service import LOCAL, Service

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DEADLINE_MS = 20_000
RUN_MS = 30_000
"""A run may have to start a kernel first."""


def launch(playwright: Playwright) -> Browser:
    """The machine's Chromium or Chrome; `CHROMIUM` names another."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    assert program is not None, "the page is tested in Chromium or Chrome; neither is installed (Debian: chromium)"
    return playwright.chromium.launch(executable_path=program, args=FLAGS)


@contextmanager
def visitor(browser: Browser, service: Service, **options: Any) -> Iterator[Page]:
    """Somebody with a browser of their own, signed in. What the page complains of, and whom else it asks, fails."""
    with guest(browser, service, **options) as page:
        page.goto(f"{service.url}/?token={LOCAL}")
        yield page


@contextmanager
def guest(
    browser: Browser, service: Service, *, complaints: bool = False, elsewhere: str = "", **options: Any
) -> Iterator[Page]:
    """The same, not signed in and nowhere yet.

    `complaints`: the page may have reason to complain. `elsewhere`: where it reaches the service, if not directly.
    """
    home = elsewhere or service.url
    context: BrowserContext = browser.new_context(**{"viewport": {"width": 1280, "height": 860}} | options)
    page = context.new_page()
    page.set_default_timeout(DEADLINE_MS)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    try:
        yield page
        assert not [url for url in asked if not url.startswith((home, "data:", "blob:", "about:"))]
        assert complaints or not said, said
    finally:
        context.close()


def make(service: Service, *cells: str | dict[str, Any], name: str = "Test", **fields: Any) -> str:
    """A notebook of cells `c0`, `c1`, …, made over REST; its id."""
    made = [{"id": f"c{place}"} | ({"source": one} if isinstance(one, str) else one) for place, one in enumerate(cells)]
    return str(ask(service, "POST", "notebooks", {"name": name, "cells": made} | fields)["id"])


def ask(service: Service, method: str, path: str, body: Any = None, *, token: str = LOCAL) -> Any:
    """What the REST interface answers."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{service.api}/{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


def sources(service: Service, notebook_id: str, token: str = LOCAL) -> list[str]:
    """The sources of a notebook's cells, as the service has them."""
    return [cell["source"] for cell in ask(service, "GET", f"notebooks/{notebook_id}", token=token)["cells"]]


def open_notebook(page: Page, service: Service, notebook_id: str) -> None:
    page.goto(f"{service.url}/#/notebooks/{notebook_id}")
    expect(page.locator(".cell.is-selected")).to_be_visible()


def stored(service: Service, notebook_id: str, wanted: list[str], *, token: str = LOCAL) -> None:
    """Wait until the service has these sources: what is typed is sent when it has been at rest."""
    deadline = time.monotonic() + DEADLINE_MS / 1000
    while (found := sources(service, notebook_id, token)) != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found == wanted


def cell(page: Page, cell_id: str) -> Locator:
    return page.locator(f'[data-cell="{cell_id}"]')


def write(page: Page, cell_id: str, text: str) -> None:
    """Replace a cell's source, as one would with the keyboard."""
    cell(page, cell_id).scroll_into_view_if_needed()
    cell(page, cell_id).locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def picture(page: Page, name: str) -> None:
    """Keep a picture of the page, where PAGE_PICTURES names a directory for them."""
    if directory := os.environ.get("PAGE_PICTURES"):
        page.screenshot(path=Path(directory, f"{name}.png"))


def pictures(page: Page, name: str) -> None:
    """The same light, dark, and in a narrow window."""
    if "PAGE_PICTURES" not in os.environ:
        return
    picture(page, name)
    page.emulate_media(color_scheme="dark")
    picture(page, f"{name}-dark")
    page.emulate_media(color_scheme="light")
    size = page.viewport_size
    page.set_viewport_size({"width": 400, "height": 780})
    picture(page, f"{name}-narrow")
    assert size is not None
    page.set_viewport_size(size)
