"""Run a notebook from top to bottom without a server or a client: the same session, with nobody attached.

Used by the command line. Parameters go, as in other tools, into a cell of their own: after the one tagged
`parameters` if there is one, else at the top.
"""

from __future__ import annotations

import asyncio
import contextlib
import keyword
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reactive_nb.core.config import Settings
from reactive_nb.core.security import User
from reactive_nb.formats import kernelspecs
from reactive_nb.models import Cell, CellConfig, CellMode, CellType, Notebook
from reactive_nb.schemas.events import CellStatusEvent, Event
from reactive_nb.schemas.runs import RunCell, RunResponse, RunState
from reactive_nb.services import views
from reactive_nb.services.errors import InvalidOperation, KernelUnavailable
from reactive_nb.services.kernel_pool import pool_of_one
from reactive_nb.services.languages import on_kernel
from reactive_nb.services.registry import SessionRegistry
from reactive_nb.services.session import NotebookSession
from reactive_nb.storage import MemoryStorage

PARAMETERS_CELL = "injected-parameters"
SKIPPED = "skip-execution"

Progress = Callable[[int, int, str | None], None]
"""Called with (cells done, cells in all, the cell that runs now)."""


@dataclass(frozen=True)
class HeadlessResult:
    """The notebook as it was left, and how the run went."""

    notebook: Notebook
    run: RunResponse
    cells: tuple[RunCell, ...]
    """Each cell that was to run, and what became of it."""
    message: str | None = None
    """Why the run came to an early end, if it did."""

    @property
    def failed(self) -> list[Cell]:
        """Cells that raised, were blocked, or did not run because time was up or the kernel was gone."""
        bad = {cell.id for cell in self.cells if cell.status != "success"}
        return [cell for cell in self.notebook.cells if cell.id in bad and not _may_fail(cell)]

    @property
    def ok(self) -> bool:
        return self.run.state is RunState.FINISHED and not self.failed


def _may_fail(cell: Cell) -> bool:
    return cell.config.continue_on_error or "raises-exception" in (cell.metadata.get("tags") or ())


async def run_notebook(
    notebook: Notebook,
    settings: Settings,
    *,
    directory: Path,
    kernel: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    allow_errors: bool = False,
    timeout: float | None = None,
    progress: Progress | None = None,
    stop: asyncio.Event | None = None,
) -> HeadlessResult:
    """Run all cells of `notebook` in reactive order, in `directory`; stops after `timeout` seconds, or with `stop`.

    It runs on the notebook's own kernel, unless another is named.

    With `allow_errors` cells run even when one that they depend on has raised; what raised has failed all the same.

    Raises InvalidOperation for a parameter that is no name, or an unknown kernel, and KernelUnavailable if the kernel
    does not start.
    """
    user = User("local", "local")
    prepared = with_parameters(replace(notebook, owner=user.id), parameters or {})
    prepared = _skipping(prepared)
    if allow_errors:
        prepared = _going_on(prepared)
    storage = MemoryStorage(working_directory=directory)
    async with pool_of_one(settings) as pool:
        registry = SessionRegistry(storage, pool, settings, allow_stdin=False)
        spec = registry.kernelspec_of(kernel or prepared.kernel_name)
        if kernel is not None:
            prepared = on_kernel(prepared, spec)
        if parameters and not kernelspecs.is_python(spec.language):
            raise InvalidOperation(f"Parameters can be given to Python notebooks only; this one is {spec.language}.")
        session = await registry.adopt(user, prepared.without_results())
        try:
            if progress is not None:
                session.broadcaster.observe("progress", _follow(session, progress))
            run = await _run(session, timeout, stop or asyncio.Event())
            message = run.message
            if run.state is RunState.RUNNING:
                stopped = stop is not None and stop.is_set()
                message = _STOPPED if stopped else f"The time limit of {timeout:g} s was reached; {_INTERRUPTED}"
                await _interrupt(session, _STOP_LIMIT_S if stopped else _INTERRUPT_LIMIT_S)
            elif run.state is RunState.FAILED and not any(cell.started_at for cell in session.notebook.cells):
                raise KernelUnavailable(run.message or "The kernel did not start.")
            result = session.notebook
            return HeadlessResult(
                notebook=_with_configs_of(notebook, result),
                run=run,
                cells=tuple(views.run_cell(session.state, cell.id) for cell in result.cells if _is_run(session, cell)),
                message=message,
            )
        finally:
            await registry.close()


