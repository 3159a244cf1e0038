from __future__ import annotations

from typing import Any

from reactive_kernels import (
    ClearOutputEvent,
    CommCloseEvent,
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
