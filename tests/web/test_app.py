"""The app view: outputs, text and widgets without code; and the same as one file that asks nothing of anybody."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.api.service import LOCAL, Service
from tests.web.browser import RUN_MS, ask, make, pictures, visitor

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
CHART = """
from IPython.display import display
spec = {"$schema": "https://vega.github.io/schema/vega-lite/v5.json", "mark": "bar", "width": 200, "height": 100,
        "data": {"values": [{"a": "A", "b": 28}, {"a": "B", "b": 55}]},
        "encoding": {"x": {"field": "a", "type": "nominal"}, "y": {"field": "b", "type": "quantitative"}}}
display({"application/vnd.vegalite.v5+json": spec}, raw=True)
"""
SPY = """
from IPython.display import HTML
HTML('''<table><tr><td>kilos</td></tr></table><pre id=seen></pre><script>
const say = (text) => { document.getElementById("seen").textContent += text + ";"; };
try { say(window.parent.document.title); } catch (e) { say("no page"); }
</script>''')
"""
ELSEWHERE = """
from IPython.display import HTML, Markdown, display
display(Markdown("![a picture](http://127.0.0.1:{port}/a.png)"))
HTML('''<pre id=seen></pre><img src="http://127.0.0.1:{port}/b.png"><script>
const say = (text) => {{ document.getElementById("seen").textContent += text; }};
fetch("http://127.0.0.1:{port}/").then(() => say("a host"), () => say("no host"));
</script>''')
"""
CELLS = (
    {
        "type": "markdown",
        "source": "# Prices\n\nWool costs **{{ price }}**, or $x^2$.",
    },
    "price = 42  # the code that nobody sees",
    "print('\\x1b[31mred\\x1b[0m </script><!-- sold')",
    SPY,
    f"import base64\nfrom IPython.display import Image\nImage(base64.b64decode('{DOT}'))",
    "from IPython.display import Math\nMath(r'\\int_0^1 x\\,dx')",
    CHART,
    "1 / 0",
    {"type": "python", "source": "print('kept to oneself')", "config": {"hide_output": True}},
    "import ipywidgets\nslider = ipywidgets.IntSlider(value=6, description='Kilos')\nslider",
    "print('They cost', slider.value * 7)",
    "from IPython.display import JSON\nJSON({'sheep': {'black': ['one', 'two']}})",
    "import pandas\npandas.DataFrame({'weight': [3, 5]})",
)


def at(page: Page, place: int) -> Locator:
    return page.locator(f'.app-cell[data-cell="c{place}"]')


def ran(service: Service, name: str, *more: str) -> str:
    notebook = make(service, *CELLS, *more, name=name)
    ask(service, "POST", f"notebooks/{notebook}/run", {"wait": 50})
    return notebook


def test_readers_see_outputs_and_text_and_no_code(browser: Browser, service: Service) -> None:
    notebook = ran(service, "Prices to read")
    with visitor(browser, service, complaints=True) as page:
        page.goto(f"{service.url}/#/notebooks/{notebook}")
        page.get_by_role("link", name="View as app").click()
        expect(at(page, 0).locator("strong")).to_have_text("42")
        expect(at(page, 2).locator(".stream-stdout")).to_have_text(re.compile("red </script><!-- sold"))
        at(page, 10).scroll_into_view_if_needed()
        expect(at(page, 10)).to_contain_text("They cost 42")
        expect(page.get_by_text("kept to oneself")).to_have_count(0)
        expect(page.locator(".cm-editor")).to_have_count(0)
        assert "nobody sees" not in page.content()
        ask(service, "PUT", f"notebooks/{notebook}/cells/c1", {"source": "price = 43"})
        page.get_by_role("button", name="Bring up to date").click()
        expect(at(page, 0).locator("strong")).to_have_text("43", timeout=RUN_MS)
        at(page, 0).scroll_into_view_if_needed()
        pictures(page, "app")
        page.get_by_role("link", name="Back to the notebook").click()
        expect(page.locator(".cell").first).to_be_visible()


def test_a_widget_of_the_app_runs_what_looks_at_it(browser: Browser, service: Service) -> None:
    notebook = ran(service, "Prices to move")
    with visitor(browser, service, complaints=True) as page:
        page.goto(f"{service.url}/#/apps/{notebook}")
        at(page, 9).scroll_into_view_if_needed()
        handle = at(page, 9).frame_locator("iframe").get_by_role("slider")
        handle.focus()
        handle.press("ArrowRight")
        expect(at(page, 10)).to_contain_text("They cost 49", timeout=RUN_MS)


def test_the_saved_file_shows_all_of_it_and_reaches_nobody(browser: Browser, service: Service, tmp_path: Path) -> None:
    spied = socket.create_server(("127.0.0.1", 0))
    notebook = ran(service, "Prices of wool", ELSEWHERE.format(port=spied.getsockname()[1]))
    saved = tmp_path / "page.html"
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.goto(f"{service.url}/?token={LOCAL}#/apps/{notebook}")
    expect(at(page, 0).locator("strong")).to_have_text("42")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as HTML").click()
    assert download.value.suggested_filename == "Prices of wool.html"
    download.value.save_as(saved)
    page.close()
    written = saved.read_text()
    assert "nobody sees" not in written
    assert "kept to oneself" not in written
    page = context.new_page()
    page.goto(saved.as_uri())
    expect(page).to_have_title("Prices of wool")
    expect(page.get_by_role("heading", name="Prices")).to_be_visible()
    expect(page.locator("strong", has_text="42")).to_be_visible()
    expect(page.locator(".katex").first).to_be_visible()
    assert page.evaluate("document.fonts.ready.then(() => [...document.fonts].some((one) => one.status === 'loaded'))")
    expect(page.locator(".stream-stdout").first).to_have_text(re.compile("red </script><!-- sold"))
    expect(page.locator("img[src^='data:image/png']")).to_have_js_property("naturalWidth", 1)
    seen = page.frame_locator("iframe >> nth=0").locator("#seen")
    expect(seen).to_have_text("no page;")
    chart = page.locator("iframe[title='Vega chart']")
    chart.scroll_into_view_if_needed()
    expect(chart.content_frame.locator("svg .mark-rect path")).to_have_count(2)
    expect(page.locator(".error-line")).to_have_text("ZeroDivisionError: division by zero")
    expect(page.locator(".traceback")).to_contain_text("1 / 0")
    expect(page.get_by_text("Widget: it works in the notebook only.")).to_be_visible()
    expect(page.get_by_text("They cost 42")).to_be_visible()
    page.locator("summary", has_text="sheep").click()
    page.locator("summary", has_text="black").click()
    expect(page.get_by_text('"two"')).to_be_visible()
    table = page.frame_locator("iframe >> nth=2")
    page.locator("iframe").nth(2).scroll_into_view_if_needed()
    expect(table.get_by_role("columnheader", name="weight")).to_be_visible()
    nobody = page.locator("iframe[title='HTML output']").last
    nobody.scroll_into_view_if_needed()
    expect(nobody.content_frame.locator("#seen")).to_have_text("no host")
    page.evaluate("window.scrollTo(0, 0)")
    pictures(page, "app-file")
    context.close()
    with spied:
        spied.settimeout(0)
        with pytest.raises(BlockingIOError):  # nobody has come
            spied.accept()
