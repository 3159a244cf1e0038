from __future__ import annotations

import json
from typing import Any

import pytest

from reactive_kernels import (
    ClearOutputEvent,
    CommCloseEvent,
    CommLimits,
    CommMsgEvent,
    CommOpenEvent,
    CommStore,
    OutputEvent,
    UpdateDisplayEvent,
)

Json = dict[str, Any]


def widget(comm_id: str, state: Json, paths: list[Any] | None = None, *buffers: bytes) -> CommOpenEvent:
    data = {"state": state, "buffer_paths": paths or []}
    return CommOpenEvent("run", comm_id, "jupyter.widget", data, {"version": "2.1.0"}, buffers)


def update(comm_id: str, state: Json, paths: list[Any] | None = None, *buffers: bytes, method: str = "update") -> Any:
    return CommMsgEvent(None, comm_id, {"method": method, "state": state, "buffer_paths": paths or []}, {}, buffers)


def printed(text: str, request: str | None = "run", parent: str | None = None) -> OutputEvent:
    return OutputEvent(request, {"output_type": "stream", "name": "stdout", "text": text}, None, parent)


def output_widget(store: CommStore, comm_id: str = "out", **state: Any) -> None:
    store.apply(widget(comm_id, {"_model_name": "OutputModel", "msg_id": "", "outputs": [], **state}))


def test_a_late_client_is_given_the_state_of_now() -> None:
    store = CommStore()
    store.apply(widget("a", {"value": 1, "min": 0}))
    store.apply(update("a", {"value": 2}))
    store.apply(update("a", {"value": 3}, method="echo_update"))
    store.apply_from_client(update("a", {"value": 4}))
    (opened,) = store.open_comms()
    assert opened.data == {"state": {"value": 4, "min": 0}, "buffer_paths": []}
    assert (opened.target_name, opened.metadata) == ("jupyter.widget", {"version": "2.1.0"})


def test_comms_are_listed_in_the_order_of_opening_until_closed() -> None:
    store = CommStore()
    for name in "abc":
        store.apply(widget(name, {}))
    store.apply(CommCloseEvent(None, "b", {}))
    store.apply_from_client(CommOpenEvent(None, "d", "other", {"x": 1}))
    assert [opened.comm_id for opened in store.open_comms()] == ["a", "c", "d"]
    store.clear()
    assert store.open_comms() == []


def test_messages_that_are_no_updates_change_nothing() -> None:
    store = CommStore()
    store.apply(widget("a", {"value": 1}))
    store.apply(update("a", {"value": 2}, method="custom"))
    store.apply(update("unknown", {"value": 2}))
    store.apply(CommMsgEvent(None, "a", {"method": "update", "state": None}))
    store.apply(CommMsgEvent(None, "a", {}))
    assert store.state("a") == {"value": 1}
    assert store.state("unknown") is None


def test_buffers_stay_beside_the_state_and_are_replaced_with_their_key() -> None:
    store = CommStore()
    store.apply(widget("a", {"data": {"x": {}}, "n": 1}, [["data", "x", "raw"], ["image"]], b"one", b"two"))
    store.apply(update("a", {"n": 2}))
    (opened,) = store.open_comms()
    assert opened.data["buffer_paths"] == [["data", "x", "raw"], ["image"]]
    assert opened.buffers == (b"one", b"two")
    store.apply(update("a", {"data": {}}))
    (opened,) = store.open_comms()
    assert (opened.data["buffer_paths"], opened.buffers) == ([["image"]], (b"two",))
    store.apply(update("a", {}, [["image"]], b"three"))
    (opened,) = store.open_comms()
    assert (opened.data["state"], opened.buffers) == ({"data": {}, "n": 2}, (b"three",))
    store.apply(update("a", {"image": None}))
    (opened,) = store.open_comms()
    assert (opened.data["state"]["image"], opened.buffers) == (None, ())


def test_what_was_handed_out_does_not_change() -> None:
    store = CommStore()
    store.apply(widget("a", {"value": 1}))
    (opened,) = store.open_comms()
    store.apply(update("a", {"value": 2}))
    assert opened.data["state"] == {"value": 1}


def test_an_output_widget_takes_the_output_of_the_request_it_names() -> None:
    store = CommStore()
    output_widget(store)
    assert not store.divert(printed("before"))
    store.apply(update("out", {"msg_id": "run"}))
    assert store.divert(printed("in"))
    assert store.divert(printed("side"))
    assert not store.divert(printed("another run", "other"))
    assert store.divert(printed("by a callback", None, "run"))
    store.apply(update("out", {"msg_id": ""}))
    assert not store.divert(printed("after"))
    (told,) = store.drain()
    outputs = [{"output_type": "stream", "name": "stdout", "text": "insideby a callback"}]
    assert (told.comm_id, told.data["method"], told.data["state"]) == ("out", "update", {"outputs": outputs})
    assert (store.state("out") or {})["outputs"] == outputs
    assert store.drain() == []


def test_the_inner_of_two_output_widgets_takes_the_output() -> None:
    store = CommStore()
    output_widget(store, "outer")
    output_widget(store, "inner")
    store.apply(update("outer", {"msg_id": "run"}))
    store.apply(update("inner", {"msg_id": "run"}))
    store.divert(printed("1"))
    store.apply(update("inner", {"msg_id": ""}))
    store.divert(printed("2"))
    texts = {told.comm_id: told.data["state"]["outputs"][0]["text"] for told in store.drain()}
    assert texts == {"inner": "1", "outer": "2"}


