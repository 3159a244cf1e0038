"""What every test shares: asyncio is the event loop; Hypothesis repeats its examples, unless it is to `fuzz`."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("fuzz", max_examples=5000, deadline=None, print_blob=True)
settings.load_profile("same")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
