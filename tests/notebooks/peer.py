"""Runs a notebook with nbclient, the peer whose outputs ours are held against.

It says nothing about what comes out. The rule it keeps: the file on disk is never written to. Each run
happens in a temporary copy of the package's files, with the notebook's own folder as working directory,
so that files beside it are found.
"""

from __future__ import annotations

import json
import secrets
import shutil
import tempfile
import time
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from traitlets import DottedObjectName, Type, default

from tests.notebooks.corpus import REAL, read

KERNEL_NAME = "python3"
CELL_TIMEOUT_S = 120
LOOK_AGAIN_S = 0.5


class AttentiveChannel(AsyncZMQSocketChannel):
    """A channel that looks again now and then while it waits for a message.

    When nbclient keeps an `Output` widget in step, it sends on the shell socket while another task waits
    on it for the cell's reply. A reply that arrives right then wakes nobody, and the wait would last
    until the cell's time limit, although the reply is there.
    """

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:  # type: ignore[override]  # in seconds
        """Return the next message; raise `queue.Empty` when there is none within `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = LOOK_AGAIN_S if deadline is None else min(LOOK_AGAIN_S, deadline - time.monotonic())
            try:
                message: dict[str, Any] = await super().get_msg(timeout=max(left, 0))
            except Empty:
                if deadline is not None and time.monotonic() >= deadline:
                    raise
            else:
                return message


class AttentiveClient(AsyncKernelClient):
    """A kernel client whose shell channel looks again."""

    shell_channel_class = Type(AttentiveChannel)


class AttentiveManager(AsyncKernelManager):
    """A kernel manager that hands out attentive clients and meets its kernel on sockets in the temporary folder.

    Ports would be chosen first and bound later, and what starts at the same time might take them.
    """

    client_class = DottedObjectName(f"{__name__}.AttentiveClient")
    client_factory = Type(AttentiveClient)

    @default("transport")
    def _transport(self) -> str:
        return "ipc"

    @default("connection_file")
    def _connection_file(self) -> str:
        return f"{tempfile.gettempdir()}/golden-{secrets.token_hex(6)}.json"


def execute(path: Path) -> dict[str, Any]:
    """Run a notebook with nbclient and return the executed file's content.

    All cells are run even after errors; the kernel is `KERNEL_NAME` whatever the file names. Raises
    nbclient's `CellTimeoutError` or `DeadKernelError`.
    """
    with tempfile.TemporaryDirectory(prefix="golden-") as scratch:
        copy = copy_of(path, Path(scratch))
        notebook = read(copy)
        NotebookClient(
            notebook,
            kernel_name=KERNEL_NAME,
            kernel_manager_class=AttentiveManager,
            timeout=CELL_TIMEOUT_S,
            allow_errors=True,
            store_widget_state=True,
            resources={"metadata": {"path": str(copy.parent)}},
        ).execute()
        executed: dict[str, Any] = json.loads(json.dumps(notebook))
    return executed


def copy_of(path: Path, scratch: Path) -> Path:
    """Copy the notebook with everything it may read into `scratch`, and return where it is there."""
    if not path.is_relative_to(REAL):
        return Path(shutil.copy(path, scratch))
    package = path.relative_to(REAL).parts[0]
    shutil.copytree(REAL / package, scratch / package)
    return scratch / path.relative_to(REAL)
