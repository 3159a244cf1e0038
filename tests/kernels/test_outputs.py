from __future__ import annotations

import copy
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactive_kernels import (
    Append,
    Clear,
    ClearOutputEvent,
    OutputChange,
    OutputEvent,
    OutputLimits,
    OutputStore,
    Replace,
    Splice,
    UpdateDisplayEvent,
)

Json = dict[str, Any]


def out(text: str, name: str = "stdout") -> OutputEvent:
    return OutputEvent(None, stream(text, name))


def stream(text: str, name: str = "stdout") -> Json:
    return {"output_type": "stream", "name": name, "text": text}


def shown(text: str) -> Json:
    return {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}}


def display(text: str, display_id: str | None = None) -> OutputEvent:
    return OutputEvent(None, shown(text), display_id)


def update(text: str, display_id: str) -> UpdateDisplayEvent:
    return UpdateDisplayEvent(None, display_id, {"text/plain": text}, {})


def error(name: str = "E") -> OutputEvent:
    return OutputEvent(None, {"output_type": "error", "ename": name, "evalue": "", "traceback": []})


clear_now, clear_later = ClearOutputEvent(None, False), ClearOutputEvent(None, True)

ROWS: list[tuple[str, list[Any], list[Json]]] = [
    ("nothing", [], []),
    ("streams of a name are one output", [out("a"), out("b")], [stream("ab")]),
    ("of two names are two",
     [out("a"), out("b", "stderr"), out("c")], [stream("a"), stream("b", "stderr"), stream("c")]),
    ("a display parts streams", [out("a"), display("d"), out("b")], [stream("a"), shown("d"), stream("b")]),
    ("empty text is nothing", [out("")], []),
    ("returns are carried out across messages", [out("1%\r"), out("2%")], [stream("2%")]),
    ("clear at once", [out("a"), clear_now], []),
    ("clear before the next", [out("a"), clear_later], [stream("a")]),
    ("clear before the next, which comes", [out("a"), clear_later, out("b")], [stream("b")]),
    ("clear before the next, at most once", [out("a"), clear_later, out("b"), out("c")], [stream("bc")]),
    ("an empty stream is no next output", [out("a"), clear_later, out("")], [stream("a")]),
    ("an error after clear(wait)", [out("a"), clear_later, error()], [error().output]),
    ("clear now cancels clear later", [out("a"), clear_later, clear_now, out("b"), out("c")], [stream("bc")]),
    ("update", [display("1", "i"), update("2", "i")], [shown("2")]),
    ("update of an unknown id", [display("1", "i"), update("2", "j")], [shown("1")]),
    ("update without outputs", [update("2", "j")], []),
    ("update changes each of that id",
     [display("1", "i"), display("2", "i"), update("3", "i")], [shown("3"), shown("3")]),
    ("a display of a known id updates the older", [display("1", "i"), display("2", "i")], [shown("2"), shown("2")]),
    ("an id is forgotten with its output", [display("1", "i"), clear_now, update("2", "i"), out("a")], [stream("a")]),
    ("update is no next output", [display("1", "i"), clear_later, update("2", "i")], [shown("2")]),
    ("a result keeps its count", [
        OutputEvent(None, {"output_type": "execute_result", "execution_count": 3, "data": {}, "metadata": {}}, "i"),
        update("2", "i"),
    ], [{"output_type": "execute_result", "execution_count": 3, "data": {"text/plain": "2"}, "metadata": {}}]),
]  # fmt: skip


