"""Values of widgets on their way between clients and the kernel, and what becomes of them: `MoveWidget`.

A client that drags a handle says more values than a busy kernel can take. The rule, which Jupyter's own page keeps too:
of each widget one update is under way at a time; what is said meanwhile is joined, and follows when the kernel is done
with the one before. So nothing piles up, and the last value always arrives. A move becomes an operation when its
update is sent, so that the cells that follow find the new value: both go to the kernel by the same socket, in order.
What the kernel changes by itself outside a cell (a callback, a validation) is a move as well.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from reactive_kernels import CommMsgEvent, CommStore, KernelConnection, KernelError
from reactive_nb.services.operations import MoveWidget, Operation

OVERDUE_S = 2.0
"""After this time an update is sent though the kernel has not said that it is done with the one before: some code reads
widgets' messages itself, in the middle of a cell."""
_NOTHING = object()


class Owner(Protocol):
    """What is needed of a session."""

    def perform(self, operation: Operation) -> None: ...


@dataclass(slots=True)
class _UnderWay:
    message_id: str
    next: CommMsgEvent | None = None
    moved: bool = False
    """Whether `next` changes a value."""
    overdue: asyncio.TimerHandle | None = None


class WidgetInputs:
    """The moves of one notebook's widgets."""

    def __init__(self, owner: Owner, comms: CommStore, connection: Callable[[], KernelConnection | None]) -> None:
        self._owner = owner
        self._comms = comms
        self._connection = connection
        self._under_way: dict[str, _UnderWay] = {}
        self._comm_of: dict[str, str] = {}

    def say(self, event: CommMsgEvent) -> None:
        """Pass on what a client says, before it is remembered. Raises KernelError if no kernel listens."""
        before = self._under_way.get(event.comm_id)
        if event.data.get("method") != "update":
            if before is not None and before.next is not None:
                self._send_next(event.comm_id, before)
            self._send(event)
            return
        moved = self._changes_a_value(event)
        if before is None:
            self._begin(event, moved)
            return
        before.next = event if before.next is None else joined(before.next, event)
        before.moved = before.moved or moved
        if before.overdue is None:
            loop = asyncio.get_running_loop()
            before.overdue = loop.call_later(OVERDUE_S, self._send_next, event.comm_id, before)

    def is_done_with(self, message_id: str) -> None:
        """The kernel has dealt with this message."""
        comm_id = self._comm_of.pop(message_id, None)
        under_way = self._under_way.get(comm_id) if comm_id is not None else None
        if comm_id is None or under_way is None or under_way.message_id != message_id:
            return
        if under_way.next is None:
            self._drop(comm_id)
        else:
            self._send_next(comm_id, under_way)

    def hear(self, event: CommMsgEvent, *, from_a_cell: bool) -> None:
        """The kernel says something, which is not remembered yet. What a running cell does is that cell's business."""
        if not from_a_cell and event.data.get("method") == "update" and self._changes_a_value(event):
            self._move(event.comm_id)

    @property
    def at_rest(self) -> bool:
        """Whether no value is on its way to the kernel."""
        return not self._under_way

    def forget(self) -> None:
        """The kernel is gone."""
        for comm_id in list(self._under_way):
            self._drop(comm_id)
        self._comm_of.clear()

    def _changes_a_value(self, event: CommMsgEvent) -> bool:
        state, update = self._comms.state(event.comm_id), event.data.get("state")
        if state is None or not isinstance(update, dict) or state.get("_model_name") == "OutputModel":
            return False
        return bool(event.buffers) or any(
            state.get(name, _NOTHING) != value for name, value in update.items() if not name.startswith("_")
        )

    def _begin(self, event: CommMsgEvent, moved: bool) -> None:
        message_id = self._send(event)
        self._under_way[event.comm_id] = _UnderWay(message_id)
        self._comm_of[message_id] = event.comm_id
        if moved:
            self._move(event.comm_id)

    def _send_next(self, comm_id: str, before: _UnderWay) -> None:
        """What has gathered meanwhile; nothing if the kernel is gone."""
        if before.next is None or self._under_way.get(comm_id) is not before:
            return
        self._drop(comm_id)
        try:
            self._begin(before.next, before.moved)
        except KernelError:
            return  # told by itself

    def _send(self, event: CommMsgEvent) -> str:
        connection = self._connection()
        if connection is None:
            raise KernelError("The kernel is not running.")
        return connection.comm_msg(event.comm_id, event.data, event.metadata, event.buffers)

    def _move(self, comm_id: str) -> None:
        self._owner.perform(MoveWidget(comm_id, uuid.uuid4().hex[:12]))

    def _drop(self, comm_id: str) -> None:
        before = self._under_way.pop(comm_id)
        self._comm_of.pop(before.message_id, None)
        if before.overdue is not None:
            before.overdue.cancel()


def joined(earlier: CommMsgEvent, later: CommMsgEvent) -> CommMsgEvent:
    """One update that does what both do."""
    new: dict[str, Any] = later.data.get("state") or {}
    paths = list(later.data.get("buffer_paths") or ())
    buffers = list(later.buffers)
    replaced = {*new, *(path[0] for path in paths if path)}
    for path, buffer in zip(earlier.data.get("buffer_paths") or (), earlier.buffers, strict=False):
        if path and path[0] not in replaced:
            paths.append(path)
            buffers.append(buffer)
    old = {name: value for name, value in (earlier.data.get("state") or {}).items() if name not in replaced}
    data = {**later.data, "state": {**old, **new}, "buffer_paths": paths}
    return replace(later, data=data, buffers=tuple(buffers))
