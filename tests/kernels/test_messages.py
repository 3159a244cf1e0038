from __future__ import annotations

from typing import Any

import pytest

from reactive_kernels import (
    ClearOutputEvent,
    CommMsgEvent,
    CommOpenEvent,
    DebugEvent,
    ExecuteInputEvent,
    InputRequestEvent,
    OutputEvent,
    StatusEvent,
    UpdateDisplayEvent,
)
from reactive_kernels.messages import event_of, parent_id, parent_session

STREAM = {"output_type": "stream", "name": "stdout", "text": ""}
NO_ERROR = {"output_type": "error", "ename": "", "evalue": "", "traceback": []}
DISPLAY = {"output_type": "display_data", "data": {}, "metadata": {}}

ROWS: list[tuple[str, Any, Any]] = [
    ("stream", {"name": "stderr", "text": "x"}, OutputEvent("r", {**STREAM, "name": "stderr", "text": "x"})),
    ("stream", {}, OutputEvent("r", STREAM)),
    ("stream", None, OutputEvent("r", STREAM)),
    ("display_data", {"data": {"a": "b"}, "metadata": {"c": 1}, "transient": {"display_id": "d"}},
     OutputEvent("r", {"output_type": "display_data", "data": {"a": "b"}, "metadata": {"c": 1}}, "d")),
    ("display_data", {"data": None, "metadata": None, "transient": None}, OutputEvent("r", DISPLAY)),
    ("display_data", {"transient": {"display_id": None}}, OutputEvent("r", DISPLAY)),
    ("display_data", {"transient": {"display_id": 5}}, OutputEvent("r", DISPLAY)),
    ("execute_result", {"execution_count": 2, "data": {}},
     OutputEvent("r", {"output_type": "execute_result", "execution_count": 2, "data": {}, "metadata": {}})),
    ("execute_result", {"execution_count": "two"},
     OutputEvent("r", {"output_type": "execute_result", "execution_count": None, "data": {}, "metadata": {}})),
    ("error", {"ename": "E", "evalue": "v", "traceback": ["t"], "engine": 1},
     OutputEvent("r", {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t"]})),
    ("error", {"ename": None, "evalue": 3, "traceback": None}, OutputEvent("r", {**NO_ERROR, "evalue": "3"})),
    ("update_display_data", {"data": {"a": 1}, "transient": {"display_id": "d"}},
     UpdateDisplayEvent("r", "d", {"a": 1}, {})),
    ("update_display_data", {"data": {"a": 1}, "transient": None}, None),
    ("clear_output", {"wait": True}, ClearOutputEvent("r", True)),
    ("clear_output", {}, ClearOutputEvent("r", False)),
    ("status", {"execution_state": "idle"}, StatusEvent("r", "idle")),
    ("status", {"execution_state": "restarting"}, None),
    ("status", {}, None),
    ("execute_input", {"code": "x", "execution_count": 4}, ExecuteInputEvent("r", "x", 4, True)),
    ("input_request", {"prompt": "?", "password": True}, InputRequestEvent("r", "?", True)),
    ("input_request", {}, InputRequestEvent("r", "", False)),
    ("comm_open", {"comm_id": "c", "target_name": "t", "data": {"a": 1}}, CommOpenEvent("r", "c", "t", {"a": 1})),
    ("comm_msg", {"comm_id": "c"}, CommMsgEvent("r", "c", {})),
    ("debug_event", {"seq": 1}, DebugEvent("r", {"seq": 1})),
    ("iopub_welcome", {"subscription": ""}, None),
    ("", {}, None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "content", "event"), ROWS)
def test_messages_to_events(kind: str, content: Any, event: Any) -> None:
    assert event_of({"header": {"msg_type": kind}, "content": content}, "r", foreign=True) == event


@pytest.mark.parametrize("parent", [{}, None, "x", {"msg_id": ""}, {"msg_id": None}])
def test_a_message_may_have_no_parent(parent: Any) -> None:
    assert parent_id({"parent_header": parent}) is None
    assert parent_session({"parent_header": parent}) is None


def test_an_output_says_which_message_caused_it() -> None:
    message = {"header": {"msg_type": "stream"}, "parent_header": {"msg_id": "m", "session": "s"}, "content": {}}
    event = event_of(message, "run")
    assert isinstance(event, OutputEvent)
    assert (event.request_id, event.parent_id) == ("run", "m")
    assert parent_session(message) == "s"


def test_buffers_are_bytes() -> None:
    message = {"header": {"msg_type": "comm_msg"}, "content": {"comm_id": "c"}, "buffers": [memoryview(b"ab"), b"c"]}
    event = event_of(message)
    assert isinstance(event, CommMsgEvent)
    assert event.buffers == (b"ab", b"c")
