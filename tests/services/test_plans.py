"""What a run would do, told beforehand: why each cell is in it, and that it is what then happens."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reactive_nb.execution.plans import explain
from reactive_nb.execution.selection import RunScope
from reactive_nb.models import CellMode, RunMode
from reactive_nb.schemas.events import RunStarted
from reactive_nb.services import views
from reactive_nb.services.choosing import choice
from reactive_nb.services.errors import InvalidOperation, NoSuchCell
from reactive_nb.services.operations import Operation, RunCells, UpdateCell, UpdateNotebook
from reactive_nb.services.reducer import apply
from reactive_nb.services.state import SessionState
from tests.services.in_process import InProcessNotebook
from tests.services.promise import edit
from tests.services.test_promise import EDITS, SOURCES
from tests.services.test_reducer import after, ran
from tests.services.test_work import LARGE, SMALL, calls

LAZY = UpdateNotebook(settings={"mode": RunMode.LAZY})
CELLS, FROM, UP_TO, ALL = RunScope
CHAIN = ["x = 1", "y = x", "z = y", "w = 1"]


def planned(state: SessionState, scope: RunScope, *cells: str) -> list[str]:
    """`c1 needed x c2`: cell, what for, names, other cell."""
    now = state.situation()
    return [
        " ".join(
            [one.cell, *(" ".join([g.kind, *g.names, *([g.cell] if g.cell else [])]) for g in one.grounds)],
        )
        for one in explain(now, state.stale, choice(state, now, scope, cells or None))
    ]


TABLE: list[tuple[str, list[str], list[Operation], RunScope, tuple[str, ...], list[str]]] = [
    (
        "a cell with its stale ancestors and what depends on it",
        CHAIN,
        [UpdateCell("c0", source="x = 2")],
        CELLS,
        ("c1",),
        ["c0 needed x c1", "c1 asked", "c2 depends y c1"],
    ),
    (
        "the same in lazy mode",
        CHAIN,
        [LAZY, UpdateCell("c0", source="x = 2")],
        CELLS,
        ("c1",),
        ["c0 needed x c1", "c1 asked"],
    ),
    (
        "what is stale",
        CHAIN,
        [UpdateCell("c1", source="y = -x")],
        CELLS,
        (),
        ["c1 stale", "c2 depends y c1"],
    ),
    ("nothing", CHAIN, [], CELLS, (), []),
    (
        "two providers",
        ["x = 1", "y = 1", "x + y"],
        [UpdateCell("c0", source="x = 2"), UpdateCell("c1", source="y = 2")],
        CELLS,
        (),
        ["c0 stale", "c1 stale", "c2 depends x c0 depends y c1"],
    ),
    (
        "an object that must be made anew",
        ["import io\np = io.StringIO()", "p.write('a')", "p.getvalue()"],
        [],
        CELLS,
        ("c1",),
        ["c0 recreates p c1", "c1 asked", "c2 depends p c1"],
    ),
    ("from a cell on", CHAIN, [UpdateCell("c3", source="w = 2")], FROM, ("c2",), ["c2 asked", "c3 stale"]),
    ("up to a cell", CHAIN, [UpdateCell("c0", source="x = 2")], UP_TO, ("c1",), ["c0 stale", "c1 stale"]),
    ("all", ["x = 1", "x"], [], ALL, (), ["c0 asked", "c1 asked"]),
    (
        "a manual cell is not pulled in",
        CHAIN,
        [UpdateCell("c1", config={"mode": CellMode.MANUAL}), UpdateCell("c0", source="x = 2")],
        CELLS,
        (),
        ["c0 stale"],
    ),
]


@pytest.mark.parametrize(
    ("sources", "steps", "scope", "cells", "expected"), [pytest.param(*row[1:], id=row[0]) for row in TABLE]
)
def test_why_cells_are_in_a_plan(
    sources: list[str], steps: list[Operation], scope: RunScope, cells: tuple[str, ...], expected: list[str]
) -> None:
    notebook = InProcessNotebook(*sources)
    notebook.run()
    for step in steps:
        notebook.do(step)
    assert planned(notebook.state, scope, *cells) == expected


def test_what_is_said_of_a_plan() -> None:
    state = after(ran(*CHAIN), UpdateCell("c0", source="x = 2"))
    plan = views.plan_response(state, ["c1"], CELLS).plan
    assert [(cell.id, cell.label, cell.because[0].message) for cell in plan] == [
        ("c0", "x = 2", "It is stale, and cell c1 gets x from it."),
        ("c1", "y = x", "It was asked for."),
        ("c2", "z = y", "It gets y from cell c1, which runs."),
    ]
    assert [[reason.kind for reason in cell.stale_because] for cell in plan] == [
        ["edited"],
        ["input-stale"],
        ["input-stale"],
    ]


def test_a_plan_is_refused_for_what_the_run_would_be() -> None:
    state = ran("x = 1")
    with pytest.raises(NoSuchCell):
        views.plan_response(state, ["c9"], CELLS)
    with pytest.raises(InvalidOperation):
        views.plan_response(state, None, FROM)


REQUESTS = st.tuples(st.sampled_from(list(RunScope)), st.integers(0, 20), st.booleans())


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    sources=st.lists(SOURCES, min_size=2, max_size=5),
    edits=st.lists(EDITS, max_size=4),
    requests=st.lists(REQUESTS, min_size=1, max_size=3),
    lazy=st.booleans(),
)
def test_what_is_planned_is_what_is_started(
    sources: list[str], edits: list[tuple[str, int, str]], requests: list[tuple[RunScope, int, bool]], lazy: bool
) -> None:
    notebook = InProcessNotebook(*sources)
    if lazy:
        notebook.do(LAZY)
    notebook.run()
    for number, change in enumerate(edits):
        edit(notebook, *change, f"n{number}")
    for scope, where, none in requests:
        state = notebook.state
        cells = state.notebook.cells
        if not cells:
            return
        asked = (cells[where % len(cells)].id,) if scope is not ALL and not (scope is CELLS and none) else None
        before = replace(state)
        plan = [cell.id for cell in views.plan_response(state, asked, scope).plan]
        assert state == before
        applied = apply(state, RunCells("r", asked, scope))
        started = next(event for event in applied.events if isinstance(event, RunStarted))
        assert plan == started.cells
        assert all(cell.because for cell in views.plan_response(state, asked, scope).plan)
        notebook.do(RunCells("r", asked, scope))


def test_a_plan_costs_in_proportion_to_its_cells() -> None:
    costs = []
    for cells in (SMALL, LARGE):
        state = after(ran("x = 1", *("x = x + 1" for _ in range(cells))), UpdateCell("c0", source="x = 2"))
        assert len(views.plan_response(state, None, CELLS).plan) == cells + 1
        costs.append(calls(partial(views.plan_response, state, None, CELLS)))
    assert costs[1] < costs[0] * (LARGE / SMALL) * 1.5 + 500
