"""A cell that one goes to stays where it was put, while what is above it comes into being."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.api.service import Service
from tests.web.browser import RUN_MS, cell, make, open_notebook

CELLS = 80
MANY_LINES = "print('\\n'.join(map(str, range(12))))"
FRAMES = """(id) => new Promise((done) => {
    const tops = [];
    const look = () => {
        tops.push(document.querySelector(`[data-cell="${id}"]`).getBoundingClientRect().top);
        if (tops.length < 60) requestAnimationFrame(() => setTimeout(look)); else done(tops);
    };
    requestAnimationFrame(() => setTimeout(look));
})"""
"""Where a cell stands on 60 pictures of the page, one after the other."""
FEW = 3
"""On so many of them it may stand elsewhere: what comes into the window is measured with the next picture."""


def by_search(page: Page, service: Service, notebook: str) -> None:
    page.keyboard.press("Control+f")
    page.keyboard.insert_text("v60")


def by_link(page: Page, service: Service, notebook: str) -> None:
    page.goto(f"{service.url}/#/notebooks/{notebook}/c60")
    page.reload()
    expect(cell(page, "c60")).to_have_class("cell is-python is-success is-selected")


def by_key(page: Page, service: Service, notebook: str) -> None:
    page.keyboard.press("Control+End")
    for _ in range(CELLS - 1 - 60):
        page.keyboard.press("ArrowUp")


@pytest.mark.parametrize("go", [by_search, by_link, by_key])
def test_it_stays_while_outputs_above_are_made(
    page: Page, service: Service, go: Callable[[Page, Service, str], None]
) -> None:
    notebook = make(service, *(f"v{place} = {place}\n{MANY_LINES}" for place in range(CELLS)))
    open_notebook(page, service, notebook)
    page.get_by_role("button", name=f"Run {CELLS} stale").click()
    expect(page.get_by_role("button", name="Up to date")).to_be_visible(timeout=RUN_MS)
    page.reload()
    expect(page.locator(".cell.is-selected")).to_be_visible()
    go(page, service, notebook)
    expect(cell(page, "c60")).to_be_in_viewport()
    tops = page.evaluate(FRAMES, "c60")
    assert len([top for top in tops if abs(top - tops[-1]) >= 4]) <= FEW, tops
    expect(cell(page, "c60")).to_be_in_viewport()
    expect(cell(page, "c60").locator(".stream-stdout")).to_be_attached()


def test_who_scrolls_is_not_held_back(page: Page, service: Service) -> None:
    notebook = make(service, *(f"v{place} = {place}" for place in range(CELLS)))
    open_notebook(page, service, notebook)
    by_search(page, service, notebook)
    expect(cell(page, "c60")).to_be_in_viewport()
    cell(page, "c60").hover()
    page.mouse.wheel(0, -1500)
    expect(cell(page, "c60")).not_to_be_in_viewport()
    page.evaluate(FRAMES, "c60")
    expect(cell(page, "c60")).not_to_be_in_viewport()
