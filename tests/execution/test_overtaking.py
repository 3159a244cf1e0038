"""Cells that can't be analysed: the ones that lead tell all that going through the cells above would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reactive_nb.execution.overtaking import after_run, is_among, leaders, overtaker
from reactive_nb.execution.records import Outcome, RunRecord
from reactive_nb.models.order import DocumentOrder

CELLS = "abcdef"


@given(runs=st.lists(st.sampled_from(CELLS), max_size=15))
def test_a_cell_is_overtaken_if_one_above_has_run_since(runs: list[str]) -> None:
    order = DocumentOrder.of(CELLS)
    records: dict[str, RunRecord] = {}
    leading: tuple[str, ...] = ()
    for number, cell in enumerate(runs, start=1):
        records[cell] = RunRecord(number, "", (), Outcome.OK, True)
        leading = after_run(leading, order, cell)
        assert leading == leaders(records, CELLS)
        for place, other in enumerate(CELLS):
            if other in records:
                since = [a for a in CELLS[:place] if a in records and records[a].number > records[other].number]
                assert overtaker(leading, records, order, other) == (since[0] if since else None)


def test_membership_is_told_by_place() -> None:
    order = DocumentOrder.of(CELLS)
    assert [cell for cell in CELLS if is_among(("a", "d", "f"), order, cell)] == ["a", "d", "f"]
