"""Whose notebook is whose, and one session for each: opened when needed, dropped when not, never two."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from reactive_kernels import KernelPool
from reactive_nb.core.config import load_settings
from reactive_nb.core.security import User
from reactive_nb.models import Cell, CellType, KernelState, Notebook
from reactive_nb.services import registry as registry_module
from reactive_nb.services.errors import InvalidOperation, SourceTooLarge
from reactive_nb.services.operations import AddCell, UpdateCell
from reactive_nb.services.registry import SessionRegistry
from reactive_nb.services.session import NotebookSession
from reactive_nb.storage import MemoryStorage, NotebookNotFound

pytestmark = pytest.mark.anyio

ANN, BOB = User("ann", "Ann"), User("bob", "Bob")
DEADLINE_S = 30.0


class Registry:
    """A registry over storage in memory, made with the settings that a test wants."""

    def __init__(self, pool: KernelPool, directory: Path) -> None:
        self.pool = pool
        self.directory = directory
        self.storage = MemoryStorage()
        self.made: list[SessionRegistry] = []

    async def __call__(self, **settings: Any) -> SessionRegistry:
        made = SessionRegistry(self.storage, self.pool, load_settings(notebook_storage_dir=self.directory, **settings))
        self.made.append(made)
        await made.open()
        return made


@pytest.fixture
async def make(pool: KernelPool, tmp_path: Path) -> AsyncIterator[Registry]:
    registry = Registry(pool, tmp_path)
    yield registry
    for made in registry.made:
        await made.close()


def end_of(session: NotebookSession, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set once the session begins to close."""
    ended, close = asyncio.Event(), session.broadcaster.close

    def closing(code: int, reason: str) -> None:
        close(code, reason)
        ended.set()

    monkeypatch.setattr(session.broadcaster, "close", closing)
    if session.closed:
        ended.set()
    return ended


async def test_a_notebook_is_its_owners_and_for_others_not_there(make: Registry) -> None:
    registry = await make()
    session = await registry.create(ANN, name="Mine")
    assert await registry.get(ANN, session.id) is session
    for attempt in (registry.get(BOB, session.id), registry.delete(BOB, session.id), registry.get(ANN, "nothing")):
        with pytest.raises(NotebookNotFound):
            await attempt
    await session.close()
    with pytest.raises(NotebookNotFound):
        await registry.get(BOB, session.id)
    assert [item.name for item in (await registry.list(ANN)).items] == ["Mine"]
    assert (await registry.list(BOB)).items == ()


async def test_many_who_ask_at_once_get_one_session(make: Registry) -> None:
    first = await make()
    made = await first.create(ANN, name="Test", cells=[AddCell("c0", source="x = 1")])
    await first.close()
    second = await make()
    sessions = await asyncio.gather(*(second.get(ANN, made.id) for _ in range(20)))
    assert len({id(session) for session in sessions}) == 1
    assert sessions[0] is not made
    assert sessions[0].notebook.cells == made.notebook.cells


async def test_cells_get_the_type_of_the_kernel(make: Registry) -> None:
    registry = await make()
    cells = [AddCell("a", CellType.CODE, "x"), AddCell("b", CellType.MARKDOWN, "x")]
    session = await registry.create(ANN, name="Test", cells=cells)
    assert [cell.type for cell in session.notebook.cells] == [CellType.PYTHON, CellType.MARKDOWN]


async def test_what_can_not_be_made_is_refused(make: Registry) -> None:
    registry = await make(max_cells=2, max_source_bytes=1024)
    with pytest.raises(InvalidOperation, match="There is no kernel 'nope' here"):
        await registry.create(ANN, name="Test", kernel_name="nope")
    with pytest.raises(InvalidOperation, match="same id"):
        await registry.create(ANN, name="Test", cells=[AddCell("a"), AddCell("a")])
    with pytest.raises(SourceTooLarge):
        await registry.create(ANN, name="Test", cells=[AddCell("a", source="x" * 2000)])
    with pytest.raises(SourceTooLarge):
        await registry.adopt(ANN, Notebook(id="x", cells=tuple(Cell(f"c{n}") for n in range(3))))
    session = await registry.create(ANN, name="Test", cells=[AddCell("a"), AddCell("b")])
    with pytest.raises(SourceTooLarge):
        await session.apply(AddCell("c"))
    with pytest.raises(SourceTooLarge):
        await session.apply(UpdateCell("a", source="é" * 600))
    assert (await registry.list(ANN)).items[0].revision == 0


async def test_an_adopted_notebook_is_new_and_the_adopters(make: Registry) -> None:
    registry = await make()
    session = await registry.adopt(ANN, Notebook(id="theirs", owner="bob", name="Theirs", revision=7))
    assert session.id != "theirs"
    assert (session.notebook.owner, session.revision, session.notebook.name) == ("ann", 0, "Theirs")


async def test_a_deleted_notebook_is_gone_with_its_kernel(make: Registry) -> None:
    registry = await make()
    session = await registry.create(ANN, name="Test", cells=[AddCell("c0", source="import time; time.sleep(60)")])
    before = make.pool.running
    subscription = session.broadcaster.subscribe()
    await subscription.get()
    await session.run()
    asked = await asyncio.gather(
        registry.delete(ANN, session.id), registry.delete(ANN, session.id), return_exceptions=True
    )
    assert [type(answer) for answer in asked] == [type(None), NotebookNotFound]
    assert session.closed
    assert make.pool.running == before
    with pytest.raises(NotebookNotFound):
        await registry.get(ANN, session.id)
    assert registry.sessions == {}


