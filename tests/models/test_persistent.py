"""Persistent mappings and sets: they behave as `dict` and `set` do, and what was made before stays as it was."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from reactive_nb.models.persistent import PersistentMap, PersistentSet

KEYS = st.integers(0, 60)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.dictionaries(KEYS, st.integers(), min_size=1, max_size=1)),
        st.tuples(st.just("update"), st.dictionaries(KEYS, st.integers(), max_size=40)),
        st.tuples(st.just("without"), st.dictionaries(KEYS, st.none(), max_size=40)),
    ),
    max_size=12,
)


@given(start=st.dictionaries(KEYS, st.integers()), changes=CHANGES)
def test_a_map_is_what_a_dict_would_be_and_older_ones_stay(
    start: dict[int, int], changes: list[tuple[str, dict[int, int]]]
) -> None:
    made, plain = PersistentMap(start), dict(start)
    history = [(made, plain)]
    for kind, entries in changes:
        plain = {**plain}
        if kind == "set":
            ((key, value),) = entries.items()
            made = made.set(key, value)
            plain[key] = value
        elif kind == "update":
            made = made.update(entries)
            plain.update(entries)
        else:
            made = made.without(*entries)
            for key in entries:
                plain.pop(key, None)
        history.append((made, plain))
    for one, as_dict in history:
        assert len(one) == len(as_dict)
        assert {key for key in range(61) if key in one} == set(as_dict)
        assert all(one.get(key, "none") == as_dict.get(key, "none") for key in range(61))
        assert dict(one.items()) == as_dict == one
        assert list(one) == list(one.keys())
        assert sorted(one.values()) == sorted(as_dict.values())


@given(start=st.frozensets(KEYS), steps=st.lists(st.tuples(st.booleans(), st.frozensets(KEYS)), max_size=12))
def test_a_set_is_what_a_frozenset_would_be(start: frozenset[int], steps: list[tuple[bool, frozenset[int]]]) -> None:
    made, plain = PersistentSet(start), start
    for more, members in steps:
        made, plain = (made | members, plain | members) if more else (made - members, plain - members)
        assert set(made) == plain
        assert made == cast(AbstractSet[int], plain)
        assert len(made) == len(plain)
        assert (made & members, members - made, made ^ members) == (plain & members, members - plain, plain ^ members)
        assert made.isdisjoint(members) == plain.isdisjoint(members)
        assert (made <= members) == (plain <= members)


def test_nothing_is_copied_where_nothing_changes() -> None:
    table, members = PersistentMap({"a": 1}), PersistentSet("a")
    assert table.update({}) is table
    assert table.without("b") is table
    assert members.union("a") is members
    assert members.difference("b") is members


def test_a_map_keeps_the_order_of_its_keys() -> None:
    table = PersistentMap({"b": 1, "a": 2}).set("c", 3).set("b", 4)
    assert list(table.items()) == [("b", 4), ("a", 2), ("c", 3)]
