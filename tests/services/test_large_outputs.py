"""Large outputs are left out of what clients are told, and found by their hash."""

from __future__ import annotations

import base64

import pytest

from reactive_nb.models import Cell, Notebook, Output
from reactive_nb.services.large_outputs import LARGE, find, slim

PICTURE = base64.b64encode(b"\x89PNG" + bytes(LARGE)).decode()


def test_a_small_output_is_told_as_it_is() -> None:
    output: Output = {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "x" * LARGE}}
    assert slim(output) is output
    stream = {"output_type": "stream", "name": "stdout", "text": "hi"}
    assert slim(stream) is stream


def test_a_large_one_is_told_by_hash_and_found_by_it() -> None:
    output: Output = {
        "output_type": "display_data",
        "metadata": {"image/png": {"width": 10}},
        "data": {"image/png": PICTURE, "text/plain": "<Figure>"},
    }
    told = slim(output)
    assert told["data"] == {"text/plain": "<Figure>"}
    assert told["metadata"]["image/png"] == {"width": 10}
    reference = told["metadata"]["reactive_nb"]["large"]["image/png"]
    assert reference["size"] == len(PICTURE)
    notebook = Notebook(id="n", cells=(Cell(id="a", outputs=(output,)),))
    assert find(notebook, reference["hash"]) == ("image/png", base64.b64decode(PICTURE))
    assert find(notebook, "0" * 64) is None
    assert output["data"]["image/png"] == PICTURE


@pytest.mark.parametrize(
    "odd",
    [{"data": None}, {"data": [1]}, {"data": {"text/plain": "x" * (LARGE + 1)}, "metadata": [1]}],
    ids=["no data", "a list as data", "a list as metadata"],
)
def test_what_others_have_written_wrongly_does_no_harm(odd: Output) -> None:
    output: Output = {"output_type": "display_data", **odd}
    slim(output)
    assert find(Notebook(id="n", cells=(Cell(id="a", outputs=(output,)),)), "0" * 64) is None
