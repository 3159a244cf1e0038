"""Widgets of the kernel on the page, used as one would: from two browsers, and after a reload."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

from playwright.sync_api import Browser, FrameLocator, Page, expect

from reactive_nb.main import create_app
from tests.api.service import LOCAL, Service, serve, settings_for
from tests.web.browser import DEADLINE_MS, RUN_MS, cell, guest, make, open_notebook, picture, visitor
from tests.web.cable import cable
from tests.web.test_outputs import run_all

COUNTER = '''
import anywidget, traitlets

class Counter(anywidget.AnyWidget):
    _esm = """
    function render({ model, el }) {
      const button = document.createElement("button");
      button.className = "counter";
      const show = () => { button.textContent = `count is ${model.get("value")}`; };
      button.onclick = () => { model.set("value", model.get("value") + 1); model.save_changes(); };
      model.on("change:value", show);
      model.on("msg:custom", (said, buffers) => { button.title = said + new Uint8Array(buffers[0].buffer).join(); });
      show();
      el.append(button);
    }
    export default { render };
    """
    _css = ".counter { color: rgb(1, 2, 3); }"
    value = traitlets.Int(0).tag(sync=True)

counter = Counter()
counter
'''
BYTES = '''
class Bytes(anywidget.AnyWidget):
    _esm = """
    function render({ model, el }) {
      const show = () => { el.textContent = `bytes ${new Uint8Array(model.get("data").buffer).join(" ")}`; };
      model.on("change:data", show);
      el.onclick = () => { model.set("data", new DataView(new Uint8Array([7, 8, 9]).buffer)); model.save_changes(); };
      show();
    }
    export default { render };
    """
    data = traitlets.Bytes(b"\\x01\\x02\\xff").tag(sync=True, from_json=lambda value, _: bytes(value))

holder = Bytes()
holder
'''

SLIDER = ("import ipywidgets as w\nslider = w.IntSlider(value=3)\nslider", "print('value', slider.value)")


def inside(page: Page, cell_id: str) -> FrameLocator:
    """The frame of what a cell displays."""
    return cell(page, cell_id).frame_locator("iframe")


def drag(page: Page, cell_id: str, steps: int) -> None:
    """Move a slider by the keyboard, as who can't drag does."""
    handle = inside(page, cell_id).locator(".noUi-handle")
    handle.focus()
    for _ in range(steps):
        page.keyboard.press("ArrowRight")


def test_a_moved_slider_runs_what_looks_at_it_also_after_a_reload_and_elsewhere(
    browser: Browser, service: Service
) -> None:
    notebook = make(
        service,
        "import ipywidgets as w\nslider = w.IntSlider(value=3, description='many')\nslider",
        "print('value', slider.value)",
        "w.IntProgress(value=4, max=10)\nw.VBox([slider, w.Label('the same again')])",
    )
    with visitor(browser, service) as ann, visitor(browser, service) as bob:
        run_all(ann, service, notebook)
        expect(cell(ann, "c1")).to_contain_text("value 3", timeout=RUN_MS)
        expect(inside(ann, "c0").locator(".widget-label")).to_have_text("many")
        open_notebook(bob, service, notebook)
        expect(inside(bob, "c0").locator(".widget-readout")).to_have_text("3")
        drag(ann, "c0", 2)
        expect(inside(ann, "c0").locator(".widget-readout")).to_have_text("5")
        for page in (ann, bob):
            expect(cell(page, "c1")).to_contain_text("value 5")
            expect(inside(page, "c2").locator(".widget-readout")).to_have_text("5")
        expect(inside(bob, "c0").locator(".widget-readout")).to_have_text("5")
        ann.reload()
        expect(inside(ann, "c0").locator(".widget-readout")).to_have_text("5")
        drag(ann, "c2", 4)
        expect(cell(ann, "c1")).to_contain_text("value 9")
        expect(inside(ann, "c0").locator(".widget-readout")).to_have_text("9")
        drag(bob, "c0", 1)
        expect(inside(ann, "c2").locator(".widget-readout")).to_have_text("10")
        expect(cell(ann, "c1")).to_contain_text("value 10")
        readout = inside(ann, "c0").locator(".widget-readout")
        readout.click()
        ann.keyboard.press("Control+a")
        ann.keyboard.type("42\n")
        expect(cell(bob, "c1")).to_contain_text("value 42")


