"""An open notebook under test: its session, and all that it tells, to be waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from reactive_kernels import KernelPool
from reactive_nb.core.config import Settings, load_settings
from reactive_nb.models import Cell, CellConfig, CellStatus, Notebook, new_notebook_id
from reactive_nb.schemas.events import CellStatusEvent, Event, RunFinished
from reactive_nb.schemas.runs import RunResponse
from reactive_nb.services.operations import UpdateCell
from reactive_nb.services.session import NotebookSession
from reactive_nb.storage import MemoryStorage, NotebookStorage

DEADLINE_S = 30.0

E = TypeVar("E", bound=Event)
Open = Callable[..., Awaitable["Live"]]


class Live:
    """A session, and everything it has told."""

    def __init__(self, session: NotebookSession, storage: NotebookStorage) -> None:
        self.session = session
        self.storage = storage
        self.events: list[Event] = []
        self._news = asyncio.Event()
        self._began: dict[str, str | None] = {}
        self._beginnings: dict[int, CellStatusEvent] = {}
        session.broadcaster.observe("test", self._hear)

    def _hear(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, CellStatusEvent) and event.started_at not in (None, self._began.get(event.cell_id)):
            self._began[event.cell_id] = event.started_at
            self._beginnings[id(event)] = event
        self._news.set()

    async def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until `holds()` is true of what was told; its value."""
        async with asyncio.timeout(DEADLINE_S):
            while not (value := holds()):
                self._news.clear()
                await self._news.wait()
        return value

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    async def running(self, cell: str) -> None:
        """Wait until a cell is being run by the kernel."""
        await self.until(lambda: self.status(cell) == "running")

    async def printed(self, cell: str, text: str) -> None:
        """Wait until a cell has printed `text`."""
        await self.until(lambda: text in self.text(cell))

    async def finished(self, run_id: str) -> RunFinished:
        found: RunFinished = await self.until(
            lambda: next((event for event in self.of(RunFinished) if event.run_id == run_id), None)
        )
        return found

    async def run(self, *cells: str) -> RunResponse:
        """Run cells (none: all stale ones) to the end."""
        async with asyncio.timeout(DEADLINE_S):
            return await self.session.run(cells or None, wait=DEADLINE_S)

    async def edit(self, cell: str, source: str) -> None:
        await self.session.apply(UpdateCell(cell, source=source))

    def ran(self) -> list[str]:
        """The cells that the kernel was given, in order."""
        begun = [event for event in self.of(CellStatusEvent) if id(event) in self._beginnings]
        return [event.cell_id for event in sorted(begun, key=lambda event: event.started_at or "")]

    def status(self, cell: str) -> CellStatus:
        return self.session.state.statuses[cell]

    def statuses(self) -> str:
        """All cells' statuses, in document order."""
        return " ".join(self.session.state.statuses[cell.id] for cell in self.session.notebook.cells)

    def cell(self, cell: str) -> Cell:
        found = self.session.notebook.cell(cell)
        assert found is not None
        return found

    def text(self, cell: str) -> str:
        """What a cell shows as text."""
        return "".join(_text(output) for output in self.cell(cell).outputs)

    def message(self, cell: str) -> str:
        error = self.cell(cell).error
        assert error is not None
        return f"{error.kind}: {error.message}"


def _text(output: dict[str, Any]) -> str:
    if output["output_type"] == "error":
        return f"{output['ename']}: {output['evalue']}"
    return str(output["text"] if "text" in output else output["data"].get("text/plain", ""))


def notebook_of(*sources: str | Cell, **fields: Any) -> Notebook:
    """A notebook with the cells c0, c1, …"""
    cells = [
        source if isinstance(source, Cell) else Cell(id=f"c{place}", source=source)
        for place, source in enumerate(sources)
    ]
    return Notebook(id=new_notebook_id(), cells=tuple(cells), **fields)


def cell(place: int, source: str, tags: Sequence[str] = (), **config: Any) -> Cell:
    metadata = {"tags": list(tags)} if tags else {}
    return Cell(id=f"c{place}", source=source, config=CellConfig(**config), metadata=metadata)


@asynccontextmanager
async def opening(pool: KernelPool, directory: Path) -> AsyncIterator[Open]:
    opened: list[NotebookSession] = []

    async def open_one(
        *sources: str | Cell,
        storage: NotebookStorage | None = None,
        settings: Settings | None = None,
        notebook: Notebook | None = None,
        **fields: Any,
    ) -> Live:
        storage = storage or MemoryStorage(working_directory=directory)
        await storage.open()
        stored = await storage.create(notebook or notebook_of(*sources, **fields))
        settings = settings or load_settings(notebook_storage_dir=directory)
        session = NotebookSession(stored, storage=storage, pool=pool, settings=settings, directory=directory)
        opened.append(session)
        return Live(session, storage)

    try:
        yield open_one
    finally:
        await asyncio.gather(*(session.close() for session in opened))
