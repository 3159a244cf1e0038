"""Sessions on real kernels: one pool for each module, for starting kernels is slow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reactive_kernels import KernelPool, PoolLimits
from tests.services.live import Open, opening


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def pool(anyio_backend: str) -> AsyncIterator[KernelPool]:
    async with KernelPool(PoolLimits(spares=1)) as pool:
        yield pool


@pytest.fixture
async def open_notebook(pool: KernelPool, tmp_path: Path) -> AsyncIterator[Open]:
    """`await open_notebook("x = 1", "x + 1")`: an open notebook with the cells c0, c1, …; all are closed in the end."""
    async with opening(pool, tmp_path) as open_one:
        yield open_one
