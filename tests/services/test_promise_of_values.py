"""The promise where objects are shared and changed in ways that no source shows.

A language of its own beside `test_promise`: aliases, containers in containers, attributes, closures, changes made by
functions of a module, random generators, iterators.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reactive_nb.services.operations import AddCell, UpdateCell
from tests.services.in_process import InProcessNotebook
from tests.services.promise import assert_fresh, edit, edits_with

LISTS = st.sampled_from(["p", "q"])
BOXES = st.sampled_from(["b", "c"])
ALL = st.sampled_from(["p", "q", "b", "c", "d", "n", "r"])
NUMBERS = st.integers(0, 3)
TOOLS = "from tests.services.local_tools import Box, grow, shrink"


def _statement() -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{} = [{}]".format, LISTS, NUMBERS),
        st.builds("{} = {}".format, ALL, ALL),
        st.builds("n = [{}, {}]".format, ALL, LISTS),
        st.builds("n = {{'a': {}}}".format, ALL),
        st.builds("{} = Box({})".format, BOXES, ALL),
        st.builds("d = {{{}: {}}}".format, NUMBERS, NUMBERS),
        st.builds("d = {{'k': {}}}".format, ALL),
        st.builds("grow({}, {})".format, ALL, NUMBERS),
        st.builds("shrink({})".format, LISTS),
        st.builds("{}.put({})".format, BOXES, NUMBERS),
        st.builds("{}.content = {}".format, BOXES, ALL),
        st.builds("grow({}.content)".format, BOXES),
        st.builds("{}.append({})".format, LISTS, ALL),
        st.builds("for x in list(n): grow(x)".format),
        st.builds("r = set([{}])".format, NUMBERS),
        st.builds("print({}, {})".format, ALL, ALL),
        st.builds("{}".format, ALL),
        st.builds("def f(): grow({})".format, ALL),
        st.builds("def f(x={}): grow(x); return x".format, LISTS),
        st.builds("f = lambda v={}: v.append(1)".format, LISTS),
        st.builds("def make(v):\n    def g(): grow(v)\n    return g\nf = make({})".format, ALL),
        st.just("f()"),
        st.builds("m = {}.append".format, LISTS),
        st.just("m(7)"),
        st.builds("import random; r = random.Random({})".format, NUMBERS),
        st.just("print(r.random())"),
        st.builds("r = iter({})".format, LISTS),
        st.just("print(next(r, None))"),
        st.builds("r = (x for x in {})".format, LISTS),
        st.builds("class K:\n    items = {}\n    def add(self): self.items.append(1)".format, LISTS),
        st.just("K().add()"),
        st.just("print(K.items)"),
        st.just("b = K()"),
        st.builds("exec('grow({})')".format, ALL),
        st.builds("exec('{} = {}')".format, LISTS, LISTS),
        st.builds("globals()['{}'] = {}".format, LISTS, LISTS),
        st.builds("del {}".format, ALL),
        st.builds("raise ValueError({})".format, NUMBERS),
    )


SOURCES = st.lists(_statement(), min_size=1, max_size=3).map("\n".join)
EDITS = edits_with(SOURCES)

EXAMPLES = max(300, settings().max_examples)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    sources=st.lists(SOURCES, min_size=2, max_size=6),
    edits=st.lists(EDITS, max_size=5),
    batches=st.booleans(),
)
def test_a_settled_notebook_equals_a_fresh_run(
    sources: list[str], edits: list[tuple[str, int, str]], batches: bool
) -> None:
    notebook = InProcessNotebook(TOOLS, *sources, batches=batches)
    notebook.run()
    assert_fresh(notebook)
    for number, (kind, where, what) in enumerate(edits):
        edit(notebook, kind, where, what, f"n{number}")
        notebook.run()
        assert_fresh(notebook)


NEW_WAYS = [
    ("q = [[0]]", "q = [p]"),
    ("q = 0", "q = p"),
    ("q = 0", "def q(x=p): return x"),
    ("q = {}", "q = {'a': (1, p)}"),
    ("q = 0", "q = Box(p)"),
]


@pytest.mark.parametrize(("before", "after"), NEW_WAYS)
def test_a_new_name_for_what_is_changed_further_down(before: str, after: str) -> None:
    notebook = InProcessNotebook(TOOLS, "p = [0]", before, "grow(p)", "print(p, q)", "q")
    notebook.run()
    notebook.do(UpdateCell("c2", source=after))
    assert notebook.run() == ["c2", "c3", "c4", "c5"]
    assert_fresh(notebook)
    notebook.do(UpdateCell("c2", source=before))
    notebook.run()
    assert_fresh(notebook)


def test_a_new_cell_that_keeps_what_is_changed_further_down() -> None:
    notebook = InProcessNotebook("p = [0]", "h = []", "p.append(1)", "print(h)")
    notebook.run()
    notebook.do(AddCell("new", source="h.append(p)", index=2))
    notebook.run()
    assert notebook.text("c3") == "[[0, 1]]\n"
    assert_fresh(notebook)


def test_who_only_looks_at_it_makes_nobody_run() -> None:
    notebook = InProcessNotebook("p = [0]", "1", "p.append(1)", "print(p)")
    notebook.run()
    notebook.do(UpdateCell("c1", source="n = len(p); print(p, n)"))
    assert notebook.run() == ["c1"]
