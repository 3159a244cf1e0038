"""Cells that take no notice of an interrupt, and the restart that ends them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import psutil
import pytest

from reactive_kernels import KernelPool
from reactive_nb.core.config import Settings, load_settings
from reactive_nb.models import KernelState
from reactive_nb.schemas.events import DebugEventMessage, KernelStatusEvent
from reactive_nb.schemas.runs import RunState
from tests.services.live import Live, Open

pytestmark = pytest.mark.anyio

STUBBORN = """
import time
said, end = False, time.time() + {seconds}
while time.time() < end:
    try:
        if not said:
            said = True
            print('on', flush=True)
        while time.time() < end: pass
    except KeyboardInterrupt:
        pass
"""
FOR_EVER = STUBBORN.format(seconds=3600)
BATCHED = ["1", FOR_EVER, "2"]


def settings(tmp_path: Path, **more: Any) -> Settings:
    return load_settings(notebook_storage_dir=tmp_path, interrupt_grace=0.3, **more)


def messages(notebook: Live) -> list[str]:
    return [event.kernel.message or "" for event in notebook.of(KernelStatusEvent)]


@pytest.mark.parametrize("sources", [[FOR_EVER], BATCHED], ids=["single", "batch"])
async def test_a_restart_is_offered_and_ends_it(open_notebook: Open, tmp_path: Path, sources: list[str]) -> None:
    notebook = await open_notebook(*sources, settings=settings(tmp_path))
    stubborn = f"c{sources.index(FOR_EVER)}"
    run = asyncio.create_task(notebook.run())
    await notebook.printed(stubborn, "on")
    await notebook.session.interrupt()
    await notebook.until(lambda: any("no notice" in message for message in messages(notebook)))
    assert notebook.session.state.kernel is KernelState.BUSY  # nobody has restarted it
    assert notebook.status(stubborn) == "running"
    restarted = await notebook.session.restart()
    assert (restarted.state, restarted.message) == (KernelState.IDLE, None)
    assert (await run).state is RunState.INTERRUPTED
    await notebook.edit(stubborn, "3")
    await notebook.run()
    assert notebook.status(stubborn) == "success"


async def test_where_that_is_wanted_it_is_restarted_unasked(open_notebook: Open, tmp_path: Path) -> None:
    notebook = await open_notebook(FOR_EVER, settings=settings(tmp_path, restart_stuck_kernels=True))
    run = asyncio.create_task(notebook.run())
    await notebook.printed("c0", "on")
    await notebook.session.interrupt()
    assert (await run).state is RunState.INTERRUPTED
    assert "took no notice" in notebook.message("c0")
    await notebook.until(lambda: notebook.session.state.kernel is KernelState.IDLE)


async def test_one_that_ends_late_is_not_spoken_of_any_more(open_notebook: Open, tmp_path: Path) -> None:
    notebook = await open_notebook(STUBBORN.format(seconds=1.5), settings=settings(tmp_path))
    run = asyncio.create_task(notebook.run())
    await notebook.printed("c0", "on")
    await notebook.session.interrupt()
    await notebook.until(lambda: any("no notice" in message for message in messages(notebook)))
    await run
    assert notebook.status("c0") == "success"
    assert messages(notebook)[-1] == ""


async def test_a_restart_takes_the_kernel_that_is_ready(open_notebook: Open, pool: KernelPool, tmp_path: Path) -> None:
    notebook = await open_notebook("import os\nprint((os.getpid(), os.getcwd()))", settings=settings(tmp_path))
    await notebook.run()
    await pool.ready()
    ready = {child.pid for child in psutil.Process().children(recursive=True)}
    old = notebook.session.kernel.living().pid
    await notebook.session.restart()
    fresh = notebook.session.kernel.living().pid
    assert fresh in ready - {old}
    await notebook.run()
    assert notebook.text("c0") == f"{(fresh, str(tmp_path))}\n"
    await notebook.session.close()
    assert pool.running == 0


class Debugger:
    """A client of the debugger, as an editor is one."""

    def __init__(self, notebook: Live) -> None:
        self._notebook = notebook
        self._seq = 0

    async def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        self._seq += 1
        request = {"type": "request", "seq": self._seq, "command": command, "arguments": arguments}
        return await self._notebook.session.debug(request)

    def told(self, event: str) -> list[dict[str, Any]]:
        return [one.event for one in self._notebook.of(DebugEventMessage) if one.event.get("event") == event]


async def test_a_cell_can_be_debugged(open_notebook: Open, tmp_path: Path) -> None:
    source = "value = 6\nvalue *= 7\nprint(value)"
    notebook = await open_notebook("1", source, settings=settings(tmp_path))
    await notebook.run("c0")
    debugger = Debugger(notebook)
    assert (await debugger.ask("debugInfo"))["success"]
    assert (await debugger.ask("initialize", clientID="test", adapterID="", pathFormat="path"))["success"]
    await debugger.ask("attach")
    await notebook.until(lambda: debugger.told("initialized"))
    path = (await debugger.ask("dumpCell", code=source))["body"]["sourcePath"]
    await debugger.ask("setBreakpoints", source={"path": path}, breakpoints=[{"line": 2}], lines=[2])
    await debugger.ask("configurationDone")
    run = asyncio.create_task(notebook.run("c1"))
    (stopped,) = await notebook.until(lambda: debugger.told("stopped"))
    thread = stopped["body"]["threadId"]
    assert notebook.status("c1") == "running"
    frame = (await debugger.ask("stackTrace", threadId=thread))["body"]["stackFrames"][0]
    assert frame["line"] == 2
    shown = await debugger.ask("evaluate", expression="value", frameId=frame["id"])
    assert shown["body"]["result"] == "6"
    await debugger.ask("continue", threadId=thread)
    await run
    assert notebook.text("c1") == "42\n"
    await debugger.ask("disconnect")
