"""Several people at once, and a connection that is cut: nobody's keystroke is lost."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.api.service import LOCAL, Service
from tests.web.browser import DEADLINE_MS, RUN_MS, ask, cell, guest, make, open_notebook, sources, stored, visitor
from tests.web.cable import cable


def type_at(page: Page, cell_id: str, key: str, text: str) -> None:
    cell(page, cell_id).locator(".cm-content").click()
    page.keyboard.press(key)
    page.keyboard.type(text)


def test_two_people_see_each_others_edits_and_outputs(browser: Browser, service: Service) -> None:
    notebook = make(service, "a = 1\nb = 2\nc = 3", "print(a)")
    with visitor(browser, service) as ann, visitor(browser, service) as bob:
        open_notebook(ann, service, notebook)
        open_notebook(bob, service, notebook)
        expect(ann.get_by_text("2 here")).to_be_visible()
        type_at(ann, "c0", "Control+Home", "# Ann's\n")
        type_at(bob, "c0", "Control+End", "\n# Bob's")
        lines = ["# Ann's", "a = 1", "b = 2", "c = 3", "# Bob's"]
        for page in (ann, bob):
            expect(cell(page, "c0").locator(".cm-line")).to_have_text(lines)
        bob.keyboard.press("Control+Enter")
        cell(bob, "c1").hover()
        expect(cell(ann, "c0")).to_have_attribute("data-status", "success", timeout=RUN_MS)
    stored(service, notebook, ["\n".join(lines), "print(a)"])


def test_what_was_written_without_connection_is_sent_and_missed_events_come(browser: Browser, service: Service) -> None:
    notebook = make(service, "a = 1\nb = 2", "other")
    with cable(service.port) as line, guest(browser, service, complaints=True, elsewhere=line.address) as page:
        page.goto(f"{line.address}/?token={LOCAL}#/notebooks/{notebook}")
        expect(cell(page, "c0").locator(".cm-content")).to_be_visible()
        line.pull()
        expect(page.get_by_text("Not connected to the service")).to_be_visible()
        type_at(page, "c0", "Control+End", "\nc = 3")
        page.keyboard.press("Escape")
        page.keyboard.press("b")
        page.keyboard.press("Enter")
        page.keyboard.type("made offline")
        ask(service, "PUT", f"notebooks/{notebook}/cells/c0", {"source": "# from elsewhere\na = 1\nb = 2"})
        ask(service, "PUT", f"notebooks/{notebook}/cells/c1", {"source": "changed"})
        line.plug_in()
        expect(cell(page, "c1")).to_contain_text("changed", timeout=DEADLINE_MS)
        expect(cell(page, "c0").locator(".cm-line")).to_have_text(["# from elsewhere", "a = 1", "b = 2", "c = 3"])
        expect(page.get_by_text("Not connected to the service")).to_have_count(0)
        stored(service, notebook, ["# from elsewhere\na = 1\nb = 2\nc = 3", "made offline", "changed"])


def test_who_wrote_in_the_same_place_is_asked_which_it_is_to_be(browser: Browser, service: Service) -> None:
    notebook = make(service, "rate = 1")
    with cable(service.port) as line, guest(browser, service, complaints=True, elsewhere=line.address) as page:
        page.goto(f"{line.address}/?token={LOCAL}#/notebooks/{notebook}")
        expect(cell(page, "c0").locator(".cm-content")).to_be_visible()
        line.pull()
        type_at(page, "c0", "Control+End", "2")
        ask(service, "PUT", f"notebooks/{notebook}/cells/c0", {"source": "rate = 19"})
        line.plug_in()
        expect(page.get_by_role("alert")).to_contain_text("rate = 19", timeout=DEADLINE_MS)
        expect(cell(page, "c0").locator(".cm-content")).to_have_text("rate = 12")
        assert sources(service, notebook) == ["rate = 19"]
        page.get_by_role("button", name="Keep mine").click()
        expect(page.get_by_role("alert")).to_have_count(0)
        expect(cell(page, "c0").locator(".cm-content")).to_have_text("rate = 12")
        stored(service, notebook, ["rate = 12"])
