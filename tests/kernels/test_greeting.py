"""The first words with a kernel that is not ready for them."""

from __future__ import annotations

import asyncio

import pytest
import zmq.asyncio

from reactive_kernels.client import KernelClient
from tests.kernels.recorder import DEADLINE_S, Recorder
from tests.kernels.stub_kernel import Message, StubKernel, well_behaved

pytestmark = pytest.mark.anyio


async def test_a_kernel_that_loses_the_first_request_is_asked_again() -> None:
    """As one does that reads requests before it can publish, and fails at the first."""
    heard = 0

    def lose_the_first(kernel: StubKernel, message: Message) -> None:
        nonlocal heard
        heard += 1
        if heard > 1:
            well_behaved(kernel, message)

    context = zmq.asyncio.Context()
    with StubKernel(lose_the_first) as stub:
        client = KernelClient(context, stub.connection_info, Recorder())
        try:
            await asyncio.wait_for(client.greet(), DEADLINE_S)
        finally:
            await client.close()
            context.destroy(linger=0)
    assert heard >= 2
