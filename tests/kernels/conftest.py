"""Kernels for the tests of this folder: one pool for each module, for starting kernels is slow."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from reactive_kernels import KernelConnection, KernelPool, PoolLimits
from tests.kernels.recorder import DEADLINE_S, Recorder


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def pool(anyio_backend: str) -> AsyncIterator[KernelPool]:
    async with KernelPool(PoolLimits(spares=0)) as pool:
        yield pool


@pytest.fixture(scope="module")
async def shared(pool: KernelPool) -> AsyncIterator[KernelConnection]:
    connection = await pool.acquire(listener=lambda event: None)
    yield connection
    await pool.release(connection)


@pytest.fixture
async def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def kernel(shared: KernelConnection, recorder: Recorder) -> AsyncIterator[KernelConnection]:
    """The module's kernel, emptied of the user's names; its events go to `recorder`."""
    await shared.execute("%reset -f", silent=True, timeout=DEADLINE_S)
    shared.listener = recorder
    yield shared
    shared.listener = lambda event: None
