"""Jupyter messages to events: the one place that knows the shape of what kernels publish.

Tolerant by rule: kernels of many languages and ages talk here, so a missing or null field gets its obvious value, a
message type nobody knows gives None, and nothing in a message can raise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .backlog import Omission
from .events import (
    JSON,
    ClearOutputEvent,
    CommCloseEvent,
    CommMsgEvent,
    CommOpenEvent,
    DebugEvent,
    ExecuteInputEvent,
    InputRequestEvent,
    KernelEvent,
    OutputEvent,
    StatusEvent,
    UpdateDisplayEvent,
)

Message = Mapping[str, Any]


def parent_id(message: Message) -> str | None:
    """The id of the request that a message belongs to, None if it belongs to none."""
    value = _mapping(message.get("parent_header")).get("msg_id")
    return value if isinstance(value, str) and value else None


def parent_session(message: Message) -> str | None:
    """The session id of the client whose request a message belongs to, None if it belongs to none."""
    value = _mapping(message.get("parent_header")).get("session")
    return value if isinstance(value, str) and value else None


def message_type(message: Message) -> str:
    """The type in a message's header, "" if there is none."""
    value = _mapping(message.get("header")).get("msg_type")
    return value if isinstance(value, str) else ""


def content_of(message: Message) -> JSON:
    """A message's content, {} if it has none."""
    return _mapping(message.get("content"))


def event_of(message: Message, request_id: str | None = None, *, foreign: bool = False) -> KernelEvent | None:
    """The event that an iopub or stdin message stands for, None if it is of no interest.

    `request_id` is what the event will carry; `foreign` says that another client's request is the parent.
    """
    read = _READERS.get(message_type(message))
    return None if read is None else read(message, content_of(message), request_id, foreign)


def omission_event(omission: Omission, request_id: str | None) -> OutputEvent:
    """What is shown in the place of messages that were left out."""
    what = f"{omission.messages:,} messages ({omission.size_bytes / 1e6:,.1f} MB)"
    text = f"\n[… {what} left out: the kernel says more than can be taken in …]\n"
    return OutputEvent(request_id, {"output_type": "stream", "name": "stdout", "text": text}, None, omission.parent)


def buffers_of(message: Message) -> tuple[bytes, ...]:
    """The raw frames after a message's content."""
    frames: Iterable[Any] = message.get("buffers") or ()
    return tuple(bytes(frame) for frame in frames)


def _mapping(value: Any) -> JSON:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _display_id(content: JSON) -> str | None:
    value = _mapping(content.get("transient")).get("display_id")
    return value if isinstance(value, str) and value else None


def _stream(message: Message, content: JSON, request_id: str | None, foreign: bool) -> KernelEvent:
    name = "stderr" if content.get("name") == "stderr" else "stdout"
    output = {"output_type": "stream", "name": name, "text": _text(content.get("text"))}
    return OutputEvent(request_id, output, None, parent_id(message))


def _display(message: Message, content: JSON, request_id: str | None, foreign: bool) -> KernelEvent:
    output = {"output_type": "display_data", **_bundle(content)}
    return OutputEvent(request_id, output, _display_id(content), parent_id(message))


def _result(message: Message, content: JSON, request_id: str | None, foreign: bool) -> KernelEvent:
    count = _number(content.get("execution_count"))
    output = {"output_type": "execute_result", "execution_count": count, **_bundle(content)}
    return OutputEvent(request_id, output, _display_id(content), parent_id(message))


def _bundle(content: JSON) -> JSON:
    return {"metadata": _mapping(content.get("metadata")), "data": _mapping(content.get("data"))}


def _error(message: Message, content: JSON, request_id: str | None, foreign: bool) -> KernelEvent:
    traceback = content.get("traceback")
    lines = [_text(line) for line in traceback] if isinstance(traceback, list) else []
    output = {
        "output_type": "error",
        "ename": _text(content.get("ename")),
        "evalue": _text(content.get("evalue")),
        "traceback": lines,
    }
    return OutputEvent(request_id, output, None, parent_id(message))


def _update(message: Message, content: JSON, request_id: str | None, foreign: bool) -> KernelEvent | None:
    display_id = _display_id(content)
    if display_id is None:
        return None
    return UpdateDisplayEvent(request_id, display_id, **_bundle(content), parent_id=parent_id(message))


def _clear(message: Message, content: JSON, request_id: str | None, foreign: bool) -> KernelEvent:
    return ClearOutputEvent(request_id, bool(content.get("wait")), parent_id(message))


def _status(message: Message, content: JSON, request_id: str | None, foreign: bool) -> KernelEvent | None:
    match content.get("execution_state"):
        case "busy" | "idle" | "starting" as state:
            return StatusEvent(request_id, state, parent_id(message))
    return None


def _input(message: Message, content: JSON, request_id: str | None, foreign: bool) -> KernelEvent:
    count = _number(content.get("execution_count"))
    return ExecuteInputEvent(request_id, _text(content.get("code")), count, foreign)


def _question(message: Message, content: JSON, request_id: str | None, foreign: bool) -> KernelEvent:
    return InputRequestEvent(request_id, _text(content.get("prompt")), bool(content.get("password")))


def _comm_open(message: Message, content: JSON, request_id: str | None, foreign: bool) -> KernelEvent:
    target = _text(content.get("target_name"))
    return CommOpenEvent(request_id, _text(content.get("comm_id")), target, **_comm_parts(message, content))


def _comm_msg(message: Message, content: JSON, request_id: str | None, foreign: bool) -> KernelEvent:
    return CommMsgEvent(request_id, _text(content.get("comm_id")), **_comm_parts(message, content))


def _comm_close(message: Message, content: JSON, request_id: str | None, foreign: bool) -> KernelEvent:
    return CommCloseEvent(request_id, _text(content.get("comm_id")), **_comm_parts(message, content))


def _comm_parts(message: Message, content: JSON) -> dict[str, Any]:
    metadata = _mapping(message.get("metadata"))
    return {"data": _mapping(content.get("data")), "metadata": metadata, "buffers": buffers_of(message)}


def _debug(message: Message, content: JSON, request_id: str | None, foreign: bool) -> KernelEvent:
    return DebugEvent(request_id, content)


_READERS: dict[str, Callable[[Message, JSON, str | None, bool], KernelEvent | None]] = {
    "stream": _stream,
    "display_data": _display,
    "execute_result": _result,
    "error": _error,
    "update_display_data": _update,
    "clear_output": _clear,
    "status": _status,
    "execute_input": _input,
    "input_request": _question,
    "comm_open": _comm_open,
    "comm_msg": _comm_msg,
    "comm_close": _comm_close,
    "debug_event": _debug,
}
