"""The chat panel: streamed text, what the model does in the notebook, stop, and what is seen when it can't answer."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from reactive_nb.main import create_app
from tests.api.service import LOCAL, Service, serve, settings_for
from tests.chat.provider import Provider, Turn, calls, provider, says
from tests.web.browser import RUN_MS, make, open_notebook, pictures, visitor


@pytest.fixture(scope="module")
def model() -> Iterator[Provider]:
    with provider() as made:
        yield made


@pytest.fixture(scope="module")
def chatting(model: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a language model, which says what the test's script has."""
    model_settings = {"chat_model": "openai/scripted", "chat_api_base": model.url, "chat_api_key": "sk-key"}
    with serve(create_app(settings_for(tmp_path_factory.mktemp("notebooks"), **model_settings))) as started:
        warm_up(started)
        yield started


def warm_up(service: Service) -> None:
    """The first chat of a service imports the model's client, which takes as long as the machine is slow."""
    headers = {"Authorization": f"Bearer {LOCAL}", "Content-Type": "application/json"}
    body = b'{"messages": [{"role": "user", "content": "Hello"}]}'
    request = urllib.request.Request(f"{service.api}/chat/{make(service)}", body, headers)
    with urllib.request.urlopen(request, timeout=300) as answer:
        assert b"event: end" in answer.read()


@pytest.fixture
def script(model: Provider) -> Iterator[Provider]:
    model.script, model.asked = [], []
    model.gone.clear()
    model.released.clear()
    yield model
    model.released.set()


def ask(page: Page, question: str) -> None:
    page.get_by_label("Question to the model").fill(question)
    page.keyboard.press("Enter")


def open_chat(page: Page) -> None:
    """As one does with the keyboard alone."""
    page.keyboard.press("p")
    page.get_by_role("combobox").fill("chat")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Question to the model")).to_be_focused()


def test_the_model_works_in_the_notebook_and_says_so(browser: Browser, chatting: Service, script: Provider) -> None:
    notebook = make(chatting, "price = 3", name="Prices")
    script.script = [
        calls(("read_notebook", {}), text="I look first."),
        calls(
            ("add_cell", {"source": "print(price * 14)", "after": "c0"}),
            ("update_cell", {"cell_id": "gone", "source": "x"}),
        ),
        calls(("run_cells", {})),
        says("It is **42**: $6 \\cdot 7$.\n\n<script>window.hacked = 1</script>", "\n\n- one\n- two"),
    ]
    with visitor(browser, chatting) as page:
        open_notebook(page, chatting, notebook)
        open_chat(page)
        ask(page, "What are fourteen of them?")
        said = page.get_by_role("log")
        expect(said.locator("strong")).to_have_text("42", timeout=RUN_MS)
        expect(said.locator(".katex").first).to_be_visible()
        expect(said.get_by_role("listitem")).to_have_text(["one", "two"])
        assert page.evaluate("window.hacked") is None
        expect(page.locator(".cells .stream-stdout")).to_have_text(re.compile("42"))
        tools = said.locator(".chat-tool")
        expect(tools.locator("summary")).to_have_text(
            [re.compile(one) for one in ("Reads the notebook", "Adds a cell", "Changes a cell.*refused", "Runs cells")]
        )
        expect(tools.nth(1).locator("pre").first).not_to_be_visible()
        tools.nth(1).locator("summary").focus()
        page.keyboard.press("Enter")
        expect(tools.nth(1).locator("pre").first).to_contain_text("print(price * 14)")
        pictures(page, "chat")
        tools.nth(1).get_by_role("button", name="print(price * 14)").click()
        expect(page.locator(".cell").nth(1)).to_be_focused()
        script.script = [says("You are welcome.")]
        ask(page, "Thank you")
        expect(said).to_contain_text("You are welcome.")
        told = script.told()
        assert [one["role"] for one in told if one["role"] in ("user", "tool")] == ["user", *["tool"] * 4, "user"]


def test_an_answer_comes_in_pieces_and_is_stopped(browser: Browser, chatting: Service, script: Provider) -> None:
    script.script = [Turn([{"content": "It begins"}], stalls=True), says("And ends.")]
    with visitor(browser, chatting) as page:
        open_notebook(page, chatting, make(chatting, "1"))
        page.get_by_role("button", name="Chat").click()
        ask(page, "Tell me a long story")
        said = page.get_by_role("log")
        expect(said).to_contain_text("It begins", timeout=RUN_MS)
        page.get_by_role("button", name="Graph").click()  # it goes on while the panel is closed
        page.get_by_role("button", name="Chat").click()
        expect(said).to_contain_text("Writes…")
        page.get_by_role("button", name="Stop").click()
        expect(said).to_contain_text("Stopped. What was done in the notebook stays done.")
        assert script.gone.wait(20), "the model is still being listened to"
        ask(page, "Go on")
        expect(said).to_contain_text("And ends.")
        contents = [one["content"] for one in script.told()[1:]]
        assert contents == ["Tell me a long story", "It begins", "Go on"]
        page.get_by_role("button", name="New conversation").click()
        expect(said).not_to_contain_text("It begins")


def test_in_reading_mode_it_is_given_no_tools_that_change(
    browser: Browser, chatting: Service, script: Provider
) -> None:
    script.script = [says("Only looking.")]
    with visitor(browser, chatting) as page:
        open_notebook(page, chatting, make(chatting, "1"))
        page.get_by_role("button", name="Chat").click()
        page.get_by_label("May change and run cells").uncheck()
        ask(page, "What is this?")
        expect(page.get_by_role("log")).to_contain_text("Only looking.", timeout=RUN_MS)
        assert "update_cell" not in {one["function"]["name"] for one in script.asked[0]["tools"]}


def test_a_model_that_fails_says_why_and_the_question_is_kept(
    browser: Browser, chatting: Service, script: Provider
) -> None:
    script.script = [Turn(status=401)]
    with visitor(browser, chatting) as page:
        open_notebook(page, chatting, make(chatting, "1"))
        page.get_by_role("button", name="Chat").click()
        ask(page, "Anybody there?")
        expect(page.get_by_role("alert")).to_contain_text("refuses the key", timeout=RUN_MS)
        expect(page.get_by_label("Question to the model")).to_have_value("Anybody there?")


def test_without_a_model_it_says_what_to_set(browser: Browser, service: Service) -> None:
    with visitor(browser, service, complaints=True) as page:
        open_notebook(page, service, make(service, "1"))
        page.get_by_role("button", name="Chat").click()
        ask(page, "Anybody there?")
        told = page.get_by_role("alert")
        expect(told).to_contain_text("There is no language model yet.")
        expect(told.locator("code").first).to_have_text("REACTIVE_NB_CHAT_MODEL")
        expect(page.get_by_label("Question to the model")).to_have_value("Anybody there?")
        pictures(page, "chat-unset")