_FOREVER_S = 10 * 365 * 86_400.0
_INTERRUPT_LIMIT_S = 10.0
_STOP_LIMIT_S = 3.0
"""Who stops a process seldom waits more than ten seconds before killing it, and the kernel is to end in them too."""
_INTERRUPTED = "the run was interrupted."
_STOPPED = f"Stopped: {_INTERRUPTED}"


def _is_run(session: NotebookSession, cell: Cell) -> bool:
    return cell.id in session.state.knowledge and cell.config.mode is CellMode.AUTO


async def _run(session: NotebookSession, timeout: float | None, stop: asyncio.Event) -> RunResponse:
    """Run all cells; the answer is RUNNING if time is up or `stop` is set before the end."""
    over = asyncio.create_task(session.run(wait=timeout or _FOREVER_S))
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({over, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if over.done():
            return over.result()
        run_id = session.state.runs[0].id if session.state.runs else ""
        return RunResponse(run_id=run_id, state=RunState.RUNNING, cells=[], revision=session.revision)
    finally:
        for task in (over, stopped):
            task.cancel()
        await asyncio.wait({over, stopped})


async def _interrupt(session: NotebookSession, limit_s: float) -> None:
    """Interrupt what runs, and wait until it has ended, if it ends."""
    over = asyncio.Event()
    session.broadcaster.observe("end", lambda event: over.set() if not session.busy else None)
    await session.interrupt()
    if session.busy:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), limit_s)


def with_parameters(notebook: Notebook, parameters: Mapping[str, Any]) -> Notebook:
    """`notebook` with a cell that binds `parameters`. Raises InvalidOperation for what is no Python name."""
    if not parameters:
        return notebook
    for name in parameters:
        if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("__"):
            raise InvalidOperation(f"{name!r} is no Python name: give parameters as name=value.", name)
    source = "\n".join(["# Parameters", *(f"{name} = {value!r}" for name, value in parameters.items())])
    injected = Cell(PARAMETERS_CELL, CellType.PYTHON, source, metadata={"tags": ["injected-parameters"]})
    cells = [cell for cell in notebook.cells if cell.id != PARAMETERS_CELL]
    tagged = [place for place, cell in enumerate(cells) if "parameters" in (cell.metadata.get("tags") or ())]
    place = tagged[0] + 1 if tagged else 0
    return replace(notebook, cells=(*cells[:place], injected, *cells[place:]))


def _going_on(notebook: Notebook) -> Notebook:
    cells = tuple(replace(cell, config=replace(cell.config, continue_on_error=True)) for cell in notebook.cells)
    return replace(notebook, cells=cells)


def _skipping(notebook: Notebook) -> Notebook:
    """Cells that are tagged `skip-execution`, as other tools have it, are as if disabled."""
    tagged = {cell.id for cell in notebook.cells if SKIPPED in (cell.metadata.get("tags") or ())}
    if not tagged:
        return notebook
    cells = tuple(
        replace(cell, config=replace(cell.config, mode=CellMode.DISABLED)) if cell.id in tagged else cell
        for cell in notebook.cells
    )
    return replace(notebook, cells=cells)


def _with_configs_of(original: Notebook, ran: Notebook) -> Notebook:
    """What was only for the run is not written into the document."""
    configs = {cell.id: cell.config for cell in original.cells}
    cells = tuple(replace(cell, config=configs.get(cell.id, CellConfig())) for cell in ran.cells)
    return replace(ran, cells=cells)


def _follow(session: NotebookSession, progress: Progress) -> Callable[[Event], None]:
    total = sum(cell.id in session.state.knowledge and bool(cell.source.strip()) for cell in session.notebook.cells)
    done: set[str] = set()

    def follow(event: Event) -> None:
        if isinstance(event, CellStatusEvent):
            if event.status == "running":
                progress(len(done), total, event.cell_id)
            elif event.status in ("success", "error", "blocked"):
                done.add(event.cell_id)
                progress(len(done), total, None)

    return follow
