"""What the page keeps in memory while a cell prints without end: no more after long than after a while."""

from __future__ import annotations

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.api.service import Service
from tests.web.browser import RUN_MS, cell, make, open_notebook

PRINTING = """
import time
end, line = time.monotonic() + {seconds}, 0
while time.monotonic() < end:
    line += 1
    print(line, "of very many lines, printed as fast as can be")
print("last", line)
"""
MOST_GROWTH_MB = 8


def heap_mb(devtools: CDPSession) -> float:
    """What the page's JavaScript holds on to."""
    devtools.send("HeapProfiler.collectGarbage")
    return float(devtools.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


@pytest.mark.parametrize("seconds", [16, pytest.param(600, marks=pytest.mark.slow)])
def test_it_does_not_grow_with_what_is_printed(page: Page, service: Service, seconds: int) -> None:
    notebook = make(service, PRINTING.format(seconds=seconds))
    open_notebook(page, service, notebook)
    devtools = page.context.new_cdp_session(page)
    page.keyboard.press("Control+Enter")
    expect(cell(page, "c0").locator(".stream-stdout")).to_be_visible(timeout=RUN_MS)
    page.wait_for_timeout(seconds / 2 * 1000)
    expect(cell(page, "c0")).to_have_attribute("data-status", "running")
    half_way = heap_mb(devtools)
    expect(cell(page, "c0")).to_have_attribute("data-status", "success", timeout=seconds * 1000 + RUN_MS)
    expect(cell(page, "c0").locator(".stream-stdout")).to_contain_text("last ")
    at_the_end = heap_mb(devtools)
    print(f"{half_way:.1f} MB after half of {seconds} s, {at_the_end:.1f} MB at the end")
    assert at_the_end < half_way + MOST_GROWTH_MB
