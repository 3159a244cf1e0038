"""The promise: after any edits, once nothing is stale, the notebook is what a fresh run from top to bottom gives.

Without kernels: the reducer decides, the kernel-side code binds and reports, and the cells run in this process.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.services.in_process import InProcessNotebook
from tests.services.promise import assert_fresh, edit, edits_with

NAMES = st.sampled_from(["a", "b", "c"])
LISTS = st.sampled_from(["p", "q"])
FUNCTIONS = st.sampled_from(["f", "g"])
NUMBERS = st.integers(0, 3)


def _statement() -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{} = {}".format, NAMES, NUMBERS),
        st.builds("{} = {} + {}".format, NAMES, NAMES, NUMBERS),
        st.builds("{} += 1".format, NAMES),
        st.builds("if {} > 1: {} = {}".format, NAMES, NAMES, NUMBERS),
        st.builds("for {} in range({}): pass".format, NAMES, NUMBERS),
        st.builds("del {}".format, NAMES),
        st.builds("print({})".format, NAMES),
        st.builds("{} = [{}]".format, LISTS, NUMBERS),
        st.builds("{} = {} + [{}]".format, LISTS, LISTS, NAMES),
        st.builds("{}.append({})".format, LISTS, NUMBERS),
        st.builds("{}[0] = {}".format, LISTS, NAMES),
        st.builds("{} = {}; {}.append({})".format, LISTS, LISTS, LISTS, NUMBERS),
        st.builds("print({}, len({}))".format, LISTS, LISTS),
        st.builds("def {}(): return {}".format, FUNCTIONS, NAMES),
        st.builds("def {}(): return {}() + 1".format, FUNCTIONS, FUNCTIONS),
        st.builds("def {}():\n    global {}\n    {} = {}".format, FUNCTIONS, NAMES, NAMES, NUMBERS),
        st.builds("{} = {}()".format, NAMES, FUNCTIONS),
        st.builds("print({}())".format, FUNCTIONS),
        st.builds("{} = lambda: {}".format, FUNCTIONS, NAMES),
        st.builds("{} = [{}]".format, LISTS, FUNCTIONS),
        st.builds("print([{} for {} in {}])".format, NAMES, NAMES, LISTS),
        st.builds("exec('{} = {} / 2')".format, NAMES, NUMBERS),
        st.builds("try:\n    print({})\nexcept NameError as e:\n    {} = 0".format, NAMES, NAMES),
        st.builds("class K:\n    x = {}\n    def m(self): return {}".format, NAMES, NAMES),
        st.just("print(K().m(), K.x)"),
        st.just("from tests.services.local_names import *"),
        st.builds("raise ValueError({})".format, NUMBERS),
        st.builds("print({}".format, NAMES),
    )


SOURCES = st.lists(_statement(), min_size=1, max_size=3).map("\n".join)

TEXTS = st.one_of(
    st.builds("{{{{ {} }}}}".format, NAMES),
    st.builds("a {{{{ {}() }}}} b {{{{ {} }}}}".format, FUNCTIONS, LISTS),
    st.builds("{{{{ {}.append({}) }}}}".format, LISTS, NUMBERS),
    st.sampled_from(["no value", "{{ K().m() }}", "{{ a + }}", "{{ [b for b in p] }} {{ 1 / 0 }}"]),
)

EDITS = edits_with(SOURCES, TEXTS)

EXAMPLES = max(2_500, settings().max_examples)
"""For each way to run cells. The fuzz profile asks for more."""


@pytest.mark.parametrize("batches", [False, True], ids=["one by one", "together"])
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    sources=st.lists(SOURCES, min_size=2, max_size=6),
    edits=st.lists(EDITS, max_size=6),
)
def test_a_settled_notebook_equals_a_fresh_run(
    sources: list[str], edits: list[tuple[str, int, str]], batches: bool
) -> None:
    notebook = InProcessNotebook(*sources, batches=batches)
    notebook.run()
    if batches:  # otherwise it is a fresh run itself
        assert_fresh(notebook)
    for number, (kind, where, what) in enumerate(edits):
        edit(notebook, kind, where, what, f"n{number}")
        notebook.run()
        assert_fresh(notebook)
