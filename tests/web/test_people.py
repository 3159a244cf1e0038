"""Who else is here, and where; and a page that stays signed in though its tokens are short-lived."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect

from tests.api.service import ANN, Service, running
from tests.web.browser import ask, cell, guest, open_notebook, pictures, stored
from tests.web.cable import cable

TOKENS = """
window.reactiveNb = {
    token: async () => `NAME~session~${Date.now() / 1000 + (window.tokenSeconds ?? LIFE)}`,
};
"""
MADE = {"name": "Shared", "cells": [{"id": "c0", "source": "a = 1"}, {"id": "c1", "source": "b = 2"}]}


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service for several users, whose tokens end."""
    with running(tmp_path_factory.mktemp("notebooks")) as started:
        yield started


def signed_in(page: Page, service: Service, name: str, *, life_s: float) -> None:
    """Tokens come from the page around, as Clerk's would."""
    page.add_init_script(TOKENS.replace("NAME", name).replace("LIFE", str(life_s)))
    page.goto(f"{service.url}/")
    expect(page.get_by_role("heading", name="Notebooks")).to_be_visible()


def made(page: Page) -> str:
    """A notebook of the user's own, made as the page would."""
    making = """async (made) => {
        const Authorization = `Bearer ${await window.reactiveNb.token()}`;
        const headers = { Authorization, "Content-Type": "application/json" };
        const answer = await fetch("api/v1/notebooks", { method: "POST", headers, body: JSON.stringify(made) });
        return (await answer.json()).id;
    }"""
    return str(page.evaluate(making, MADE))


def test_people_are_seen_with_their_place_and_followed(browser: Browser, people: Service) -> None:
    with guest(browser, people) as first, guest(browser, people) as second:
        for page in (first, second):
            signed_in(page, people, "ann", life_s=600)
        notebook = made(first)
        for page in (first, second):
            open_notebook(page, people, notebook)
        expect(first.get_by_text("2 here")).to_be_visible()
        cell(second, "c1").locator(".cm-content").click()
        expect(cell(first, "c1").get_by_role("img", name="Ann here")).to_be_visible()
        expect(cell(first, "c0").get_by_role("img", name="Ann here")).to_have_count(0)
        pictures(first, "people")
        first.get_by_role("button", name="Ann, at: b = 2").click()
        expect(cell(first, "c1")).to_be_focused()
        expect(cell(second, "c1").get_by_role("img", name="Ann here")).to_be_visible()
        second.get_by_role("link", name="All notebooks").click()
        expect(first.get_by_text("2 here")).to_have_count(0)
        expect(cell(first, "c1").get_by_role("img", name="Ann here")).to_have_count(0)


def test_a_socket_outlives_its_token_as_fresh_ones_are_sent(browser: Browser, people: Service) -> None:
    with guest(browser, people) as page:
        signed_in(page, people, "ann", life_s=12)
        notebook = made(page)
        opened: list[WebSocket] = []
        page.on("websocket", lambda socket: opened.append(socket))
        with page.expect_websocket() as found:
            open_notebook(page, people, notebook)
        expiries: list[float] = []
        while len(expiries) < 4:  # each is good for twelve seconds, and sent when half of that is over
            said = found.value.wait_for_event("framesent", lambda frame: "auth.renew" in frame, timeout=60_000)
            expiries.append(float(json.loads(said)["token"].rpartition("~")[2]))
        assert expiries[-1] - expiries[0] > 12, "the first token has ended by now"
        page.keyboard.press("Enter")
        page.keyboard.type("# still here\n")
        expect(cell(page, "c0")).to_contain_text("# still here")
        with found.value.expect_event("framereceived", lambda frame: "cell.updated" in frame):
            pass
        assert len(opened) == 1
        assert not found.value.is_closed()


def test_who_gets_no_good_token_any_more_is_told(browser: Browser, people: Service) -> None:
    with guest(browser, people, complaints=True) as page:
        signed_in(page, people, "ann", life_s=600)
        notebook = made(page)
        page.evaluate("window.tokenSeconds = -60")
        page.goto(f"{people.url}/#/notebooks/{notebook}")
        expect(page.get_by_text("You are signed out")).to_be_visible()
        page.evaluate("window.tokenSeconds = 600")
        page.get_by_role("button", name="Try again").click()
        expect(cell(page, "c0")).to_be_visible()


def test_what_was_written_is_sent_after_signing_in_again(browser: Browser, people: Service) -> None:
    with cable(people.port) as line, guest(browser, people, complaints=True, elsewhere=line.address) as page:
        page.add_init_script(TOKENS.replace("NAME", "ann").replace("LIFE", "600"))
        page.goto(f"{line.address}/")
        expect(page.get_by_role("heading", name="Notebooks")).to_be_visible()
        notebook = made(page)
        page.goto(f"{line.address}/#/notebooks/{notebook}")
        expect(cell(page, "c0")).to_be_focused()
        line.pull()
        expect(page.get_by_text("Not connected to the service")).to_be_visible()
        for key in ("Enter", "Control+End"):
            page.keyboard.press(key)
        page.keyboard.type("0")
        for key in ("Escape", "b", "Enter"):
            page.keyboard.press(key)
        page.keyboard.type("made when cut off")
        cell(page, "c1").locator(".cm-content").click()
        page.keyboard.press("Control+End")
        page.keyboard.type("0")
        ask(people, "PUT", f"notebooks/{notebook}/cells/c1", {"source": "b = 3"}, token=ANN)
        page.evaluate("window.tokenSeconds = -60")
        line.plug_in()
        expect(page.get_by_text("You are signed out")).to_be_visible()
        pictures(page, "signed-out")
        page.keyboard.press("d")
        page.keyboard.press("d")
        page.evaluate("window.tokenSeconds = 600")
        page.get_by_role("button", name="Try again").click()
        expect(cell(page, "c1").get_by_role("alert")).to_contain_text("Somebody else has changed the same lines")
        page.get_by_role("button", name="Keep mine").click()
        wanted = ["a = 10", "made when cut off", "b = 20"]
        expect(page.locator(".cell .cm-content")).to_have_text(wanted)
        stored(people, notebook, wanted, token=ANN)