def test_clearing_and_updating_work_inside_an_output_widget() -> None:
    store = CommStore()
    output_widget(store)
    store.apply(update("out", {"msg_id": "run"}))
    shown = {"output_type": "display_data", "data": {"a": 1}, "metadata": {}}
    store.divert(OutputEvent("run", shown, "id"))
    assert not store.divert(UpdateDisplayEvent("other", "id", {"a": 2}))
    assert store.drain()[0].data["state"]["outputs"][0]["data"] == {"a": 2}
    assert store.divert(ClearOutputEvent("run", True))
    assert store.drain() == []
    store.divert(printed("next"))
    assert [o["output_type"] for o in store.drain()[0].data["state"]["outputs"]] == ["stream"]


def test_the_kernel_may_set_an_output_widgets_outputs() -> None:
    store = CommStore()
    output_widget(store)
    store.apply(update("out", {"msg_id": "run"}))
    store.divert(printed("old"))
    store.drain()
    new = {"output_type": "stream", "name": "stdout", "text": "set "}
    store.apply(update("out", {"outputs": [new]}))
    assert store.drain() == []
    store.divert(printed("on"))
    assert store.drain()[0].data["state"]["outputs"][0]["text"] == "set on"


def test_an_echo_of_older_outputs_does_not_undo_newer_ones() -> None:
    store = CommStore()
    output_widget(store)
    store.apply(update("out", {"msg_id": "run"}))
    store.divert(printed("new"))
    store.drain()
    store.apply(update("out", {"outputs": []}, method="echo_update"))
    assert (store.state("out") or {})["outputs"][0]["text"] == "new"


def test_a_closed_output_widget_takes_nothing() -> None:
    store = CommStore()
    output_widget(store)
    store.apply(update("out", {"msg_id": "run"}))
    store.divert(printed("lost"))
    store.apply(CommCloseEvent(None, "out", {}))
    assert not store.divert(printed("kept"))
    assert store.drain() == []


def ids(store: CommStore) -> list[str]:
    return [opened.comm_id for opened in store.open_comms()]


def test_of_too_many_comms_those_heard_of_last_are_remembered(caplog: pytest.LogCaptureFixture) -> None:
    store = CommStore(comm_limits=CommLimits(comms=3))
    for name in "abc":
        store.apply(widget(name, {"value": 1}))
    store.apply(update("a", {"value": 2}))
    store.apply(CommOpenEvent(None, "d", "other", {}))
    assert ids(store) == ["a", "c", "d"]
    store.apply_from_client(update("c", {"value": 2}))
    store.apply(CommOpenEvent(None, "e", "other", {}))
    assert ids(store) == ["c", "d", "e"]
    store.apply(update("a", {"value": 3}))
    assert store.state("a") is None
    assert len(caplog.records) == 1


def test_states_and_buffers_are_bounded_together(caplog: pytest.LogCaptureFixture) -> None:
    store = CommStore(comm_limits=CommLimits(size_bytes=100_000))
    for name in "abcd":
        store.apply(widget(name, {"text": "x" * 10_000}, [["image"]], b"x" * 20_000))
    assert ids(store) == ["b", "c", "d"]
    for _ in range(100):
        store.apply(update("b", {"text": "y" * 10_000}, [["image"]], b"y" * 20_000))
    assert ids(store) == ["b", "c", "d"]
    store.apply(update("d", {"more": ["z" * 10] * 2_000}))
    assert ids(store) == ["b", "d"]
    store.apply(CommOpenEvent(None, "e", "other", {"data": "x" * 20_000}, {}, (b"x" * 20_000,)))
    assert ids(store) == ["d", "e"]
    store.apply(CommCloseEvent(None, "d", {}))
    store.apply(widget("f", {"text": "x" * 40_000}))
    assert ids(store) == ["e", "f"]
    assert len(caplog.records) == 1


def test_a_comm_that_is_too_large_by_itself_takes_no_place() -> None:
    store = CommStore(comm_limits=CommLimits(size_bytes=100_000))
    store.apply(widget("a", {"value": 1}))
    store.apply(widget("large", {"text": "x" * 200_000}))
    assert ids(store) == ["a"]


def test_names_of_buffers_that_cannot_be_are_passed_over() -> None:
    store = CommStore()
    store.apply(widget("a", {"value": 1}, [[["nested"]], [{}]], b"x", b"y"))
    assert store.state("a") == {"value": 1}


def capture(store: CommStore, characters: int) -> None:
    shown = {"output_type": "display_data", "data": {"text/plain": "x" * characters}, "metadata": {}}
    assert store.divert(OutputEvent("run", shown))


def test_a_growing_capture_is_told_ever_more_seldom_and_its_end_always() -> None:
    store = CommStore()
    output_widget(store)
    store.apply(update("out", {"msg_id": "run"}))
    sent = []
    for tick in range(1000):
        capture(store, 10_000)
        sent += store.drain(tick * 0.05)
    sizes = [len(json.dumps(told.data)) for told in sent]
    assert sizes[0] < 11_000
    assert sizes[-1] > 5_000_000
    assert sum(sizes) < 10 * 1000 * 10_000 * 2  # and not 500 times what was captured
    assert store.held_back
    (last,) = store.drain()
    assert len(last.data["state"]["outputs"]) == 1000
    assert not store.held_back


def test_a_small_capture_is_told_at_each_tick() -> None:
    store = CommStore()
    output_widget(store)
    store.apply(update("out", {"msg_id": "run"}))
    for tick in range(100):
        capture(store, 10)
        assert len(store.drain(tick * 0.05)) == 1
        assert not store.held_back


def test_what_is_held_back_is_told_when_it_is_time() -> None:
    store = CommStore()
    output_widget(store)
    store.apply(update("out", {"msg_id": "run"}))
    capture(store, 1_000_000)
    assert len(store.drain(0.0)) == 1
    capture(store, 1_000_000)
    assert store.drain(0.5) == []
    assert store.held_back
    assert len(store.drain(1.5)) == 1
    assert not store.held_back
