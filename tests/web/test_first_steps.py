"""What somebody does first: sign in, find or make a notebook, write, run, see."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from reactive_nb.main import create_app
from tests.api.service import LOCAL, Service, serve, settings_for
from tests.web.browser import RUN_MS, cell, guest, make, open_notebook, picture, sources, visitor, write

PICTURE = """
import base64
from IPython.display import display, Image
display(Image(base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)))
"""


def test_the_token_signs_in_and_leaves_the_address(page: Page, service: Service) -> None:
    expect(page.get_by_role("heading", name="Notebooks")).to_be_visible()
    assert page.url == f"{service.url}/"
    page.reload()
    expect(page.get_by_role("heading", name="Notebooks")).to_be_visible()


def test_who_has_no_token_is_asked_for_it(browser: Browser, service: Service) -> None:
    with guest(browser, service, complaints=True) as page:
        page.goto(f"{service.url}/")
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_label("Token")).to_be_visible()
        page.get_by_label("Token").fill(LOCAL)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Notebooks")).to_be_visible()


def test_a_notebook_is_made_written_in_and_run(page: Page, service: Service) -> None:
    page.get_by_role("button", name="New notebook").click()
    first = page.locator(".cell").first
    first.locator(".cm-content").click()
    page.keyboard.type("a = 6")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("print(f'{a * 7} it is')")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".stream-stdout")).to_have_text(re.compile("42 it is"), timeout=RUN_MS)
    expect(first).to_have_attribute("data-status", "success")
    notebook_id = page.url.rpartition("/")[2]
    assert sources(service, notebook_id) == ["a = 6", "print(f'{a * 7} it is')"]


def test_what_depends_on_a_change_follows(page: Page, service: Service) -> None:
    notebook = make(service, "a = 1", "b = a + 1", "print('b is', b)", "c = 'other'")
    open_notebook(page, service, notebook)
    page.get_by_role("button", name="Run 4 stale").click()
    expect(cell(page, "c2").locator(".stream-stdout")).to_have_text(re.compile("b is 2"), timeout=RUN_MS)
    write(page, "c0", "a = 20")
    expect(cell(page, "c2")).to_have_attribute("data-status", "stale")
    expect(cell(page, "c0").locator(".why")).to_be_visible()
    picture(page, "stale")
    page.keyboard.press("Control+Enter")
    expect(cell(page, "c2").locator(".stream-stdout")).to_have_text(re.compile("b is 21"))
    expect(cell(page, "c2")).to_have_attribute("data-status", "success")


def test_text_errors_html_and_pictures_are_shown(page: Page, service: Service) -> None:
    notebook = make(
        service,
        {"type": "markdown", "source": "# A heading\n\nand *words*"},
        "{'answer': 42}",
        "1 / 0",
        "from IPython.display import HTML\n"
        'HTML(\'<p id=x>plain</p><script>document.getElementById("x").textContent = "from a script"</script>\')',
        PICTURE,
        "print('\\x1b[31mred\\x1b[0m', end='')\nprint('\\r50 %\\r100 %')",
    )
    open_notebook(page, service, notebook)
    expect(cell(page, "c0").get_by_role("heading", name="A heading")).to_be_visible()
    page.get_by_role("button", name=re.compile("Run 5 stale")).click()
    expect(cell(page, "c1").locator(".plain")).to_have_text("{'answer': 42}", timeout=RUN_MS)
    expect(cell(page, "c2").locator(".error-line")).to_have_text("ZeroDivisionError: division by zero")
    cell(page, "c2").get_by_role("button", name="Show traceback").click()
    expect(cell(page, "c2").locator(".traceback")).to_contain_text("1 / 0")
    cell(page, "c3").scroll_into_view_if_needed()
    expect(cell(page, "c3").frame_locator("iframe").locator("#x")).to_have_text("from a script")
    cell(page, "c4").scroll_into_view_if_needed()
    expect(cell(page, "c4").locator("img")).to_have_js_property("naturalWidth", 1)
    expect(cell(page, "c5").locator(".stream-stdout")).to_have_text(re.compile("^100 %"))
    picture(page, "outputs")


def test_html_outputs_reach_neither_the_page_nor_the_service(browser: Browser, service: Service) -> None:
    spy = """
from IPython.display import HTML
HTML('''<pre id=seen></pre><script>
const say = (text) => { document.getElementById("seen").textContent += text + ";"; };
try { say(window.parent.document.title); } catch (e) { say("no page"); }
try { say(window.sessionStorage.length); } catch (e) { say("no storage"); }
fetch("%s/api/v1/notebooks").then(() => say("service"), () => say("no service"));
</script>''')
"""
    notebook = make(service, spy % service.origin)
    with visitor(browser, service, complaints=True) as page:
        open_notebook(page, service, notebook)
        page.get_by_role("button", name="Run 1 stale").click()
        seen = cell(page, "c0").frame_locator("iframe").locator("#seen")
        expect(seen).to_have_text("no page;no storage;no service;", timeout=RUN_MS)


def test_the_page_works_under_a_prefix(browser: Browser, tmp_path: Path) -> None:
    with serve(create_app(settings_for(tmp_path, base_url="/user/ann/"))) as service:
        notebook = make(service, "print(3 * 14)", name="Under a prefix")
        with visitor(browser, service) as page:
            page.get_by_role("link", name="Under a prefix").click()
            page.get_by_role("button", name="Run 1 stale").click()
            expect(cell(page, "c0").locator(".stream-stdout")).to_have_text(re.compile("42"), timeout=RUN_MS)
            assert page.url == f"{service.url}/#/notebooks/{notebook}"
