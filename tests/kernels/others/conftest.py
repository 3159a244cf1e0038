"""Other people's kernels, found by Jupyter's own search path, and one of each for the tests of a module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from reactive_kernels import KernelConnection, KernelPool, PoolLimits
from tests.kernels.others.kernels import KERNELS, kernelspecs
from tests.kernels.others.speech import SPEECHES, Speech
from tests.kernels.recorder import Recorder


@pytest.fixture(scope="module")
def installed() -> Iterator[None]:
    """The kernels are there to be chosen."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(kernelspecs()))
        yield


@pytest.fixture(scope="module")
async def pool(anyio_backend: str, installed: None) -> AsyncIterator[KernelPool]:
    async with KernelPool(PoolLimits(spares=0)) as pool:
        yield pool


@pytest.fixture(scope="module", params=KERNELS)
def name(request: pytest.FixtureRequest) -> str:
    """Each kernel in turn."""
    return str(request.param)


@pytest.fixture(scope="module")
def speech(name: str) -> Speech:
    return SPEECHES[name]


@pytest.fixture(scope="module")
async def spoken(pool: KernelPool, name: str) -> AsyncIterator[KernelConnection]:
    connection = await pool.acquire(name, listener=Recorder())
    yield connection
    await pool.release(connection)


@pytest.fixture
async def kernel(spoken: KernelConnection, recorder: Recorder) -> KernelConnection:
    """The module's kernel of this name; its events go to `recorder`."""
    if not spoken.alive:
        await spoken.restart()
    spoken.listener = recorder
    return spoken
