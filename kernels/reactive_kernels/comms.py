"""The open comms of a kernel, and the state of its widgets, so that a client that comes late can be given everything.

Merges what kernel and clients say of a widget's state, binary buffers included, and does the Output widget's work:
while such a widget names a request, that request's output goes into the widget instead of its cell. Pure: no I/O, no
clock. What it makes of diverted output is collected by `drain`, to be sent to kernel and clients. What is remembered is
bounded: of too many comms, those that were not heard of for longest are forgotten, though their messages go on.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
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

logger = logging.getLogger(__name__)

_WIDGET = "jupyter.widget"
_WIDGET_OUTPUT_LIMITS = OutputLimits(stream_head=100_000, stream_tail=100_000, outputs=1_000, size_bytes=20_000_000)
_CAPTURE_BYTES_A_SECOND = 1_000_000
_CAPTURE_PAUSE_S = 2.0
_COMM_SIZE = 500
_VALUE_SIZE = 100


@dataclass(frozen=True, slots=True)
class CommLimits:
    """How much of a kernel's comms is remembered."""

    comms: int = 10_000
    """Open comms."""
    size_bytes: int = 512_000_000
    """Size of all their states and buffers together, roughly."""


@dataclass(slots=True)
class _Comm:
    opened: CommOpenEvent  # without a widget's state
    state: JSON = field(default_factory=dict)
    buffers: dict[BufferPath, bytes] = field(default_factory=dict)
    sizes: dict[str | int, int] = field(default_factory=dict)  # of the state's values, buffers included
    size: int = 0
    watched: str = ""  # the request whose output an Output widget takes

    @property
    def is_widget(self) -> bool:
        return self.opened.target_name == _WIDGET

    @property
    def is_output(self) -> bool:
        return self.is_widget and self.state.get("_model_name") == "OutputModel"