def test_buttons_boxes_interact_and_what_outputs_capture(page: Page, service: Service) -> None:
    notebook = make(
        service,
        "import ipywidgets as w\nfrom IPython.display import display, HTML, Markdown\n"
        "clicks = 0\nout = w.Output()\nbutton = w.Button(description='Again', icon='check', button_style='primary')\n"
        "def clicked(_):\n    global clicks\n    clicks += 1\n    out.append_stdout(f'clicked {clicks}\\n')\n"
        "button.on_click(clicked)\nw.VBox([button, out])",
        "@w.interact(n=(1, 9), word='ab')\ndef shown(n=2, word='ab'):\n    print(word * n)",
        "kept = w.Output()\nwith kept:\n    print('first')\n    display(Markdown('**second**'))\n"
        "    display(w.Checkbox(description='third'))\n    display(HTML('<b id=fourth>fourth</b>'))\n    1 / 0\nkept",
        "tab = w.Tab([w.Text(value='inside', description='one'), w.Textarea(value='deeper')], titles=('a', 'b'))\n"
        "w.VBox([tab, w.Dropdown(options=['x', 'y'], description='pick'), w.ToggleButtons(options=['p', 'q']),"
        " w.FloatRangeSlider(), w.DatePicker(description='day'), w.ColorPicker(value='teal', description='colour'),"
        " w.Play(), w.Valid(value=True), w.HTMLMath('$x^2$'), w.Accordion([w.Label('folded')], titles=('more',))])",
    )
    run_all(page, service, notebook)
    again = inside(page, "c0").get_by_role("button", name="Again")
    expect(again).to_be_visible(timeout=RUN_MS)
    again.click()
    again.click()
    expect(inside(page, "c0").locator(".output-widget")).to_have_text(re.compile(r"clicked 1\s+clicked 2"))
    assert (
        inside(page, "c0")
        .locator(".fa-check")
        .evaluate("() => document.fonts.check('900 14px \"Font Awesome 5 Free\"')")
    )

    cell(page, "c1").scroll_into_view_if_needed()
    printed = inside(page, "c1").locator(".output-widget")
    expect(printed).to_have_text("abab")
    drag(page, "c1", 2)
    expect(printed).to_have_text("abababab")
    inside(page, "c1").get_by_label("word").fill("z")
    expect(printed).to_have_text("zzzz")

    cell(page, "c2").scroll_into_view_if_needed()
    captured = inside(page, "c2").locator(".output-widget")
    expect(captured).to_contain_text("first")
    expect(captured.locator("strong")).to_have_text("second")
    expect(captured.get_by_label("third")).to_be_visible()
    expect(captured.locator("#fourth")).to_be_visible()
    expect(captured).to_contain_text("ZeroDivisionError")

    cell(page, "c3").scroll_into_view_if_needed()
    expect(inside(page, "c3").get_by_label("one")).to_have_value("inside")
    expect(inside(page, "c3").locator("textarea")).to_be_hidden()
    inside(page, "c3").get_by_text("b", exact=True).click()
    expect(inside(page, "c3").locator("textarea")).to_have_value("deeper")
    expect(inside(page, "c3").get_by_label("one")).to_be_hidden()
    expect(inside(page, "c3").locator("msup")).to_be_visible()
    inside(page, "c3").get_by_text("more").click()
    expect(inside(page, "c3").get_by_text("folded")).to_be_visible()
    inside(page, "c3").get_by_text("folded").scroll_into_view_if_needed()
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        page.wait_for_timeout(300)
        picture(page, f"widgets-{theme}")


