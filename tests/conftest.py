"""What every test shares: asyncio is the event loop, and `fuzz` is Hypothesis with patience."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("fuzz", max_examples=5000, deadline=None)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
