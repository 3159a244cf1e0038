"""Keys that come faster than the service answers: each does what it would have done a moment later."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.service import LOCAL, Service
from tests.web.browser import RUN_MS, cell, guest, make, stored
from tests.web.cable import Cable, cable

DELAY_S = 0.3


@pytest.fixture
def far(service: Service) -> Iterator[Cable]:
    """A long way to the service."""
    with cable(service.port) as line:
        yield line


@pytest.fixture
def page(browser: Browser, service: Service, far: Cable) -> Iterator[Page]:
    with guest(browser, service, elsewhere=far.address) as opened:
        yield opened


def open_far(page: Page, far: Cable, notebook: str) -> None:
    page.goto(f"{far.address}/?token={LOCAL}#/notebooks/{notebook}")
    expect(page.locator(".cell.is-selected")).to_be_visible()
    far.delay_s = DELAY_S


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_cell_made_a_text_cell_is_one_at_once(page: Page, far: Cable, service: Service) -> None:
    notebook = make(service, "print(6 * 7)")
    open_far(page, far, notebook)
    press(page, "b", "m", "Enter")
    page.keyboard.type("# Six times seven")
    press(page, "Control+Enter")
    expect(page.get_by_role("heading", name="Six times seven")).to_be_visible()
    stored(service, notebook, ["print(6 * 7)", "# Six times seven"])
    expect(page.locator(".cell.is-markdown")).to_have_count(1)
    expect(page.locator(".cm-tooltip-autocomplete")).to_have_count(0)


def test_of_two_types_asked_for_the_second_counts(page: Page, far: Cable, service: Service) -> None:
    notebook = make(service, "# words")
    open_far(page, far, notebook)
    press(page, "m", "y")
    expect(cell(page, "c0").locator(".cm-content")).to_have_attribute("aria-label", "Source, Python")
    press(page, "Enter", "End")
    page.keyboard.type(" and more")
    stored(service, notebook, ["# words and more"])
    expect(cell(page, "c0").locator(".cm-content")).to_have_attribute("aria-label", "Source, Python")


def test_the_editor_of_a_text_cell_offers_no_names_of_python(page: Page, far: Cable, service: Service) -> None:
    notebook = make(service, "rainfall = 12", "")
    asked: list[str] = []

    def hear(frame: str | bytes) -> None:
        if isinstance(frame, str) and json.loads(frame)["type"] == "complete":
            asked.append(json.loads(frame)["code"])

    page.on("websocket", lambda socket: socket.on("framesent", hear))
    open_far(page, far, notebook)
    press(page, "Shift+Enter")
    expect(cell(page, "c0")).to_have_attribute("data-status", "success", timeout=RUN_MS)
    press(page, "Enter")
    page.keyboard.type("rainf")
    press(page, "Control+Space", "Escape", "Escape", "m", "Enter")
    page.keyboard.type("al")
    press(page, "Control+Space")
    stored(service, notebook, ["rainfall = 12", "rainfal"])
    expect(cell(page, "c1").locator(".cm-content")).to_have_attribute("aria-label", "Source, Markdown")
    page.keyboard.type(" and")
    press(page, "Control+Space")
    stored(service, notebook, ["rainfall = 12", "rainfal and"])
    assert not [code for code in asked if code.startswith("rainfal")]
    expect(page.locator(".cm-tooltip-autocomplete")).to_have_count(0)


@pytest.mark.parametrize("keys", ["Control+Enter", "Shift+Enter"])
def test_a_cell_is_run_with_its_completions_open_or_asked_for(
    page: Page, far: Cable, service: Service, keys: str
) -> None:
    notebook = make(service, "rainfall = 12", "rainfall", "rainfall", "1")
    open_far(page, far, notebook)
    press(page, "Shift+Enter")
    expect(cell(page, "c0")).to_have_attribute("data-status", "success", timeout=RUN_MS)
    press(page, "Enter", "End", "Control+Space")
    expect(page.get_by_role("option", name="rainfall")).to_be_visible()
    press(page, keys)
    expect(cell(page, "c1").locator(".output")).to_have_text("12")
    expect(page.locator(".cm-tooltip-autocomplete")).to_have_count(0)
    cell(page, "c2").locator(".cm-content").click()
    press(page, "End", "Control+Space", keys)
    expect(cell(page, "c2").locator(".output")).to_have_text("12")
    expect(page.locator(".cm-tooltip-autocomplete")).to_have_count(0)
