"""What cells display, as it is seen; and that none of it reaches the page, its token or the service."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from tests.api.service import Service
from tests.web.browser import RUN_MS, cell, make, open_notebook, picture, visitor

SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='60' height='40'><rect width='60' height='40' fill='teal'/></svg>"


def run_all(page: Page, service: Service, notebook: str) -> None:
    open_notebook(page, service, notebook)
    page.get_by_role("button", name=re.compile(r"Run \d+ stale")).click()


def test_text_in_colours_errors_formulas_trees_and_drawings(page: Page, service: Service) -> None:
    notebook = make(
        service,
        "def half(x):\n    return 1 / x",
        "half(0)",
        "from IPython.display import Math, Latex, Markdown, JSON, SVG, display\nMath(r'\\frac{a}{b}')",
        "Markdown('**bold** and $e^{i\\\\pi}$')",
        "JSON({'name': 'ann', 'deep': {'list': [1, 2, None]}, 'long': list(range(250))})",
        f"SVG({SVG!r})",
        {"type": "markdown", "source": "Mass is\n\n$$E = mc^2$$"},
        "print('\\x1b[1;32mgreen\\x1b[0m')\nfor i in range(3): print(f'\\r{i} of 3', end='')",
        "class Big:\n    def _repr_mimebundle_(self, **_): return {'text/plain': 'x' * 1_500_000}\nBig()",
    )
    run_all(page, service, notebook)
    error = cell(page, "c1").locator(".error-output")
    expect(error.locator(".error-line")).to_contain_text("ZeroDivisionError: division by zero", timeout=RUN_MS)
    expect(error.locator(".error-line a")).to_have_text("→ def half(x):, line 2")
    expect(error.locator(".traceback")).to_have_count(0)
    error.get_by_role("button", name="Show traceback").click()
    expect(error.locator(".traceback a")).to_have_text(["→ half(0), line 1", "→ def half(x):, line 2"])
    error.locator(".error-line a").click()
    expect(cell(page, "c0")).to_have_class(re.compile("is-selected"))

    expect(cell(page, "c2").locator(".katex .mfrac")).to_be_visible()
    expect(cell(page, "c3").locator("strong")).to_have_text("bold")
    expect(cell(page, "c3").locator(".katex")).to_be_visible()
    cell(page, "c6").scroll_into_view_if_needed()
    expect(cell(page, "c6").locator(".katex-display")).to_be_visible()
    assert page.evaluate("document.fonts.check('16px KaTeX_Main')")

    tree = cell(page, "c4").locator(".json-tree")
    expect(tree).to_contain_text('name: "ann"')
    expect(tree).not_to_contain_text("list:")
    tree.get_by_text("deep: {1}").click()
    tree.get_by_text("list: [3]").click()
    expect(tree.locator(".json-null", has_text="null")).to_be_visible()
    tree.get_by_text("long: [250]").click()
    tree.get_by_role("button", name="150 more").click()
    expect(tree.get_by_role("button", name="50 more")).to_be_visible()

    drawing = cell(page, "c5").locator("img")
    drawing.scroll_into_view_if_needed()
    expect(drawing).to_have_js_property("naturalWidth", 60)
    expect(cell(page, "c7").locator(".ansi-green-fg, .ansi-bright-green-fg")).to_have_text("green")
    expect(cell(page, "c7").locator(".stream-stdout")).to_have_text(re.compile("2 of 3$"))

    big = cell(page, "c8")
    big.scroll_into_view_if_needed()
    big.get_by_role("button", name="Show it").click()
    expect(big.locator(".plain")).to_have_text(re.compile("^x{1500000}$"))
    expect(big.get_by_role("button", name="Show all")).to_be_visible()


def test_charts_of_plotly_and_vega_lite(page: Page, service: Service) -> None:
    notebook = make(
        service,
        "from IPython.display import display\n"
        "display({'application/vnd.plotly.v1+json': {'data': [{'type': 'bar', 'x': ['a', 'b'], 'y': [1, 3]}],"
        " 'layout': {'title': {'text': 'Bars'}}}}, raw=True)",
        "display({'application/vnd.vegalite.v5+json': {'data': {'values': [{'a': 'A', 'b': 2}, {'a': 'B', 'b': 5}]},"
        " 'mark': 'bar', 'encoding': {'x': {'field': 'a'}, 'y': {'field': 'b', 'type': 'quantitative'}}}}, raw=True)",
        "import pandas as pd\npd.DataFrame({'city': ['Oslo', 'Rome'], 'people': [709, 2755]})",
    )
    run_all(page, service, notebook)
    bars = cell(page, "c0").frame_locator("iframe")
    expect(bars.locator(".barlayer .point")).to_have_count(2, timeout=RUN_MS)
    expect(bars.get_by_text("Bars")).to_be_visible()
    cell(page, "c1").scroll_into_view_if_needed()
    expect(cell(page, "c1").frame_locator("iframe").locator(".mark-rect path")).to_have_count(2)
    cell(page, "c2").scroll_into_view_if_needed()
    table = cell(page, "c2").locator(".table-view")
    expect(table.locator("tbody tr")).to_have_count(2)
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        page.wait_for_timeout(300)
        picture(page, f"charts-{theme}")


ATTACK = """
const tries = [];
const attempt = async (name, act) => {
  try { const got = await act(); tries.push(`${name}: got ${String(got).slice(0, 80)}`); }
  catch (error) { tries.push(`${name}: refused`); }
};
(async () => {
  await attempt("page", () => window.parent.document.title);
  await attempt("frames", () => {
    const others = [...Array(window.parent.length).keys()].map((i) => window.parent[i]).filter((w) => w !== window);
    return others[0].document.title;
  });
  await attempt("storage", () => window.sessionStorage.length);
  await attempt("parent storage", () => window.parent.sessionStorage.length);
  await attempt("cookie", () => document.cookie);
  await attempt("leave", () => { window.top.location.href = "SERVICE/?taken"; });
  await attempt("fetch", () => fetch("SERVICE/api/v1/notebooks"));
  await attempt("fetch with cookies", () => fetch("SERVICE/api/v1/notebooks", { credentials: "include" }));
  await attempt("elsewhere", () => fetch("http://127.0.0.1:9/"));
  await attempt("import", () => import("SERVICE/assets/x.js"));
  await attempt("socket", () => new Promise((yes, no) => {
    const socket = new WebSocket("SERVICE/api/v1/ws/notebooks/x".replace("http", "ws"));
    socket.onopen = () => yes("open"); socket.onerror = () => no();
  }));
  await attempt("picture", () => new Promise((yes, no) => {
    const image = new Image(); image.onload = () => yes("loaded"); image.onerror = () => no();
    image.src = "SERVICE/icon.svg";
  }));
  await attempt("worker", () => new Promise((yes, no) => {
    const code = new Blob([`fetch("SERVICE/api/v1/notebooks").then(() => postMessage(1), () => postMessage(0))`]);
    const worker = new Worker(URL.createObjectURL(code)); worker.onmessage = (m) => m.data ? yes("got") : no();
    worker.onerror = () => no();
  }));
  (globalThis.element || document.body).textContent = tries.join("; ");
})();
"""


def test_nothing_displayed_reaches_the_page_its_token_or_the_service(browser: Browser, service: Service) -> None:
    attack = ATTACK.replace("SERVICE", service.origin)
    mark = 'window.parent.taken = window.taken = document.title = "taken"'
    on_error = f"<img src=x onerror='{mark}'>"
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' onload='{mark}'><script>{mark}</script><text y='20'>t</text></svg>"
    prose = "\n\n".join(
        (
            f"start {on_error} <script>{mark}</script> <svg onload='{mark}'></svg>",
            "[a](javascript:alert(1)) <a href='javascript:alert(1)' id=link>b</a> <form action=/><input></form>",
            f"<iframe srcdoc=\"{on_error}\"></iframe><object data='x'></object><base href='http://127.0.0.1:9/'>",
            "<div style='position:fixed;inset:0;z-index:9999;background:red' id=cover>over it all</div>",
            "<math><mtext><table><mglyph><style><img src=x onerror=window.taken=1></style></mglyph></table></mtext>",
            r"$\href{javascript:alert(1)}{x} \htmlClass{dialog}{y} \includegraphics{http://127.0.0.1:9/p.png}$",
            r"$\def\a{\a\a}\a$ and $\rule{100000em}{100000em}$",
        )
    )
    vega = {
        "data": {"url": f"{service.origin}/api/v1/notebooks", "format": {"property": "notebooks"}},
        "mark": "point",
        "title": {"text": "still here"},
        "params": [{"name": "p", "expr": "constructor.constructor('return window.top.document.title')()"}],
    }
    plotly = {"data": [], "layout": {"title": {"text": on_error}}}
    notebook = make(
        service,
        f"from IPython.display import *\nHTML({'<script>' + attack + '</script>'!r})",
        f"Javascript({attack!r})",
        f"Markdown({prose!r})",
        f"SVG({svg!r})",
        'Latex(r"""$\\href{javascript:alert(1)}{x}$ <img src=x onerror=window.taken=1>""")',
        f"display({{'application/vnd.vegalite.v5+json': {vega!r}}}, raw=True)",
        f"display({{'application/vnd.plotly.v1+json': {plotly!r}}}, raw=True)",
        f"display({{'application/json': {{'a': {on_error!r}}}, 'text/plain': ''}}, raw=True)",
        f"print({on_error!r}, '\\x1b]8;;javascript:alert(1)\\x07link\\x1b]8;;\\x07')",
        f"raise ValueError({on_error!r})",
        {"type": "markdown", "source": prose},
        name="Attacks",
    )
    with visitor(browser, service, complaints=True) as page:
        run_all(page, service, notebook)
        url = page.url
        for cell_id in ("c0", "c1"):
            cell(page, cell_id).scroll_into_view_if_needed()
            said = cell(page, cell_id).frame_locator("iframe").locator("body")
            expect(said).to_contain_text("worker:", timeout=RUN_MS)
            tries = said.inner_text().split("; ")
            assert len(tries) == 13
            assert [line for line in tries if not line.endswith(": refused")] == []
        for number in range(2, 11):
            cell(page, f"c{number}").scroll_into_view_if_needed()
            page.wait_for_timeout(150)
        for cell_id in ("c2", "c10"):
            text = cell(page, cell_id).locator(".prose")
            expect(text.locator(".katex").first).to_be_visible()
            held = "script, iframe, object, base, form, input, style, [onerror], [onload], [href^='javascript']"
            expect(text.locator(held)).to_have_count(0)
            cover = text.get_by_text("over it all").bounding_box()
            place = text.bounding_box()
            assert cover is not None
            assert place is not None
            assert cover["y"] >= place["y"] - 1
            assert cover["height"] <= place["height"] + 1
        expect(page.locator("main [onerror], main a[href^='javascript']")).to_have_count(0)
        expect(cell(page, "c5").frame_locator("iframe").locator("body")).not_to_have_text("")
        assert page.evaluate("window.taken") is None
        assert page.title() == "Attacks – reactive-nb"
        assert page.url == url


LATE_EFFECTS = """
const later = window.setTimeout;
window.setTimeout = (what, wait, ...given) => later(what, wait === 35 ? 1500 : wait, ...given);
window.requestAnimationFrame = (what) => later(() => what(performance.now()), 1500);
"""


def test_a_frame_that_is_there_before_the_pages_next_picture_shows_its_content(page: Page, service: Service) -> None:
    page.add_init_script(LATE_EFFECTS)
    page.reload()
    source = "from IPython.display import HTML\nHTML('<style>b { color: red }</style><b>in the frame</b>')"
    open_notebook(page, service, make(service, source))
    page.keyboard.press("Control+Enter")
    framed = cell(page, "c0").frame_locator("iframe").first.locator("b")
    expect(framed).to_have_text("in the frame", timeout=RUN_MS)
