"""Jupyter's keys, in both modes, and what else can be done without a mouse."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.api.service import Service
from tests.web.browser import RUN_MS, ask, cell, make, open_notebook, picture, stored


def order(page: Page) -> list[str]:
    return list(page.locator(".cell").evaluate_all("cells => cells.map((one) => one.dataset.cell)"))


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_cells_are_added_moved_deleted_and_brought_back_by_keys(page: Page, service: Service) -> None:
    notebook = make(service, "first", "second", "third")
    open_notebook(page, service, notebook)
    expect(cell(page, "c0")).to_be_focused()
    press(page, "ArrowDown", "b")
    expect(page.locator(".cell")).to_have_count(4)
    added = order(page)[2]
    assert order(page) == ["c0", "c1", added, "c2"]
    press(page, "d", "d")
    expect(page.locator(".cell")).to_have_count(3)
    expect(cell(page, "c2")).to_be_focused()
    press(page, "a")
    expect(page.locator(".cell")).to_have_count(4)
    press(page, "Enter")
    page.keyboard.type("between")
    press(page, "Escape", "ArrowUp", "d", "d")
    expect(cell(page, "c1")).to_have_count(0)
    press(page, "z")
    expect(cell(page, "c1")).to_contain_text("second")
    press(page, "Alt+ArrowUp")
    expect(page.locator(".cell").first).to_have_attribute("data-cell", "c1")
    assert order(page)[:2] == ["c1", "c0"]
    stored(service, notebook, ["second", "first", "between", "third"])


def test_cells_are_moved_by_dragging(page: Page, service: Service) -> None:
    notebook = make(service, "first", "second", "third", "fourth")
    open_notebook(page, service, notebook)

    def drag(moved: str, to: str, *, below: bool) -> None:
        cell(page, moved).hover()
        box = cell(page, to).bounding_box()
        assert box is not None
        y = box["height"] - 3 if below else 3
        cell(page, moved).locator(".drag-handle").drag_to(cell(page, to), target_position={"x": 200, "y": y})

    drag("c0", "c2", below=True)
    stored(service, notebook, ["second", "third", "first", "fourth"])
    drag("c3", "c1", below=False)
    stored(service, notebook, ["fourth", "second", "third", "first"])
    assert order(page) == ["c3", "c1", "c2", "c0"]
    expect(page.locator(".drop-line")).to_have_count(0)


def test_types_modes_and_splitting(page: Page, service: Service) -> None:
    notebook = make(service, "# words", "x = 1\ny = 2", "z = 3")
    open_notebook(page, service, notebook)
    press(page, "m")
    expect(cell(page, "c0").get_by_role("heading", name="words")).to_be_visible()
    press(page, "y")
    expect(cell(page, "c0").locator(".cm-content")).to_be_visible()
    press(page, "ArrowDown", "Enter", "Control+Home", "End", "Control+Shift+-")
    expect(page.locator(".cell")).to_have_count(4)
    press(page, "Escape", "ArrowUp", "Shift+m")
    expect(page.locator(".cell")).to_have_count(3)
    expect(cell(page, "c1").locator(".cm-line")).to_have_text(["x = 1", "y = 2"])
    kept = ask(service, "GET", f"notebooks/{notebook}")
    assert [one["type"] for one in kept["cells"]] == ["python"] * 3


def test_arrows_leave_a_cell_and_enter_the_next(page: Page, service: Service) -> None:
    open_notebook(page, service, make(service, "one = 1", "two = 2"))
    press(page, "Enter", "Control+End", "ArrowDown")
    page.keyboard.type("# ")
    expect(cell(page, "c1").locator(".cm-content")).to_have_text("# two = 2")
    press(page, "ArrowUp", "End")
    page.keyboard.type("1")
    expect(cell(page, "c0").locator(".cm-content")).to_have_text("one = 11")


def test_every_command_is_found_in_the_palette(page: Page, service: Service) -> None:
    open_notebook(page, service, make(service, "answer = 42"))
    press(page, "p")
    page.get_by_role("combobox").fill("what is stale")
    picture(page, "palette")
    press(page, "Enter")
    expect(cell(page, "c0")).to_have_attribute("data-status", "success", timeout=RUN_MS)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_text_is_found_and_replaced_in_all_cells(page: Page, service: Service) -> None:
    notebook = make(service, "rate = 1\nrates = [rate]", "print(Rate)", "other")
    open_notebook(page, service, notebook)
    press(page, "f")
    page.get_by_role("textbox", name="Find").fill("rate")
    expect(page.locator(".find-count")).to_have_text("1 of 4")
    page.get_by_title("Upper and lower case as written").click()
    expect(page.locator(".find-count")).to_have_text("1 of 3")
    page.get_by_role("textbox", name="Replace by").fill("price")
    page.get_by_role("button", name="Replace", exact=True).click()
    expect(page.locator(".find-count")).to_have_text("1 of 2")
    picture(page, "find")
    page.get_by_role("button", name="All", exact=True).click()
    expect(cell(page, "c0").locator(".cm-line")).to_have_text(["price = 1", "prices = [price]"])
    expect(cell(page, "c1").locator(".cm-line")).to_have_text(["print(Rate)"])


def test_the_kernel_completes_and_explains(page: Page, service: Service) -> None:
    open_notebook(page, service, make(service, "rainfall_in_june = 12", ""))
    press(page, "Shift+Enter")
    expect(cell(page, "c0")).to_have_attribute("data-status", "success", timeout=RUN_MS)
    press(page, "Enter")
    page.keyboard.type("rainf")
    press(page, "Control+Space")
    expect(page.get_by_role("option", name="rainfall_in_june")).to_be_visible()
    page.wait_for_timeout(100)  # an Enter within 75 ms of a list's appearance was meant for the line
    press(page, "Enter")
    expect(cell(page, "c1").locator(".cm-content")).to_have_text("rainfall_in_june")
    page.keyboard.type("; print(")
    press(page, "Shift+Tab")
    expect(page.locator(".cm-signature")).to_contain_text("Prints the values to a stream")
