"""Whom a blocked cell blames, and what is said of names that nobody provides."""

from __future__ import annotations

import pytest

from reactive_nb.models import CellMode, CellType, Redefinition
from reactive_nb.services import views
from reactive_nb.services.operations import Operation, UpdateCell, UpdateNotebook
from tests.services.in_process import InProcessNotebook

OFF = UpdateCell("c0", config={"mode": CellMode.DISABLED})
MANUAL = UpdateCell("c0", config={"mode": CellMode.MANUAL})
ONE_ONLY = UpdateNotebook(settings={"redefinition": Redefinition.ERROR})

BLOCKED: list[tuple[str, list[str], list[Operation], str, list[str], list[str], str]] = [
    (
        "an error",
        ["x = 1 / 0", "x"],
        [],
        "x",
        ["c0"],
        ["c0"],
        "It needs x from cell c0, which raised ZeroDivisionError: division by zero.",
    ),
    (
        "an error further up",
        ["x = 1 / 0", "y = x", "z = y", "z"],
        [],
        "z",
        ["c2", "c0"],
        ["c0"],
        "It needs z from cell c2, which is blocked by cell c0.",
    ),
    (
        "two errors",
        ["x = 1 / 0", "y = x", "w = z1", "w + y"],
        [],
        "w y",
        ["c1", "c2", "c0"],
        ["c2", "c0"],
        "It needs w from cell c2, which raised NameError: name 'z1' is not defined;"
        " and y from cell c1, which is blocked by cell c0.",
    ),
    ("a disabled cell", ["x = 1", "x"], [OFF], "x", ["c0"], ["c0"], "It needs x from cell c0, which is disabled."),
    (
        "a manual cell",
        ["x = 1", "x"],
        [MANUAL],
        "x",
        ["c0"],
        ["c0"],
        "It needs x from cell c0, which runs only when it is asked to itself, and has not run.",
    ),
    (
        "a cell that may not define it",
        ["x = 1", "x = 2", "x"],
        [ONE_ONLY],
        "x",
        ["c1"],
        ["c1"],
        "It needs x from cell c1, which may not define what other cells define.",
    ),
]


@pytest.mark.parametrize(
    ("sources", "steps", "names", "cells", "roots", "message"), [pytest.param(*row[1:], id=row[0]) for row in BLOCKED]
)
def test_a_blocked_cell_says_whom_to_blame(
    sources: list[str], steps: list[Operation], names: str, cells: list[str], roots: list[str], message: str
) -> None:
    notebook = InProcessNotebook(*sources)
    for step in steps:
        notebook.do(step)
    notebook.run()
    error = views.cell_response(notebook.state, f"c{len(sources) - 1}").error
    assert error is not None
    assert (error.kind, error.names, error.cells, error.roots) == ("blocked", names.split(), cells, roots)
    assert error.message == message


def test_blame_does_not_grow_along_a_chain() -> None:
    notebook = InProcessNotebook("x = 1 / 0", *("x = x + 1" for _ in range(50)))
    notebook.run()
    errors = [cell.error for cell in notebook.state.notebook.cells]
    assert all(error is not None and len(error.cells) <= 2 for error in errors)
    assert errors[-1] is not None
    assert (errors[-1].cells, errors[-1].roots) == (("c49", "c0"), ("c0",))


def test_many_culprits_are_not_all_named() -> None:
    names = [f"x{n}" for n in range(30)]
    notebook = InProcessNotebook(*(f"{name} = 1 / 0" for name in names), " + ".join(names))
    notebook.run()
    error = notebook.state.notebook.by_id["c30"].error
    assert error is not None
    assert (len(error.names), len(error.cells), len(error.roots)) == (30, 8, 8)
    assert error.message.endswith("; and from 22 other cells.")


UNRESOLVED: list[tuple[str, list[str], str]] = [
    ("a typing error", ["lenght = 1", "lenhgt"], "No cell defines lenhgt. Did you mean lenght?"),
    ("nothing like it", ["print(q)"], "No cell defines q."),
    (
        "a circle",
        ["c = b", "a = c", "b = a"],
        "b is first defined further down, in cell c2, which can't run before this one:"
        " cell c1 needs c from this one, and cell c2 needs a from that.",
    ),
    ("needed there", ["x", "x += 1"], "x is first defined further down, in cell c1, which needs x itself."),
    (
        "changed here",
        ["x.append(1)", "x = []"],
        "x is first defined further down, in cell c1, but this cell changes it too: move that cell up.",
    ),
    ("a star import", ["sin(1)\nfrom numpy import *"], "No cell is seen to define sin; cell c0 may, when it has run."),
]


@pytest.mark.parametrize(("sources", "message"), [pytest.param(*row[1:], id=row[0]) for row in UNRESOLVED])
def test_what_is_said_of_a_name_that_nobody_provides(sources: list[str], message: str) -> None:
    state = InProcessNotebook(*sources).state
    cells = [cell.id for cell in state.notebook.cells]
    assert [one.message for cell in cells for one in views.cell_why(state, cell).unresolved][:1] == [message]
    assert any(views.cell_response(state, cell).unresolved for cell in cells)


def test_text_has_nothing_to_explain() -> None:
    notebook = InProcessNotebook("x")
    notebook.do(UpdateCell("c0", source="# x", type=CellType.MARKDOWN))
    why = views.cell_why(notebook.state, "c0")
    assert (why.status, why.stale_because, why.causes, why.culprits, why.unresolved) == ("idle", [], [], [], [])
