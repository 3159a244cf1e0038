"""A session's kernel: what the session wants of it is passed on, and what it tells becomes operations.

Its parts each have one subject: `kernel_life` the process, `kernel_work` what it is given to do, `kernel_output` what
cells say. Here is who hears what.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from reactive_kernels import (
    ClearOutputEvent,
    CommCloseEvent,
    CommMsgEvent,
    CommOpenEvent,
    CommStore,
    DebugEvent,
    DiedEvent,
    ExecuteInputEvent,
    InputRequestEvent,
    KernelConnection,
    KernelError,
    KernelEvent,
    KernelPool,
    OutputEvent,
    OutputLimits,
    StatusEvent,
    UpdateDisplayEvent,
)
from reactive_nb.models import KernelState, Notebook
from reactive_nb.schemas.events import DebugEventMessage, Event, InputRequested
from reactive_nb.services.comm_events import AnyComm
from reactive_nb.services.errors import InvalidOperation, KernelUnavailable
from reactive_nb.services.kernel_life import KernelLife
from reactive_nb.services.kernel_output import KernelOutput
from reactive_nb.services.kernel_work import InterruptPolicy, KernelWork, Work
from reactive_nb.services.operations import (
    AddCell,
    CellFinished,
    CellStarted,
    ChangeOutputs,
    ForeignRun,
    KernelChanged,
    Operation,
    UpdateCell,
)
from reactive_nb.services.widget_inputs import WidgetInputs


class Owner(Protocol):
    """What a link needs of its session."""

    id: str

    def perform(self, operation: Operation) -> None: ...

    def perform_soon(self, operation: CellStarted | CellFinished | ChangeOutputs) -> None: ...

    def edit(self, operation: AddCell | UpdateCell) -> None: ...

    def publish(self, event: Event, buffers: tuple[bytes, ...] = ()) -> None: ...

    async def database_address(self) -> str | None: ...

    @property
    def notebook(self) -> Notebook: ...


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
        interrupts: InterruptPolicy,
        allow_stdin: bool = True,
        versions_memory_bytes: int = 0,
        sql_max_rows: int,
    ) -> None:
        self.heard_at = float("-inf")
        """When the kernel last said something of its own accord or for a run, by the monotonic clock."""
        self._owner = owner
        self._life = KernelLife(
            pool,
            owner.perform,
            self._hear,
            directory=directory,
            environment=environment,
            versions_memory_bytes=versions_memory_bytes,
        )
        self._output = KernelOutput(owner, lambda: self._life.connection, limits)
        self._work = KernelWork(
            owner,
            self._life,
            self._output,
            allow_stdin=allow_stdin,
            interrupts=interrupts,
            sql_max_rows=sql_max_rows,
        )
        self.widget_inputs = WidgetInputs(owner, self._output.comms, lambda: self._life.connection)

    @property
    def connection(self) -> KernelConnection | None:
        return self._life.connection

    @property
    def busy(self) -> bool:
        """Whether the kernel works on something, were it for another client."""
        return self._life.connection is not None and self._life.connection.busy

    @property
    def comms(self) -> CommStore:
        return self._output.comms

    @property
    def input_request(self) -> InputRequested | None:
        """What a cell asks, until it is answered."""
        return self._output.input_request

    # -- what the session wants done
    def put(self, effect: Work, kernel_name: str) -> None:
        """Do this after what was decided before."""
        self._work.put(effect, kernel_name)

    def interrupt(self) -> None:
        self._work.interrupt()

    def give_up(self, error: Exception) -> None:
        """What the kernel did could not be followed."""
        self._work.give_up(error)

    def stop_batch(self) -> None:
        self._work.stop_batch()

    def replace(self, *, start: bool, kernel_name: str) -> asyncio.Task[None]:
        """Let the kernel go, with `start` for a fresh one; done when that is.

        Nothing that was decided for the old kernel is done any more.
        """
        self._work.forget()
        self._output.forget_kernel()
        self.widget_inputs.forget()
        return self._life.replace(start=start, kernel_name=kernel_name)

    def forget_outputs(self, cells: tuple[str, ...]) -> None:
        """These cells are gone, or have no outputs any more, whatever those that are under way will say."""
        self._work.mute(cells)
        self._output.forget(cells)

    def reconsider_displays(self) -> None:
        self._output.reconsider_displays()

    async def close(self) -> None:
        """Shut the kernel down and end all tasks."""
        self._life.stop()
        self.widget_inputs.forget()
        self._output.close()
        await self._work.close()
        await self._life.close()

    # -- what clients want of the kernel beside runs
    async def language_of(self, kernel_name: str) -> str | None:
        """The language of a kernelspec, None if it is not installed."""
        return await self._life.language_of(kernel_name)

    def living(self) -> KernelConnection:
        """The connection. Raises KernelUnavailable if no kernel runs."""
        connection = self._life.connection
        if connection is None or not connection.alive:
            raise KernelUnavailable("The notebook's kernel is not running: run a cell to start it.")
        return connection

    async def settle_names(self) -> None:
        """Wait until the names are as they were decided to be, unless a cell runs."""
        await self._work.settle_names()

    async def catch_up(self) -> None:
        """Wait until the kernel has dealt with what it was told before. Raises KernelError, KernelUnavailable."""
        connection = self.living()
        if connection.has_helper:
            await connection.call("bind", bind={})
        else:
            await connection.execute("", silent=True, store_history=False)

    def reply_input(self, value: str) -> None:
        if self._output.input_request is None:
            raise InvalidOperation("No cell is waiting for input.")
        try:
            self.living().reply_input(value)
        except KernelError as error:
            raise InvalidOperation(str(error)) from None
        finally:
            self._output.input_request = None

    def say_on_comm(self, event: AnyComm, client_id: str) -> None:
        """Pass a client's comm message to the kernel, remember it, and tell the other clients."""
        connection = self.living()
        match event:
            case CommOpenEvent():
                connection.comm_open(event.comm_id, event.target_name, event.data, event.metadata, event.buffers)
            case CommMsgEvent():
                self.widget_inputs.say(event)
            case CommCloseEvent():
                connection.comm_close(event.comm_id, event.data, event.metadata, event.buffers)
        self.comms.apply_from_client(event)
        self._output.tell_comm(event, client_id)

    # -- what the kernel tells
    def _hear(self, event: KernelEvent) -> None:
        if not isinstance(event, StatusEvent):
            self.heard_at = time.monotonic()
        self._work.hear(event)
        match event:
            case OutputEvent() | UpdateDisplayEvent() | ClearOutputEvent():
                self._output.hear(event)
            case CommMsgEvent():
                self.widget_inputs.hear(event, from_a_cell=self._work.is_at(event.request_id))
                self._output.hear_comm(event)
            case CommOpenEvent() | CommCloseEvent():
                self._output.hear_comm(event)
            case StatusEvent(state="idle", parent_id=str(message)):
                self.widget_inputs.is_done_with(message)
            case InputRequestEvent():
                self._output.ask(event)
            case DebugEvent():
                self._owner.publish(DebugEventMessage(event=event.content))
            case ExecuteInputEvent() if event.foreign:
                self._owner.perform(ForeignRun())
            case ExecuteInputEvent():
                self._work.has_begun(event)
            case DiedEvent():
                self._work.catch_up(event.request_id)
                self._output.forget_kernel()
                self.widget_inputs.forget()
                self._life.let_go()
                self._owner.perform(KernelChanged(KernelState.DEAD, event.message))
            case _:
                pass
