"""What holds for every notebook and for every text."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reactive_nb.formats import FormatError, read_ipynb, write_ipynb
from reactive_nb.formats.libraries import library
from reactive_nb.models import Notebook
from tests.formats.strategies import json_values, notebooks

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
    again = read_ipynb(write_ipynb(notebook))
    assert [cell.id for cell in again.cells] == [cell.id for cell in notebook.cells]
