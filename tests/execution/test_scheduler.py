"""What is stale, what must run, and what names must be bound to: decided from the graph and the records alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from reactive_nb.execution import scheduler
from reactive_nb.execution.namespace import bindings_for, final_bindings
from reactive_nb.execution.overtaking import leaders
from reactive_nb.execution.records import Origin, Outcome, RunRecord, inputs_now, origin
from reactive_nb.execution.scheduler import (
    Situation,
    creators_of_spoiled,
    plan,
    stale_ancestors,
)
from reactive_nb.models.persistent import PersistentSet
from tests.execution.test_dependencies import graph_of


def situation(*sources: str, lazy: bool = False, manual: str = "", **known: Any) -> Situation:
    """All cells have run, each keeping what it writes."""
    graph = graph_of(*sources, **known)
    records: dict[str, RunRecord] = {}
    for number, cell in enumerate(graph.by_rank, start=1):
        inputs = inputs_now(graph, records, cell)
        records[cell] = RunRecord(number, sources[int(cell)], inputs, Outcome.OK, True, kept=graph.writes[cell])
    texts = {str(place): source for place, source in enumerate(sources)}
    return Situation(graph, records, texts, frozenset(manual.split()), (), lazy)


def rerun(now: Situation, cell: str, **changes: Any) -> Situation:
    """`cell` has run again."""
    number = max(record.number for record in now.records.values()) + 1
    record = replace(now.records[cell], number=number, inputs=inputs_now(now.graph, now.records, cell), **changes)
    return replace(now, records={**now.records, cell: record})


def edited(now: Situation, cell: str) -> Situation:
    return replace(now, sources={**now.sources, cell: "edited"})


def stale_cells(now: Situation, before: Iterable[str], changed: Iterable[str] | None = None) -> set[str]:
    return set(scheduler.stale_cells(now, PersistentSet(before), changed))


CHAIN = ("x = 1", "y = x", "z = y", "other = 1")


def test_nothing_is_stale_after_all_has_run() -> None:
    assert stale_cells(situation(*CHAIN), frozenset()) == set()


def test_an_edit_makes_all_below_stale_and_nothing_else() -> None:
    assert stale_cells(edited(situation(*CHAIN), "1"), frozenset()) == {"1", "2"}


def test_a_provider_that_ran_again_makes_its_users_stale_whatever_it_made() -> None:
    assert stale_cells(rerun(situation(*CHAIN), "0"), frozenset()) == {"1", "2"}


def test_looking_only_at_what_changed_finds_the_same() -> None:
    now = edited(situation(*CHAIN), "0")
    assert stale_cells(now, frozenset(), {"0"}) == stale_cells(now, frozenset())
    back = situation(*CHAIN)
    assert stale_cells(back, frozenset({"0", "1", "2"}), {"0"}) == set()


@pytest.mark.parametrize("outcome", [Outcome.INTERRUPTED, Outcome.KERNEL])
def test_a_run_that_was_cut_short_is_no_result(outcome: Outcome) -> None:
    now = rerun(situation("x = 1"), "0", outcome=outcome)
    assert stale_cells(now, frozenset()) == {"0"}


@pytest.mark.parametrize("outcome", [Outcome.ERROR, Outcome.TIMEOUT, Outcome.BLOCKED])
def test_an_error_is_a_result(outcome: Outcome) -> None:
    assert stale_cells(rerun(situation("x = 1"), "0", outcome=outcome), frozenset()) == set()


@pytest.mark.parametrize(
    ("cells", "lazy", "manual", "expected"),
    [
        (["0"], False, "", {"0", "1", "2"}),
        (["2"], False, "", {"0", "1", "2"}),
        (["0"], True, "", {"0"}),
        (["2"], True, "", {"0", "1", "2"}),
        (["3"], False, "", {"3"}),
        (None, False, "", {"0", "1", "2"}),
        (None, True, "", {"0", "1", "2"}),
        (["0"], False, "1", {"0"}),
        (["1"], False, "1", {"0", "1", "2"}),
        (["2"], False, "1", {"2"}),
        (None, False, "0", set()),
        (["nowhere"], False, "", set()),
    ],
)
def test_plans_after_an_edit_of_the_first(cells: list[str] | None, lazy: bool, manual: str, expected: set[str]) -> None:
    now = edited(situation(*CHAIN, lazy=lazy, manual=manual), "0")
    assert plan(now, stale_cells(now, frozenset()), cells) == expected


def test_ancestors_are_not_looked_for_through_manual_cells() -> None:
    now = edited(situation(*CHAIN, manual="1"), "0")
    assert stale_ancestors(now, stale_cells(now, frozenset()), ["2"]) == set()
    assert stale_ancestors(now, stale_cells(now, frozenset()), ["1"]) == {"0"}


def test_what_is_stale_only_because_of_a_manual_cell_need_not_run() -> None:
    now = edited(situation("x = 1", "y = x", "z = y", "z", "w = 1\nz", "w", manual="1"), "1")
    stale = stale_cells(now, frozenset())
    assert stale == {"1", "2", "3", "4", "5"}
    assert stale_ancestors(now, stale, ["3"]) == set()
    now = edited(now, "4")
    assert stale_ancestors(now, stale_cells(now, frozenset()), ["5"]) == {"4"}


def test_who_needs_an_object_that_was_changed_runs_its_creator() -> None:
    now = situation("p = []", "p.append(1)", "print(p)")
    now = replace(now, records={**now.records, "0": replace(now.records["0"], spoiled=frozenset("p"))})
    assert creators_of_spoiled(now, "1") == {"0"}
    assert creators_of_spoiled(now, "2") == set()
    assert plan(now, frozenset(), ["1"]) == {"0", "1", "2"}


def test_an_opaque_cell_is_stale_when_one_above_has_run_since() -> None:
    records = {
        "a": RunRecord(3, "s", (), Outcome.OK, True),
        "b": RunRecord(2, "s", (), Outcome.OK, True),
        "c": RunRecord(4, "s", (), Outcome.OK, True),
    }
    graph = graph_of("", "", "")
    records = dict(zip(graph.order, records.values(), strict=True))
    leading = leaders(records, graph.order)
    now = Situation(graph, records, dict.fromkeys(graph.order, "s"), frozenset(), graph.order, False, leading)
    assert stale_cells(now, frozenset()) == {"1"}


# -- where values come from
def test_a_cell_that_did_not_write_passes_on_what_it_was_given() -> None:
    now = rerun(situation("x = 1", "if c: x = 2", "x"), "1", kept=frozenset())
    assert origin(now.graph, now.records, "1", "x") == Origin("0")


def test_a_cell_that_unbound_a_name_passes_on_nothing() -> None:
    now = rerun(situation("x = 1", "del x", "x"), "1", kept=frozenset(), deleted=frozenset("x"))
    assert origin(now.graph, now.records, "1", "x") == Origin(None)


def test_a_cell_that_failed_is_to_blame() -> None:
    now = rerun(situation("x = 1", "x"), "0", provides=False)
    assert origin(now.graph, now.records, "0", "x") == Origin(None, "0")


def test_nobody_provides() -> None:
    now = situation("x = 1")
    assert origin(now.graph, now.records, None, "y") == Origin(None)


# -- bindings
VERSIONS = ("x = 1", "x", "x = 2", "x", "y = 3")


@pytest.mark.parametrize(
    ("cell", "bound", "expected"),
    [
        ("1", {"x": "2", "y": "4"}, {"x": "0"}),
        ("3", {"x": "2", "y": "4"}, {}),
        ("0", {"x": "2", "y": "4"}, {"x": None}),
        ("4", {"x": "0"}, {"x": "2"}),
        ("1", {}, {"x": "0"}),
    ],
)
def test_what_must_be_bound_for_a_cell(cell: str, bound: dict[str, str], expected: dict[str, str | None]) -> None:
    now = situation(*VERSIONS)
    assert bindings_for(now.graph, now.records, cell, bound, now.graph.several) == expected


def test_names_that_are_unsettled_are_bound_for_whoever_is_next() -> None:
    now = situation(*VERSIONS)
    assert bindings_for(now.graph, now.records, "3", {"x": "2", "y": "4", "z": "gone"}, frozenset("yz")) == {
        "y": None,
        "z": None,
    }


def test_in_the_end_each_name_is_as_its_last_definer_made_it() -> None:
    now = situation(*VERSIONS)
    assert final_bindings(now.graph, now.records, {"x": "0", "y": "4", "z": "gone"}, "xyz") == {"x": "2", "z": None}
