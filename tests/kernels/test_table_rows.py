"""Tables sorted and filtered in the kernel: real libraries, and values as people have them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reactive_kernels import KernelConnection

pytestmark = pytest.mark.anyio

FRAME = """
import pandas as pd
x = pd.DataFrame({
    'n': [3, 1, None, 2],
    's': ['Bern', 'rome', None, 'Oslo'],
    'd': pd.to_datetime(['2026-01-03', '2026-01-01', None, '2026-01-02']),
    'b': [True, False, True, False],
    'o': [1, 'one', None, [2]],
    'i': pd.array([30, None, 10, 20], dtype='Int64'),
})
"""
POLARS = """
import datetime, polars as pl
x = pl.DataFrame({
    'n': [3.0, 1.0, float('nan'), 2.0],
    's': ['Bern', 'rome', None, 'Oslo'],
    'd': [datetime.date(2026, 1, 3), datetime.date(2026, 1, 1), None, datetime.date(2026, 1, 2)],
    'b': [True, False, True, False],
    'o': [[1], [2, 3], None, [2]],
    'i': [30, None, 10, 20],
})
"""
LISTS = """
import numpy as np
names = ['Bern', 'rome', None, 'Oslo']
mixed = [3, 'a', None, 1.5]
held = {'b': 2, 'a': 1, 'c': None}
array = np.array([[3, 30], [1, 10], [2, 20]])
frozen = frozenset([3, 1, 2])
number = 5
class Hostile:
    def __len__(self): raise RuntimeError
    def __repr__(self):
        while True: pass