async def test_what_nobody_uses_is_dropped_and_opened_again_as_it_was(
    make: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_module, "SWEEP_S", 0.02)
    registry = await make(session_idle_timeout=0.05, kernel_idle_timeout=0.05)
    session = await registry.create(ANN, name="Test", cells=[AddCell("c0", source="print(1)")])
    ended = asyncio.Event()
    session.broadcaster.observe("test", lambda _: ended.set() if session.state.kernel is KernelState.NONE else None)
    await session.run(wait=DEADLINE_S)
    async with asyncio.timeout(DEADLINE_S):
        await ended.wait()
        await end_of(session, monkeypatch).wait()
    again = await registry.get(ANN, session.id)
    assert again is not session
    assert session.closed
    assert again.notebook.cells[0].outputs[0]["text"] == "1\n"
    assert again.state.statuses == {"c0": "stale"}


async def test_who_is_connected_or_runs_something_keeps_it_open(
    make: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_module, "SWEEP_S", 0.01)
    registry = await make(session_idle_timeout=0.05, kernel_idle_timeout=0.05)
    watched = await registry.create(ANN, name="Watched")
    subscription = watched.broadcaster.subscribe()
    busy = await registry.create(ANN, name="Busy", cells=[AddCell("c0", source="import time; time.sleep(0.5)")])
    unused = await registry.create(ANN, name="Unused")
    ended = end_of(unused, monkeypatch)
    assert (await busy.run(wait=DEADLINE_S)).state == "finished"
    async with asyncio.timeout(DEADLINE_S):
        await ended.wait()
    assert not watched.closed
    subscription.close()


async def culled(session: NotebookSession) -> str:
    """Wait until its kernel is gone; what clients are told."""
    told = asyncio.Event()
    session.broadcaster.observe("cull", lambda _: told.set() if session.state.kernel is KernelState.NONE else None)
    async with asyncio.timeout(DEADLINE_S):
        await told.wait()
    return session.state.kernel_message or ""


def compute_from_elsewhere(session: NotebookSession) -> BlockingKernelClient:
    """Another client of its kernel, which has it work on something that takes long."""
    client = BlockingKernelClient()
    connection = session.kernel.connection
    assert connection is not None
    info: Any = dict(connection.connection_info)
    client.load_connection_info(info)
    client.start_channels(hb=False)
    client.execute("import time; print('on', flush=True); time.sleep(600)")
    while client.get_iopub_msg(timeout=DEADLINE_S)["msg_type"] != "stream":
        pass
    return client


ASKS = "input()"
SPEAKS = """
import threading
def speak():
    while True:
        print('.', end='', flush=True)
        over.wait(0.05)
over = threading.Event()
threading.Thread(target=speak, daemon=True).start()
"""


async def test_only_kernels_that_nobody_uses_are_shut_down_and_clients_are_told(
    make: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_module, "SWEEP_S", 0.02)
    registry = await make(kernel_idle_timeout=1, session_idle_timeout=0)
    unused, asking, speaking, elsewhere, watched = [
        await registry.create(ANN, name="Test", cells=[AddCell("c0", source=source)])
        for source in ("1", ASKS, SPEAKS, "1", "1")
    ]
    subscription = watched.broadcaster.subscribe()
    await asyncio.gather(*(session.run(wait=DEADLINE_S) for session in (speaking, elsewhere, watched)))
    await asking.run(wait=0.01)
    other = await asyncio.to_thread(compute_from_elsewhere, elsewhere)
    try:
        for source in ("2", "3"):
            await unused.apply(UpdateCell("c0", source=source))
            await unused.run(wait=DEADLINE_S)
            message = await culled(unused)
            assert message == (
                "The kernel was shut down after 1 s without use (REACTIVE_NB_KERNEL_IDLE_TIMEOUT). "
                "Run a cell to start another."
            )
        for session in (asking, speaking, elsewhere, watched):
            assert session.kernel.connection is not None
            assert session.kernel.connection.alive
    finally:
        other.stop_channels()
        other.context.destroy(linger=0)
        subscription.close()
    assert "shut down" in await culled(watched)


async def test_closing_stores_what_is_shown(make: Registry) -> None:
    registry = await make()
    session = await registry.create(ANN, name="Test", cells=[AddCell("c0", source="print(1)")])
    await session.run(wait=DEADLINE_S)
    await registry.close()
    assert (await make.storage.load(session.id)).cells[0].outputs[0]["text"] == "1\n"


def chain(length: int) -> list[AddCell]:
    return [AddCell(f"c{place}", source=f"x{place} = x{place - 1} + 1") for place in range(length)]


async def test_who_finds_a_notebook_that_is_being_made_gets_the_same_session(make: Registry) -> None:
    class Telling(MemoryStorage):
        created = asyncio.Event()

        async def create(self, notebook: Notebook) -> Notebook:
            self.created.set()
            return await super().create(notebook)

    make.storage = storage = Telling()
    registry = await make()
    making = asyncio.create_task(registry.create(ANN, name="New", cells=chain(500)))
    await asyncio.wait_for(storage.created.wait(), DEADLINE_S)
    (found,) = (await registry.list(ANN)).items
    assert await registry.get(ANN, found.id) is await making


async def test_opening_a_long_notebook_holds_nobody_up(make: Registry) -> None:
    registry = await make()
    loop = asyncio.get_running_loop()
    beats: list[float] = []

    async def beat() -> None:
        while True:
            beats.append(loop.time())
            await asyncio.sleep(0)

    beating = asyncio.create_task(beat())
    began = loop.time()
    await registry.create(ANN, name="Long", cells=chain(6000))
    beats.append(loop.time())
    beating.cancel()
    longest = max(later - earlier for earlier, later in itertools.pairwise(beats))
    assert longest < (beats[-1] - began) / 3
