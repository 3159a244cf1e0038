"""Tables of the kernel on the page: read in pages, sorted and filtered there; and what the kernel holds, beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from reactive_nb.main import create_app
from tests.api.service import Service, serve, settings_for
from tests.web.browser import RUN_MS, ask, cell, make, open_notebook, picture, visitor
from tests.web.test_outputs import run_all

PEOPLE = """import pandas as pd
people = pd.DataFrame({
    "name": [f"person {n}" for n in range(1234)],
    "age": [n * 7 % 90 for n in range(1234)],
    "born": pd.date_range("1990-01-01", periods=1234),
})
people.loc[5, "name"] = None"""


MOST_ROWS = 20


@pytest.fixture
def sparing(tmp_path: Path) -> Iterator[Service]:
    """A service that fetches few rows of a query."""
    with serve(create_app(settings_for(tmp_path, sql_max_rows=MOST_ROWS))) as started:
        yield started


def test_of_a_result_that_was_cut_the_table_says_so(browser: Browser, sparing: Service) -> None:
    notebook = make(
        sparing,
        *({"type": "sql", "source": f"select * from range({count})"} for count in (MOST_ROWS, MOST_ROWS + 1)),
    )
    with visitor(browser, sparing) as page:
        run_all(page, sparing, notebook)
        feet = [cell(page, f"c{place}").locator(".table-foot") for place in range(2)]
        expect(feet[1]).to_contain_text(f"1–10 of {MOST_ROWS}", timeout=RUN_MS)
        expect(feet[1]).to_contain_text(f"first {MOST_ROWS} rows")
        expect(feet[0]).to_contain_text(f"1–10 of {MOST_ROWS}")
        expect(feet[0].locator(".table-cut")).to_have_count(0)


def column(table: Locator, number: int) -> Locator:
    return table.locator(f"tbody tr td:nth-child({number + 1})")


def test_a_dataframe_is_paged_sorted_and_filtered_in_the_kernel(browser: Browser, service: Service) -> None:
    notebook = make(
        service,
        PEOPLE + "\npeople",
        "print(len(people), people.age.is_monotonic_increasing)",
        "people.head(3).style.format(precision=1)",
    )
    with visitor(browser, service, complaints=True) as page:  # of a refused question the browser complains
        run_all(page, service, notebook)
        table = cell(page, "c0").locator(".table-view")
        expect(table).to_contain_text("1–10 of 1,234", timeout=RUN_MS)
        expect(table.locator("th .table-type")).to_have_text(["str", "int64", re.compile("datetime64")])
        expect(column(table, 1).nth(5)).to_have_text("–")
        table.get_by_role("button", name="Next rows").click()
        expect(table).to_contain_text("11–20 of 1,234")
        expect(column(table, 1).first).to_have_text("person 10")
        table.get_by_role("button", name="age", exact=True).click()
        expect(table).to_contain_text("1–10 of 1,234")
        expect(column(table, 2)).to_have_text(["0"] * 10)
        table.get_by_role("button", name="age", exact=True).click()
        expect(column(table, 2)).to_have_text(["89"] * 10)
        expect(column(table, 0).first).to_have_text("77")
        expect(table.locator("th[aria-sort=descending]")).to_contain_text("age")

        table.get_by_role("button", name="Filter name").click()
        table.get_by_label("Value").fill("PERSON 12")
        page.keyboard.press("Enter")
        expect(table).to_contain_text("1–10 of 45 (1,234 in all)")
        table.get_by_role("button", name="Filter age").click()
        table.get_by_label("Comparison").select_option("ge")
        table.get_by_label("Value").fill("many")
        page.keyboard.press("Enter")
        expect(table.get_by_role("alert")).to_have_text("'many' is no number.")
        table.get_by_role("button", name="Filter age").click()
        table.get_by_label("Value").fill("80")
        page.keyboard.press("Enter")
        expect(table).to_contain_text(re.compile(r"1–\d of \d \(1,234 in all\)"))
        for theme in ("dark", "light"):
            page.emulate_media(color_scheme=theme)
            expect(page.locator("html")).to_have_attribute("data-theme", theme)
            page.wait_for_timeout(300)
            picture(page, f"table-{theme}")
        table.get_by_role("button", name="Without filters").click()
        expect(table).to_contain_text("1–10 of 1,234")
        assert table.locator("tbody tr").count() == 10

        expect(cell(page, "c1")).to_contain_text("1234 False")
        expect(cell(page, "c0")).to_have_attribute("data-status", "success")
        expect(cell(page, "c1")).to_have_attribute("data-status", "success")
        cell(page, "c2").scroll_into_view_if_needed()
        expect(cell(page, "c2").frame_locator("iframe").locator("td").first).to_be_visible()

        shown = ask(service, "GET", f"notebooks/{notebook}/cells/c0")["outputs"]
        assert [output["output_type"] for output in shown] == ["execute_result"]
        assert set(shown[0]["data"]) == {"text/html", "text/plain"}

        page.get_by_role("button", name="Restart the kernel").click()
        page.reload()
        expect(cell(page, "c0").frame_locator("iframe").locator("tbody tr").first).to_be_visible()
        expect(cell(page, "c0").locator(".table-view")).to_have_count(0)


def test_polars_and_results_of_sql_too_each_cell_its_own(page: Page, service: Service) -> None:
    notebook = make(
        service,
        "import polars as pl\npl.DataFrame({'n': range(300), 'w': ['a', 'b', None] * 100})",
        "import pandas as pd\nsales = pd.DataFrame({'city': ['Bern', 'Rome', 'Oslo'] * 40, 'n': range(120)})",
        {"type": "sql", "source": "select city, n from sales order by n", "config": {"result": "t"}},
        {"type": "sql", "source": "select count(*) as c from t", "config": {"result": "t"}},
    )
    run_all(page, service, notebook)
    polars = cell(page, "c0").locator(".table-view")
    expect(polars).to_contain_text("1–10 of 300", timeout=RUN_MS)
    polars.get_by_role("button", name="n", exact=True).click()
    polars.get_by_role("button", name="n", exact=True).click()
    expect(column(polars, 1).first).to_have_text("299")

    rows = cell(page, "c2").locator(".table-view")
    rows.scroll_into_view_if_needed()
    expect(rows).to_contain_text("1–10 of 120", timeout=RUN_MS)
    expect(rows.locator("th .table-type")).to_have_text(["VARCHAR", "BIGINT"])
    rows.get_by_label("Rows at once").select_option("25")
    for _ in range(4):
        rows.get_by_role("button", name="Next rows").click()
    expect(rows).to_contain_text("101–120 of 120")
    expect(column(rows, 2).last).to_have_text("119")
    expect(rows.get_by_role("button", name="Next rows")).to_be_disabled()
    expect(cell(page, "c3").locator(".table-view")).to_contain_text("1–1 of 1")

    page.get_by_role("button", name="Restart the kernel").click()
    expect(rows).to_contain_text("Run the cell to see more.")


def test_what_the_kernel_holds_is_listed_and_opens_as_a_table(page: Page, service: Service) -> None:
    notebook = make(service, PEOPLE, "import math\ntotal = 41\nwords = ['a', 'b']\ndef f(): pass", "total = 42")
    open_notebook(page, service, notebook)
    page.get_by_role("button", name="Variables").click()
    expect(page.get_by_text("listed here once they have run")).to_be_visible()
    page.get_by_role("button", name=re.compile(r"Run \d+ stale")).click()
    names = page.locator(".variable-name")
    expect(names).to_have_text(["people", "total", "words"], timeout=RUN_MS)
    expect(page.locator(".variable", has_text="people")).to_contain_text("DataFrame 1234 × 3")
    expect(page.locator(".variable", has_text="total")).to_contain_text("42")
    page.get_by_label("Modules, functions and classes (3)").check()
    expect(names).to_have_text(["f", "math", "pd", "people", "total", "words"])
    page.get_by_label("Search variables").fill("peo")
    page.locator(".variable").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".table-view")).to_contain_text("1–10 of 1,234")
    dialog.get_by_role("button", name="born", exact=True).click()
    expect(column(dialog, 1).first).to_have_text("person 0")
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        page.wait_for_timeout(300)
        picture(page, f"variables-{theme}")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.get_by_label("Search variables").fill("")
    cell(page, "c2").locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("total = 7")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".variable", has_text="total")).to_contain_text("7", timeout=RUN_MS)
