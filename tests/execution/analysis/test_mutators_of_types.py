"""Known mutators held against the types themselves: what changes an object is known, what does not is not suspected."""

from __future__ import annotations

import array
import ast
import bisect
import collections
import contextlib
import copy
import datetime
import fractions
import heapq
import importlib
import io
import operator
import pathlib
import random
import warnings
from collections.abc import Iterator
from typing import Any

import matplotlib.axes
import matplotlib.axis
import matplotlib.figure
import numpy as np
import pandas as pd
import pytest

from reactive_nb.execution.analysis.mutators import Use, changed_by

CONTAINERS: list[Any] = [
    [3, 1, 2],
    {"a": 1, "b": 2},
    {1, 2, 3},
    bytearray(b"abc"),
    collections.deque([1, 2, 3], maxlen=5),
    collections.defaultdict(list, a=[1]),
    collections.Counter("abca"),
    collections.OrderedDict(a=1, b=2),
    array.array("i", [1, 2, 3]),
    io.StringIO("some text"),
]
TABLES: list[Any] = [
    np.array([3, 1, 2]),
    np.array([[3.0, 1.0], [2.0, 4.0]]),
    pd.DataFrame({"a": [1, 2], "b": [3, 4]}),
    pd.Series([1, 2, 3], name="a"),
]
VALUES: list[Any] = [
    "some text",
    b"some bytes",
    (1, 2, 3),
    frozenset({1, 2}),
    1,
    2.5,
    1j,
    range(3),
    datetime.datetime(2020, 1, 2),
    fractions.Fraction(1, 2),
    pathlib.PurePath("a/b"),
    pd.Index([1, 2, 3]),
    pd.Timestamp("2020-01-02"),
]
ARGUMENTS: list[tuple[Any, ...]] = [
    (),
    (1,),
    ("a",),
    ([1, 2],),
    ({"a": 5},),
    ({1, 7},),
    (b"x",),
    (0, 9),
    ("a", 5),
    (0, "c", 7),
    ([0], [9]),
]
UNHARMED = {"to_clipboard", "to_sql", "to_gbq", "tofile", "plot", "hist", "boxplot"}
"""Methods that are not tried: they draw, or leave this machine."""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some methods, being tried with a name, write a file of that name."""
    monkeypatch.chdir(tmp_path)


def text(value: Any) -> str:
    if isinstance(value, io.StringIO):
        return f"{value.getvalue()!r} at {value.tell()}"
    if isinstance(value, np.ndarray):
        return f"{value!r} {value.flags.writeable} {value.shape}"
    return repr(value)


def tried(value: Any) -> Iterator[tuple[str, tuple[Any, ...], bool]]:
    """Each method with each of the arguments that it takes, and whether it changed its object."""
    for method in dir(value):
        if method.startswith("_") or method in UNHARMED or not callable(getattr(type(value), method, None)):
            continue
        for arguments in ARGUMENTS:
            one = copy.deepcopy(value)
            before = text(one)
            with contextlib.suppress(Exception), warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                getattr(one, method)(*copy.deepcopy(arguments))
                yield method, arguments, text(one) != before


def is_known(method: str, arguments: tuple[Any, ...], use: Use) -> bool:
    call = ast.parse(f"x.{method}({', '.join(map(repr, arguments))})", mode="eval").body
    assert isinstance(call, ast.Call)
    return any(isinstance(changed, ast.Name) for changed in changed_by(call, use))


def name_of(value: Any) -> str:
    return type(value).__name__


@pytest.mark.parametrize("value", CONTAINERS + TABLES, ids=name_of)
def test_what_changes_an_object_is_known(value: Any) -> None:
    missed = {
        method
        for method, arguments, changed in tried(value)
        if changed and not is_known(method, arguments, Use.DISCARDED)
    }
    # what is done to a buffer that is closed or detached is no change that somebody can see
    assert missed - {"close", "detach"} == set()


SHOWN_BUT_CHANGED_ELSEWHERE = {"add", "append", "insert", "subtract", "update"}
"""Of a set, a list, a counter or a dictionary, called in the same way."""


@pytest.mark.parametrize("value", TABLES + VALUES, ids=name_of)
def test_what_returns_something_new_is_not_suspected(value: Any) -> None:
    """Neither where its result is kept, nor where it is shown."""
    changing = {method for method, _, changed in tried(value) if changed}
    suspected = {
        (method, use.name)
        for method, arguments, _ in tried(value)
        for use in (Use.KEPT, Use.SHOWN)
        if method not in changing and is_known(method, arguments, use)
    }
    assert {method for method, use in suspected if use == "KEPT"} == set()
    assert {method for method, _ in suspected} <= SHOWN_BUT_CHANGED_ELSEWHERE


ASKING = {
    *("contains", "contains_point", "convert_units", "convert_xunits", "convert_yunits", "convert_zunits", "draw"),
    *("draw_artist", "draw_without_rendering", "findobj", "format_coord", "format_cursor_data", "format_xdata"),
    *("format_ydata", "format_zdata", "ginput", "has_data", "have_units", "in_axes", "is_transform_set", "pchanged"),
    *("limit_range_for_scale", "pick", "pickable", "properties", "redraw_in_frame", "savefig", "show", "update_from"),
    *("waitforbuttonpress", "waitforbuttonpress", "xaxis_inverted", "yaxis_inverted", "zaxis_inverted", "can_pan"),
    *("can_zoom", "drag_pan", "end_pan", "start_pan", "auto_scale_xyz", "disable_mouse_rotation", "remove_callback"),
}
"""What asks, draws what is there, or belongs to a mouse."""


@pytest.mark.parametrize(
    "drawn",
    [
        matplotlib.axes.Axes,
        matplotlib.axis.Axis,
        matplotlib.figure.Figure,
        matplotlib.figure.SubFigure,
        importlib.import_module("mpl_toolkits.mplot3d").Axes3D,
    ],
)
def test_what_draws_on_axes_is_known(drawn: type) -> None:
    methods = {
        name
        for name in dir(drawn)
        if not name.startswith(("_", "get_")) and name[0].islower() and callable(getattr(drawn, name))
    }
    assert {name for name in methods - ASKING if not _draws(name)} == set()


def _draws(method: str) -> bool:
    call = ast.parse(f"ax.{method}(y)", mode="eval").body
    assert isinstance(call, ast.Call)
    return any(isinstance(changed, ast.Name) and changed.id == "ax" for changed in changed_by(call, Use.DISCARDED))


FUNCTIONS = [
    "np.copyto(x, 0)",
    "np.put(x, [0], 9)",
    "np.place(x, [True, False, False], 9)",
    "np.putmask(x, [True, False, False], 9)",
    "np.put_along_axis(x, np.array([0]), 9, 0)",
    "np.add(1, 2, x)",
    "np.sqrt(4.0, x)",
    "np.add.at(x, [0], 1)",
    "np.clip(x, 0, 1, out=x)",
    "np.random.shuffle(x)",
    "np.random.default_rng(1).shuffle(x)",
    "np.nan_to_num(x, copy=False)",
    "np.fill_diagonal(x, 0)",
    "operator.setitem(x, 0, 9)",
    "operator.iadd(x, 1)",
    "heapq.heapify(x)",
    "heapq.heappush(x, 0)",
    "bisect.insort(x, 0)",
    "random.shuffle(x)",
    "random.Random(1).shuffle(x)",
]


@pytest.mark.parametrize("source", FUNCTIONS)
def test_what_functions_change_is_known(source: str) -> None:
    call = ast.parse(source, mode="eval").body
    assert isinstance(call, ast.Call)
    assert [changed.id for changed in changed_by(call, Use.SHOWN) if isinstance(changed, ast.Name)] == ["x"]
    values = [np.array([3.0, np.nan, 2.0]), np.array([5, 3, 1, 2, 4]), np.ones((2, 2)), [3, 1, 2, 5, 4]]
    assert any(_changes(source, value) for value in values)


def _changes(source: str, value: Any) -> bool:
    modules = {"np": np, "operator": operator, "heapq": heapq, "bisect": bisect, "random": random}
    before = repr(value)
    with contextlib.suppress(TypeError, ValueError, AttributeError, IndexError):
        eval(source, {**modules, "x": value})
    return repr(value) != before
