"""The provisioner by its kernelspec, from plain jupyter_client, nbclient and a stock Jupyter Server."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
import websockets
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager, KernelManager, start_new_kernel
from nbclient import NotebookClient
from traitlets.config import Config

from reactive_kernels.fork_server import ForkedProcess, end_fork_servers
from reactive_kernels.provisioner import ForkProvisioner
from tests.kernels.launchers import FORKED, ORDINARY, gone
from tests.kernels.recorder import DEADLINE_S

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")]


@pytest.fixture(autouse=True)
def no_servers() -> Iterator[None]:
    yield
    end_fork_servers()


def test_the_kernelspec_is_installed_and_names_the_provisioner() -> None:
    manager: Any = KernelManager(kernel_name=FORKED)
    manager.start_kernel()
    assert type(manager.provisioner) is ForkProvisioner
    assert isinstance(manager.provisioner.process, ForkedProcess)
    manager.shutdown_kernel(now=True)


def said(client: Any, code: str) -> str:
    """What code prints."""
    texts: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            texts.append(message["content"]["text"])

    reply = client.execute_interactive(code, timeout=DEADLINE_S, output_hook=hear)
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(texts)


@pytest.mark.parametrize("name", [ORDINARY, FORKED])
def test_a_life_with_the_blocking_manager(name: str, tmp_path: Path) -> None:
    manager, client = start_new_kernel(kernel_name=name, cwd=str(tmp_path), extra_arguments=["--no-secure"])
    try:
        assert said(client, "import os; print(os.getcwd())").strip() == str(tmp_path)
        pid = int(said(client, "print(os.getpid())"))
        client.execute("import time; print('on', flush=True); time.sleep(600)")
        while client.get_iopub_msg(timeout=DEADLINE_S)["msg_type"] != "stream":
            pass
        manager.interrupt_kernel()
        assert client.get_shell_msg(timeout=DEADLINE_S)["content"]["ename"] == "KeyboardInterrupt"
        manager.restart_kernel()
        client.wait_for_ready(timeout=DEADLINE_S)
        assert int(said(client, "import os; print(os.getpid())")) != pid
        assert manager.is_alive()
        provisioner: Any = manager.provisioner
        assert provisioner.resolve_path(".") == tmp_path.as_posix()
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    assert not manager.is_alive()
    assert not manager.has_kernel
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize("name", [ORDINARY, FORKED])
async def test_a_life_with_the_asynchronous_manager(name: str) -> None:
    manager: Any = AsyncKernelManager(kernel_name=name)
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=DEADLINE_S)
    assert (await client.execute("1 + 1", reply=True, timeout=DEADLINE_S))["content"]["status"] == "ok"
    client.stop_channels()
    process = manager.provisioner.process
    await manager.signal_kernel(9)
    assert await asyncio.wait_for(manager.provisioner.wait(), DEADLINE_S) == -9
    assert process.returncode == -9
    assert not await manager.is_alive()
    await manager.restart_kernel()
    assert await manager.is_alive()
    await manager.shutdown_kernel(now=True)


@pytest.mark.parametrize("name", [ORDINARY, FORKED])
def test_the_debugger_answers(name: str) -> None:
    manager, client = start_new_kernel(kernel_name=name)
    try:
        arguments = {"clientID": "test", "adapterID": "", "pathFormat": "path", "linesStartAt1": True}
        content = {"type": "request", "seq": 1, "command": "initialize", "arguments": arguments}
        client.control_channel.send(client.session.msg("debug_request", content))
        reply = client.get_control_msg(timeout=DEADLINE_S)
        assert reply["content"]["success"] is True
        assert "capabilities" not in reply["content"] or reply["content"]["body"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_kernel_outlives_its_forgotten_manager() -> None:
    client = start_new_kernel(kernel_name=FORKED)[1]
    gc.collect()
    assert said(client, "print('there')") == "there\n"
    client.stop_channels()


def test_options_of_popen_are_honoured() -> None:
    manager: Any = KernelManager(kernel_name=FORKED)
    manager.start_kernel(stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert isinstance(manager.provisioner.process, subprocess.Popen)
    manager.shutdown_kernel(now=True)


def test_which_modules_are_imported_is_a_setting() -> None:
    wanted = Config({"ForkProvisioner": {"preload": ["colorsys", "not_there_at_all"]}})
    manager: Any = KernelManager(kernel_name=FORKED, config=wanted)
    manager.start_kernel()
    assert manager.provisioner.preload == ["colorsys", "not_there_at_all"]
    assert isinstance(manager.provisioner.process, ForkedProcess)
    manager.shutdown_kernel(now=True)


def test_nbclient_runs_a_notebook() -> None:
    make: Any = nbformat.v4
    notebook = make.new_notebook(cells=[make.new_code_cell("x = 6"), make.new_code_cell("x * 7")])
    NotebookClient(notebook, kernel_name=FORKED, timeout=DEADLINE_S).execute()
    assert notebook.cells[1].outputs[0]["data"]["text/plain"] == "42"


# A stock Jupyter Server


START_S = 120.0
"""A Jupyter Server imports much: on a busy machine that takes long."""


class JupyterServer:
    """A Jupyter Server with its own defaults, and a token."""

    def __init__(self, directory: Path) -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port = free.getsockname()[1]
        self.token = uuid.uuid4().hex
        where = ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={self.port}"]
        options = [f"--IdentityProvider.token={self.token}", "--allow-root", "--no-browser"]
        command = [sys.executable, "-m", "jupyter_server", *where, *options]
        self.process = subprocess.Popen(command, cwd=directory, stderr=subprocess.DEVNULL)
        try:
            self._await_answer()
        except BaseException:
            self.process.kill()
            raise

    def _await_answer(self) -> None:
        started = time.monotonic()
        while not self._answers():
            assert self.process.poll() is None, "the server ended"
            assert time.monotonic() < started + START_S, "it does not answer"
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            self.request("GET", "status")
        except urllib.error.URLError:
            return False
        return True

    def request(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/{path}",
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as response:
            return json.loads(response.read() or "null")

    async def run(self, kernel: str, code: str) -> str:
        """What code prints in a kernel."""
        address = f"ws://127.0.0.1:{self.port}/api/kernels/{kernel}/channels?token={self.token}"
        header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "session": "test", "username": ""}
        content = {"code": code, "silent": False, "allow_stdin": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        text = ""
        async with websockets.connect(address) as channels, asyncio.timeout(DEADLINE_S):
            await channels.send(json.dumps(message))
            while True:
                heard = json.loads(await channels.recv())
                if heard["parent_header"].get("msg_id") != header["msg_id"]:
                    continue
                if heard["msg_type"] == "stream":
                    text += heard["content"]["text"]
                elif heard["msg_type"] == "status" and heard["content"]["execution_state"] == "idle":
                    return text


async def test_a_jupyter_server_serves_it_and_leaves_nothing(tmp_path: Path) -> None:
    server = await asyncio.to_thread(JupyterServer, tmp_path)
    try:
        specs = await asyncio.to_thread(server.request, "GET", "kernelspecs")
        assert FORKED in specs["kernelspecs"]
        kernel = (await asyncio.to_thread(server.request, "POST", "kernels", {"name": FORKED}))["id"]
        ask = "import os, pathlib; print(os.getpid(), os.getppid(), '_reactive' in os.environ)"
        pid, fork_server, _ = (await server.run(kernel, ask)).split()
        assert any("fork_server" in part for part in psutil.Process(int(fork_server)).cmdline())
        await asyncio.to_thread(server.request, "POST", f"kernels/{kernel}/interrupt", {})
        await asyncio.to_thread(server.request, "POST", f"kernels/{kernel}/restart", {})
        again, same, _ = (await server.run(kernel, ask)).split()
        assert again != pid
        assert same == fork_server
        await asyncio.to_thread(server.request, "DELETE", f"kernels/{kernel}")
        await gone(int(again))
        other = (await asyncio.to_thread(server.request, "POST", "kernels", {"name": FORKED}))["id"]
        last = int((await server.run(other, ask)).split()[0])
        server.process.kill()
        await gone(last, int(fork_server))
    finally:
        server.process.kill()
        await asyncio.to_thread(server.process.communicate)


def test_the_spec_is_like_ipykernels_own() -> None:
    specs = KernelSpecManager()
    ours, theirs = specs.get_kernel_spec(FORKED), specs.get_kernel_spec(ORDINARY)
    assert ours.argv[1:] == theirs.argv[1:]
    assert ours.metadata["debugger"] == theirs.metadata["debugger"]
    assert ours.language == theirs.language
