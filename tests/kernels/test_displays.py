"""What is shown under a display id of which several cells speak."""

from __future__ import annotations

from typing import Any

from reactive_kernels import NOBODY, OutputEvent, OutputStore, UpdateDisplayEvent

Json = dict[str, Any]


def store_of(*cells: str, disabled: tuple[str, ...] = ()) -> OutputStore:
    return OutputStore(place_of=lambda cell: None if cell in disabled or cell not in cells else cells.index(cell))


def show(store: OutputStore, cell: str, text: str) -> None:
    output = {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}}
    store.apply(cell, OutputEvent(None, output, "d"))


def update(store: OutputStore, cell: str, text: str) -> None:
    store.apply(cell, UpdateDisplayEvent(None, "d", {"text/plain": text}, {}))


def texts(store: OutputStore, cell: str) -> list[str]:
    return [output["data"]["text/plain"] for output in store.outputs(cell)]


def test_the_cell_furthest_down_decides_whichever_spoke_last() -> None:
    store = store_of("a", "b", "c")
    show(store, "a", "0")
    update(store, "c", "2")
    update(store, "b", "1")
    assert texts(store, "a") == ["2"]
    store.begin("a")
    show(store, "a", "again")
    assert texts(store, "a") == ["2"]


def test_what_a_cell_said_is_taken_back_when_it_runs_again_or_is_gone() -> None:
    store = store_of("a", "b", "c")
    show(store, "a", "0")
    update(store, "b", "1")
    update(store, "c", "2")
    store.begin("c")
    assert texts(store, "a") == ["1"]
    store.forget("b")
    assert texts(store, "a") == ["0"]


def test_what_was_said_before_there_was_a_display_holds_for_it() -> None:
    store = store_of("a", "b")
    update(store, "b", "1")
    show(store, "a", "0")
    assert texts(store, "a") == ["1"]


def test_an_update_from_above_is_none() -> None:
    store = store_of("a", "b")
    show(store, "b", "0")
    update(store, "a", "1")
    assert texts(store, "b") == ["0"]


def test_cells_that_do_not_count_and_cells_that_are_moved() -> None:
    cells = ["a", "b", "c"]
    store = OutputStore(place_of=lambda cell: cells.index(cell) if cell in cells else None)
    show(store, "a", "0")
    update(store, "b", "1")
    update(store, "c", "2")
    assert texts(store, "a") == ["2"]
    store.drain()
    cells[:] = ["a", "c", "b"]
    store.reconsider_displays()
    assert store.displays_in_doubt
    assert texts(store, "a") == ["1"]
    cells.remove("b")
    store.reconsider_displays()
    assert texts(store, "a") == ["2"]


def test_a_word_of_nobody_counts_until_a_cell_speaks() -> None:
    store = store_of("a", "b")
    show(store, "a", "0")
    update(store, "b", "1")
    update(store, NOBODY, "thread")
    assert texts(store, "a") == ["thread"]
    update(store, "a", "a")
    assert texts(store, "a") == ["1"]


def test_what_is_cleared_is_not_kept() -> None:
    store = store_of("a")
    for number in range(3_000):
        output = {"output_type": "display_data", "data": {"text/plain": "x"}, "metadata": {}}
        store.begin("a") if number % 1_500 == 0 else None
        store.apply("a", OutputEvent(None, output, f"d{number}"))
    assert len(store._displays._words) <= 1_000
    store.begin("a")
    assert not store._displays._words
