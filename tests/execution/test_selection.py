"""What a request to run comes to: from a cell on, up to one, all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reactive_nb.execution.scheduler import stale_cells
from reactive_nb.execution.selection import RunScope, choose
from tests.execution.test_scheduler import edited, rerun, situation

PAGE = ("a = 1", "b = a", "other = 1", "c = b", "d = other", "c")
"""0 → 1 → 3 → 5 and 2 → 4."""


def chosen(scope: RunScope, cell: str | None, edits: str, *, lazy: bool = False, manual: str = "") -> set[str]:
    now = situation(*PAGE, lazy=lazy, manual=manual)
    for one in edits:
        now = edited(now, one)
    positions = {name: int(name) for name in now.graph.order}
    cells = None if cell is None else [cell]
    return set(choose(now, stale_cells(now, frozenset()), positions, scope, cells).cells)


FROM, UP_TO, ALL, CELLS = RunScope.FROM, RunScope.UP_TO, RunScope.ALL, RunScope.CELLS


@pytest.mark.parametrize("lazy", [False, True], ids=["auto", "lazy"])
@pytest.mark.parametrize(
    ("scope", "cell", "edits", "manual", "expected"),
    [
        pytest.param(FROM, "1", "", "", "135", id="the cell itself runs though fresh, with what depends on it"),
        pytest.param(FROM, "2", "", "", "24", id="nothing else that is fresh"),
        pytest.param(FROM, "4", "0", "", "01354", id="what is stale below runs with its stale ancestors above"),
        pytest.param(FROM, "3", "2", "", "2435", id="not what is stale above only"),
        pytest.param(FROM, "5", "02", "", "0135", id="the last cell"),
        pytest.param(FROM, "1", "", "3", "1", id="manual cells below are not pulled in"),
        pytest.param(FROM, "3", "", "3", "35", id="a manual cell that is named runs"),
        pytest.param(FROM, "4", "1", "1", "4", id="nor what is stale only because of a manual cell"),
        pytest.param(UP_TO, "2", "02", "", "012", id="what is stale above and there, nothing below"),
        pytest.param(UP_TO, "3", "2", "", "2", id="the cell itself does not run if it is fresh"),
        pytest.param(UP_TO, "3", "", "", "", id="nothing is stale"),
        pytest.param(UP_TO, "1", "01", "1", "0", id="up to a manual cell"),
        pytest.param(ALL, None, "", "", "012345", id="all, stale or not"),
        pytest.param(ALL, None, "0", "24", "0135", id="all but manual cells"),
        pytest.param(CELLS, None, "1", "", "135", id="all that is stale"),
    ],
)
def test_what_runs(scope: RunScope, cell: str | None, edits: str, manual: str, expected: str, lazy: bool) -> None:
    assert chosen(scope, cell, edits, lazy=lazy, manual=" ".join(manual)) == set(expected)


def test_from_here_in_lazy_mode_leaves_alone_what_stands_above() -> None:
    now = situation("f()", "other = 1", "def f(): pass", "f()")
    assert now.graph.providers["0"] == {"f": "2"}
    positions = {name: int(name) for name in now.graph.order}
    auto = choose(now, frozenset(), positions, FROM, ["2"])
    lazy = choose(replace(now, lazy=True), frozenset(), positions, FROM, ["2"])
    assert auto.cells == {"0", "2", "3"}
    assert lazy.cells == {"2", "3"}


def test_what_stands_below_runs_up_to_a_cell_that_needs_it() -> None:
    now = edited(situation("f()", "other = 1", "def f(): pass", "f()"), "2")
    positions = {name: int(name) for name in now.graph.order}
    assert choose(now, stale_cells(now, frozenset()), positions, UP_TO, ["1"]).cells == {"0", "2"}


def test_from_a_cell_that_no_name_leads_from() -> None:
    now = replace(situation("", "", "", ""), opaque=("0", "1", "3"))
    positions = {name: int(name) for name in now.graph.order}
    assert choose(now, frozenset(), positions, FROM, ["1"]).cells == {"1", "3"}
    now = replace(rerun(now, "0"), leading=("0",))
    assert choose(now, stale_cells(now, frozenset()), positions, UP_TO, ["1"]).cells == {"1"}


def test_what_is_asked_for_is_told_from_what_comes_with_it() -> None:
    now = edited(situation(*PAGE), "0")
    stale = stale_cells(now, frozenset())
    positions = {name: int(name) for name in now.graph.order}
    assert choose(now, stale, positions, CELLS, ["3"]).asked == {"3"}
    assert choose(now, stale, positions, CELLS, None).asked == {"0"}
    assert choose(now, stale, positions, FROM, ["3"]).asked == {"3", "5"}
