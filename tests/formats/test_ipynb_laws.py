"""What holds for every notebook and for every text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reactive_nb.formats import FormatError, read_ipynb, write_ipynb
from reactive_nb.formats.libraries import library
from reactive_nb.models import Notebook
from tests.formats.strategies import ids, json_values, notebooks, text

nbformat = library("nbformat")
unhurried = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(notebooks())
def test_a_notebook_read_from_what_it_was_written_as_is_the_same(notebook: Notebook) -> None:
    assert read_ipynb(write_ipynb(notebook)) == notebook


@unhurried
@given(notebooks())
def test_what_is_written_is_valid_nbformat_laid_out_as_jupyter_does(notebook: Notebook) -> None:
    data = write_ipynb(notebook)
    parsed = json.loads(data)
    nbformat.validate(parsed)
    by_jupyter = json.dumps(parsed, ensure_ascii=False, indent=1, sort_keys=True, separators=(",", ": "))
    assert data.decode() == by_jupyter + "\n"


@unhurried
@given(st.binary(max_size=200) | st.text(max_size=200))
def test_a_text_that_is_no_notebook_is_refused_with_a_sentence(data: bytes | str) -> None:
    with pytest.raises(FormatError, match=r"\.$"):
        read_ipynb(data)


def some_of(*names: str, values: st.SearchStrategy[Any] = json_values) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names), values, max_size=len(names))


text_like = json_values | st.lists(text, max_size=3) | st.lists(text | st.integers(), max_size=3)
near_bundles = some_of("text/plain", "image/png", "application/json", "application/x+json", "odd", values=text_like)
near_outputs = st.builds(
    lambda kind, fields: fields if kind is None else {**fields, "output_type": kind},
    st.none() | st.sampled_from(["stream", "display_data", "execute_result", "error", "pyout", "later"]) | json_values,
    st.fixed_dictionaries(
        {},
        optional={
            "name": json_values,
            "text": text_like,
            "data": near_bundles | json_values,
            "metadata": json_values,
            "execution_count": json_values,
            "ename": json_values,
            "evalue": json_values,
            "traceback": text_like,
            "transient": json_values,
        },
    ),
)
near_metadata = st.fixed_dictionaries(
    {},
    optional={
        "tags": st.lists(st.sampled_from(["a", "b,c", "", "\n", "d"]) | json_values, max_size=4) | json_values,
        "name": json_values | st.just("\n"),
        "jupyter": json_values,
        "execution": some_of("iopub.status.busy", "x") | json_values,
        "collapsed": json_values,
        "scrolled": json_values | st.just("auto"),
        "format": json_values,
        "reactive_nb": some_of("fields", "attachments", "type", "config", values=near_bundles | json_values),
    },
)
near_cells = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", "raw"])},
    optional={
        "source": st.lists(text, max_size=2) | text | st.none(),
        "metadata": near_metadata | json_values,
        "outputs": st.lists(near_outputs, max_size=3),
        "execution_count": json_values,
        "attachments": some_of("a.png", values=near_bundles | json_values) | json_values,
        "id": ids | json_values,
        "lock": json_values,
    },
)
near_notebooks = st.fixed_dictionaries(
    {"nbformat": st.just(4), "cells": st.lists(near_cells, max_size=3)},
    optional={
        "nbformat_minor": st.sampled_from([0, 4, 5, 6, 9]) | json_values,
        "metadata": st.fixed_dictionaries(
            {},
            optional={
                "kernelspec": some_of("name", "display_name", "language") | json_values,
                "language_info": some_of("name", "codemirror_mode", "mimetype", "pygments_lexer") | json_values,
                "orig_nbformat": json_values,
                "title": json_values,
                "authors": json_values,
                "reactive_nb": some_of("fields", "name", "settings", values=some_of("nbformat_minor", "x", "cells")),
            },
        ),
        "signature": json_values,
    },
)


@settings(unhurried, max_examples=400)
@given(near_notebooks)
def test_what_nearly_is_a_notebook_is_written_as_a_valid_one(document: dict[str, Any]) -> None:
    notebook = read_ipynb(json.dumps(document), fallback_id="n")
    written = write_ipynb(notebook)
    nbformat.validate(json.loads(written))
    again = read_ipynb(written)
    assert write_ipynb(again) == written
    assert "fields" in str(document) or again == notebook  # what is under our own names may be mended on the way


damaged_cells = st.lists(
    st.dictionaries(
        st.sampled_from(["cell_type", "id", "source", "metadata", "outputs", "attachments", "execution_count", "x"]),
        st.sampled_from(["code", "markdown", "raw"]) | json_values,
    )
    | json_values,
    max_size=3,
)


@unhurried
@given(
    st.fixed_dictionaries(
        {"nbformat": st.integers(-1, 5) | json_values, "cells": damaged_cells | json_values},
        optional={
            "nbformat_minor": json_values,
            "metadata": st.dictionaries(
                st.sampled_from(["kernelspec", "language_info", "reactive_nb", "title"]), json_values
            )
            | json_values,
            "worksheets": st.lists(st.fixed_dictionaries({"cells": damaged_cells}), max_size=2) | json_values,
        },
    )
)
def test_a_damaged_notebook_is_refused_or_read_and_never_crashes(document: dict[str, object]) -> None:
    text = json.dumps(document)
    try:
        notebook = read_ipynb(text, fallback_id="n")
    except FormatError:
        return
    written = write_ipynb(notebook)
    nbformat.validate(json.loads(written))
    again = read_ipynb(written)
    assert [cell.id for cell in again.cells] == [cell.id for cell in notebook.cells]
