"""The open comms of a kernel, and the state of its widgets, so that a client that comes late can be given everything.

Merges what kernel and clients say of a widget's state, binary buffers included, and does the Output widget's work:
while such a widget names a request, that request's output goes into the widget instead of its cell. Pure: no I/O. What
it makes of diverted output is collected by `drain`, to be sent to kernel and clients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .events import (
    JSON,
    ClearOutputEvent,
    CommCloseEvent,
    CommMsgEvent,
    CommOpenEvent,
    OutputEvent,
    UpdateDisplayEvent,
)
from .outputs import OutputLimits, OutputStore

CommEvent = CommOpenEvent | CommMsgEvent | CommCloseEvent
BufferPath = tuple[str | int, ...]

_WIDGET = "jupyter.widget"
_WIDGET_OUTPUT_LIMITS = OutputLimits(stream_head=100_000, stream_tail=100_000, outputs=1_000, size_bytes=20_000_000)


@dataclass(slots=True)
class _Comm:
    opened: CommOpenEvent
    state: JSON = field(default_factory=dict)
    buffers: dict[BufferPath, bytes] = field(default_factory=dict)
    watched: str = ""  # the request whose output an Output widget takes

    @property
    def is_widget(self) -> bool:
        return self.opened.target_name == _WIDGET

    @property
    def is_output(self) -> bool:
        return self.is_widget and self.state.get("_model_name") == "OutputModel"


class CommStore:
    """Open comms by id, in the order of their opening."""

    def __init__(self, limits: OutputLimits | None = None) -> None:
        """No comm is open yet; `limits` are for what an Output widget holds."""
        self._comms: dict[str, _Comm] = {}
        self._takers: dict[str, list[str]] = {}  # request → Output widgets that take its output, innermost last
        self._outputs = OutputStore(limits or _WIDGET_OUTPUT_LIMITS)

    def apply(self, event: CommEvent) -> None:
        """Take what the kernel said."""
        match event:
            case CommOpenEvent():
                self._open(event)
            case CommMsgEvent():
                comm = self._comms.get(event.comm_id)
                if comm is not None and comm.is_widget:
                    self._merge(comm, event, from_kernel=True)
            case CommCloseEvent():
                self._close(event.comm_id)

    def apply_from_client(self, event: CommEvent) -> None:
        """Take what a client said to the kernel."""
        match event:
            case CommOpenEvent():
                self._open(event)
            case CommMsgEvent():
                comm = self._comms.get(event.comm_id)
                if comm is not None and comm.is_widget:
                    self._merge(comm, event, from_kernel=False)
            case CommCloseEvent():
                self._close(event.comm_id)

    def open_comms(self) -> list[CommOpenEvent]:
        """For each open comm, the opening that would lead to its state of now."""
        return [_as_opened(comm) for comm in self._comms.values()]

    def state(self, comm_id: str) -> JSON | None:
        """A widget's state without its buffers, None if there is no such widget."""
        comm = self._comms.get(comm_id)
        return dict(comm.state) if comm is not None and comm.is_widget else None

    def divert(self, event: OutputEvent | ClearOutputEvent | UpdateDisplayEvent) -> bool:
        """Whether an Output widget takes this event, so that the cell must not have it.

        Updates of displays are for whoever shows them, widgets and cells alike: they are taken, and yet False.
        """
        if isinstance(event, UpdateDisplayEvent):
            self._outputs.apply("", event)
            return False
        takers = self._takers.get(event.parent_id or event.request_id or "")
        if not takers:
            return False
        self._outputs.apply(takers[-1], event)
        return True

    def drain(self) -> list[CommMsgEvent]:
        """What diverted output made of the widgets since the last drain: for the kernel, and for every client."""
        told = []
        for comm_id in self._outputs.drain():
            comm = self._comms.get(comm_id)
            if comm is not None:
                outputs = self._outputs.outputs(comm_id)
                comm.state = {**comm.state, "outputs": outputs}
                data = {"method": "update", "state": {"outputs": outputs}, "buffer_paths": []}
                told.append(CommMsgEvent(None, comm_id, data))
        return told

    def clear(self) -> None:
        """The kernel is gone, and its comms with it."""
        for comm_id in list(self._comms):
            self._close(comm_id)
        self._takers.clear()

    def _open(self, event: CommOpenEvent) -> None:
        self._close(event.comm_id)
        comm = self._comms[event.comm_id] = _Comm(event)
        if comm.is_widget:
            message = CommMsgEvent(None, event.comm_id, {"method": "update", **event.data}, buffers=event.buffers)
            self._merge(comm, message, from_kernel=True)

    def _close(self, comm_id: str) -> None:
        comm = self._comms.pop(comm_id, None)
        if comm is not None:
            self._watch(comm, "")
            self._outputs.forget(comm_id)

    def _merge(self, comm: _Comm, event: CommMsgEvent, *, from_kernel: bool) -> None:
        method, update = event.data.get("method"), event.data.get("state")
        if method not in ("update", "echo_update") or not isinstance(update, dict):
            return
        if comm.is_output and (method == "echo_update" or not from_kernel):
            update = {name: value for name, value in update.items() if name != "outputs"}  # ours are newer
        paths = _paths(event.data.get("buffer_paths"))
        touched = {*update, *(path[0] for path in paths)}
        state = {name: value for name, value in comm.state.items() if name not in touched}
        comm.state = {**state, **update}
        comm.buffers = {path: data for path, data in comm.buffers.items() if path[0] not in touched}
        comm.buffers.update(zip(paths, event.buffers, strict=False))
        if comm.is_output:
            self._follow(comm, update)

    def _follow(self, comm: _Comm, update: JSON) -> None:
        if isinstance(update.get("outputs"), list):
            self._outputs.load(comm.opened.comm_id, [o for o in update["outputs"] if isinstance(o, dict)])
        if isinstance(update.get("msg_id"), str):
            self._watch(comm, update["msg_id"])

    def _watch(self, comm: _Comm, request: str) -> None:
        comm_id = comm.opened.comm_id
        if comm.watched:
            takers = self._takers.get(comm.watched, [])
            if comm_id in takers:
                takers.remove(comm_id)
            if not takers:
                self._takers.pop(comm.watched, None)
        comm.watched = request
        if request:
            self._takers.setdefault(request, []).append(comm_id)


def _paths(value: Any) -> list[BufferPath]:
    if not isinstance(value, Sequence):
        return []
    return [tuple(path) for path in value if isinstance(path, (list, tuple)) and path]


def _as_opened(comm: _Comm) -> CommOpenEvent:
    opened = comm.opened
    if not comm.is_widget:
        return opened
    data = {**opened.data, "state": dict(comm.state), "buffer_paths": [list(path) for path in comm.buffers]}
    buffers = tuple(comm.buffers.values())
    return CommOpenEvent(opened.request_id, opened.comm_id, opened.target_name, data, opened.metadata, buffers)
