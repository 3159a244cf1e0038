"""Asking kernels that were started in different ways, and what the tests of the fork server share."""

from __future__ import annotations

import asyncio
import json
import os
import select
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from reactive_kernels import KernelConnection, KernelPool
from tests.kernels.recorder import DEADLINE_S, Recorder

ORDINARY = "python3"
FORKED = "reactive-python"


async def value(kernel: KernelConnection, expression: str) -> Any:
    """The value of an expression of JSON's types."""
    wanted = f"__import__('json').dumps({expression})"
    reply = await kernel.execute("", silent=True, user_expressions={"value": wanted}, timeout=DEADLINE_S)
    found = reply.user_expressions["value"]
    assert found["status"] == "ok", found
    text = found["data"]["text/plain"]
    return json.loads(eval(text))


async def run(kernel: KernelConnection, code: str) -> None:
    """Run code that is to go well."""
    reply = await kernel.execute(code, timeout=DEADLINE_S)
    assert reply.status == "ok", "\n".join(reply.traceback)


@asynccontextmanager
async def kernel_of(
    pool: KernelPool, launcher: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> AsyncIterator[KernelConnection]:
    kernel = await pool.acquire(launcher, cwd=cwd, env=env, listener=Recorder())
    try:
        yield kernel
    finally:
        await pool.release(kernel)


def server_of(kernel: KernelConnection) -> psutil.Process:
    """The fork server that a kernel came from."""
    parent = psutil.Process(kernel.pid).parent()
    assert parent is not None
    assert any("fork_server" in part for part in parent.cmdline()), parent.cmdline()
    return parent


async def gone(*pids: int) -> None:
    """Wait until processes, which need not be of our making, have ended."""
    for pid in pids:
        with suppress(ProcessLookupError):
            ended = os.pidfd_open(pid)
            found, _, _ = await asyncio.to_thread(select.select, [ended], [], [], DEADLINE_S)
            os.close(ended)
            assert found, f"{psutil.Process(pid)} is still there"