def test_anywidgets_bring_their_own_code_and_bytes_go_both_ways(page: Page, service: Service) -> None:
    notebook = make(
        service,
        COUNTER,
        "print('counted', counter.value)",
        "import time; time.sleep(0.2); counter.send('sent ', buffers=[b'\\x05\\x06'])",
        BYTES,
        "print('held', holder.data)",
    )
    run_all(page, service, notebook)
    button = inside(page, "c0").locator(".counter")
    expect(button).to_have_text("count is 0", timeout=RUN_MS)
    expect(button).to_have_css("color", "rgb(1, 2, 3)")
    button.click()
    button.click()
    expect(button).to_have_text("count is 2")
    expect(cell(page, "c1")).to_contain_text("counted 2")
    cell(page, "c2").get_by_role("button", name="Run the cell").click()
    expect(button).to_have_attribute("title", "sent 5,6")
    cell(page, "c3").scroll_into_view_if_needed()
    held = inside(page, "c3").get_by_text("bytes")
    expect(held).to_have_text("bytes 1 2 255")
    held.click()
    expect(held).to_have_text("bytes 7 8 9")
    expect(cell(page, "c4")).to_contain_text(r"held b'\x07\x08\t'")
    page.reload()
    cell(page, "c0").scroll_into_view_if_needed()
    expect(inside(page, "c0").locator(".counter")).to_have_text("count is 2")
    cell(page, "c3").scroll_into_view_if_needed()
    expect(inside(page, "c3").get_by_text("bytes")).to_have_text("bytes 7 8 9")


def test_progress_bars_and_what_is_left_of_widgets_without_a_kernel(page: Page, service: Service) -> None:
    notebook = make(
        service,
        "from tqdm.notebook import tqdm as bar\nfor _ in bar(range(7), desc='steps'): pass",
        "from tqdm import tqdm\nfor _ in tqdm(range(5), desc='text', mininterval=0): pass",
    )
    run_all(page, service, notebook)
    expect(inside(page, "c0").get_by_text("7/7")).to_be_visible(timeout=RUN_MS)
    expect(inside(page, "c0").get_by_text("steps: 100%")).to_be_visible()
    expect(inside(page, "c0").locator(".progress-bar-success")).to_be_visible()
    text = cell(page, "c1").locator(".stream-stderr")
    expect(text).to_contain_text("5/5")
    assert text.inner_text().count("text:") == 1
    picture(page, "progress")
    page.get_by_role("button", name="Restart the kernel").click()
    expect(cell(page, "c0")).to_contain_text("Run the cell to use it", timeout=RUN_MS)


def test_libraries_bring_the_code_that_is_installed_beside_the_kernel(browser: Browser, service: Service) -> None:
    notebook = make(
        service,
        "import ipycanvas\ncanvas = ipycanvas.Canvas(width=120, height=60)\ncanvas.fill_style = '#0000ff'\n"
        "canvas.fill_rect(10, 10, 50, 40)\ncanvas",
        "%matplotlib ipympl\nimport matplotlib.pyplot as plt\nfigure, axes = plt.subplots(figsize=(4, 2))\n"
        "line, = axes.plot([1, 3, 2])\nplt.show()",
        "import bqplot.pyplot as bq\nbq.figure()\nbq.bar(['a', 'b', 'c'], [1, 3, 2])\nbq.show()",
        "import traitlets, ipywidgets\nclass Lost(ipywidgets.DOMWidget):\n"
        "    _model_module = traitlets.Unicode('nowhere').tag(sync=True)\n"
        "    _model_name = traitlets.Unicode('LostModel').tag(sync=True)\n"
        "    _view_module = traitlets.Unicode('nowhere').tag(sync=True)\n"
        "    _view_name = traitlets.Unicode('LostView').tag(sync=True)\nLost()",
    )
    with visitor(browser, service, complaints=True) as page:  # of what is not there the browser complains
        run_all(page, service, notebook)
        drawn = """canvas => {
          const all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          return all.some((value, place) => place % 4 === 3 && value > 0);
        }"""
        for cell_id in ("c0", "c1"):
            cell(page, cell_id).scroll_into_view_if_needed()
            canvas = inside(page, cell_id).locator("canvas").first
            expect(canvas).to_be_visible(timeout=RUN_MS)
            deadline = time.monotonic() + DEADLINE_MS / 1000
            while not canvas.evaluate(drawn) and time.monotonic() < deadline:
                page.wait_for_timeout(50)
            assert canvas.evaluate(drawn), cell_id
        picture(page, "modules")
        cell(page, "c2").scroll_into_view_if_needed()
        expect(inside(page, "c2").locator("svg .bar, svg .bargroup rect, svg rect.bar").first).to_be_visible()
        cell(page, "c3").scroll_into_view_if_needed()
        inside(page, "c3").get_by_text("Click to show").click()
        expect(inside(page, "c3").locator("body")).to_contain_text("no code for the page of nowhere is installed")