class CommStore:
    """Open comms by id, in the order of their opening."""

    def __init__(self, limits: OutputLimits | None = None, comm_limits: CommLimits | None = None) -> None:
        """No comm is open yet; `limits` are for what an Output widget holds."""
        self._limits = comm_limits or CommLimits()
        self._comms: dict[str, _Comm] = {}
        self._heard: dict[str, None] = {}  # the ids, those heard of last at the end
        self._size = 0
        self._forgotten = False
        self._unsent: dict[str, None] = {}  # widgets whose outputs changed
        self._quiet_until: dict[str, float] = {}
        self._takers: dict[str, list[str]] = {}  # request → Output widgets that take its output, innermost last
        self._outputs = OutputStore(limits or _WIDGET_OUTPUT_LIMITS)

    def apply(self, event: CommEvent) -> None:
        """Take what the kernel said."""
        self._apply(event, from_kernel=True)

    def apply_from_client(self, event: CommEvent) -> None:
        """Take what a client said to the kernel."""
        self._apply(event, from_kernel=False)

    def _apply(self, event: CommEvent, *, from_kernel: bool) -> None:
        match event:
            case CommOpenEvent():
                self._open(event)
            case CommMsgEvent():
                comm = self._comms.get(event.comm_id)
                if comm is not None:
                    self._heard[event.comm_id] = self._heard.pop(event.comm_id)
                    if comm.is_widget:
                        self._merge(comm, event, from_kernel=from_kernel)
            case CommCloseEvent():
                self._close(event.comm_id)
        self._keep_limits()

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

    def drain(self, now: float | None = None) -> list[CommMsgEvent]:
        """What diverted output made of the widgets since the last drain: for the kernel, and for every client.

        An update holds all of a widget's outputs. So that many of them are not sent over and over, a widget rests after
        each for a time that grows with their size: pass the time in seconds, and come back while there is something
        `held_back`. Without a time all is told at once.
        """
        self._unsent.update(dict.fromkeys(self._outputs.drain()))
        due = [comm_id for comm_id in self._unsent if now is None or self._quiet_until.get(comm_id, now) <= now]
        told = []
        for comm_id in due:
            del self._unsent[comm_id]
            comm = self._comms.get(comm_id)
            if comm is not None:
                outputs = self._outputs.outputs(comm_id)
                size = self._outputs.size(comm_id)
                self._set(comm, {"outputs": outputs}, {"outputs": size})
                self._heard[comm_id] = self._heard.pop(comm_id)
                if now is not None:
                    self._quiet_until[comm_id] = now + min(size / _CAPTURE_BYTES_A_SECOND, _CAPTURE_PAUSE_S)
                data = {"method": "update", "state": {"outputs": outputs}, "buffer_paths": []}
                told.append(CommMsgEvent(None, comm_id, data))
        self._keep_limits()
        return told

    @property
    def held_back(self) -> bool:
        """Whether there is something to tell that a drain before its time did not."""
        return bool(self._unsent)

    def clear(self) -> None:
        """The kernel is gone, and its comms with it."""
        for comm_id in list(self._comms):
            self._close(comm_id)
        self._takers.clear()
        self._forgotten = False

    def _open(self, event: CommOpenEvent) -> None:
        self._close(event.comm_id)
        comm = self._comms[event.comm_id] = _Comm(event)
        self._heard[event.comm_id] = None
        if not comm.is_widget:
            self._resize(comm, _COMM_SIZE + _size(event.data) + sum(map(len, event.buffers)))
        else:
            kept = {name: value for name, value in event.data.items() if name not in ("state", "buffer_paths")}
            comm.opened = replace(event, data=kept, buffers=())
            self._resize(comm, _COMM_SIZE + _size(kept))
            message = CommMsgEvent(None, event.comm_id, {"method": "update", **event.data}, buffers=event.buffers)
            self._merge(comm, message, from_kernel=True)

    def _close(self, comm_id: str) -> None:
        comm = self._comms.pop(comm_id, None)
        if comm is not None:
            self._size -= comm.size
            del self._heard[comm_id]
            self._unsent.pop(comm_id, None)
            self._quiet_until.pop(comm_id, None)
            self._watch(comm, "")
            self._outputs.forget(comm_id)

    def _keep_limits(self) -> None:
        newest = next(reversed(self._heard), "")
        if newest and self._comms[newest].size > self._limits.size_bytes:  # not at the cost of all the others
            self._forget(newest)
        while len(self._comms) > self._limits.comms or self._size > self._limits.size_bytes:
            self._forget(next(iter(self._heard)))

    def _forget(self, comm_id: str) -> None:
        if not self._forgotten:
            self._forgotten = True
            logger.warning("A kernel has too many or too large comms: clients that come later won't get all of them.")
        self._close(comm_id)

    def _merge(self, comm: _Comm, event: CommMsgEvent, *, from_kernel: bool) -> None:
        method, update = event.data.get("method"), event.data.get("state")
        if method not in ("update", "echo_update") or not isinstance(update, dict):
            return
        if comm.is_output and (method == "echo_update" or not from_kernel):
            update = {name: value for name, value in update.items() if name != "outputs"}  # ours are newer
        buffers = dict(zip(_paths(event.data.get("buffer_paths")), event.buffers, strict=False))
        sizes: dict[str | int, int] = {name: _size(value) for name, value in update.items()}
        for path, data in buffers.items():
            sizes[path[0]] = sizes.get(path[0], 0) + len(data)
        self._set(comm, update, sizes, buffers)
        if comm.is_output:
            self._follow(comm, update)

    def _set(
        self, comm: _Comm, update: JSON, sizes: dict[Any, int], buffers: dict[BufferPath, bytes] | None = None
    ) -> None:
        """Replace those values of the state, and those buffers, that `sizes` names."""
        for name in sizes:
            comm.state.pop(name, None)
        comm.state.update(update)
        for path in [path for path in comm.buffers if path[0] in sizes]:
            del comm.buffers[path]
        comm.buffers.update(buffers or {})
        before = sum(comm.sizes.get(name, 0) for name in sizes)
        comm.sizes.update({name: size + _VALUE_SIZE for name, size in sizes.items()})
        self._resize(comm, sum(comm.sizes[name] for name in sizes) - before)

    def _resize(self, comm: _Comm, more: int) -> None:
        comm.size += more
        self._size += more

    def _follow(self, comm: _Comm, update: JSON) -> None:
        if isinstance(update.get("outputs"), list):
            self._unsent.pop(comm.opened.comm_id, None)
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
    paths = [path for path in value if isinstance(path, (list, tuple)) and path]
    return [tuple(path) for path in paths if all(isinstance(step, (str, int)) for step in path)]


def _size(value: Any) -> int:
    """Roughly how many bytes a value takes."""
    if isinstance(value, str):
        return len(value)
    return len(json.dumps(value, ensure_ascii=False, default=str)) if isinstance(value, (dict, list)) else 8


def _as_opened(comm: _Comm) -> CommOpenEvent:
    opened = comm.opened
    if not comm.is_widget:
        return opened
    data = {**opened.data, "state": dict(comm.state), "buffer_paths": [list(path) for path in comm.buffers]}
    buffers = tuple(comm.buffers.values())
    return CommOpenEvent(opened.request_id, opened.comm_id, opened.target_name, data, opened.metadata, buffers)
