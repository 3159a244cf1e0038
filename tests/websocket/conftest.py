from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.service import Service, running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for the tests of a module."""
    with running(tmp_path_factory.mktemp("notebooks")) as started:
        yield started
