"""What a notebook's cells print, show, ask and say on comms, on its way from the kernel to the document and to clients.

News arrives synchronously and never waits for anybody. It gathers for a moment and is drained as changes, so that a
cell which prints in a loop costs a few operations a second and not one a line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from reactive_kernels import (
    NOBODY,
    ClearOutputEvent,
    CommStore,
    InputRequestEvent,
    KernelConnection,
    OutputEvent,
    OutputLimits,
    OutputStore,
    UpdateDisplayEvent,
)
from reactive_nb.models import CellMode, Notebook, Output
from reactive_nb.schemas.events import Event, InputRequested
from reactive_nb.services.comm_events import AnyComm, comm_event
from reactive_nb.services.operations import ChangeOutputs

FLUSH_S = 0.05
"""The longest that outputs gather before clients see them."""


class Owner(Protocol):
    """What is needed of a session."""

    def perform_soon(self, operation: ChangeOutputs) -> None: ...

    def publish(self, event: Event, buffers: tuple[bytes, ...] = ()) -> None: ...

    @property
    def notebook(self) -> Notebook: ...


class KernelOutput:
    """Everything that one kernel has said which can still change or be answered."""

    def __init__(self, owner: Owner, connection: Callable[[], KernelConnection | None], limits: OutputLimits) -> None:
        self.comms = CommStore()
        self.input_request: InputRequested | None = None
        self._owner = owner
        self._connection = connection
        self._outputs = OutputStore(limits, self._place_of)
        self._requests: dict[str, str] = {}
        self._request_of: dict[str, str] = {}
        self._flush_at: asyncio.TimerHandle | None = None
        self._last_flush = 0.0

    # -- whose it is
    def begin(self, cell_id: str, request: str) -> None:
        """What is said in answer to `request` is the cell's from now on, and its outputs start anew."""
        self._requests.pop(self._request_of.get(cell_id, ""), None)
        self._requests[request] = cell_id
        self._request_of[cell_id] = request
        self._outputs.begin(cell_id)
        self._last_flush = 0.0  # its first output is told at once

    def cell_of(self, request: str | None) -> str | None:
        return self._requests.get(request or "")

    def forget(self, cells: tuple[str, ...]) -> None:
        """These are gone, or have no outputs any more."""
        for cell in cells:
            self._outputs.forget(cell)
            self._requests.pop(self._request_of.pop(cell, ""), None)
        if self._outputs.displays_in_doubt:
            self._flush_soon()

    def reconsider_displays(self) -> None:
        """Cells were moved, or count no more: where several update a display, another may be the last."""
        self._outputs.reconsider_displays()
        if self._outputs.displays_in_doubt:
            self._flush_soon()

    def _place_of(self, cell_id: str) -> int | None:
        notebook = self._owner.notebook
        cell = notebook.cell(cell_id)
        counts = cell is not None and cell.type.runs and cell.config.mode is not CellMode.DISABLED
        return notebook.order.labels[cell_id] if counts else None

    def forget_kernel(self) -> None:
        """The kernel has nothing to say any more; what it has shown stays."""
        self.comms.clear()
        self.input_request = None
        self._outputs.forget_displays()
        self._requests.clear()
        self._request_of.clear()

    # -- what is said
    def show(self, cell_id: str, output: Output) -> None:
        """An output that the service makes itself."""
        self._outputs.apply(cell_id, OutputEvent(None, output))

    def hear(self, event: OutputEvent | UpdateDisplayEvent | ClearOutputEvent) -> None:
        if not self.comms.divert(event):
            cell = self.cell_of(event.request_id)
            if cell is not None or isinstance(event, UpdateDisplayEvent):
                self._outputs.apply(cell or NOBODY, event)
        self._flush_soon()

    def hear_comm(self, event: AnyComm) -> None:
        self.comms.apply(event)
        self.tell_comm(event, None)

    def ask(self, event: InputRequestEvent) -> None:
        cell = self.cell_of(event.request_id)
        self.input_request = InputRequested(cell_id=cell, prompt=event.prompt, password=event.password)
        self.flush()
        self._owner.publish(self.input_request)

    def tell_comm(self, event: AnyComm, client_id: str | None) -> None:
        """`client_id`: who said it, if not the kernel."""
        self._owner.publish(*comm_event(event, self.cell_of(event.request_id), client_id))

    # -- when it is told
    def flush(self, *, whole: bool = True) -> None:
        """Make what has gathered part of the document, and tell clients; not `whole`: of large captures at times."""
        self.close()
        self._last_flush = asyncio.get_running_loop().time()
        changes = {cell: tuple(told) for cell, told in self._outputs.drain().items() if cell}
        if changes:
            self._owner.perform_soon(ChangeOutputs(changes))
        for event in self.comms.drain(None if whole else self._last_flush):
            connection = self._connection()
            if connection is not None and connection.alive:
                connection.comm_msg(event.comm_id, event.data, event.metadata, event.buffers)
            self.tell_comm(event, None)

    def close(self) -> None:
        """Tell nothing more by itself."""
        if self._flush_at is not None:
            self._flush_at.cancel()
            self._flush_at = None

    def _flush_soon(self) -> None:
        if self._flush_at is None:
            loop = asyncio.get_running_loop()
            wait = self._last_flush + FLUSH_S - loop.time()
            if wait > 0:
                self._flush_at = loop.call_later(wait, self._flush_in_time)
            else:
                self._flush_in_time()

    def _flush_in_time(self) -> None:
        self.flush(whole=False)
        if self.comms.held_back:
            self._flush_soon()
