"""A kernel through jupyter_client's asynchronous client, in this process: no server, no WebSocket, no document."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager

from tests.benchmarks.processes import clean_environment

PACKAGE = "jupyter_client"
LIMIT_S = 30.0
SILENT: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
"""Where what a kernel process itself says goes, as with the servers' kernels."""


@asynccontextmanager
async def client() -> AsyncIterator[Any]:
    """An `AsyncKernelClient` of a new kernel that is ready."""
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as directory:
        manager = AsyncKernelManager(kernel_name="python3")
        await manager.start_kernel(cwd=directory, env=clean_environment(Path(directory)), **SILENT)
        connected = manager.client()
        connected.start_channels()
        try:
            await connected.wait_for_ready(timeout=LIMIT_S)
            yield connected
        finally:
            connected.stop_channels()
            await manager.shutdown_kernel(now=True)


async def result(kernel: Any, request: str) -> str:
    """The value that the cell shows, as soon as the kernel publishes it."""
    while True:
        message = await kernel.get_iopub_msg(timeout=LIMIT_S)
        if message["parent_header"].get("msg_id") == request and message["msg_type"] == "execute_result":
            return str(message["content"]["data"]["text/plain"])


async def end_of_flood(kernel: Any, request: str) -> None:
    """Read all that the cell publishes, until idle, and its reply."""
    while True:
        message = await kernel.get_iopub_msg(timeout=LIMIT_S)
        if (
            message["msg_type"] == "status"
            and message["parent_header"].get("msg_id") == request
            and message["content"]["execution_state"] == "idle"
        ):
            break
    reply = await kernel.get_shell_msg(timeout=LIMIT_S)
    if reply["content"]["status"] != "ok":
        raise RuntimeError(str(reply["content"].get("evalue")))


async def end(kernel: Any, request: str) -> str | None:
    """Wait for the reply and for idle, as one must to have all outputs; the value shown since, if any."""
    shown: str | None = None
    reply = await kernel.get_shell_msg(timeout=LIMIT_S)
    if reply["content"]["status"] != "ok":
        raise RuntimeError(str(reply["content"].get("evalue")))
    while True:
        message = await kernel.get_iopub_msg(timeout=LIMIT_S)
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "execute_result":
            shown = str(message["content"]["data"]["text/plain"])
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return shown
