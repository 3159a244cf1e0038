"""The setting by which cells stay fresh when what they need was made again and is equal to what it was."""

from __future__ import annotations

import numpy  # noqa: F401 - cells import them with less room on the stack than that takes
import pandas  # noqa: F401
import polars  # noqa: F401
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reactive_nb.services.operations import RemoveCell, UpdateCell, UpdateNotebook
from tests.services.in_process import InProcessNotebook
from tests.services.promise import assert_fresh, edit
from tests.services.test_promise_of_values import EDITS, EXAMPLES, SOURCES


def notebook_of(*sources: str) -> InProcessNotebook:
    notebook = InProcessNotebook(*sources)
    notebook.do(UpdateNotebook(settings={"equal_results": True}))
    notebook.run()
    assert all(notebook.status(cell) == "success" for cell in notebook.log)
    return notebook


NUMPY, PANDAS, POLARS = "import numpy\nx = numpy.", "import pandas\nx = pandas.", "import polars\nx = polars."
EQUAL = [
    ("x = 1", "x = 2 - 1"),
    ("x = [1, {'a': (2, [3])}]", "x = [1] + [{'a': (2, [3])}]"),
    ("def x(): return 1", "\n".join(["def x(): return 1", "", ""])),
    ("class C:\n    pass\nx = C()\nx.a = [1]", "class C:\n    pass\nx = C()\nx.a = [2 - 1]"),
    (NUMPY + "arange(3)", NUMPY + "arange(3) + 0"),
    (PANDAS + "DataFrame({'a': [1], 'b': ['c']})", PANDAS + "DataFrame({'a': [2 - 1], 'b': 'c'})"),
    (PANDAS + "Series(['a', 1, None], dtype=object)", PANDAS + "Series(['a', 2 - 1, None], dtype='O')"),
    (PANDAS + "Series([1.5], index=['a'])", PANDAS + "Series({'a': 1.5})"),
    (POLARS + "DataFrame({'a': [1.5]})", POLARS + "DataFrame({'a': [3 / 2]})"),
    (POLARS + "Series('a', ['b'])", POLARS + "Series('a', list('b'))"),
    ("import random\nx = random.Random(1)", "import random\nx = random.Random(2 - 1)"),
    (
        "from collections import *\nx = defaultdict(list, a=1)",
        "from collections import *\nx = defaultdict(list, {'a': 1})",
    ),
]
OTHERS = [
    ("x = 1", "x = 1.0"),
    ("x = 1", "x = True"),
    ("x = 0.0", "x = -0.0"),
    ("x = [1, 2]", "x = [1, 3]"),
    ("y = []\nx = [y, y]", "y = []\nx = [y, []]"),
    ("x = {'a': 1, 'b': 2}", "x = {'b': 2, 'a': 1}"),
    ("def x(): return 1", "def x(): return 2"),
    ("x = object()", "x = object() "),
    (NUMPY + "arange(3)", NUMPY + "arange(3.0)"),
    (NUMPY + "zeros(1)", NUMPY + "zeros(1) * -1"),
    (NUMPY + "ma.array([1], mask=[0])", NUMPY + "ma.array([1], mask=[1])"),
    (PANDAS + "DataFrame({'a': [0.0]})", PANDAS + "DataFrame({'a': [-0.0]})"),
    (PANDAS + "DataFrame({'a': [1]}, index=[0])", PANDAS + "DataFrame({'a': [1]}, index=[0.0])"),
    (PANDAS + "Series([1], name='a')", PANDAS + "Series([1], name='b')"),
    (
        PANDAS + "Series(pandas.Categorical(['a'], list('ab')))",
        PANDAS + "Series(pandas.Categorical(['a'], list('ba')))",
    ),
    (POLARS + "Series('a', [0.0])", POLARS + "Series('a', [-0.0])"),
    ("from collections import *\nx = defaultdict(list)", "from collections import *\nx = defaultdict(int)"),
    ("from collections import *\nx = deque([], 1)", "from collections import *\nx = deque([], 2)"),
    ("def x(a: int): pass", "def x(a: str): pass"),
    ("class x:\n    a: int", "class x:\n    a: str"),
    ("class x:\n    'doc'", "class x:\n    'cod'"),
]


@pytest.mark.parametrize(("first", "second"), EQUAL)
def test_what_is_equal_makes_nobody_run(first: str, second: str) -> None:
    notebook = notebook_of(first, "str(x)")
    notebook.do(UpdateCell("c0", source=second))
    assert notebook.run() == ["c0"]
    assert not notebook.state.stale


@pytest.mark.parametrize(("first", "second"), OTHERS)
def test_what_is_not_makes_its_users_run(first: str, second: str) -> None:
    notebook = notebook_of(first, "str(x)")
    notebook.do(UpdateCell("c0", source=second))
    assert notebook.run() == ["c0", "c1"]


def test_names_that_share_an_object_go_on_sharing_it() -> None:
    notebook = notebook_of("p = [0]", "q = [p]", "p.append(1)", "print(p, q)")
    notebook.do(UpdateCell("c1", source="q = [ p]"))
    notebook.run()
    notebook.do(UpdateCell("c0", source="p = [0 ]"))
    notebook.run()
    notebook.do(UpdateCell("c2", source="p.append(2)"))
    notebook.run()
    assert notebook.text("c3") == "[0, 2] [[0, 2]]\n"
    assert_fresh(notebook)


def test_what_was_shared_and_no_more_is_is_not_the_same() -> None:
    notebook = notebook_of("p = [0]", "q = [p]", "p.append(1)", "print(p, q)")
    notebook.do(UpdateCell("c1", source="q = [[0]]"))
    notebook.run()
    assert notebook.text("c3") == "[0, 1] [[0]]\n"
    assert_fresh(notebook)


def test_what_is_shared_now_and_was_not_is_not_the_same() -> None:
    notebook = notebook_of("p = [0]", "q = [[0]]", "p.append(1)", "print(p, q)")
    notebook.do(UpdateCell("c1", source="q = [p]"))
    notebook.run()
    assert notebook.text("c3") == "[0, 1] [[0, 1]]\n"
    assert_fresh(notebook)


def test_what_was_changed_since_is_compared_with_nothing() -> None:
    source = "class K:\n    def __new__(cls): return object.__new__(cls)\nx = K()\nx.a = {}"
    notebook = notebook_of(source.format("0"), "print(x.a)", "x.a = 1", "print(x.a)")
    notebook.do(RemoveCell("c2"))
    notebook.do(UpdateCell("c0", source=source.format("1")))
    notebook.run()
    assert notebook.text("c1") == "1\n"
    assert_fresh(notebook)


@settings(max_examples=EXAMPLES, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
@given(sources=st.lists(SOURCES, min_size=2, max_size=6), edits=st.lists(EDITS, max_size=5), batches=st.booleans())
def test_a_settled_notebook_equals_a_fresh_run(
    sources: list[str], edits: list[tuple[str, int, str]], batches: bool
) -> None:
    notebook = InProcessNotebook(*sources, batches=batches)
    notebook.do(UpdateNotebook(settings={"equal_results": True}))
    notebook.run()
    assert_fresh(notebook)
    for number, (kind, where, what) in enumerate(edits):
        edit(notebook, kind, where, what, f"n{number}")
        notebook.run()
        assert_fresh(notebook)


def test_without_the_setting_all_that_depends_on_it_runs() -> None:
    notebook = InProcessNotebook("x = 1", "x")
    notebook.run()
    notebook.do(UpdateCell("c0", source="x = 2 - 1"))
    assert notebook.run() == ["c0", "c1"]
