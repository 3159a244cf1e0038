"""What a session has decided its kernel is to do, done: one thing after the other, in the order of the decisions.

Cells, batches of cells, starts and namespace steps are carried out by one task. How each ended goes back to the session
as an operation; what cells say meanwhile is for `kernel_output`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TypeAlias

from reactive_kernels import DeadKernelError, DiedEvent, ExecuteInputEvent, KernelConnection, KernelError, KernelEvent
from reactive_nb.execution import execute_python_cell
from reactive_nb.execution.executor import BatchPart, CellResult, execute_python_cells, show_values
from reactive_nb.execution.records import Outcome
from reactive_nb.execution.text import filled
from reactive_nb.models import CellType, KernelState, new_cell_id
from reactive_nb.models import error as error_output
from reactive_nb.services.effects import BindNames, Execute, ExecuteBatch, StartKernel
from reactive_nb.services.given_cells import GivenCells
from reactive_nb.services.kernel_life import KernelLife
from reactive_nb.services.kernel_output import KernelOutput
from reactive_nb.services.kernel_sql_cells import SqlCells
from reactive_nb.services.operations import (
    AddCell,
    BatchEnded,
    CellFinished,
    CellStarted,
    InterruptIgnored,
    KernelChanged,
    Operation,
    UpdateCell,
)

_log = logging.getLogger(__name__)

INTERRUPT_LIMIT_S = 10.0
BEGIN_LIMIT_S = 2.0
"""How long an interrupt waits for the kernel to begin with the cell that it is meant for."""
MOST_WAITING = 1_000
SETTLE_LIMIT_S = 2.0
MOST_NEXT_INPUTS = 10

Work: TypeAlias = Execute | ExecuteBatch | BindNames | StartKernel


class Owner(Protocol):
    """What is needed of a session."""

    id: str

    def perform(self, operation: Operation) -> None: ...

    def perform_soon(self, operation: CellStarted | CellFinished) -> None: ...

    def edit(self, operation: AddCell | UpdateCell) -> None: ...

    async def database_address(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class InterruptPolicy:
    """What becomes of a cell that does not end when it is interrupted."""

    grace_s: float = 10.0
    """How long it may take."""
    restart: bool = False
    """Whether the kernel is restarted then; otherwise people are told that they can."""


class KernelWork:
    """The work of one notebook's kernel."""

    def __init__(
        self,
        owner: Owner,
        life: KernelLife,
        output: KernelOutput,
        *,
        allow_stdin: bool,
        interrupts: InterruptPolicy,
        sql_max_rows: int,
    ) -> None:
        self._owner = owner
        self._interrupts = interrupts
        self._life = life
        self._output = output
        self._allow_stdin = allow_stdin
        self._work: asyncio.Queue[tuple[Work, str]] = asyncio.Queue()  # bounded by put()
        self._given = GivenCells()
        self._executing: int | None = None
        self._request: str | None = None  # of the cell that was begun last
        self._begun = asyncio.Event()
        self._ended = asyncio.Event()
        self._binding = 0  # steps that bind names, not yet done
        self._bound = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._sql = SqlCells(owner, sql_max_rows)

    # -- what is to be done
    def put(self, effect: Work, kernel_name: str) -> None:
        """Do this after what was decided before.

        One cell or batch and one start may wait, and steps that bind names, one for an edit: a kernel that leaves very
        many of these undone is given up.
        """
        if self._work.qsize() >= MOST_WAITING:
            news = KernelChanged(KernelState.DEAD, "The kernel does not answer. Restart it.")
            asyncio.get_running_loop().call_soon(self._owner.perform, news)
            return
        if isinstance(effect, BindNames):
            self._binding += 1
        if isinstance(effect, Execute | ExecuteBatch):
            self._executing = effect.number
            self._begun.clear()
            self._ended.clear()
        self._work.put_nowait((effect, kernel_name))
        if self._worker is None:
            self._worker = asyncio.create_task(self._do_work(), name=f"kernel work of {self._owner.id}")

    def interrupt(self) -> None:
        """Interrupt the running cell, once it has begun."""
        if self._executing is not None:
            self._life.own(self._interrupt(self._executing))

    def give_up(self, error: Exception) -> None:
        """A fault of ours: nobody knows any more what the kernel does."""
        _log.error("work of notebook %s failed", self._owner.id, exc_info=error)
        self._life.let_go()
        self._owner.perform(KernelChanged(KernelState.DEAD, "The service failed; see its log."))

    def stop_batch(self) -> None:
        """What the kernel was given ahead may not be what is to run any more."""
        if self._given and self._life.connection is not None:
            with contextlib.suppress(KernelError):
                self._life.connection.stop_batch()

    def mute(self, cells: tuple[str, ...]) -> None:
        """Those of these cells that the kernel was given are not the notebook's any more."""
        self._given.mute(cells)

    def forget(self) -> None:
        """There is to be another kernel, or none: nothing that was decided for this one is done any more."""
        while not self._work.empty():
            if isinstance(self._work.get_nowait()[0], BindNames):
                self._binding -= 1
        self._executing = None
        self._ended.set()
        self._given.forget()

    async def settle_names(self) -> None:
        """Wait until the names are as they were decided to be, unless a cell runs."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_LIMIT_S):
                while self._executing is None and self._binding:
                    self._bound.clear()
                    await self._bound.wait()

    async def close(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)

    # -- what the kernel's news says of it
    def hear(self, event: KernelEvent) -> None:
        """A cell that was given with others begins when it is first heard of."""
        if self._given and not isinstance(event, DiedEvent):
            self._begin_given(event.request_id)

    def is_at(self, request: str | None) -> bool:
        """Whether the cell with this request is under way."""
        return self._executing is not None and request is not None and request == self._request

    def has_begun(self, event: ExecuteInputEvent) -> None:
        """The kernel is at it."""
        if self._output.cell_of(event.request_id) is not None:
            self._begun.set()

    def catch_up(self, request: str | None) -> None:
        """The kernel died at that cell of a batch; that it had ended those before may have died with it."""
        if self._given.holds(request):
            while self._given.next and self._given.next[0] != request:
                self._end_given(CellResult(Outcome.OK, None, 0.0))
        if self._given.next:
            self._begin_given(self._given.next[0])

    # -- one thing after the other
    async def _do_work(self) -> None:
        while True:
            effect, kernel_name = await self._work.get()
            try:
                match effect:
                    case StartKernel():
                        await self._life.start(kernel_name)
                    case Execute():
                        await self._execute(effect)
                    case ExecuteBatch():
                        await self._execute_batch(effect)
                    case BindNames():
                        await self._bind(effect)
                        self._binding -= 1
                        self._bound.set()
            except Exception as error:
                self.give_up(error)

    async def _execute(self, effect: Execute) -> None:
        if self._life.connection is None:
            self._refuse(effect, "The kernel is not running.")
            return
        if effect.type is CellType.SQL:
            obstacle = await self._sql.obstacle(effect, self._life.connection)
            if obstacle is not None:
                self._refuse(effect, obstacle)
                return
        ((request, _),) = self._given.give([effect])
        try:
            if effect.type is CellType.MARKDOWN:
                result = await self._fill_in(self._life.connection, effect, request)
            else:
                result = await execute_python_cell(
                    self._life.connection,
                    self._sql.code(effect),
                    step=effect.step,
                    request_id=request,
                    timeout=effect.timeout,
                    collect=False,
                    allow_stdin=self._allow_stdin,
                )
            self._end_given(result)
        finally:
            self._given.forget()
        self._end_execution(effect.number)

    async def _fill_in(self, connection: KernelConnection, effect: Execute, request: str) -> CellResult:
        """A Markdown cell: its text with the values in it is what it shows."""
        result, shown = await show_values(
            connection,
            [value.expression for value in effect.values],
            step=effect.step,
            request_id=request,
            timeout=effect.timeout,
            allow_stdin=self._allow_stdin,
        )
        if self._given and len(shown) == len(effect.values) and not self._given.is_mute(request):
            self._begin_given(request)  # if the kernel has not said that it did
            self._output.show(effect.cell_id, filled(effect.source, effect.values, shown))
        return result

    async def _execute_batch(self, effect: ExecuteBatch) -> None:
        if self._life.connection is None:
            self._owner.perform(BatchEnded(effect.number))
            return
        given = self._given.give(effect.cells)
        parts = [
            BatchPart(self._sql.code(cell), cell.step, request, expected)
            for (request, cell), expected in zip(given, (*effect.expected, {}), strict=True)
        ]
        try:
            await execute_python_cells(self._life.connection, parts, self._end_given, allow_stdin=self._allow_stdin)
            rest = self._given.next
        finally:
            self._given.forget()
        self._end_execution(effect.number)
        if rest is not None:
            self._owner.perform(BatchEnded(rest[1].number))

    def _begin_given(self, request: str | None) -> None:
        cell = self._given.begin(request)
        if cell is not None and request is not None:
            self._begin(cell, request)

    def _end_given(self, result: CellResult) -> None:
        if self._given.next is not None:
            self._begin_given(self._given.next[0])  # if the kernel has not said that it did
        ended = self._given.end()
        if ended is None:
            return  # its kernel has been replaced
        request, cell = ended
        heard = not self._given.is_mute(request)
        if heard:
            self._show_pages(cell, result)
        self._output.input_request = None
        self._output.flush()
        self._owner.perform_soon(_finished(cell, result))
        if heard:
            self._write_next_input(cell, result)

    def _begin(self, effect: Execute, request: str) -> None:
        self._request = request
        if not self._given.is_mute(request):
            self._output.begin(effect.cell_id, request)
        self._owner.perform_soon(CellStarted(effect.number, datetime.now(UTC)))

    def _end_execution(self, number: int) -> None:
        if self._executing == number:
            self._executing = None
            self._begun.set()
            self._ended.set()
            self._output.input_request = None
        self._output.flush()

    def _refuse(self, effect: Execute, message: str) -> None:
        self._begin(effect, uuid.uuid4().hex)
        self._output.show(effect.cell_id, error_output("CellError", message, [message]))
        self._end_execution(effect.number)
        self._owner.perform(CellFinished(effect.number, Outcome.ERROR, None, 0.0, message))

    async def _bind(self, effect: BindNames) -> None:
        connection = self._life.connection
        if connection is None or not connection.has_helper:
            return
        try:
            await connection.call("bind", bind=dict(effect.step.bind), forget=list(effect.step.forget))
        except DeadKernelError:
            return  # told by itself
        except KernelError as error:
            _log.warning("names of notebook %s could not be bound: %s", self._owner.id, error)

    async def _interrupt(self, number: int) -> None:
        """Interrupt run `number`, once it has begun: a signal that comes before is lost."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._begun.wait(), BEGIN_LIMIT_S)
        connection = self._life.connection
        if connection is None or self._executing != number:
            return
        try:
            await asyncio.wait_for(connection.interrupt(), INTERRUPT_LIMIT_S)
        except DeadKernelError:
            return  # told by itself
        except (KernelError, TimeoutError) as error:
            _log.warning("kernel of notebook %s could not be interrupted: %s", self._owner.id, error)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), self._interrupts.grace_s)
        if self._executing == number:
            self._owner.perform(InterruptIgnored(restart=self._interrupts.restart))

    # -- what a reply carries beside how the cell ended
    def _show_pages(self, effect: Execute, result: CellResult) -> None:
        if result.reply and result.reply.names_left_out:
            text = f"[This cell bound so many names that {result.reply.names_left_out:,} of them are not followed.]\n"
            self._output.show(effect.cell_id, {"output_type": "stream", "name": "stderr", "text": text})
        for page in result.reply.payload if result.reply else ():
            data = page.get("data")
            if page.get("source") == "page" and isinstance(data, dict):  # what `name?` shows
                self._output.show(effect.cell_id, {"output_type": "display_data", "data": data, "metadata": {}})

    def _write_next_input(self, effect: Execute, result: CellResult) -> None:
        """What `%load` and `%recall` write: into the cell itself, or into a new one below it."""
        payload = result.reply.payload if result.reply else []
        pages = [page for page in payload if page.get("source") == "set_next_input"]
        for page in pages[-MOST_NEXT_INPUTS:]:
            if isinstance(page.get("text"), str):
                if page.get("replace"):
                    self._owner.edit(UpdateCell(effect.cell_id, source=page["text"]))
                else:
                    self._owner.edit(AddCell(new_cell_id(), source=page["text"], after=effect.cell_id))


def _finished(cell: Execute, result: CellResult) -> CellFinished:
    return CellFinished(cell.number, result.outcome, result.reply, result.duration_ms, result.message)
