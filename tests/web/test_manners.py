"""Good manners: for screen readers, for who has no mouse, in a narrow window, by day and by night."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.api.service import Service
from tests.web.browser import RUN_MS, cell, guest, make, open_notebook, picture, stored, visitor, write

SERIOUS = ("serious", "critical")
SETTLED = """async () => {
    const passing = document.getAnimations().filter((one) => one.effect.getComputedTiming().iterations !== Infinity);
    await Promise.allSettled(passing.map((one) => one.finished));
}"""


def looked_at(page: Page, name: str) -> None:
    """Keep a picture; axe finds nothing serious, and nothing is wider than the window."""
    page.evaluate(SETTLED)
    picture(page, name)
    found = Axe().run(page).response["violations"]
    assert not [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in found if one["impact"] in SERIOUS]
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_can_be_read(
    browser: Browser, service: Service, scheme: Literal["light", "dark"], width: int
) -> None:
    look: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": width, "height": 860}}
    kind = f"{scheme}-{width}"
    with guest(browser, service, complaints=True, **look) as page:
        page.goto(service.url)
        expect(page.get_by_label("Token")).to_be_visible()
        looked_at(page, f"sign-in-{kind}")
    notebook = make(
        service,
        {"type": "markdown", "source": "# Prices\nand [where they are from](https://example.org)"},
        "base = 1",
        "from IPython.display import HTML\nHTML('<table><tr><th>a</th></tr><tr><td>1</td></tr></table>')",
        "middle = 1 / 0",
        "print(middle)",
        "print('x' * 500)",
        "{'a': [1, 2]}",
        name="Prices",
    )
    with visitor(browser, service, **look) as page:
        expect(page.get_by_role("link", name="Prices").first).to_be_visible()
        looked_at(page, f"list-{kind}")
        open_notebook(page, service, notebook)
        looked_at(page, f"fresh-{kind}")
        page.get_by_role("button", name="Run 6 stale").click()
        expect(cell(page, "c6")).to_have_attribute("data-status", "success", timeout=RUN_MS)
        expect(cell(page, "c4")).to_have_attribute("data-status", "blocked")
        looked_at(page, f"ran-{kind}")
        write(page, "c6", "base")
        page.keyboard.press("Escape")
        expect(cell(page, "c6")).to_have_attribute("data-status", "stale")
        looked_at(page, f"stale-{kind}")
        page.keyboard.press("Control+Shift+P")
        looked_at(page, f"palette-{kind}")
        page.keyboard.press("Escape")
        page.keyboard.press("Control+f")
        looked_at(page, f"find-{kind}")
        page.keyboard.press("Escape")
        panels = page.get_by_role("navigation", name="Panels").get_by_role("button")
        for place in range(panels.count()):
            panels.nth(place).click()
            looked_at(page, f"panel-{place}-{kind}")


def test_a_notebook_is_made_written_run_and_left_without_a_mouse(page: Page, service: Service) -> None:
    page.get_by_role("button", name="New notebook").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".cell.is-selected")).to_be_visible()
    notebook = page.url.rpartition("/")[2]
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.keyboard.type("print(6 * 7)")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".stream-stdout")).to_have_text("42\n", timeout=RUN_MS)
    page.keyboard.press("Escape")
    for key in ("b", "m", "Enter"):
        page.keyboard.press(key)
    page.keyboard.type("# Six times seven")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Six times seven")).to_be_visible()
    stored(service, notebook, ["print(6 * 7)", "# Six times seven"])
    page.get_by_role("link", name="All notebooks").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Notebooks")).to_be_visible()
