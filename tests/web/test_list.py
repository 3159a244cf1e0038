"""The list of notebooks: found, taken in, copied, renamed, deleted, saved; and what is seen when there are none."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from reactive_nb.main import create_app
from tests.api.service import LOCAL, Service, serve, settings_for
from tests.web.browser import RUN_MS, ask, guest, make, pictures, sources, stored, visitor, write
from tests.web.cable import cable

SCRIPT = "# %%\nrain = [3, 5]\n\n# %% [markdown]\n# # Rain\n"
NOTEBOOK = json.dumps(
    {
        "nbformat": 4,
        "nbformat_minor": 4,
        "metadata": {},
        "cells": [
            {"cell_type": "code", "source": "sun = 7", "metadata": {}, "outputs": [], "execution_count": None},
            {"cell_type": "markdown", "source": "words", "metadata": {}},
        ],
    }
)

DROP = """([name, content]) => {
    const carried = new DataTransfer();
    carried.items.add(new File([content], name));
    for (const type of ["dragenter", "dragover", "drop"])
        document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: carried }));
}"""


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_role("link", name=name))


def choose(page: Page, name: str, entry: str) -> None:
    page.get_by_role("button", name=f"More for {name}", exact=True).click()
    page.get_by_role("menuitem", name=entry).click()


def names(service: Service) -> list[str]:
    return [one["name"] for one in ask(service, "GET", "notebooks?limit=500")["notebooks"]]


def test_files_are_imported_by_choosing_and_by_dropping(browser: Browser, service: Service, tmp_path: Path) -> None:
    with visitor(browser, service) as page:
        (chosen := tmp_path / "Rain of June.py").write_text(SCRIPT)
        page.get_by_label("Files to import").set_input_files(chosen)
        expect(page.locator(".cell")).to_have_count(2)
        expect(page.get_by_label("Name of the notebook")).to_have_value("Rain of June")
        assert sources(service, page.url.rpartition("/")[2]) == ["rain = [3, 5]", "# Rain"]
        page.get_by_role("link", name="All notebooks").click()
        expect(row(page, "Rain of June")).to_be_visible()
        page.evaluate(DROP, ["Sun of June.ipynb", NOTEBOOK])
        expect(page.get_by_label("Name of the notebook")).to_have_value("Sun of June")
        assert sources(service, page.url.rpartition("/")[2]) == ["sun = 7", "words"]


def test_what_cannot_be_imported_is_told_and_the_rest_is(browser: Browser, service: Service, tmp_path: Path) -> None:
    with visitor(browser, service, complaints=True) as page:
        (table := tmp_path / "table.csv").write_text("a,b\n")
        (broken := tmp_path / "broken.ipynb").write_text('{"cells": [')
        (good := tmp_path / "Good enough.ipynb").write_text(NOTEBOOK)
        page.get_by_label("Files to import").set_input_files([table, broken, good])
        told = page.get_by_role("alert")
        expect(told).to_contain_text("table.csv: Notebooks come from files that end in .ipynb or .py.")
        expect(told).to_contain_text("broken.ipynb: ")
        expect(page.get_by_role("status")).to_have_text("1 notebook imported.")
        expect(row(page, "Good enough")).to_be_visible()
        pictures(page, "import-problems")


def test_notebooks_are_searched_renamed_duplicated_and_deleted(browser: Browser, service: Service) -> None:
    notebook = make(service, "price = 3", name="Prices of tweed")
    make(service, "1", name="Prices of tin")
    with visitor(browser, service) as page:
        page.get_by_label("Search notebooks by name").fill("PRICES tweed")
        expect(page.get_by_role("listitem")).to_have_count(1)
        choose(page, "Prices of tweed", "Rename")
        expect(page.get_by_label("New name for Prices of tweed")).to_be_focused()
        page.keyboard.type("Prices of tweed, 2027")
        page.keyboard.press("Enter")
        expect(row(page, "Prices of tweed, 2027")).to_be_visible()
        assert ask(service, "GET", f"notebooks/{notebook}")["name"] == "Prices of tweed, 2027"
        choose(page, "Prices of tweed, 2027", "Duplicate")
        expect(row(page, "Prices of tweed, 2027 copy")).to_be_visible()
        pictures(page, "list")
        choose(page, "Prices of tweed, 2027 copy", "Delete…")
        page.get_by_role("button", name="Keep it").click()
        assert "Prices of tweed, 2027 copy" in names(service)
        choose(page, "Prices of tweed, 2027", "Delete…")
        expect(page.get_by_role("dialog")).to_contain_text("Delete “Prices of tweed, 2027”?")
        pictures(page, "delete")
        page.get_by_role("button", name="Delete", exact=True).click()
        expect(page.get_by_role("listitem")).to_have_count(1)
        left = [name for name in names(service) if name.startswith(("Prices of tweed", "Prices of tin"))]
        assert sorted(left) == ["Prices of tin", "Prices of tweed, 2027 copy"]
        page.get_by_label("Search notebooks by name").fill("no such thing")
        expect(page.get_by_text("has this in its name")).to_be_visible()


def test_notebooks_are_saved_as_files(browser: Browser, service: Service) -> None:
    notebook = make(service, "stock = 4", name="Stock of tin")
    with visitor(browser, service) as page:
        saved = {}
        for entry in ("Jupyter notebook", "Python script", "page with its code", "Markdown"):
            with page.expect_download() as download:
                choose(page, "Stock of tin", f"Download as {entry}")
            saved[download.value.suggested_filename] = download.value.path().read_text()
        assert list(saved) == ["Stock of tin.ipynb", "Stock of tin.py", "Stock of tin.html", "Stock of tin.md"]
        assert json.loads(saved["Stock of tin.ipynb"])["cells"][0]["source"] == ["stock = 4"]
        assert all("stock" in text for text in saved.values())
        page.get_by_role("link", name="Stock of tin").click()
        write(page, "c0", "stock = 5")
        page.get_by_role("button", name="More for this notebook").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name="Download as Python script").click()
        assert "stock = 5" in download.value.path().read_text()  # what has just been typed too
        stored(service, notebook, ["stock = 5"])


def test_an_empty_list_says_what_to_do(browser: Browser, tmp_path: Path) -> None:
    with serve(create_app(settings_for(tmp_path))) as service, visitor(browser, service) as page:
        expect(page.get_by_text("There are no notebooks yet.")).to_be_visible()
        pictures(page, "list-empty")
        page.get_by_role("button", name="New notebook").click()
        expect(page.locator(".cell")).to_have_count(1)
        assert names(service) == ["Untitled"]


def test_a_list_that_cannot_be_had_can_be_asked_for_again(browser: Browser, service: Service) -> None:
    notebook = make(service, "1", name="Out of reach")
    with cable(service.port) as line, guest(browser, service, complaints=True, elsewhere=line.address) as page:
        page.goto(f"{line.address}/?token={LOCAL}#/notebooks/{notebook}")
        expect(page.locator(".cell")).to_have_count(1)
        line.pull()
        page.get_by_role("link", name="All notebooks").first.click()
        expect(page.get_by_role("alert")).to_contain_text("The service can't be reached.")
        line.plug_in()
        page.get_by_role("button", name="Try again").click()
        expect(row(page, "Out of reach")).to_be_visible()


def test_kernels_are_seen_in_the_list_and_shut_down_there(browser: Browser, service: Service) -> None:
    notebook = make(service, "print(6 * 7)", name="Heron")
    make(service, "1", name="Egret")
    ask(service, "POST", f"notebooks/{notebook}/restart")
    with visitor(browser, service) as page:
        expect(row(page, "Heron")).to_contain_text("kernel runs", timeout=RUN_MS)
        expect(row(page, "Egret")).not_to_contain_text("kernel runs")
        choose(page, "Heron", "Shut its kernel down")
        expect(page.get_by_role("status").filter(has_text="was shut down")).to_be_visible()
        expect(row(page, "Heron")).not_to_contain_text("kernel runs")
        page.reload()
        expect(row(page, "Heron")).not_to_contain_text("kernel runs")
        pictures(page, "list-kernels")
