from __future__ import annotations

import random

import pytest

from tests.notebooks.small_edits import small_edit


@pytest.mark.parametrize(
    ("source", "edited"),
    [
        ("x = 1", "x = 2"),
        ("é = 'ü'; x = 41", "é = 'ü'; x = 42"),
        ("if a:\n    b = f(a, key=2.0)", "if a:\n    b = f(a, key=3.25)"),
        ("x = y", None),
        ("x = True", None),
        ("%matplotlib inline\nx = 1", None),
        ("x = (", None),
    ],
)
def test_one_number_is_another(source: str, edited: str | None) -> None:
    assert small_edit(source, random.Random(0)) == edited
