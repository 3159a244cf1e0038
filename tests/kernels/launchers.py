"""Asking kernels that were started in different ways, and what the tests of the fork server share."""

from __future__ import annotations

import asyncio
import json
import os
import select
import sys
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from reactive_kernels import KernelConnection, KernelPool, kernel_environment
from reactive_kernels.fork_server import Launch, plan
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


def is_fork_server(process: psutil.Process) -> bool:
    return _runs(process, "fork_server/server")


def _runs(process: psutil.Process, program: str) -> bool:
    try:
        return any(part.endswith(program) for part in process.cmdline())
    except psutil.Error:  # it is ending
        return False


def children() -> list[psutil.Process]:
    """The processes that this one has started, but for its guardian."""
    everyone = psutil.Process().children()
    return [child for child in everyone if not _runs(child, "guardian/program.py")]


def fork_servers() -> list[psutil.Process]:
    """Those of this process."""
    return [child for child in psutil.Process().children() if is_fork_server(child)]


def is_forked(kernel: KernelConnection) -> bool:
    parent = psutil.Process(kernel.pid).parent()
    return parent is not None and is_fork_server(parent)


def server_of(kernel: KernelConnection) -> psutil.Process:
    """The fork server that a kernel came from."""
    parent = psutil.Process(kernel.pid).parent()
    assert parent is not None
    assert is_fork_server(parent), parent.cmdline()
    return parent


async def gone(*pids: int) -> None:
    """Wait until processes, which need not be of our making, have ended."""
    for pid in pids:
        with suppress(ProcessLookupError):
            ended = os.pidfd_open(pid)
            found, _, _ = await asyncio.to_thread(select.select, [ended], [], [], DEADLINE_S)
            os.close(ended)
            assert found, f"{psutil.Process(pid)} is still there"


def launch_of(directory: Path, preload: tuple[str, ...] = (), ip: str | None = None, **variables: str) -> Launch:
    """A kernel with a connection file in `directory`, that would listen in its own place or at `ip`."""
    ports = {f"{name}_port": port for port, name in enumerate(("shell", "iopub", "stdin", "control", "hb"), 1)}
    name = uuid.uuid4().hex[:8]
    where = {
        "transport": "ipc",
        "ip": ip or str(directory / name),
        "key": uuid.uuid4().hex,
        "signature_scheme": "hmac-sha256",
    }
    file = directory / f"{name}.json"
    file.write_text(json.dumps({**ports, **where}))
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", str(file)]
    launch = plan(command, {"env": {**os.environ, **variables}}, preload)
    assert launch is not None
    return launch


def spec_with_preload(pool: KernelPool, preload: list[str]) -> str:
    """The name of a kernelspec like ours whose kernels find modules imported."""
    specs = pool._launcher._specs
    name = f"preloaded-{uuid.uuid4().hex[:8]}"
    spec = specs.get_kernel_spec(FORKED).to_dict()
    provisioner = {"provisioner_name": "reactive-fork-provisioner", "config": {"preload": preload}}
    spec["metadata"] = {"kernel_provisioner": provisioner}
    place = Path(os.environ["JUPYTER_DATA_DIR"]) / "kernels" / name
    place.mkdir(parents=True)
    (place / "kernel.json").write_text(json.dumps(spec))
    specs.kernel_dirs.append(str(place.parent))
    return name


def launch_of_pool(pool: KernelPool, name: str = FORKED) -> Launch:
    """How the pool starts kernels of a kernelspec."""
    spec = pool._launcher._specs.get_kernel_spec(name)
    preload = spec.metadata["kernel_provisioner"].get("config", {}).get("preload", [])
    environment = kernel_environment(os.environ, {"PYDEVD_DISABLE_FILE_VALIDATION": "1"})
    launch = plan([sys.executable, *spec.argv[1:]], {"env": environment}, preload)
    assert launch is not None
    return launch
