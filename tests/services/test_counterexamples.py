"""Notebooks and edits for which the promise was once broken, each by name; as made-up ones found them, made small."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.services.in_process import InProcessNotebook
from tests.services.promise import Edit, assert_fresh, edit

EXAMPLES: dict[str, tuple[Sequence[str], Sequence[Edit]]] = {
    "a star import binds the very object that the cell above had bound": (
        ("a = 5", "from tests.services.local_names import *"),
        [("edit", 0, "x = a")],
    ),
    "a star import binds the very objects that one above had bound, and then the cell fails": (
        (
            "a = 0",
            "from tests.services.local_names import *",
            "from tests.services.local_names import *\nb",
            "print(a)",
        ),
        [("edit", 2, "from tests.services.local_names import *\nb"), ("delete", 1, "")],
    ),
    "exec binds the very object that the cell above had bound, and then the cell fails": (
        ("a = 0", "a = 1", "exec('a = 1')\nb", "print(a)"),
        [("delete", 1, "")],
    ),
    "exec fails before it binds the very object that the cell above had bound": (
        ("a = 0", "a = 1", "exec('b; a = 1')", "print(a)"),
        [("delete", 1, "")],
    ),
    "a name of a disabled cell comes in the order of names before one that a run was seen to use": (
        ("a = 0", "def f(): return 1", "from tests.services.local_names import *", "a = 0"),
        [("disable", 0, "")],
    ),
    "exec binds the very object that the cell above had bound": (
        ("a = 1", "exec('a = 1')", "print(a)"),
        [("edit", 0, "b = 1")],
    ),
    "a name read before exec binds it is surely needed": (
        ("print(a); exec('a = 3')", "a = 1"),
        [("edit", 1, "a = 2"), ("run", 0, "")],
    ),
    "a cell that waits for a name from further down changes it": (
        ("p.append(1)", "p = [0]", "print(p)"),
        [("edit", 1, "p = [2]"), ("run", 0, "")],
    ),
    "what a blocked cell once missed counts no more": (
        ("a = b", "print(a)", "b = 1"),
        [("edit", 0, "raise ValueError(1)"), ("edit", 0, "a = 2")],
    ),
    "a function needs what another needs that it calls": (
        ("a = 1", "def f(): return a", "def g(): return f() + 1", "print(g())"),
        [("edit", 0, "a = 2"), ("edit", 1, "def f(): return 7")],
    ),
    "what += makes may be what it adds": (
        ("p = []; q = [1]", "p += q", "q.append(2)", "print(p, q)"),
        [("edit", 0, "p = []; q = [3]"), ("edit", 1, "p = p + q")],
    ),
    "an object left changed by a failed cell is made anew": (
        ("p = [0]", "p.append(1)\nraise ValueError(1)", "print(p)"),
        [("edit", 1, "p.append(2)")],
    ),
    "an interrupted cell has changed half of what it changes": (
        ("p = [0]", "p.append(1)\np.append(2)", "print(p)"),
        [("edit", 1, "p.append(3)\np.append(4)"), ("interrupt", 1, "1")],
    ),
    "an interrupted cell has bound one name of two": (
        ("a = 1; b = 1", "a = 2\nb = 2", "print(a, b)"),
        [("edit", 1, "a = 3\nb = 3"), ("interrupt", 1, "1"), ("edit", 1, "b = 4")],
    ),
    "what a failed cell kept from others passes through it once it is text": (
        ("a = 0", "p = p; p.append(0)"),
        [("insert", 0, "from tests.services.local_names import *"), ("text", 8, "{{ p.append(0) }}")],
    ),
    "an attribute of a class is changed by a cell above the one that a name from further down comes from": (
        ("class K:\n    xs = []", "K.xs.append(1)", "k = K()\nk.xs.append(2)\nprint(K.xs)", "print(K.xs, k.xs)"),
        [("move", 2, "0"), ("move", 0, "2")],
    ),
}


@pytest.mark.parametrize("batches", [False, True], ids=["one by one", "together"])
@pytest.mark.parametrize(("sources", "edits"), EXAMPLES.values(), ids=EXAMPLES.keys())
def test_it_is_kept_where(sources: Sequence[str], edits: Sequence[Edit], batches: bool) -> None:
    notebook = InProcessNotebook(*sources, batches=batches)
    notebook.run()
    assert_fresh(notebook)
    for number, (kind, where, what) in enumerate(edits):
        edit(notebook, kind, where, what, f"n{number}")
        notebook.run()
        assert_fresh(notebook)
