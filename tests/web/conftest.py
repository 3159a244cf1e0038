from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from reactive_nb.main import create_app
from tests.api.service import Service, serve, settings_for
from tests.web.browser import DEADLINE_MS, ask, launch, visitor

expect.set_options(timeout=DEADLINE_MS)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for all tests of the page; each has a profile of its own in it.

    It ends with them: while it is there, the driver's event loop runs in this thread, and no other can.
    """
    with sync_playwright() as playwright:
        launched = launch(playwright)
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all tests of the page, for the local user; each test makes notebooks of its own."""
    with serve(create_app(settings_for(tmp_path_factory.mktemp("notebooks")))) as started:
        yield started


@pytest.fixture(autouse=True)
def tidied(service: Service) -> Iterator[None]:
    """What a test made is deleted after it, so that the kernels that may run are there for the next."""
    yield
    for notebook in ask(service, "GET", "notebooks?limit=500")["notebooks"]:
        ask(service, "DELETE", f"notebooks/{notebook['id']}")


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    """The page, signed in."""
    with visitor(browser, service) as opened:
        yield opened
