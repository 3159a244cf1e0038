"""What is left out when messages come faster than they can be looked at."""

from __future__ import annotations

from typing import Any

import pytest
from jupyter_client.session import Session

from reactive_kernels.backlog import Backlog, BacklogLimits, Omission
from reactive_kernels.wire import MalformedMessage, MessageReader, content_bytes, peek

SESSION = Session(key=b"k")
LIMITS = BacklogLimits(messages=10, size_bytes=1_000_000, comms=3, anything=6)


def frames(kind: str, parent: str = "p", **content: Any) -> list[bytes]:
    message = SESSION.msg(kind, content, parent={"header": {"msg_id": parent, "session": "s"}})
    return [b"topic", *SESSION.serialize(message)]


def popped(backlog: Backlog) -> list[Any]:
    """The types of what waits; of omissions, how many messages each stands for."""
    found = []
    while backlog:
        message = backlog.pop()
        found.append(message.messages if isinstance(message, Omission) else peek(message)[0])
    return found


def test_what_does_not_wait_long_is_left_alone() -> None:
    backlog = Backlog(LIMITS)
    for _ in range(10):
        backlog.append(frames("stream", text="x"))
    assert popped(backlog) == ["stream"] * 10


def test_of_too_much_output_the_beginning_and_the_end_are_kept() -> None:
    backlog = Backlog(LIMITS)
    for _ in range(11):
        backlog.append(frames("stream", text="x"))
    assert popped(backlog) == ["stream"] * 2 + [7] + ["stream"] * 2
    for _ in range(1_000):
        backlog.append(frames("stream", text="x"))
    kinds = popped(backlog)
    assert kinds[:2] == ["stream"] * 2
    assert kinds[-2:] == ["stream"] * 2
    assert len(kinds) <= 10
    assert sum(kind for kind in kinds if isinstance(kind, int)) + kinds.count("stream") == 1_000


def test_what_tells_the_course_of_things_stays() -> None:
    backlog = Backlog(LIMITS)
    for kind in ("status", "stream", "execute_input", "comm_open", "clear_output", "input_request"):
        backlog.append(frames(kind))
    for _ in range(9):
        backlog.append(frames("display_data"))
    kinds = popped(backlog)
    told = [kind for kind in kinds if isinstance(kind, str) and kind not in ("display_data", "stream")]
    assert told == ["status", "execute_input", "comm_open", "clear_output", "input_request"]
    shown = kinds.count("display_data") + kinds.count("stream")
    assert sum(kind for kind in kinds if isinstance(kind, int)) + shown == 10


def test_each_cause_has_its_omission() -> None:
    backlog = Backlog(LIMITS)
    for n in range(11):
        backlog.append(frames("stream", parent=f"p{n % 2}"))
    waiting = [backlog.pop() for _ in range(6)]
    omissions = [(one.parent, one.messages) for one in waiting if isinstance(one, Omission)]
    assert omissions == [("p0", 4), ("p1", 3)]


@pytest.mark.parametrize("kind", ["comm_msg", "status"])
def test_a_flood_of_anything_is_bounded_at_last_and_says_which_comms_it_hit(kind: str) -> None:
    backlog = Backlog(LIMITS)
    for n in range(10_000):
        backlog.append(frames(kind, comm_id=f"c{n % 3}", data={}))
    count, comms = 0, set()
    messages = 0
    while backlog:
        message = backlog.pop()
        count += 1
        if isinstance(message, Omission):
            comms |= message.comms
            messages += message.messages
        else:
            messages += 1
    assert count < 120
    assert messages == 10_000
    assert comms == ({"c0", "c1", "c2"} if kind == "comm_msg" else set())


def test_size_counts_as_well_as_number() -> None:
    backlog = Backlog(LIMITS)
    for _ in range(40):
        backlog.append(frames("stream", text="x" * 300_000))
    assert popped(backlog).count("stream") <= 3


def test_rubbish_may_wait_too() -> None:
    backlog = Backlog(LIMITS)
    for _ in range(1_000):
        backlog.append([b"rubbish"])
    assert len(popped(backlog)) < 120


# The wire


def test_a_message_is_read_with_its_buffers() -> None:
    message = SESSION.msg("comm_msg", {"data": {"é": 1}}, parent={"header": {"msg_id": "p"}}, metadata={"m": 1})
    read = MessageReader(SESSION).read([b"a", b"b", *SESSION.serialize(message), b"raw", b""])
    assert (read["msg_type"], read["content"], read["metadata"]) == ("comm_msg", {"data": {"é": 1}}, {"m": 1})
    assert (read["parent_header"], read["buffers"]) == ({"msg_id": "p"}, [b"raw", b""])


@pytest.mark.parametrize(
    ("frames", "why"),
    [
        ([], "too few"),
        ([b"rubbish"], "too few"),
        ([b"<IDS|MSG>", b"signature"], "too few"),
        ([b"<IDS|MSG>", b"signature", b"{}", b"{}", b"{}", b"{}"], "signature"),
        ([b"<IDS|MSG>", SESSION.sign([b"[]", b"{}", b"{}", b"{}"]), b"[]", b"{}", b"{}", b"{}"], "no sense"),
        ([b"<IDS|MSG>", SESSION.sign([b"{", b"{}", b"{}", b"{}"]), b"{", b"{}", b"{}", b"{}"], "no sense"),
    ],
)
def test_what_is_no_message_says_why(frames: list[bytes], why: str) -> None:
    with pytest.raises(MalformedMessage, match=why):
        MessageReader(SESSION).read(frames)
    assert peek(frames)[0] == ""
    assert content_bytes(frames) >= 0


def test_a_message_counts_once() -> None:
    reader, sent = MessageReader(SESSION), frames("status", execution_state="idle")
    reader.read(sent)
    with pytest.raises(MalformedMessage, match="sent before"):
        reader.read(sent)


def test_without_a_key_nothing_is_signed() -> None:
    session = Session(key=b"")
    assert MessageReader(session).read(session.serialize(session.msg("status")))["msg_type"] == "status"


@pytest.mark.parametrize("content", [b'{"text": "\\ud800"}', b'{"n": NaN}'])
def test_what_json_should_not_have_is_read_all_the_same(content: bytes) -> None:
    header, parent, metadata, _ = SESSION.serialize(SESSION.msg("stream"))[2:]
    parts = [header, parent, metadata, content]
    assert MessageReader(SESSION).read([b"<IDS|MSG>", SESSION.sign(parts), *parts])["content"]


def test_messages_of_an_old_protocol_are_translated() -> None:
    message = SESSION.msg("stream", {"name": "stdout", "data": "old"})
    message["header"]["version"] = "4.1"
    read = MessageReader(SESSION).read(SESSION.serialize(message))
    assert read["content"]["text"] == "old"