def test_they_and_their_code_are_found_under_a_url_prefix(browser: Browser, tmp_path: Path) -> None:
    with serve(create_app(settings_for(tmp_path, base_url="/user/ann/"))) as service:
        canvas = "import ipycanvas\nipycanvas.Canvas(width=120, height=60)"
        notebook = make(service, *SLIDER, COUNTER, canvas)
        with visitor(browser, service) as page:
            run_all(page, service, notebook)
            expect(cell(page, "c1")).to_contain_text("value 3", timeout=RUN_MS)
            drag(page, "c0", 2)
            expect(cell(page, "c1")).to_contain_text("value 5")
            cell(page, "c3").scroll_into_view_if_needed()
            expect(inside(page, "c3").locator("canvas").first).to_be_visible(timeout=RUN_MS)
            inside(page, "c2").locator(".counter").click()  # now that nothing moves any more
            expect(inside(page, "c2").locator(".counter")).to_have_text("count is 1")


def test_what_is_moved_without_connection_arrives_and_what_was_moved_elsewhere_is_seen(
    browser: Browser, service: Service
) -> None:
    notebook = make(service, *SLIDER, "other = w.IntSlider(value=1)\nother")
    with (
        cable(service.port) as line,
        visitor(browser, service) as bob,
        guest(browser, service, complaints=True, elsewhere=line.address) as ann,
    ):
        run_all(bob, service, notebook)
        expect(cell(bob, "c1")).to_contain_text("value 3", timeout=RUN_MS)
        ann.goto(f"{line.address}/?token={LOCAL}#/notebooks/{notebook}")
        expect(inside(ann, "c0").locator(".widget-readout")).to_have_text("3")
        expect(inside(ann, "c2").locator(".widget-readout")).to_have_text("1")
        line.pull()
        expect(ann.get_by_text("Not connected to the service")).to_be_visible()
        drag(bob, "c2", 3)
        expect(inside(bob, "c2").locator(".widget-readout")).to_have_text("4")
        drag(ann, "c0", 2)
        expect(inside(ann, "c0").locator(".widget-readout")).to_have_text("5")
        expect(cell(bob, "c1")).to_contain_text("value 3")
        line.plug_in()
        expect(inside(ann, "c2").locator(".widget-readout")).to_have_text("4", timeout=RUN_MS)
        for page in (ann, bob):
            expect(cell(page, "c1")).to_contain_text("value 5")
            expect(inside(page, "c0").locator(".widget-readout")).to_have_text("5")


def test_of_a_killed_kernel_nothing_is_left_and_a_run_brings_them_back(browser: Browser, service: Service) -> None:
    notebook = make(service, *SLIDER, "import os\nprint(os.getpid())")
    with visitor(browser, service) as page:
        run_all(page, service, notebook)
        expect(inside(page, "c0").locator(".widget-readout")).to_have_text("3", timeout=RUN_MS)
        drag(page, "c0", 2)
        expect(cell(page, "c1")).to_contain_text("value 5")
        number = cell(page, "c2").locator(".stream-stdout")
        expect(number).to_have_text(re.compile(r"^\d+\n$"))
        os.kill(int(number.inner_text()), signal.SIGKILL)
        expect(cell(page, "c0")).to_contain_text("Run the cell to use it", timeout=RUN_MS)
        run_all(page, service, notebook)
        expect(inside(page, "c0").locator(".widget-readout")).to_have_text("3", timeout=RUN_MS)
        drag(page, "c0", 1)
        expect(cell(page, "c1")).to_contain_text("value 4")
