"""A notebook of a thousand cells: only what is near the window is in the page, and all of it is at hand."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.api.service import Service
from tests.web.browser import RUN_MS, cell, make, open_notebook, picture, write

CELLS = 1000
SCROLL = """(share) => {
    const all = document.querySelector("main");
    all.scrollTop = share * all.scrollHeight;
    return all.scrollTop;
}"""


@pytest.fixture
def thousand(page: Page, service: Service) -> str:
    texts = [f"v{place} = {f'v{place - 1} + 1' if place % 10 else place}\nv{place}" for place in range(CELLS)]
    notebook = make(service, *texts, name="Thousand")
    open_notebook(page, service, notebook)
    return notebook


def test_only_what_is_near_the_window_is_drawn(page: Page, thousand: str) -> None:
    expect(page.get_by_role("button", name=f"Run {CELLS} stale")).to_be_visible()
    assert page.locator(".cm-editor").count() < 100
    for place in range(0, CELLS, 100):
        scrolled = page.evaluate(SCROLL, place / CELLS)
        assert scrolled > 0 or place == 0
        page.wait_for_timeout(50)
        assert page.locator(".cm-editor").count() < 100


def test_the_last_cell_is_reached_written_in_and_run(page: Page, thousand: str) -> None:
    page.keyboard.press("Escape")
    page.keyboard.press("Control+End")
    last = cell(page, f"c{CELLS - 1}")
    expect(last).to_be_visible()
    write(page, f"c{CELLS - 1}", "print('the last of', 1000)")
    page.keyboard.press("Control+Enter")
    expect(last.locator(".stream-stdout")).to_have_text("the last of 1000\n", timeout=RUN_MS)
    picture(page, "thousand")


def test_all_of_it_is_run_and_found(page: Page, thousand: str) -> None:
    page.get_by_role("button", name=f"Run {CELLS} stale").click()
    expect(page.get_by_role("button", name="Up to date")).to_be_visible(timeout=120_000)
    page.keyboard.press("Control+f")
    page.keyboard.type("v777 =")
    page.keyboard.press("Enter")
    found = cell(page, "c777")
    expect(found).to_be_in_viewport()
    expect(found.locator(".output")).to_have_text("777")
