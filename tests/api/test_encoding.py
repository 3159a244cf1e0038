"""Whatever a notebook holds, a client is answered with JSON that every parser reads."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactive_nb.schemas.encoding import MAX_DEPTH, encode, plain
from reactive_nb.schemas.events import OutputAppend, Reply
from reactive_nb.schemas.graph import GraphEdge


def strict(text: str) -> Any:
    """Parsed as browsers do: no NaN, no Infinity; and what is sent must be UTF-8."""
    text.encode("utf-8")

    def refuse(name: str) -> Any:
        raise AssertionError(name)

    return json.loads(text, parse_constant=refuse)


def output(value: Any) -> Any:
    event = OutputAppend(cell_id="a", outputs=[{"output_type": "display_data", "data": {"application/json": value}}])
    return strict(encode(event))["outputs"][0]["data"]["application/json"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), None),
        ([float("inf"), -float("inf"), 1.5], [None, None, 1.5]),
        ("a\ud800b", "a\ufffdb"),
        ("\ud83d\ude00", "😀"),
        ({"\udfff": 1}, {"\ufffd": 1}),
        ([float("nan"), "\ud800", {"deep": [float("inf")]}], [None, "\ufffd", {"deep": [None]}]),
        (b"\xff", "\ufffd"),
        (2**64, 2**64),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00Z"),
        ("\ud800" + "x" * 3, "\ufffdxxx"),
    ],
)
def test_what_json_cannot_say_becomes_the_nearest_that_it_can(value: Any, expected: Any) -> None:
    assert output(value) == expected


def test_nesting_without_end_is_cut_off() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    found, depth = output(deep), 0
    while isinstance(found, list) and found:
        found, depth = found[0], depth + 1
    assert 50 < depth <= MAX_DEPTH


def test_aliases_are_kept_on_the_slow_way_too() -> None:
    edge = GraphEdge(from_="a", to="b", names=["x"])
    assert plain(edge) == strict(encode(edge))
    assert plain(edge)["from"] == "a"
    assert "from_" not in plain(edge)


def test_objects_without_a_json_form_become_text() -> None:
    class Odd:
        def __str__(self) -> str:
            return "odd"

    assert output(Odd()) == "odd"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_any_value_is_encoded(value: Any) -> None:
    strict(encode(Reply(id="1", ok=True, result={"value": value})))
    strict(encode({"value": value}))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=20))
def test_both_ways_agree_where_json_has_words(value: Any) -> None:
    assert strict(encode({"value": value})) == plain({"value": value}) == {"value": value}
