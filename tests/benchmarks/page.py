"""The page in a real browser, beside marimo's: opening a notebook, typing in it, running a cell.

Opened: from asking for the page (of a browser that has it cached) until a character typed into the first cell is in
that cell. Echoed: from a key in the first cell until the page has done all that it does for it, layout included, by the
page's own clock. Shown: the same key to the end of the frame that shows it. Frames come every 16.7 ms whatever the page
does, so an empty page with a text area says what of that is the page's own. Run: from Ctrl+Enter in the only cell to
its result in the page; both kernels take well below a millisecond for it.

Both pages run in one headless Chromium, each with a profile of its own. Cells are chains of ten, never run.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from playwright.async_api import Page, async_playwright

from tests.benchmarks.peers import marimo, reactive_nb
from tests.benchmarks.rounds import Contestant, Turn, in_rounds
from tests.benchmarks.samples import MILLISECONDS, Result

ROUNDS, QUICK_ROUNDS = 3, 1
CELLS, QUICK_CELLS = 1000, 100
MARIMO_CELLS = 100
"""marimo's page takes more than a minute for a thousand."""
KEYS = 60
RUNS = 10
LIMIT_MS = 120_000
FRAME_GOAL = "as near as can be to an empty page"
TEXT_AREA = "an empty page with a text area"
OURS, MARIMO, BROWSER_DRIVER = "reactive-nb", "marimo edit", "playwright"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WATCH_KEYS = """() => {
    window.echoed = [];
    window.shown = [];
    const soon = (whatever) => {
        const channel = new MessageChannel();
        channel.port1.onmessage = whatever;
        channel.port2.postMessage(null);
    };
    let pressed = 0;
    document.addEventListener("keydown", (event) => {
        pressed = event.timeStamp;
        requestAnimationFrame(() => soon(() => window.shown.push(performance.now() - event.timeStamp)));
    }, true);
    document.addEventListener("input", () => {
        const since = pressed;
        soon(() => {
            document.activeElement.getBoundingClientRect();
            window.echoed.push(performance.now() - since);
        });
    }, true);
}"""
WATCH_RESULT = """(wanted) => {
    let pressed = null;
    document.addEventListener("keydown", (event) => { if (event.key === "Enter") pressed = event.timeStamp; }, true);
    window.seen = new Promise((resolve) => {
        const seen = (nodes) => [...nodes].some((node) => node.textContent.includes(wanted));
        new MutationObserver((changes, observer) => {
            if (!changes.some((one) => seen([one.target]))) return;
            observer.disconnect();
            resolve(performance.now() - pressed);
        }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
}"""


@dataclass(frozen=True, slots=True)
class Visit:
    """A tab of a browser, and where the notebook is."""

    page: Page
    url: str

    async def open(self) -> None:
        """Open the notebook as if for the first time; its first cell can be typed into at the end."""
        await self.page.goto("about:blank")
        await self.page.goto(self.url)
        await self.page.locator(".cm-content").first.click()


Taking = Callable[[Visit], Awaitable[list[float]]]
"""What is done at a turn; its samples, in seconds."""


async def measure(*, quick: bool) -> list[Result]:
    """Four measures, each of both pages."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    many = QUICK_CELLS if quick else CELLS
    results = []
    for name, title, goal, taking, ours, theirs in (
        ("page-open", "A notebook opened until one can type in it", "at most 1,500", _opening, many, MARIMO_CELLS),
        ("page-echo", "A key pressed until its echo is laid out", "p95 below 16", _echoing, many, MARIMO_CELLS),
        ("page-type", "A key pressed until its frame is shown", FRAME_GOAL, _showing, many, MARIMO_CELLS),
        ("page-run", "Ctrl+Enter pressed until the result is shown", "at most 40", _running, 1, 1),
    ):
        contestants = [
            Contestant(f"{OURS}, {_cells(ours)}", partial(_ours, taking, ours), BROWSER_DRIVER),
            Contestant(f"{MARIMO}, {_cells(theirs)}", partial(_marimo, taking, theirs), marimo.PACKAGE),
        ]
        if taking is _showing:
            contestants.append(Contestant(TEXT_AREA, _text_area, BROWSER_DRIVER))
        results.append(Result(name, title, "ms", await in_rounds(contestants, rounds), goal=goal))
    return results


@asynccontextmanager
async def _ours(taking: Taking, count: int) -> AsyncIterator[Turn]:
    async with reactive_nb.service() as server, reactive_nb.rest(server) as client, _tab() as page:
        notebook = await reactive_nb.create(client, _sources(count))
        await page.goto(f"{server.http}/?token={reactive_nb.TOKEN}")
        await page.get_by_role("button", name="New notebook").wait_for()
        yield partial(taking, Visit(page, f"{server.http}/#/notebooks/{notebook}"))


@asynccontextmanager
async def _marimo(taking: Taking, count: int) -> AsyncIterator[Turn]:
    with tempfile.TemporaryDirectory() as directory:
        path = marimo.write(Path(directory, "notebook.py"), _sources(count))
        async with marimo.service(path) as server, _tab() as page:
            yield partial(taking, Visit(page, server.http))


def _sources(count: int) -> list[str]:
    return [f"v{place} = v{place - 1} + 1" if place % 10 else f"v{place} = {place}" for place in range(count)]


@asynccontextmanager
async def _tab() -> AsyncIterator[Page]:
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise RuntimeError("there is no Chromium or Chrome")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        try:
            page = await browser.new_page()
            page.set_default_timeout(LIMIT_MS)
            yield page
        finally:
            await browser.close()


async def _opening(visit: Visit) -> list[float]:
    began = time.perf_counter()
    await visit.open()
    await visit.page.keyboard.press("Control+End")
    await visit.page.keyboard.type("#")
    await visit.page.locator(".cm-content").first.filter(has_text="#").wait_for()
    took = time.perf_counter() - began
    await visit.page.keyboard.press("Backspace")
    return [took]


async def _echoing(visit: Visit) -> list[float]:
    await visit.open()
    return await _typed(visit.page, "echoed")


async def _showing(visit: Visit) -> list[float]:
    await visit.open()
    return await _typed(visit.page, "shown")


@asynccontextmanager
async def _text_area() -> AsyncIterator[Turn]:
    async with _tab() as page:

        async def turn() -> list[float]:
            await page.set_content("<textarea></textarea>")
            await page.locator("textarea").click()
            return await _typed(page, "shown")

        yield turn


async def _typed(page: Page, what: str) -> list[float]:
    """Type into what has the focus: how long each key took, in seconds."""
    await page.evaluate(WATCH_KEYS)
    await page.keyboard.press("Control+End")
    await page.keyboard.type(f"#{'x' * KEYS}", delay=40)
    took: list[float] = await page.evaluate(f"window.{what}")
    await page.keyboard.press("Control+a")
    await page.keyboard.insert_text("v0 = 0")
    return [milliseconds / MILLISECONDS for milliseconds in took[-KEYS:]]


async def _running(visit: Visit) -> list[float]:
    await visit.open()
    samples = []
    for number in range(RUNS):
        await visit.page.keyboard.press("Control+a")
        await visit.page.keyboard.insert_text(f"40_000 + {number}")
        await visit.page.wait_for_timeout(500)
        await visit.page.evaluate(WATCH_RESULT, str(40_000 + number))
        await visit.page.keyboard.press("Control+Enter")
        samples.append(await visit.page.evaluate("window.seen") / MILLISECONDS)
        await visit.page.locator(".cm-content").first.click()
    return samples[1:]


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count:,} cells"
