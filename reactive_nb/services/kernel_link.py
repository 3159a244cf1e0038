"""A session's kernel: carries out the session's effects on it, and turns what it tells into operations.

Cells and namespace steps go to the kernel one after the other, in the order in which they were decided, by one task.
The kernel's news arrives synchronously and never waits for anybody; outputs gather for a moment and are drained as
changes, so that a cell which prints in a loop costs a few operations a second and not one a line.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from reactive_kernels import (
    ClearOutputEvent,
    CommCloseEvent,
    CommMsgEvent,
    CommOpenEvent,
    CommStore,
    DeadKernelError,
    DiedEvent,
    ExecuteInputEvent,
    InputRequestEvent,
    KernelConnection,
    KernelError,
    KernelEvent,
    KernelPool,
    OutputEvent,
    OutputLimits,
    OutputStore,
    UpdateDisplayEvent,
)
from reactive_nb.execution import execute_python_cell
from reactive_nb.execution.executor import BatchPart, CellResult, execute_python_cells
from reactive_nb.execution.records import Outcome
from reactive_nb.models import CellType, KernelState, new_cell_id
from reactive_nb.models import error as error_output
from reactive_nb.schemas.events import Event, InputRequested
from reactive_nb.services.comm_events import AnyComm, comm_event
from reactive_nb.services.effects import BindNames, Execute, ExecuteBatch, StartKernel
from reactive_nb.services.errors import InvalidOperation, KernelUnavailable
from reactive_nb.services.given_cells import GivenCells
from reactive_nb.services.operations import (
    AddCell,
    BatchEnded,
    CellFinished,
    CellStarted,
    ChangeOutputs,
    ForeignRun,
    KernelChanged,
    Operation,
    UpdateCell,
)

_log = logging.getLogger(__name__)

FLUSH_S = 0.05
"""The longest that outputs gather before clients see them."""
INTERRUPT_LIMIT_S = 10.0
BEGIN_LIMIT_S = 2.0
"""How long an interrupt waits for the kernel to begin with the cell that it is meant for."""
END_LIMIT_S = 5.0
MOST_WAITING = 1_000
SETTLE_LIMIT_S = 2.0
MOST_NEXT_INPUTS = 10

Work: TypeAlias = Execute | ExecuteBatch | BindNames | StartKernel


class Owner(Protocol):
    """What a link needs of its session."""

    id: str

    def perform(self, operation: Operation) -> None: ...

    def edit(self, operation: AddCell | UpdateCell) -> None: ...

    def publish(self, event: Event, buffers: tuple[bytes, ...] = ()) -> None: ...


class KernelLink:
    """The kernel of one notebook, if it has one."""

    def __init__(
        self,
        owner: Owner,
        pool: KernelPool,
        *,
        directory: Path | None,
        environment: Mapping[str, str],
        limits: OutputLimits,
        allow_stdin: bool = True,
    ) -> None:
        self.connection: KernelConnection | None = None
        self.comms = CommStore()
        self.input_request: InputRequested | None = None
        self._owner = owner
        self._pool = pool
        self._directory = directory
        self._environment = environment
        self._allow_stdin = allow_stdin
        self._outputs = OutputStore(limits)
        self._requests: dict[str, str] = {}
        self._request_of: dict[str, str] = {}
        self._work: asyncio.Queue[tuple[Work, str]] = asyncio.Queue()
        self._given = GivenCells()
        self._generation = 0  # of the kernel: what was begun for an earlier one has nothing to say any more
        self._changing = asyncio.Lock()
        self._executing: int | None = None
        self._begun = asyncio.Event()
        self._binding = 0  # steps that bind names, not yet done
        self._bound = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._flush_at: asyncio.TimerHandle | None = None
        self._last_flush = 0.0

    # -- what the session wants done
    def put(self, effect: Work, kernel_name: str) -> None:
        """Do this after what was decided before.

        One cell or batch and one start may wait, and steps that bind names, one for an edit: a kernel that leaves very
        many of these undone is given up.
        """
        if self._work.qsize() >= MOST_WAITING:
            self._owner.perform(KernelChanged(KernelState.DEAD, "The kernel does not answer. Restart it."))
            return
        if isinstance(effect, BindNames):
            self._binding += 1
        if isinstance(effect, Execute | ExecuteBatch):
            self._executing = effect.number
            self._begun.clear()
        self._work.put_nowait((effect, kernel_name))
        if self._worker is None:
            self._worker = asyncio.create_task(self._do_work(), name=f"kernel work of {self._owner.id}")

    def interrupt(self) -> None:
        if self._executing is not None:
            self._own(self._interrupt(self._executing))

    def stop_batch(self) -> None:
        """What the kernel was given ahead may not be what is to run any more."""
        if self._given and self.connection is not None:
            with contextlib.suppress(KernelError):
                self.connection.stop_batch()

    def replace(self, *, start: bool, kernel_name: str) -> None:
        """Nothing that was decided for the old kernel is done any more."""
        while not self._work.empty():
            if isinstance(self._work.get_nowait()[0], BindNames):
                self._binding -= 1
        self._generation += 1
        self._executing = None
        self._given.forget()
        self._forget_kernel()
        self._own(self._restart(kernel_name, self._generation) if start else self._release())

    def forget_outputs(self, cells: tuple[str, ...]) -> None:
        for cell in cells:
            self._outputs.forget(cell)
            self._requests.pop(self._request_of.pop(cell, ""), None)

    async def close(self) -> None:
        """Shut the kernel down and end all tasks."""
        self._generation += 1
        if self._flush_at is not None:
            self._flush_at.cancel()
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
        if self._tasks:  # a restart that is cancelled half way might leave a process behind
            _, late = await asyncio.wait(self._tasks, timeout=END_LIMIT_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._release()

    # -- what clients want of the kernel beside runs
    async def language_of(self, kernel_name: str) -> str | None:
        """The language of a kernelspec, None if it is not installed."""
        specs = await asyncio.to_thread(self._pool.kernelspecs)
        return specs.get(kernel_name, {}).get("language")

    def living(self) -> KernelConnection:
        """The connection. Raises KernelUnavailable if no kernel runs."""
        if self.connection is None or not self.connection.alive:
            raise KernelUnavailable("The notebook's kernel is not running: run a cell to start it.")
        return self.connection

    async def settle_names(self) -> None:
        """Wait until the names are as they were decided to be, unless a cell runs."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_LIMIT_S):
                while self._executing is None and self._binding:
                    self._bound.clear()
                    await self._bound.wait()

    def reply_input(self, value: str) -> None:
        if self.input_request is None:
            raise InvalidOperation("No cell is waiting for input.")
        try:
            self.living().reply_input(value)
        except KernelError as error:
            raise InvalidOperation(str(error)) from None
        finally:
            self.input_request = None

    def say_on_comm(self, event: AnyComm, client_id: str) -> None:
        """Pass a client's comm message to the kernel, remember it, and tell the other clients."""
        connection = self.living()
        match event:
            case CommOpenEvent():
                connection.comm_open(event.comm_id, event.target_name, event.data, event.metadata, event.buffers)
            case CommMsgEvent():
                connection.comm_msg(event.comm_id, event.data, event.metadata, event.buffers)
            case CommCloseEvent():
                connection.comm_close(event.comm_id, event.data, event.metadata, event.buffers)
        self.comms.apply_from_client(event)
        self._tell_comm(event, client_id)

    # -- work, in order
    async def _do_work(self) -> None:
        while True:
            effect, kernel_name = await self._work.get()
            try:
                match effect:
                    case StartKernel():
                        await self._start(kernel_name, self._generation)
                    case Execute():
                        await self._execute(effect)
                    case ExecuteBatch():
                        await self._execute_batch(effect)
                    case BindNames():
                        await self._bind(effect)
                        self._binding -= 1
                        self._bound.set()
            except Exception:
                _log.exception("work of notebook %s failed", self._owner.id)
                self._own(self._release())
                self._owner.perform(KernelChanged(KernelState.DEAD, "The service failed; see its log."))

    async def _start(self, kernel_name: str, generation: int) -> None:
        async with self._changing:
            if generation == self._generation:
                await self._acquire(kernel_name, generation)

    async def _acquire(self, kernel_name: str, generation: int) -> None:
        await self._release()
        try:
            connection = await self._pool.acquire(
                kernel_name, cwd=self._directory, env=dict(self._environment), listener=self._hear
            )
        except KernelError as error:
            self._tell_kernel(KernelChanged(KernelState.DEAD, str(error)), generation)
            return
        self.connection = connection
        if generation == self._generation:
            idle = KernelChanged(KernelState.IDLE, language=connection.language or None, batches=connection.has_helper)
            self._tell_kernel(idle, generation)
        else:
            await self._release()  # meanwhile another is wanted, or none

    def _tell_kernel(self, change: KernelChanged, generation: int) -> None:
        if generation == self._generation:
            self._owner.perform(change)

    async def _execute(self, effect: Execute) -> None:
        request = uuid.uuid4().hex
        self._begin(effect, request)
        if effect.type is CellType.SQL:
            self._refuse(effect, "SQL cells can't be run in this version.")
            return
        if self.connection is None:
            self._refuse(effect, "The kernel is not running.")
            return
        result = await execute_python_cell(
            self.connection,
            effect.source,
            step=effect.step,
            request_id=request,
            timeout=effect.timeout,
            collect=False,
            allow_stdin=self._allow_stdin,
        )
        self._show_pages(effect, result)
        self._end_execution(effect.number)
        self._owner.perform(_finished(effect, result))
        self._write_next_input(effect, result)

    async def _execute_batch(self, effect: ExecuteBatch) -> None:
        if self.connection is None:
            self._owner.perform(BatchEnded(effect.number))
            return
        given = self._given.give(effect.cells)
        parts = [
            BatchPart(cell.source, cell.step, request, expected)
            for (request, cell), expected in zip(given, (*effect.expected, {}), strict=True)
        ]
        try:
            await execute_python_cells(self.connection, parts, self._end_given)
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
        ended = self._given.end()
        if ended is None:
            return  # its kernel has been replaced
        request, cell = ended
        self._begin_given(request)  # if the kernel has not said that it did
        self._show_pages(cell, result)
        self.input_request = None
        self.flush()
        self._owner.perform(_finished(cell, result))
        self._write_next_input(cell, result)
        for event in self._given.held_back():
            self._hear(event)

    def _catch_up(self, request: str | None) -> None:
        """The kernel died at that cell of a batch; that it had ended those before may have died with it."""
        if self._given.is_to_begin(request):
            while self._given.next and self._given.next[0] != request:
                self._end_given(CellResult(Outcome.OK, None, 0.0))
        if self._given.next:
            self._begin_given(self._given.next[0])

    def _begin(self, effect: Execute, request: str) -> None:
        self._requests.pop(self._request_of.get(effect.cell_id, ""), None)
        self._requests[request] = effect.cell_id
        self._request_of[effect.cell_id] = request
        self._outputs.begin(effect.cell_id)
        self._owner.perform(CellStarted(effect.number, datetime.now(UTC)))

    def _show_pages(self, effect: Execute, result: CellResult) -> None:
        for page in result.reply.payload if result.reply else ():
            data = page.get("data")
            if page.get("source") == "page" and isinstance(data, dict):  # what `name?` shows
                shown = {"output_type": "display_data", "data": data, "metadata": {}}
                self._outputs.apply(effect.cell_id, OutputEvent(None, shown))

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

    def _refuse(self, effect: Execute, message: str) -> None:
        self._outputs.apply(effect.cell_id, OutputEvent(None, error_output("CellError", message, [message])))
        self._end_execution(effect.number)
        self._owner.perform(CellFinished(effect.number, Outcome.ERROR, None, 0.0, message))

    def _end_execution(self, number: int) -> None:
        if self._executing == number:
            self._executing = None
            self._begun.set()
            self.input_request = None
        self.flush()

    async def _bind(self, effect: BindNames) -> None:
        if self.connection is None or not self.connection.has_helper:
            return
        try:
            await self.connection.call("bind", bind=dict(effect.step.bind), forget=list(effect.step.forget))
        except DeadKernelError:
            return  # told by itself
        except KernelError as error:
            _log.warning("names of notebook %s could not be bound: %s", self._owner.id, error)

    async def _interrupt(self, number: int) -> None:
        """Interrupt run `number`, once it has begun: a signal that comes before is lost."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._begun.wait(), BEGIN_LIMIT_S)
        if self.connection is None or self._executing != number:
            return
        try:
            await asyncio.wait_for(self.connection.interrupt(), INTERRUPT_LIMIT_S)
        except (KernelError, TimeoutError) as error:
            _log.warning("kernel of notebook %s could not be interrupted: %s", self._owner.id, error)

    async def _restart(self, kernel_name: str, generation: int) -> None:
        async with self._changing:
            if generation != self._generation:
                return  # another restart follows
            if self.connection is None:
                await self._acquire(kernel_name, generation)
                return
            try:
                await self.connection.restart()
            except KernelError as error:
                self._tell_kernel(KernelChanged(KernelState.DEAD, str(error)), generation)
            else:
                self._tell_kernel(KernelChanged(KernelState.IDLE, batches=self.connection.has_helper), generation)

    async def _release(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.listener = _ignore
            await self._pool.release(connection)

    def _forget_kernel(self) -> None:
        self.comms.clear()
        self.input_request = None
        self._requests.clear()
        self._request_of.clear()

    def _own(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- what the kernel tells
    def _hear(self, event: KernelEvent) -> None:
        if self._given.hold_back(event):
            return
        if not isinstance(event, DiedEvent):
            self._begin_given(event.request_id)
        match event:
            case OutputEvent() | UpdateDisplayEvent() | ClearOutputEvent():
                self._hear_output(event)
            case CommOpenEvent() | CommMsgEvent() | CommCloseEvent():
                self.comms.apply(event)
                self._tell_comm(event, None)
            case InputRequestEvent():
                cell = self._requests.get(event.request_id or "")
                self.input_request = InputRequested(cell_id=cell, prompt=event.prompt, password=event.password)
                self.flush()
                self._owner.publish(self.input_request)
            case ExecuteInputEvent() if event.foreign:
                self._owner.perform(ForeignRun())
            case ExecuteInputEvent() if event.request_id in self._requests:
                self._begun.set()
            case DiedEvent():
                self._catch_up(event.request_id)
                self._forget_kernel()
                self._own(self._release())  # it must not keep its place among the kernels that may run
                self._owner.perform(KernelChanged(KernelState.DEAD, event.message))
            case _:
                pass

    def _hear_output(self, event: OutputEvent | UpdateDisplayEvent | ClearOutputEvent) -> None:
        if not self.comms.divert(event):
            cell = self._requests.get(event.request_id or "")
            if cell is not None or isinstance(event, UpdateDisplayEvent):
                self._outputs.apply(cell or "", event)
        self._flush_soon()

    def _flush_soon(self) -> None:
        if self._flush_at is None:
            loop = asyncio.get_running_loop()
            wait = max(0.0, self._last_flush + FLUSH_S - loop.time())
            self._flush_at = loop.call_later(wait, self._flush_in_time)

    def _flush_in_time(self) -> None:
        self.flush(whole=False)
        if self.comms.held_back:
            self._flush_soon()

    def flush(self, *, whole: bool = True) -> None:
        """Make what has gathered part of the document, and tell clients; not `whole`: of large captures at times."""
        if self._flush_at is not None:
            self._flush_at.cancel()
            self._flush_at = None
        self._last_flush = asyncio.get_running_loop().time()
        changes = {cell: tuple(told) for cell, told in self._outputs.drain().items() if cell}
        if changes:
            self._owner.perform(ChangeOutputs(changes))
        for event in self.comms.drain(None if whole else self._last_flush):
            if self.connection is not None and self.connection.alive:
                self.connection.comm_msg(event.comm_id, event.data, event.metadata, event.buffers)
            self._tell_comm(event, None)

    def _tell_comm(self, event: AnyComm, client_id: str | None) -> None:
        self._owner.publish(*comm_event(event, self._requests.get(event.request_id or ""), client_id))


def _finished(cell: Execute, result: CellResult) -> CellFinished:
    return CellFinished(cell.number, result.outcome, result.reply, result.duration_ms, result.message)


def _ignore(_: KernelEvent) -> None:
    return
