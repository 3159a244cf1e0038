"""Two versions made from a third become one; what both changed is as it is here, and is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactive_nb.models import Cell, CellConfig, Notebook, NotebookSettings, RunMode
from reactive_nb.services.merge import merge

PRINTED = ({"output_type": "stream", "name": "stdout", "text": "1"},)


def document(text: str, **fields: Any) -> Notebook:
    """`a=1 b=2`: a notebook of the cells a and b with these sources."""
    cells = (Cell(word.partition("=")[0], source=word.partition("=")[2]) for word in text.split())
    return replace(Notebook("n", cells=tuple(cells)), **fields)


def text(notebook: Notebook) -> str:
    return " ".join(f"{cell.id}={cell.source}" for cell in notebook.cells)


BASE = "a=1 b=2 c=3"
CASES = [
    ("nothing", BASE, BASE, BASE, ""),
    ("only there", BASE, "a=1 b=9 c=3", "a=1 b=9 c=3", ""),
    ("only here", "a=1 b=9 c=3", BASE, "a=1 b=9 c=3", ""),
    ("different cells", "a=8 b=2 c=3", "a=1 b=9 c=3", "a=8 b=9 c=3", ""),
    ("alike", "a=8 b=2 c=3", "a=8 b=2 c=3", "a=8 b=2 c=3", ""),
    ("one cell, differently", "a=8 b=2 c=3", "a=9 b=2 c=4", "a=8 b=2 c=4", "a"),
    ("added there", BASE, "a=1 x=0 b=2 c=3", "a=1 x=0 b=2 c=3", ""),
    ("added here", "n=0 a=1 b=2 c=3 x=0", BASE, "n=0 a=1 b=2 c=3 x=0", ""),
    ("added on both sides", "a=1 x=0 b=2 c=3", "a=1 y=0 z=0 b=2 c=3", "a=1 x=0 y=0 z=0 b=2 c=3", ""),
    ("the same id added twice", "a=1 b=2 c=3 x=0", "a=1 b=2 c=3 x=9", "a=1 b=2 c=3 x=0", "x"),
    ("removed there", BASE, "a=1 c=3", "a=1 c=3", ""),
    ("removed here", "a=1 c=3", BASE, "a=1 c=3", ""),
    ("removed on both sides", "a=1 c=3", "a=1 c=3", "a=1 c=3", ""),
    ("removed there, changed here", "a=1 b=9 c=3", "a=1 c=3", "a=1 b=9 c=3", "b"),
    ("removed here, changed there", "a=1 c=3", "a=1 b=9 c=3", "a=1 c=3", "b"),
    ("moved there", "a=8 b=2 c=3", "c=3 a=1 b=2", "c=3 a=8 b=2", ""),
    ("moved here", "c=3 a=1 b=2", "a=8 b=2 c=3", "c=3 a=8 b=2", ""),
    ("moved on both sides", "c=3 a=1 b=2", "b=2 a=1 c=3", "c=3 a=1 b=2", "order"),
    ("moved here, added there", "c=3 a=1 b=2", "a=1 x=0 b=2 c=3", "c=3 a=1 x=0 b=2", ""),
    ("everything replaced there", BASE, "x=1 y=2", "x=1 y=2", ""),
]


@pytest.mark.parametrize(
    ("ours", "theirs", "merged", "conflicts"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_cells(ours: str, theirs: str, merged: str, conflicts: str) -> None:
    found = merge(document(BASE), document(ours), document(theirs, revision=7))
    assert (text(found.notebook), found.conflicts) == (merged, tuple(conflicts.split()))
    assert found.notebook.revision == 7


def test_what_ran_is_ours_and_no_conflict() -> None:
    base = document("a=1")
    ours = base.with_cell(replace(base.cells[0], outputs=PRINTED, execution_count=3))
    theirs = base.with_cell(replace(base.cells[0], source="2", outputs=(), execution_count=9))
    merged = merge(base, ours, theirs)
    assert merged.conflicts == ()
    assert merged.notebook.cells == (replace(ours.cells[0], source="2"),)


def test_a_cell_that_only_they_have_comes_with_its_outputs() -> None:
    theirs = Notebook("n", cells=(Cell("x", source="print(1)", outputs=PRINTED),))
    assert merge(document(""), document("a=1"), theirs).notebook.by_id["x"] == theirs.cells[0]


def test_the_fields_of_a_cell_are_changed_one_by_one() -> None:
    base = document("a=1")
    ours = base.with_cell(replace(base.cells[0], source="2"))
    theirs = base.with_cell(replace(base.cells[0], config=CellConfig(timeout=5), metadata={"tags": ["slow"]}))
    merged = merge(base, ours, theirs)
    assert merged.conflicts == ()
    assert merged.notebook.cells[0] == replace(theirs.cells[0], source="2")


LAZY, RESTARTING = NotebookSettings(mode=RunMode.LAZY), NotebookSettings(restart_dead_kernel=True)


def test_name_settings_kernel_and_metadata() -> None:
    base = document("", name="old", metadata={"a": 1})
    ours, theirs = (
        replace(base, settings=LAZY),
        replace(base, settings=RESTARTING, name="new", metadata={}, kernel_name="r"),
    )
    merged = merge(base, ours, theirs)
    assert merged.conflicts == ()
    assert merged.notebook.settings == NotebookSettings(mode=RunMode.LAZY, restart_dead_kernel=True)
    assert (merged.notebook.name, merged.notebook.metadata, merged.notebook.kernel_name) == ("new", {}, "r")
    ours = replace(ours, name="mine", metadata={"a": 2}, kernel_name="julia")
    merged = merge(base, ours, theirs)
    assert merged.conflicts == ("kernel", "metadata")
    assert (merged.notebook.name, merged.notebook.metadata, merged.notebook.kernel_name) == ("mine", {"a": 2}, "julia")


documents = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from("123")), unique_by=lambda cell: cell[0], max_size=6
).map(lambda cells: document(" ".join(f"{name}={source}" for name, source in cells)))


@given(base=documents, ours=documents, theirs=documents)
def test_what_one_side_left_alone_is_as_the_other_has_it(base: Notebook, ours: Notebook, theirs: Notebook) -> None:
    assert merge(base, base, theirs).notebook.cells == theirs.cells
    assert merge(base, ours, base).notebook.cells == ours.cells
    assert merge(base, ours, ours).notebook.cells == ours.cells
    merged = merge(base, ours, theirs)
    assert len(merged.notebook.by_id) == len(merged.notebook.cells)
    if not merged.conflicts:
        other = merge(base, theirs, ours)
        assert other.conflicts == ()
        assert other.notebook.by_id == merged.notebook.by_id