hostile = [Hostile(), Hostile()]
"""


async def asked(kernel: KernelConnection, name: str = "x", **question: Any) -> Any:
    answer = await kernel.call("variable", name=name, **question)
    json.dumps(answer, allow_nan=False)
    return answer


async def column(kernel: KernelConnection, place: int, name: str = "x", **question: Any) -> list[Any]:
    """A column of the rows that are found, in their order."""
    answer = await asked(kernel, name, **question)
    assert answer["matching"] == len(answer["rows"]), answer
    return [row[place] for row in answer["rows"]]


QUESTIONS: list[tuple[dict[str, Any], list[float | None]]] = [
    ({"sort": 0}, [1, 2, 3, None]),
    ({"sort": 0, "descending": True}, [3, 2, 1, None]),
    ({"sort": 1}, [3, 2, 1, None]),
    ({"sort": 2}, [1, 2, 3, None]),
    ({"sort": 3}, [1, 2, 3, None]),
    ({"sort": 5, "descending": True}, [3, 2, None, 1]),
    ({"filters": [[0, "ge", "2"]]}, [3, 2]),
    ({"filters": [[0, "ne", "2"]]}, [3, 1]),
    ({"filters": [[0, "missing", ""]]}, [None]),
    ({"filters": [[0, "present", ""]], "sort": 0}, [1, 2, 3]),
    ({"filters": [[1, "contains", "O"]]}, [1, 2]),
    ({"filters": [[1, "eq", "Oslo"]]}, [2]),
    ({"filters": [[2, "gt", "2026-01-01"]], "sort": 2}, [2, 3]),
    ({"filters": [[3, "eq", "true"]]}, [3, None]),
    ({"filters": [[5, "lt", "30"]]}, [None, 2]),
    ({"filters": [[0, "gt", "1"], [1, "contains", "e"]]}, [3]),
    ({"filters": [[2, "contains", "2026-01"]]}, [3, 1, 2]),
    ({"filters": [[4, "contains", "2"]]}, [2]),
]


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize(("question", "wanted"), QUESTIONS)
async def test_a_frame_is_sorted_and_filtered(
    kernel: KernelConnection, library: str, question: dict[str, Any], wanted: list[float | None]
) -> None:
    assert (await kernel.execute(FRAME if library == "pandas" else POLARS)).status == "ok"
    if library == "polars" and question.get("filters") == [[4, "contains", "2"]]:
        with_lists = await asked(kernel, **question)
        assert "can't be compared" in with_lists["problem"]
        return
    if question.get("sort") == 3:
        assert sorted(await column(kernel, 3, **question)) == [False, False, True, True]
        return
    assert await column(kernel, 0, **question) == wanted


async def test_sorted_pages_join_and_count_what_matches(kernel: KernelConnection) -> None:
    await kernel.execute("import pandas as pd\nx = pd.DataFrame({'n': range(1000)}).sample(frac=1, random_state=1)")
    question: dict[str, Any] = {"sort": 1, "filters": [[1, "ge", "900"]]}
    pages = [await asked(kernel, offset=offset, limit=40, **question) for offset in (0, 40, 80, 120)]
    assert [row[1] for page in pages for row in page["rows"]] == list(range(900, 1000))
    assert {(page["total"], page["matching"]) for page in pages} == {(1000, 100)}
    assert await kernel.call("variables", names=["x"]) == await kernel.call("variables", names=["x"])
    assert (await kernel.execute("assert not x.n.is_monotonic_increasing and len(x.columns) == 1")).status == "ok"


async def test_an_order_is_found_anew_when_a_cell_has_run(kernel: KernelConnection) -> None:
    await kernel.execute("import pandas as pd\nx = pd.DataFrame({'n': [3, 1, 2]})")
    assert await column(kernel, 0, sort=0) == [1, 2, 3]
    assert await column(kernel, 0, sort=0) == [1, 2, 3]
    await kernel.execute("x.loc[1, 'n'] = 9")
    assert await column(kernel, 0, sort=0) == [2, 3, 9]
    await kernel.execute("x = x + 1", silent=True)
    assert await column(kernel, 0, sort=0) == [3, 4, 10]


async def test_an_index_and_columns_of_one_name_are_told_apart_by_their_place(kernel: KernelConnection) -> None:
    code = "import pandas as pd\nx = pd.DataFrame([[1, 9], [2, 8]], columns=['a', 'a'], index=['q', 'p'])"
    await kernel.execute(code)
    assert await column(kernel, 0, sort=0) == ["p", "q"]
    assert await column(kernel, 2, sort=2) == [8, 9]
    assert (await asked(kernel, sort=2))["places"] == [1, 0]
    assert "no such column" in (await asked(kernel, sort=7))["problem"]
    assert "no such column" in (await asked(kernel, sort=-9))["problem"]


async def test_lists_arrays_and_dicts_too_and_values_of_all_kinds(kernel: KernelConnection) -> None:
    assert (await kernel.execute(LISTS)).status == "ok"
    assert await column(kernel, 0, "names", sort=0) == ["Bern", "Oslo", "rome", None]
    assert await column(kernel, 0, "names", filters=[[0, "contains", "o"]]) == ["rome", "Oslo"]
    assert await column(kernel, 0, "mixed", sort=0) == [1.5, 3, "a", None]
    assert await column(kernel, 0, "held", sort=1, descending=True) == ["b", "a", "c"]
    assert await column(kernel, 1, "array", sort=0) == [10, 20, 30]
    assert await column(kernel, 0, "frozen", sort=0, descending=True) == [3, 2, 1]
    assert await column(kernel, 0, "hostile", filters=[[0, "contains", "<hostile"]]) == ["<Hostile object>"] * 2
    assert "no table" in (await asked(kernel, "number", sort=0))["problem"]


@pytest.mark.parametrize("library", ["pandas", "polars"])
async def test_questions_that_make_no_sense_say_why(kernel: KernelConnection, library: str) -> None:
    await kernel.execute(FRAME if library == "pandas" else POLARS)
    assert (await asked(kernel, filters=[[0, "gt", "many"]]))["problem"] == "'many' is no number."
    assert "neither true nor false" in (await asked(kernel, filters=[[3, "eq", "maybe"]]))["problem"]
    assert (await asked(kernel, "unknown", sort=0))["missing"] is True


async def test_what_would_take_long_is_given_up_in_words(kernel: KernelConnection) -> None:
    await kernel.execute(LISTS + "hostile = [Hostile() for _ in range(1000)]")
    questions: list[dict[str, Any]] = [{"sort": 0}, {"filters": [[0, "contains", "a"]]}]
    for question in questions:
        assert "takes too long" in (await asked(kernel, "hostile", **question))["problem"]


async def test_what_a_cell_displayed_is_found_by_its_count(kernel: KernelConnection) -> None:
    await kernel.execute("import pandas as pd\nx = pd.DataFrame({'a': [1]})")
    reply = await kernel.execute("x + 1")
    count = reply.execution_count
    assert count is not None
    shown = await asked(kernel, f"_{count}")
    assert (shown["kind"], shown["rows"]) == ("dataframe", [[2]])
    assert (await asked(kernel, f"_{count + 50}"))["missing"]
    assert (await asked(kernel, "_oh"))["missing"]
