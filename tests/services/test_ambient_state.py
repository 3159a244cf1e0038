"""State without a name (the working directory, random generators, …) is what a fresh run would have, cell by cell."""

from __future__ import annotations

import contextlib
import os
import random
import sys
import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reactive_nb.services.operations import AddCell, UpdateCell
from tests.services.in_process import InProcessNotebook
from tests.services.promise import assert_fresh, edit, edits_with

NUMBERS = st.integers(0, 2)
NAMES = st.sampled_from(["a", "b"])


@contextlib.contextmanager
def around() -> Iterator[None]:
    """Whatever cells do to this process is undone."""
    drawn = np.random.get_state()
    here, environ, path, filters = os.getcwd(), dict(os.environ), list(sys.path), list(warnings.filters)
    generator = random.getstate()
    try:
        yield
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(environ)
        sys.path[:], warnings.filters[:] = path, filters  # type: ignore[index]
        random.setstate(generator)
        np.random.set_state(drawn)


@pytest.fixture(autouse=True)
def undone() -> Iterator[None]:
    with around():
        yield


def _statement() -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{} = {}".format, NAMES, NUMBERS),
        st.builds("{} = {} + 1".format, NAMES, NAMES),
        st.builds("print({})".format, NAMES),
        st.builds("import os; os.environ['PART_{}'] = str({})".format, NUMBERS, NAMES),
        st.builds("import os; os.environ.pop('PART_{}', None)".format, NUMBERS),
        st.builds("import os; print(os.environ.get('PART_{}'))".format, NUMBERS),
        st.builds("import os; os.chdir(['/', '/tmp', '/usr'][{}])".format, NUMBERS),
        st.just("import os; print(os.getcwd())"),
        st.builds("import sys; sys.path.append('/nowhere/{}')".format, NUMBERS),
        st.just("import sys; print([p for p in sys.path if 'nowhere' in p])"),
        st.builds("import random; random.seed({}); seeded = True".format, NUMBERS),
        st.builds("try: {} = random.randrange(100) if seeded else 0\nexcept NameError: pass".format, NAMES),
        st.builds("import warnings; warnings.filterwarnings('ignore', 'no{}')".format, NUMBERS),
        st.just("import warnings; print([f[1].pattern for f in warnings.filters if f[0] == 'ignore' and f[1]])"),
        st.builds("def f(): import os; os.environ['PART_0'] = str({})".format, NUMBERS),
        st.just("f()"),
        st.builds("raise ValueError({})".format, NUMBERS),
    )


SOURCES = st.lists(_statement(), min_size=1, max_size=3).map("\n".join)
EDITS = edits_with(SOURCES)
EXAMPLES = max(150, settings().max_examples)
SEEDED = "import random; random.seed(7); seeded = True"
TOOLS = SEEDED


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
@given(
    sources=st.lists(SOURCES, min_size=2, max_size=6),
    edits=st.lists(EDITS, max_size=4),
    batches=st.booleans(),
)
def test_a_settled_notebook_equals_a_fresh_run(
    sources: list[str], edits: list[tuple[str, int, str]], batches: bool
) -> None:
    with around():
        notebook = InProcessNotebook(SEEDED, *sources, batches=batches)
        notebook.run()
        assert_fresh(notebook)
        for number, (kind, where, what) in enumerate(edits):
            edit(notebook, kind, where, what, f"n{number}")
            notebook.run()
            assert_fresh(notebook)


def test_a_cell_that_runs_again_finds_the_state_of_its_place() -> None:
    notebook = InProcessNotebook(
        "import os\nprint(os.getcwd() == '/')", "os.chdir('/')", "print(os.getcwd())", "os.chdir('/tmp')"
    )
    notebook.run()
    assert notebook.run("c2") == ["c2"]
    assert notebook.run("c0")[0] == "c0"
    assert [notebook.text("c0"), notebook.text("c2")] == ["False\n", "/\n"]


def test_who_may_look_at_it_runs_again_when_it_is_another_and_nobody_else() -> None:
    notebook = InProcessNotebook("import os\nos.environ['PLACE'] = 'here'", "print(os.environ['PLACE'])", "x = 1", "x")
    notebook.run()
    notebook.do(UpdateCell("c0", source="import os\nos.environ['PLACE'] = 'there'"))
    notebook.run()
    assert (notebook.log[4:], notebook.text("c1")) == (["c0", "c1"], "there\n")


def test_who_leaves_the_same_state_makes_nobody_run() -> None:
    notebook = InProcessNotebook("import os as o\no.chdir('/')", "import os\nprint(os.getcwd())")
    notebook.run()
    notebook.do(UpdateCell("c0", source="import os as o\n\no.chdir('/')"))
    assert notebook.run() == ["c0"]


def test_seeded_draws_come_out_the_same_when_one_cell_runs_again() -> None:
    notebook = InProcessNotebook("import random\nrandom.seed(1)", "print(random.random())", "print(random.random())")
    notebook.run()
    first, second = notebook.text("c1"), notebook.text("c2")
    notebook.do(UpdateCell("c2", source="print(random.random() )"))
    assert notebook.run() == ["c2"]
    assert (notebook.text("c1"), notebook.text("c2")) == (first, second)
    assert notebook.run("c1") == ["c1"]
    assert notebook.text("c1") == first


def test_who_runs_an_unseeded_draw_again_gets_new_numbers() -> None:
    notebook = InProcessNotebook("import random", "print(random.random())", "print(random.random())")
    notebook.run()
    first = notebook.text("c1")
    assert notebook.run("c1") == ["c1"]
    assert notebook.text("c1") != first


def test_a_seed_put_above_a_draw_makes_it_run_again() -> None:
    notebook = InProcessNotebook("import random", "print(random.random())")
    notebook.run()
    notebook.do(AddCell("new", source="random.seed(5)", index=1))
    assert notebook.run() == ["new", "c1"]
    assert notebook.text("c1") == f"{random.Random(5).random()}\n"


def test_a_failed_cell_leaves_it_as_it_was_and_blocks_nobody() -> None:
    notebook = InProcessNotebook("import os", "os.chdir('/')\n1 / 0", "print(os.getcwd() == '/')")
    notebook.run()
    assert (notebook.text("c2"), notebook.status("c2")) == ("False\n", "success")


def test_what_numpy_draws_is_that_of_the_seed_above() -> None:
    notebook = InProcessNotebook(
        "import numpy as np", "np.random.seed(1)\nx = np.random.rand(3)", "print(np.random.rand())"
    )
    notebook.run()
    first = notebook.text("c2")
    notebook.do(UpdateCell("c1", source="np.random.seed(1)\nx = np.random.rand(4)"))
    assert notebook.run() == ["c1", "c2"]
    assert notebook.text("c2") != first
    notebook.do(UpdateCell("c1", source="np.random.seed(1)\nx = np.random.rand(3)"))
    assert notebook.run() == ["c1", "c2"]
    assert notebook.text("c2") == first


def test_a_generator_of_numpy_left_the_same_makes_nobody_run() -> None:
    notebook = InProcessNotebook("import numpy as np", "np.random.seed(1)", "print(np.random.rand())")
    notebook.run()
    notebook.do(UpdateCell("c1", source="np.random.seed(0 + 1)"))
    assert notebook.run() == ["c1"]
