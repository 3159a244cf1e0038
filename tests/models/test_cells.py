"""A notebook's cells: a sequence like a tuple, whatever was put in, taken out, moved or changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactive_nb.models import Cell, CellConfig, CellMode, CellType, Notebook
from reactive_nb.models.order import DocumentOrder

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["insert", "remove", "move", "change"]),
        st.integers(0, 30),
        st.integers(0, 30),
        st.sampled_from([CellType.PYTHON, CellType.CODE]),
        st.sampled_from([CellMode.AUTO, CellMode.MANUAL]),
    ),
    max_size=20,
)


@given(count=st.integers(0, 6), steps=STEPS)
def test_cells_are_what_a_list_would_be(count: int, steps: list[tuple[str, int, int, CellType, CellMode]]) -> None:
    plain = [Cell(f"c{place}") for place in range(count)]
    notebook = Notebook("n", cells=tuple(plain))
    for number, (kind, at, to, cell_type, mode) in enumerate(steps):
        before, as_before = notebook.cells, list(plain)
        if kind == "insert" or not plain:
            new = Cell(f"n{number}", cell_type, config=CellConfig(mode))
            plain.insert(at % (len(plain) + 1), new)
            notebook = notebook.with_new(new, at % (len(as_before) + 1))
        else:
            cell = plain.pop(at % len(plain))
            if kind == "move":
                to %= len(as_before)
                plain.insert(to, cell)
                notebook = notebook.without(cell.id).with_new(cell, to)
            elif kind == "change":
                cell = replace(cell, type=cell_type, config=CellConfig(mode), source=str(number))
                plain.insert(at % len(as_before), cell)
                notebook = notebook.with_cell(cell)
            else:
                notebook = notebook.without(cell.id)
        _assert_same(notebook, plain)
        assert list(before) == as_before


def _assert_same(notebook: Notebook, plain: list[Cell]) -> None:
    assert len(notebook.cells) == len(plain)
    assert [notebook.cells[place] for place in range(len(plain))] == plain
    assert notebook.cells == tuple(plain)
    assert notebook.by_id == {cell.id: cell for cell in plain}
    assert notebook.positions == {cell.id: place for place, cell in enumerate(plain)}
    assert notebook.sources == {cell.id: cell.source for cell in plain}
    assert notebook.manual == {cell.id for cell in plain if cell.config.mode is CellMode.MANUAL}
    assert notebook.opaque == tuple(cell.id for cell in plain if cell.type is CellType.CODE)
    assert notebook.order.ids == tuple(cell.id for cell in plain)


def test_a_cell_that_is_not_there_can_be_neither_changed_nor_removed() -> None:
    notebook = Notebook("n", cells=(Cell("a"),))
    with pytest.raises(KeyError):
        notebook.with_cell(Cell("b"))
    with pytest.raises(KeyError):
        notebook.without("b")
    assert notebook.cell("b") is None


def test_labels_last_long_at_one_place_and_are_given_anew_when_used_up() -> None:
    order = DocumentOrder.of(["first", "last"])
    for number in range(300):
        order = order.inserted(f"c{number}", 1)
    assert order.ids == ("first", *(f"c{number}" for number in range(299, -1, -1)), "last")
    assert [order.labels[cell] for cell in order.ids] == sorted(order.labels.values())
    assert 1 <= order.generation <= 3
    assert order.sorted(["c3", "last", "c5", "first"]) == ["first", "c5", "c3", "last"]
