"""Whatever changes while cells run, and whatever the kernel has run by then, nothing stays that must not.

The next cell never keeps what a cell has left that was removed, edited, moved, disabled or made text meanwhile.
"""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.services.late_news import NotebookOfLateNews
from tests.services.promise import assert_fresh
from tests.services.test_promise import SOURCES

CELLS = ("p = [1]\nx = 1", "p.append(2)\nx = 2\nleft = 3\nprint('c1')", "print(p, x)", "y = x", "print(len(p), y)")
MOST_NEWS = 12
CHANGES = [
    [("delete", 1, "")],
    [("delete", 1, ""), ("undo", 0, "")],
    [("delete", 2, "")],
    [("edit", 0, "p = [5]\nx = 5")],
    [("edit", 1, "x = 7")],
    [("edit", 1, "x = 7"), ("undo", 0, "")],
    [("edit", 2, "print(p)")],
    [("move", 1, "2")],
    [("move", 1, "4"), ("undo", 0, "")],
    [("move", 0, "1")],
    [("disable", 1, "")],
    [("disable", 1, ""), ("undo", 0, "")],
    [("text", 1, "")],
    [("text", 1, ""), ("undo", 0, "")],
    [("insert", 1, "x = 9")],
    [("insert", 2, "p.append(9)"), ("undo", 0, "")],
]


@pytest.mark.parametrize("after", range(MOST_NEWS))
@pytest.mark.parametrize("lag", [0, 4])
@pytest.mark.parametrize(
    "changes",
    [pytest.param(changes, id=" ".join(f"{kind}{where}" for kind, where, _ in changes)) for changes in CHANGES],
)
def test_a_change_while_cells_run(changes: list[tuple[str, int, str]], lag: int, after: int) -> None:
    notebook = NotebookOfLateNews(*CELLS, lag=lag)
    notebook.between[after] = [partial(notebook.change, kind, where, what, "new") for kind, where, what in changes]
    notebook.run()
    notebook.run()
    assert_fresh(notebook)


@pytest.mark.parametrize("after", range(3, 6))
@pytest.mark.parametrize("lag", [0, 1, 4])
def test_what_is_removed_while_it_runs_leaves_nothing_to_the_cells_of_the_same_run(lag: int, after: int) -> None:
    notebook = NotebookOfLateNews(*CELLS, lag=lag)
    notebook.between[after] = [partial(notebook.change, "delete", 1, "", "")]
    notebook.run()
    assert (notebook.text("c2"), notebook.text("c4")) == ("[1] 1\n", "1 1\n")
    assert_fresh(notebook)


CHANGE = st.one_of(
    st.tuples(st.just("edit"), st.integers(0, 9), SOURCES),
    st.tuples(st.just("insert"), st.integers(0, 9), SOURCES),
    st.tuples(st.just("move"), st.integers(0, 9), st.integers(0, 9).map(str)),
    st.tuples(st.sampled_from(["delete", "disable", "text", "undo", "undo"]), st.integers(0, 9), st.just("")),
)

EXAMPLES = max(200, settings().max_examples)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    sources=st.lists(SOURCES, min_size=2, max_size=6),
    changes=st.lists(st.tuples(st.integers(0, 30), CHANGE), max_size=5),
    lag=st.integers(0, 3),
    settled_before=st.booleans(),
)
def test_changes_at_any_time_leave_what_a_fresh_run_gives(
    sources: list[str], changes: list[tuple[int, tuple[str, int, str]]], lag: int, settled_before: bool
) -> None:
    notebook = NotebookOfLateNews(*sources, lag=lag)
    if settled_before:
        notebook.run()
    before = notebook.heard
    for number, (after, (kind, where, what)) in enumerate(changes):
        happens = partial(notebook.change, kind, where, what, f"n{number}")
        notebook.between.setdefault(before + after, []).append(happens)
    notebook.run(*(["c0"] if settled_before and notebook.state.notebook.cell("c0") else []))
    notebook.between.clear()
    notebook.run()
    assert_fresh(notebook)
