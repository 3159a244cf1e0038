"""The database of SQL cells: tried, set, followed by the editor, removed; its password is never shown again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Locator, Page, expect

from tests import databases
from tests.api.service import Service
from tests.databases import PASSWORD, Server
from tests.web.browser import ask, cell, make, open_notebook, pictures, visitor

FIRST_SQL_MS = 90_000
"""The first SQL cell of a kernel imports SQLAlchemy, a driver and pandas in it."""
ILIKE = {"type": "sql", "source": "select current_user as me where 'Ann' ilike 'a%'", "config": {"result": "who"}}


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with databases.postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


def open_dialog(page: Page) -> Locator:
    page.get_by_role("button", name="More for this notebook").click()
    page.get_by_role("menuitem", name="Database of the SQL cells").click()
    return page.get_by_role("dialog", name="Database of the SQL cells")


def fill(dialog: Locator, **fields: str | None) -> None:
    for label, value in fields.items():
        dialog.get_by_label(label.replace("_", " ")).fill(value or "")


def marked(page: Page, cell_id: str) -> list[str]:
    """The words of a source that have a colour of their own."""
    return list(cell(page, cell_id).locator(".cm-line span").all_text_contents())


def test_postgresql_is_tried_set_used_and_removed(browser: Browser, service: Service, postgres: Server) -> None:
    notebook = make(service, ILIKE)
    url = sa.make_url(postgres.url)
    with visitor(browser, service) as page:
        heard: list[str] = []
        page.on("response", lambda answer: heard.append(answer.text()) if "/db" in answer.url else None)
        open_notebook(page, service, notebook)
        expect(cell(page, "c0").locator(".sql-head")).to_have_text("SQL · DuckDB")
        dialog = open_dialog(page)
        expect(dialog).to_contain_text("SQL cells run on DuckDB now")
        fill(dialog, Host=url.host, Port=str(url.port), Database="nowhere", User=url.username, Password=PASSWORD)
        dialog.get_by_role("button", name="Test").click()
        expect(dialog.get_by_role("status")).to_contain_text("no database 'nowhere'")
        pictures(page, "connection-refused")
        fill(dialog, Port="1", Database=url.database)
        dialog.get_by_role("button", name="Connect").click()
        expect(dialog.get_by_role("status")).to_contain_text(f"Nothing answers at {url.host}:1")
        assert ask(service, "GET", f"notebooks/{notebook}/db")["url"] is None
        fill(dialog, Port=str(url.port))
        dialog.get_by_role("button", name="Test").click()
        expect(dialog.get_by_role("status")).to_have_text("Connected.")
        assert ask(service, "GET", f"notebooks/{notebook}/db")["url"] is None
        dialog.get_by_role("button", name="Connect").click()
        expect(dialog).to_have_count(0)
        expect(cell(page, "c0").locator(".sql-head")).to_have_text("SQL · PostgreSQL")
        assert "ilike" in marked(page, "c0")
        page.get_by_role("button", name="Run 1 stale").click()
        expect(cell(page, "c0")).to_have_attribute("data-status", "success", timeout=FIRST_SQL_MS)

        cell(page, "c0").get_by_role("button", name="SQL · PostgreSQL").click()
        expect(dialog.get_by_role("status")).to_have_text("Connected.")
        expect(dialog.get_by_label("Database", exact=True)).to_have_value(url.database or "")
        expect(dialog.get_by_label("Password")).to_have_value("")
        assert PASSWORD not in page.content() + "".join(heard)
        pictures(page, "connection")
        dialog.get_by_role("button", name="Remove").click()
        expect(dialog.get_by_role("status")).to_contain_text("SQL cells run on DuckDB")
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(cell(page, "c0").locator(".sql-head")).to_have_text("SQL · DuckDB")
        expect(cell(page, "c0")).to_have_attribute("data-status", "stale")


def test_an_sqlite_file_is_set_and_the_dialect_follows(browser: Browser, service: Service, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as made:
        made.execute("create table wool (kilos integer)")
        made.execute("insert into wool values (42)")
    notebook = make(service, {"type": "sql", "source": "select * from wool where kilos not ilike '4'"})
    with visitor(browser, service) as page:
        open_notebook(page, service, notebook)
        assert "ilike" in marked(page, "c0")
        dialog = open_dialog(page)
        dialog.get_by_label("Kind").select_option("SQLite")
        fill(dialog, File=str(tmp_path / "nowhere" / "shop.db"))
        dialog.get_by_role("button", name="Connect").click()
        expect(dialog.get_by_role("status")).to_contain_text("can't be opened")
        fill(dialog, File=str(tmp_path / "shop.db"))
        page.keyboard.press("Enter")
        expect(dialog).to_have_count(0)
        expect(cell(page, "c0").locator(".sql-head")).to_have_text("SQL · SQLite")
        assert "ilike" not in marked(page, "c0")
        assert ask(service, "GET", f"notebooks/{notebook}/db")["dialect"] == "sqlite"


def test_an_address_that_is_none_is_refused_in_words(browser: Browser, service: Service) -> None:
    with visitor(browser, service, complaints=True) as page:
        open_notebook(page, service, make(service, {"type": "sql", "source": "select 1"}))
        dialog = open_dialog(page)
        dialog.get_by_label("Kind").select_option("Another, by its address")
        dialog.get_by_role("textbox", name="Address").fill("my shop")
        dialog.get_by_role("button", name="Test").click()
        expect(dialog.get_by_role("status")).to_contain_text("postgresql://user:password@host")