@pytest.mark.parametrize(("events", "stands"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_outputs_as_they_stand(events: list[Any], stands: list[Json]) -> None:
    store = OutputStore()
    for event in events:
        store.apply("c", event)
    assert store.outputs("c") == stands


def test_an_update_reaches_every_cell() -> None:
    store = OutputStore()
    store.apply("a", display("1", "i"))
    store.apply("b", display("2", "i"))
    assert store.outputs("a") == [shown("2")]
    store.drain()
    store.apply("c", update("3", "i"))
    assert store.outputs("a") == store.outputs("b") == [shown("3")]
    assert store.drain() == {"a": [Replace(0, shown("3"))], "b": [Replace(0, shown("3"))]}


def test_a_new_run_forgets_outputs_ids_and_pending_clears() -> None:
    store = OutputStore()
    store.apply("a", display("1", "i"))
    store.apply("a", clear_later)
    store.drain()
    store.begin("a")
    store.apply("b", update("2", "i"))
    store.apply("a", out("x"))
    store.apply("a", out("y"))
    assert store.outputs("a") == [stream("xy")]
    assert store.drain() == {"a": [Clear(), Append((stream("xy"),))]}


def test_prints_between_two_drains_are_one_change() -> None:
    store = OutputStore()
    for n in range(1000):
        store.apply("a", out(f"{n}\n"))
    assert store.drain() == {"a": [Append((stream("".join(f"{n}\n" for n in range(1000))),))]}
    store.apply("a", out("more"))
    store.apply("a", out("!"))
    assert store.drain() == {"a": [Splice(0, 3890, "more!")]}
    assert store.drain() == {}


def test_a_progress_bar_sends_only_its_line() -> None:
    store = OutputStore()
    store.apply("a", out("heading\n 10%"))
    store.drain()
    store.apply("a", out("\r 20%"))
    assert store.drain() == {"a": [Splice(0, 9, "20%")]}


def test_an_animation_is_one_clear_and_one_append_a_drain() -> None:
    store = OutputStore()
    store.apply("a", display("0"))
    store.drain()
    for n in range(5):
        store.apply("a", clear_later)
        store.apply("a", display(str(n)))
    assert store.drain() == {"a": [Clear(), Append((shown("4"),))]}


def test_clearing_what_nobody_saw_is_no_change() -> None:
    store = OutputStore()
    store.apply("a", out("x"))
    store.apply("a", clear_now)
    assert store.drain() == {}


def test_what_was_handed_out_never_changes() -> None:
    store = OutputStore()
    store.apply("a", out("x"))
    store.apply("a", display("1", "i"))
    before = store.outputs("a")
    drained = store.drain()
    kept = copy.deepcopy((before, drained))
    store.apply("a", update("2", "i"))
    store.apply("a", out("y"))
    store.drain()
    store.apply("a", clear_now)
    assert (before, drained) == kept


def test_stored_outputs_are_known_already() -> None:
    store = OutputStore()
    store.load("a", [stream("x"), shown("1")])
    assert store.outputs("a") == [stream("x"), shown("1")]
    assert store.drain() == {}
    store.apply("a", display("2"))
    assert store.drain() == {"a": [Append((shown("2"),))]}
    store.begin("a")
    assert store.drain() == {"a": [Clear()]}


def test_a_stored_stream_may_be_a_list_of_lines() -> None:
    store = OutputStore()
    store.load("a", [{"output_type": "stream", "name": "stdout", "text": ["x\n", "y"]}])
    store.apply("a", out("z"))
    assert store.drain() == {"a": [Splice(0, 3, "z")]}


def test_a_forgotten_cell_has_nothing_to_tell() -> None:
    store = OutputStore()
    store.apply("a", display("1", "i"))
    store.forget("a")
    store.forget("unknown")
    store.apply("b", update("2", "i"))
    assert (store.outputs("a"), store.drain()) == ([], {})


def test_too_many_outputs_are_counted_and_errors_kept() -> None:
    store = OutputStore(OutputLimits(outputs=3))
    for n in range(5):
        store.apply("a", display(str(n)))
    store.apply("a", out("lost"))
    store.apply("a", error())
    kept = store.outputs("a")
    assert kept[:3] == [shown("0"), shown("1"), shown("2")]
    assert kept[3]["name"] == "stderr"
    assert "3 further outputs are not kept" in kept[3]["text"]
    assert kept[4:] == [error().output]
    store.drain()
    store.apply("a", out("lost too"))
    ((index, notice),) = [(c.index, c.output) for c in store.drain()["a"] if isinstance(c, Replace)]
    assert (index, "4 further" in notice["text"]) == (3, True)
    store.begin("a")
    store.apply("a", display("again"))
    assert store.outputs("a") == [shown("again")]


def test_too_large_outputs_are_left_out() -> None:
    store = OutputStore(OutputLimits(size_bytes=1000))
    store.apply("a", display("x" * 900))
    store.apply("a", display("y" * 200))
    assert [o["output_type"] for o in store.outputs("a")] == ["display_data", "stream"]


def test_alternating_streams_are_limited_together() -> None:
    store = OutputStore(OutputLimits(size_bytes=10_000))
    for _ in range(1000):
        store.apply("a", out("x" * 100))
        store.apply("a", out("y" * 100, "stderr"))
    assert sum(len(o["text"]) for o in store.outputs("a")) < 11_000


def test_a_flood_keeps_head_and_tail() -> None:
    store = OutputStore(OutputLimits(stream_head=1000, stream_tail=1000))
    for n in range(10_000):
        store.apply("a", out(f"{n}\n"))
        if n % 100 == 0:
            store.drain()
    (kept,) = store.outputs("a")
    assert kept["text"].startswith("0\n1\n")
    assert kept["text"].endswith("\n9999\n")
    assert "characters left out" in kept["text"]
    assert len(kept["text"]) < 3100


def test_of_very_long_errors_the_beginning_and_the_end_are_kept() -> None:
    store = OutputStore()
    lines = [f"frame {n}" for n in range(200_000)]
    text = "a" + "x" * 1_000_000 + "z"
    store.apply("a", OutputEvent(None, {"output_type": "error", "ename": text, "evalue": text, "traceback": lines}))
    (kept,) = store.outputs("a")
    assert re.fullmatch(r"ax+\n\[… 99\d,\d+ characters left out …\]\nx+z", kept["ename"])
    assert re.fullmatch(r"ax+\n\[… 9\d\d,\d+ characters left out …\]\nx+z", kept["evalue"])
    traceback = "\n".join(kept["traceback"])
    assert traceback.startswith("frame 0\nframe 1\n")
    assert traceback.endswith("\nframe 199999")
    assert "characters left out" in traceback
    assert sum(map(len, (kept["ename"], kept["evalue"], traceback))) < 300_000
    usual = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["one", "two"]}
    store.apply("b", OutputEvent(None, usual))
    assert store.outputs("b") == [usual]


def test_of_errors_without_end_the_first_and_the_last_are_kept() -> None:
    store = OutputStore(OutputLimits(outputs=3))
    for n in range(1000):
        store.apply("a", error(f"E{n}"))
        if n % 100 == 0:
            store.drain()
    kept = store.outputs("a")
    assert [o["ename"] for o in kept if o["output_type"] == "error"] == ["E0", "E1", "E2", "E999"]
    assert [o["text"][:35] for o in kept if o["output_type"] == "stream"] == ["[… 996 further outputs are not kept"]
    store.begin("a")
    store.apply("a", error("again"))
    assert [o["ename"] for o in store.outputs("a")] == ["again"]


def test_updates_of_many_displays_are_carried_out_once_a_drain() -> None:
    def seconds(displays: int) -> float:
        store = OutputStore()
        begin = time.process_time()
        for n in range(displays):
            store.apply("a", display(str(n), "i"))
            store.apply("a", update(f"{n}!", "i"))
        assert store.drain() == {"a": [Append(tuple([shown(f"{displays - 1}!")] * displays))]}
        for n in range(displays):
            store.apply("a", update(str(n), "i"))
        assert len(store.drain()["a"]) == displays
        return time.process_time() - begin

    assert min(seconds(8000) for _ in range(3)) < 80 * min(seconds(500) for _ in range(3))


def test_an_update_from_before_a_clear_does_not_reach_what_comes_after() -> None:
    store = OutputStore()
    for event in (display("1", "i"), update("2", "i"), clear_now, display("3", "i")):
        store.apply("a", event)
    assert store.outputs("a") == [shown("3")]


def test_updates_that_would_be_too_large_are_left_out() -> None:
    store = OutputStore(OutputLimits(size_bytes=10_000))
    for n in range(100):
        store.apply("a", display(str(n), "i"))
    store.apply("a", update("x" * 1000, "i"))
    kept = store.outputs("a")
    assert sum(len(o["data"]["text/plain"]) for o in kept[:100]) < 11_000
    assert "not kept" in kept[100]["text"]


def test_metadata_count_too() -> None:
    store = OutputStore(OutputLimits(size_bytes=10_000))
    for _ in range(10):
        store.apply("a", OutputEvent(None, {"output_type": "display_data", "data": {}, "metadata": {"x": "y" * 5_000}}))
    assert len(store.outputs("a")) == 2


def test_drains_after_a_large_text_tell_only_what_is_new() -> None:
    store = OutputStore()
    store.apply("a", out("a line of text\n" * 60_000))
    store.drain()
    for n in range(1000):
        store.apply("a", out(f"\r{n} %"))
        ((change,),) = store.drain().values()
        assert isinstance(change, Splice)
        assert change.keep >= 900_000


def replay(known: list[Json], changes: list[OutputChange]) -> list[Json]:
    for change in changes:
        match change:
            case Clear():
                known = []
            case Append(outputs):
                known = [*known, *outputs]
            case Replace(index, output):
                known = [*known[:index], output, *known[index + 1 :]]
            case Splice(index, keep, text):
                output = {**known[index], "text": known[index]["text"][:keep] + text}
                known = [*known[:index], output, *known[index + 1 :]]
    return known


texts = st.text(alphabet="ab\r\b\n", max_size=6)
events = st.one_of(
    st.builds(out, texts, st.sampled_from(["stdout", "stderr"])),
    st.builds(display, texts, st.sampled_from([None, "i", "j"])),
    st.builds(update, texts, st.sampled_from(["i", "j"])),
    st.sampled_from([clear_now, clear_later, error()]),
)
steps = st.one_of(st.tuples(st.sampled_from("xyz"), events), st.sampled_from(["drain", "begin", "forget"]))


@given(st.lists(steps, max_size=60), st.sampled_from([OutputLimits(), OutputLimits(5, 5, 3, 60)]))
def test_carrying_out_the_changes_leads_to_the_outputs(sequence: list[Any], limits: OutputLimits) -> None:
    store = OutputStore(limits)
    known: dict[str, list[Json]] = {"x": [], "y": [], "z": []}

    def catch_up() -> None:
        for key, changes in store.drain().items():
            known[key] = replay(known[key], changes)
        assert known == {key: store.outputs(key) for key in known}

    for step in sequence:
        match step:
            case "drain":
                catch_up()
            case "begin":
                store.begin("x")
            case "forget":
                store.forget("y")
                known["y"] = []
            case (key, event):
                store.apply(key, event)
    catch_up()
