"""Keys that come faster than the service answers: each does what it would have done a moment later."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.service import LOCAL, Service
from tests.web.browser import RUN_MS, ask, cell, guest, make, stored
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


def test_cells_are_added_and_moved_where_one_sees_that_they_will_be(page: Page, far: Cable, service: Service) -> None:
    notebook = make(service, "first", "second", "third")
    open_far(page, far, notebook)
    press(page, "d", "d", "a", "Enter")
    page.keyboard.type("above the second")
    press(page, "Escape", "Alt+ArrowDown", "Alt+ArrowDown", "b", "b", "d", "d", "ArrowUp", "a", "Enter")
    page.keyboard.type("last but one")
    wanted = ["second", "third", "last but one", "above the second", ""]
    stored(service, notebook, wanted)
    expect(page.locator(".cell .cm-content")).to_have_text(wanted)


def test_what_is_deleted_and_brought_back_at_once_can_be_written_in(page: Page, far: Cable, service: Service) -> None:
    notebook = make(service, "first", "second")
    open_far(page, far, notebook)
    press(page, "d", "d", "z", "Enter", "End")
    page.keyboard.type(" of two")
    stored(service, notebook, ["first of two", "second"])
    expect(page.locator(".cell .cm-content")).to_have_text(["first of two", "second"])
    expect(cell(page, "c0").locator(".cm-content")).to_be_focused()


def test_one_writes_on_in_a_cell_that_is_being_split_or_joined(page: Page, far: Cable, service: Service) -> None:
    notebook = make(service, "first\nsecond", "third")
    open_far(page, far, notebook)
    press(page, "Enter", "Control+Home", "ArrowDown", "Control+Shift+-")
    page.keyboard.type("the ")
    stored(service, notebook, ["first", "the second", "third"])
    press(page, "Escape", "Shift+m", "Enter", "Control+End")
    page.keyboard.type(" and last")
    stored(service, notebook, ["first", "the second\nthird and last"])
    expect(page.locator(".cell .cm-content")).to_have_text(["first", "the secondthird and last"])


def test_keys_for_a_hidden_source_are_no_commands(page: Page, far: Cable, service: Service) -> None:
    notebook = make(service, {"source": "first", "config": {"hide_source": True}}, "second")
    open_far(page, far, notebook)
    press(page, "Enter", "d", "d")
    expect(cell(page, "c0").locator(".cm-content")).to_be_focused()
    stored(service, notebook, ["first", "second"])


def test_who_writes_in_a_cell_goes_on_when_cells_are_moved_past_it(page: Page, far: Cable, service: Service) -> None:
    notebook = make(service, "first", "second", "third")
    open_far(page, far, notebook)
    press(page, "ArrowDown", "Enter", "End")
    page.keyboard.type(" is")
    ask(service, "PUT", f"notebooks/{notebook}/cells/c0", {"index": 2})
    expect(page.locator(".cell").last).to_have_attribute("data-cell", "c0")
    page.keyboard.type(" dd")
    ask(service, "PUT", f"notebooks/{notebook}/cells/c2", {"index": 0})
    expect(page.locator(".cell").first).to_have_attribute("data-cell", "c2")
    page.keyboard.type(" ddd")
    stored(service, notebook, ["third", "second is dd ddd", "first"])


def test_keys_in_a_burst_on_a_slow_machine(page: Page, far: Cable, service: Service) -> None:
    notebook = make(service, "base = 6")
    open_far(page, far, notebook)
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 6})
    press(page, "b", "Enter")
    page.keyboard.type("print(base * 7)")
    press(page, "Escape", "b", "m", "Enter")
    page.keyboard.type("# Six times seven")
    press(page, "Shift+Enter")
    page.keyboard.type("base + 1")
    press(page, "Control+Enter", "a", "y", "b", "d", "d", "d", "d", "ArrowUp", "ArrowUp", "Control+Enter")
    expect(page.locator(".stream-stdout")).to_have_text("42\n", timeout=RUN_MS)
    expect(page.get_by_role("heading", name="Six times seven")).to_be_visible()
    stored(service, notebook, ["base = 6", "print(base * 7)", "# Six times seven", ""])


def test_what_is_typed_right_after_opening_find_is_looked_for(page: Page, far: Cable, service: Service) -> None:
    open_far(page, far, make(service, "first", "add"))
    press(page, "Control+f", "d", "d")
    expect(page.get_by_role("textbox", name="Find")).to_have_value("dd")
    expect(page.locator(".cell")).to_have_count(2)


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
