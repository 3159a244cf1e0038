"""What is still to run: whatever was added, taken out or put elsewhere in the order, the right cell comes first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactive_nb.execution.pending import Pending

CELLS = st.frozensets(st.sampled_from("abcdefghijkl"), max_size=6)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), CELLS),
        st.tuples(st.just("drop"), CELLS),
        st.tuples(st.just("look"), st.just(frozenset())),
        st.tuples(st.just("run"), st.just(frozenset())),
        st.tuples(st.just("move"), CELLS),
    ),
    max_size=20,
)


@given(start=CELLS, steps=STEPS)
def test_it_is_a_set_in_running_order(start: frozenset[str], steps: list[tuple[str, frozenset[str]]]) -> None:
    pending, plain, place = Pending(start), set(start), {cell: ord(cell) for cell in "abcdefghijkl"}
    for number, (kind, cells) in enumerate(steps):
        before, as_before = pending, set(plain)
        match kind:
            case "add":
                pending, plain = pending | cells, plain | cells
            case "drop":
                pending, plain = pending - cells, plain - cells
            case "run" if plain:
                first = pending.first(place.__getitem__)
                assert first == min(plain, key=place.__getitem__)
                pending, plain = pending - {first}, plain - {first}
            case "move":
                place |= {cell: number * (-1) ** index for index, cell in enumerate(sorted(cells))}
                place = {cell: where for where, cell in enumerate(sorted(place, key=lambda c: (place[c], c)))}
                pending = pending.displaced(cells)
            case "look":
                assert list(pending.in_order(place.__getitem__)) == sorted(plain, key=place.__getitem__)
        assert set(pending) == plain
        assert (len(pending), bool(pending)) == (len(plain), bool(plain))
        assert pending ^ before == plain ^ as_before
        assert set(before) == as_before
    assert list(pending.in_order(place.__getitem__)) == sorted(plain, key=place.__getitem__)


def test_nothing_comes_first_where_nothing_is_pending() -> None:
    with pytest.raises(ValueError, match="nothing is pending"):
        Pending().first(ord)


def test_cells_that_are_gone_are_not_ranked() -> None:
    ranks = {"a": 1, "b": 2, "c": 3}
    pending = Pending("abc")
    assert pending.first(ranks.__getitem__) == "a"
    del ranks["b"]
    pending = (pending - {"b"}).displaced({"b"})
    assert list((pending | {"a"}).in_order(ranks.__getitem__)) == ["a", "c"]
