"""Reactivity one can see: why a cell is stale or blocked, where names come from, what would run."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from reactive_nb.main import create_app
from tests.api.service import Service, serve, settings_for
from tests.web.browser import RUN_MS, ask, cell, make, open_notebook, picture, visitor, write


def test_a_blocked_cell_links_to_its_culprit(page: Page, service: Service) -> None:
    notebook = make(service, "base = 1 / 0", "middle = base + 1", "print(middle)")
    open_notebook(page, service, notebook)
    page.get_by_role("button", name="Run 3 stale").click()
    expect(cell(page, "c2")).to_have_attribute("data-status", "blocked", timeout=RUN_MS)
    cell(page, "c2").get_by_role("button", name="→ base = 1 / 0").click()
    expect(cell(page, "c0")).to_be_focused()
    expect(cell(page, "c0").locator(".cm-lintRange-error")).to_have_text("base = 1 / 0")
    picture(page, "blocked")


def test_names_lead_to_their_provider_and_neighbours_light_up(page: Page, service: Service) -> None:
    open_notebook(page, service, make(service, "a = 1", "b = a", "c = b"))
    cell(page, "c1").hover()
    expect(cell(page, "c0")).to_have_class(re.compile("lit-upstream"))
    expect(cell(page, "c2")).to_have_class(re.compile("lit-downstream"))
    cell(page, "c1").get_by_title("Go to the cell that defines a").click()
    expect(cell(page, "c0")).to_be_focused()


def test_graph_and_plan_follow_the_notebook(page: Page, service: Service) -> None:
    open_notebook(page, service, make(service, "a = 1", "b = a", "c = 3"))
    page.get_by_role("button", name="Graph").click()
    expect(page.locator(".bow")).to_have_count(1)
    write(page, "c2", "c = a + b")
    expect(page.locator(".bow")).to_have_count(3)
    picture(page, "graph")
    page.get_by_role("button", name="What would run").click()
    expect(page.locator(".plan li")).to_have_count(3)
    page.get_by_role("button", name="Run them").click()
    expect(page.get_by_text("Everything is up to date")).to_be_visible(timeout=RUN_MS)


def test_a_lazy_notebook_only_marks_what_is_stale(page: Page, service: Service) -> None:
    open_notebook(page, service, make(service, "a = 1", "print(a)"))
    page.get_by_role("button", name="Run 2 stale").click()
    expect(cell(page, "c1")).to_have_attribute("data-status", "success", timeout=RUN_MS)
    page.get_by_role("button", name="Reactive").click()
    expect(page.get_by_role("button", name="Lazy")).to_be_visible()
    write(page, "c0", "a = 2")
    page.keyboard.press("Control+Enter")
    expect(cell(page, "c0")).to_have_attribute("data-status", "success")
    expect(cell(page, "c1")).to_have_attribute("data-status", "stale")


def test_a_running_cell_shows_a_clock_asks_and_is_interrupted(page: Page, service: Service) -> None:
    open_notebook(
        page, service, make(service, "name = input('Who? ')\nprint('Hello', name)", "import time; time.sleep(600)")
    )
    page.keyboard.press("Control+Enter")
    page.get_by_label("Who?").fill("Ada")
    page.keyboard.press("Enter")
    expect(cell(page, "c0").locator(".stream-stdout")).to_contain_text("Hello Ada", timeout=RUN_MS)
    cell(page, "c1").hover()
    cell(page, "c1").get_by_role("button", name="Run the cell").click()
    expect(cell(page, "c1").locator(".clock")).to_have_text(re.compile(r"\d"))
    page.get_by_role("button", name="Interrupt the kernel").click()
    expect(cell(page, "c1")).not_to_have_attribute("data-status", "running")
    expect(cell(page, "c1").locator(".error-line")).to_contain_text("KeyboardInterrupt")


def test_a_killed_kernel_is_told_and_the_next_run_starts_another(page: Page, service: Service) -> None:
    open_notebook(page, service, make(service, "import os\nos.kill(os.getpid(), 9)", "print(6 * 7)"))
    page.keyboard.press("Control+Enter")
    expect(page.locator(".kernel")).to_have_text("kernel died", timeout=RUN_MS)
    expect(page.get_by_role("alert")).to_contain_text("killed by SIGKILL")
    cell(page, "c1").hover()
    cell(page, "c1").get_by_role("button", name="Run the cell").click()
    expect(cell(page, "c1").locator(".stream-stdout")).to_contain_text("42", timeout=RUN_MS)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_kernel_is_shut_down_and_what_it_made_is_out_of_date(page: Page, service: Service) -> None:
    open_notebook(page, service, make(service, "print(6 * 7)"))
    page.keyboard.press("Control+Enter")
    expect(cell(page, "c0").locator(".stream-stdout")).to_contain_text("42", timeout=RUN_MS)
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    page.get_by_role("combobox").fill("Shut the kernel down")
    page.keyboard.press("Enter")
    expect(page.locator(".kernel")).to_have_text("no kernel yet", timeout=RUN_MS)
    expect(cell(page, "c0")).to_have_attribute("data-status", "stale")
    expect(cell(page, "c0").locator(".stream-stdout")).to_contain_text("42")
    cell(page, "c0").hover()
    expect(cell(page, "c0")).to_contain_text("The kernel that it ran in was shut down.")
    page.keyboard.press("Control+Enter")
    expect(cell(page, "c0")).to_have_attribute("data-status", "success", timeout=RUN_MS)


def test_a_kernel_too_many_is_told_why_and_starts_once_there_is_room(browser: Browser, tmp_path: Path) -> None:
    with serve(create_app(settings_for(tmp_path, max_kernels=1))) as service, visitor(browser, service) as page:
        other, notebook = make(service, "1"), make(service, "print(6 * 7)")
        ask(service, "POST", f"notebooks/{other}/restart")
        open_notebook(page, service, notebook)
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("alert")).to_contain_text("1 kernel is running, which is the limit", timeout=RUN_MS)
        picture(page, "kernel-too-many")
        ask(service, "DELETE", f"notebooks/{other}")
        page.get_by_role("button", name="Start a new kernel").click()
        expect(page.locator(".kernel")).to_have_text("kernel ready", timeout=RUN_MS)
        expect(page.get_by_role("alert")).to_have_count(0)
        page.keyboard.press("Control+Enter")
        expect(cell(page, "c0").locator(".stream-stdout")).to_contain_text("42", timeout=RUN_MS)
