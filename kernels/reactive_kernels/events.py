"""What a kernel tells: one frozen dataclass per kind of news.

`request_id` is the id of the run that an event belongs to, as the caller of `KernelConnection.execute` gave it; None
for news of other clients' requests or of no request at all. `parent_id` is the id of the very message that caused an
output, which need not be a run: what a widget's callback prints was caused by a comm message. Dictionaries in events
are never changed after they were handed out; whoever receives one must not change it either.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OutputEvent:
    """A new output in nbformat 4.5 shape: stream, display_data, execute_result or error."""

    request_id: str | None
    output: JSON
    display_id: str | None = None
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateDisplayEvent:
    """Every output shown under `display_id`, in whatever cell, now has this data."""

    request_id: str | None
    display_id: str
    data: JSON
    metadata: JSON = field(default_factory=dict)
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class ClearOutputEvent:
    """The cell's outputs vanish: at once, or just before its next output if `wait`."""

    request_id: str | None
    wait: bool = False
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """The kernel began or finished a request or a comm message (`parent_id` as `KernelConnection.comm_msg` gave it).

    Requests that this layer makes for itself are not reported.
    """

    request_id: str | None
    state: Literal["starting", "idle", "busy"]
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class ExecuteInputEvent:
    """Code began to run. `foreign` says that another client of the kernel sent it."""

    request_id: str | None
    code: str
    execution_count: int | None
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class InputRequestEvent:
    """The running code waits for a line of input; answer with `KernelConnection.reply_input`."""

    request_id: str | None
    prompt: str
    password: bool = False


@dataclass(frozen=True, slots=True)
class CommOpenEvent:
    """The kernel opened a comm."""

    request_id: str | None
    comm_id: str
    target_name: str
    data: JSON
    metadata: JSON = field(default_factory=dict)
    buffers: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class CommMsgEvent:
    """The kernel sent a message on a comm."""

    request_id: str | None
    comm_id: str
    data: JSON
    metadata: JSON = field(default_factory=dict)
    buffers: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class CommCloseEvent:
    """The kernel closed a comm."""

    request_id: str | None
    comm_id: str
    data: JSON
    metadata: JSON = field(default_factory=dict)
    buffers: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class DebugEvent:
    """An event of the debug adapter protocol, passed on as it came."""

    request_id: str | None
    content: JSON


@dataclass(frozen=True, slots=True)
class DiedEvent:
    """The kernel's process ended without being asked to. Told once.

    `request_id` is the run that it was at, where it was one of a batch.
    """

    request_id: str | None = None
    exit_code: int | None = None
    message: str = "The kernel died."


KernelEvent = (
    OutputEvent
    | UpdateDisplayEvent
    | ClearOutputEvent
    | StatusEvent
    | ExecuteInputEvent
    | InputRequestEvent
    | CommOpenEvent
    | CommMsgEvent
    | CommCloseEvent
    | DebugEvent
    | DiedEvent
)
