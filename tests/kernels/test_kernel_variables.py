"""What the kernel tells of its variables: bounded, never raising, exact. Real ipykernel, real libraries."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from reactive_kernels import KernelConnection

pytestmark = pytest.mark.anyio

Json = dict[str, Any]


async def described(kernel: KernelConnection, code: str) -> dict[str, Json]:
    reply = await kernel.execute(code)
    assert reply.status == "ok", reply.evalue
    found = await kernel.call("variables", names=None)
    json.dumps(found, allow_nan=False)
    return {line["name"]: line for line in found}


async def page(kernel: KernelConnection, code: str, name: str = "x", **where: int) -> Json:
    reply = await kernel.execute(code)
    assert reply.status == "ok", reply.evalue
    table: Json = await kernel.call("variable", name=name, **where)
    json.dumps(table, allow_nan=False)
    return table


PREVIEWS = [
    ("x = 5", "int", "5"),
    ("x = 1.5", "float", "1.5"),
    ("x = float('nan')", "float", "nan"),
    ("x = None", "NoneType", "None"),
    ("x = 'it\\'s'", "str", '"it\'s"'),
    ("x = b'ab'", "bytes", "b'ab'"),
    ("x = 10 ** 6000", "int", "<int of 19932 bits>"),
    ("x = [1, 'a', [2, [3, [4]]]]", "list", "[1, 'a', [2, [3, […]]]]"),
    ("x = (1,)", "tuple", "(1,)"),
    ("x = {'a': {1: 2}}", "dict", "{'a': {1: 2}}"),
    ("x = []\nx.append(x)", "list", "[[[[…]]]]"),
    ("x = list(range(1000000))", "list", "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, …]"),
    ("def x(a, b=1, *, c): pass", "function", "x(a, b, c)"),
    ("x = len", "builtin_function_or_method", "len(…)"),
    ("class x: pass", "type", "class x"),
    ("import json as x", "module", "module json"),
    ("class C: pass\nx = C()", "C", "<C object>"),
    ("class C:\n    def __repr__(self): return 'mine'\nx = C()", "C", "mine"),
    ("class C:\n    def __repr__(self): return 'a\\n   b'\nx = C()", "C", "a b"),
    ("class C:\n    def __repr__(self): raise ValueError('no')\nx = C()", "C", "<C object>"),
    ("class C:\n    def __repr__(self): return 5\nx = C()", "C", "<C object>"),
    ("class C:\n    def __getattr__(self, name): raise RuntimeError(name)\nx = C()", "C", "<C object>"),
    ("class F(float):\n    def __repr__(self):\n        while True: pass\nx = F(1)", "F", "<F object>"),
    ("class L(list):\n    def __repr__(self): raise ValueError\nx = L([1])", "L", "<L of 1>"),
    ("import dataclasses as d\n@d.dataclass\nclass P:\n    a: int\n    b: list\nx = P(1, [2])", "P", "P(a=1, b=[2])"),
    ("from decimal import Decimal\nx = Decimal('1.10')", "decimal.Decimal", "Decimal('1.10')"),
    ("import datetime\nx = datetime.date(2026, 1, 2)", "datetime.date", "datetime.date(2026, 1, 2)"),
    ("import numpy as np\nx = np.arange(3)", "numpy.ndarray", "ndarray 3 int64: [0, 1, 2]"),
    ("import numpy as np\nx = np.zeros((2, 2))", "numpy.ndarray", "ndarray 2 × 2 float64: [0.0, 0.0, 0.0, 0.0]"),
    ("import pandas as pd\nx = pd.DataFrame({'a': [1], 'b': [2]})", None, "DataFrame 1 × 2: a, b"),
    ("import pandas as pd\nx = pd.Series([1, 2])", None, "Series 2 int64: [1, 2]"),
    ("from unittest.mock import MagicMock\nx = MagicMock()", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("code", "kind", "preview"), PREVIEWS)
async def test_a_variable_in_a_line(kernel: KernelConnection, code: str, kind: str | None, preview: str | None) -> None:
    line = (await described(kernel, code))["x"]
    assert set(line) == {"name", "type", "shape", "size", "preview"}
    assert len(line["preview"]) <= 200
    if kind is not None:
        assert line["type"] == kind
    if preview is not None:
        assert line["preview"] == preview


async def test_shapes_and_sizes(kernel: KernelConnection) -> None:
    code = """
    import numpy as np, pandas as pd
    array = np.zeros((1000, 10))
    frame = pd.DataFrame(array)
    column = frame[0]
    text = 'abc'
    items = {1: 2}
    number = 5
    """
    lines = await described(kernel, code)
    assert {name: line["shape"] for name, line in lines.items() if name not in ("np", "pd")} == {
        "array": [1000, 10],
        "frame": [1000, 10],
        "column": [1000],
        "text": [3],
        "items": [1],
        "number": None,
    }
    assert lines["array"]["size"] == 80_000
    assert lines["frame"]["size"] >= 80_000
    assert lines["column"]["size"] >= 8_000


async def test_only_the_users_names_are_told(kernel: KernelConnection) -> None:
    assert list(await described(kernel, "b = 1\n_a = 2\n_1 = 3")) == ["_a", "b"]
    assert await kernel.call("variables", names=["b", "unknown", "In"]) == [
        {"name": "b", "type": "int", "shape": None, "size": 28, "preview": "1"}
    ]


async def test_slow_and_endless_values_take_bounded_time(kernel: KernelConnection) -> None:
    code = """
    import time
    class Slow:
        def __repr__(self):
            while True:
                time.sleep(0.001)
    class Large:
        def __repr__(self): return 'x' * 10_000_000
    slow = [Slow() for _ in range(3)]
    values = {f'slow_{n}': Slow() for n in range(100)}
    globals().update(values)
    large = Large()
    """
    await kernel.execute(code)
    started = time.monotonic()
    lines = {line["name"]: line for line in await kernel.call("variables")}
    assert time.monotonic() - started < 4
    assert lines["slow_1"]["preview"] in ("<Slow object>", "<Slow>")
    assert lines["large"]["preview"].startswith("xxx")
    assert (await kernel.execute("import sys\nassert sys.gettrace() is None")).status == "ok"


async def test_looking_changes_nothing(kernel: KernelConnection) -> None:
    code = """
    log = []
    class C:
        def __len__(self):
            log.append('len')
            return 1
    x = C()
    g = iter([1, 2])
    """
    await described(kernel, code)
    assert (await page(kernel, "", "g"))["kind"] == "value"
    reply = await kernel.execute("assert log == [] and list(g) == [1, 2]")
    assert reply.status == "ok", reply.evalue


async def test_a_frame_in_pages(kernel: KernelConnection) -> None:
    code = """
    import pandas as pd
    x = pd.DataFrame({'n': range(1000), 's': [f'row {i}' for i in range(1000)]})
    """
    first = await page(kernel, code, limit=2)
    assert first == {
        "name": "x",
        "type": first["type"],
        "kind": "dataframe",
        "total": 1000,
        "matching": 1000,
        "columns": [{"name": "n", "type": "int64"}, {"name": "s", "type": "str"}],
        "columns_total": 2,
        "places": [0, 1],
        "rows": [[0, "row 0"], [1, "row 1"]],
        "offset": 0,
    }
    assert (await page(kernel, "", offset=998, limit=50))["rows"] == [[998, "row 998"], [999, "row 999"]]
    assert (await page(kernel, "", offset=5000))["rows"] == []
    assert len((await page(kernel, "", limit=10**9))["rows"]) == 1000
    assert (await page(kernel, "", offset=-5, limit=1))["rows"] == [[0, "row 0"]]


async def test_an_index_that_says_something_is_shown(kernel: KernelConnection) -> None:
    code = """
    import pandas as pd
    x = pd.DataFrame({'v': [1, 2]}, index=pd.Index(['a', 'b'], name='key'))
    y = pd.DataFrame({'v': [1]}, index=pd.MultiIndex.from_tuples([('p', 1)], names=['k', 'l']))
    """
    shown = await page(kernel, code)
    assert ([column["name"] for column in shown["columns"]], shown["rows"]) == (["key", "v"], [["a", 1], ["b", 2]])
    assert (await page(kernel, "", "y"))["rows"] == [["p", 1, 1]]


async def test_columns_of_the_same_name_and_of_odd_names(kernel: KernelConnection) -> None:
    code = "import pandas as pd\nx = pd.DataFrame([[1, 2, 3]], columns=['a', 'a', 5])"
    shown = await page(kernel, code)
    assert ([column["name"] for column in shown["columns"]], shown["rows"]) == (["a", "a", "5"], [[1, 2, 3]])


WIDE = {
    "an array": "import numpy as np\nx = np.zeros((2, 5_000_000), dtype='int8')",
    "an array of records": "import numpy as np\nx = np.zeros(2, dtype=[(f'f{n}', 'int8') for n in range(20_000)])",
    "a frame": "import numpy as np, pandas as pd\nx = pd.DataFrame(np.zeros((2, 20_000), dtype='int8'))",
    "a frame of polars": "import polars as pl\nx = pl.DataFrame({f'f{n}': [0, 0] for n in range(20_000)})",
}


@pytest.mark.parametrize("code", WIDE.values(), ids=WIDE)
async def test_columns_beyond_those_that_are_shown_cost_nothing(kernel: KernelConnection, code: str) -> None:
    """Looking at one page takes no memory for each of many columns."""
    shown = await page(kernel, code)
    assert (len(shown["columns"]), [len(row) for row in shown["rows"]]) == (500, [500, 500])
    assert shown["columns_total"] >= 20_000
    peak = (
        "import tracemalloc, sys; tracemalloc.start(); look = sys.modules['_reactive_nb.kernel_table_pages'].variable"
    )
    await described(kernel, f"{peak}; look('x'); used = tracemalloc.get_traced_memory()[1]; tracemalloc.stop()")
    assert int((await page(kernel, "", name="used"))["rows"][0][0]) < 20_000_000


async def test_wide_frames_are_cut_and_say_so(kernel: KernelConnection) -> None:
    shown = await page(kernel, "import numpy as np, pandas as pd\nx = pd.DataFrame(np.zeros((2, 3000)))")
    assert (len(shown["columns"]), len(shown["rows"][0]), shown["columns_total"]) == (500, 500, 3000)


CELLS = [
    ("9007199254740993", "9007199254740993"),
    ("2 ** 53", 2**53),
    ("float('nan')", None),
    ("float('inf')", "inf"),
    ("float('-inf')", "-inf"),
    ("decimal.Decimal('1.10')", "1.10"),
    ("datetime.datetime(2026, 1, 2, 3, 4)", "2026-01-02T03:04:00"),
    ("datetime.date(2026, 1, 2)", "2026-01-02"),
    ("pd.Timestamp('2026-01-02')", "2026-01-02T00:00:00"),
    ("pd.NaT", None),
    ("pd.NA", None),
    ("np.int64(5)", 5),
    ("np.float32(0.5)", 0.5),
    ("np.float64('nan')", None),
    ("np.bool_(True)", True),
    ("np.datetime64('2026-01-02')", "2026-01-02"),
    ("True", True),
    ("None", None),
    ("'x' * 5000", "x" * 999 + "…"),
    ("[1, 2]", "[1, 2]"),
    ("b'ab'", "b'ab'"),
    ("1 + 2j", "(1+2j)"),
]


@pytest.mark.parametrize(("expression", "cell"), CELLS)
async def test_cells_are_json_and_exact(kernel: KernelConnection, expression: str, cell: Any) -> None:
    code = f"import datetime, decimal\nimport numpy as np, pandas as pd\nx = [{expression}]"
    assert (await page(kernel, code))["rows"] == [[cell]]


TABLES: list[tuple[str, str, int, list[str], list[list[Any]]]] = [
    ("x = [1, 'a']", "list", 2, ["value"], [[1], ["a"]]),
    ("x = (1,)", "list", 1, ["value"], [[1]]),
    ("x = {'a': 1, 2: [3]}", "dict", 2, ["key", "value"], [["a", 1], [2, "[3]"]]),
    ("x = {5}", "set", 1, ["value"], [[5]]),
    ("x = 'text'", "value", 1, ["value"], [["text"]]),
    ("x = 5.0", "value", 1, ["value"], [["5.0"]]),
    ("import numpy as np\nx = np.array([1.5, np.nan])", "array", 2, ["0"], [[1.5], [None]]),
    ("import numpy as np\nx = np.arange(4).reshape(2, 2)", "array", 2, ["0", "1"], [[0, 1], [2, 3]]),
    ("import numpy as np\nx = np.zeros((2, 1, 2))", "array", 2, ["0", "1"], [[0.0, 0.0], [0.0, 0.0]]),
    (
        "import numpy as np\nx = np.array([(1, 2.0)], dtype=[('a', 'i4'), ('b', 'f8')])",
        "array",
        1,
        ["a", "b"],
        [[1, 2.0]],
    ),
    ("import numpy as np\nx = np.array(5)", "value", 1, ["value"], [["array(5)"]]),
    ("import numpy as np\nx = np.zeros((0, 3))", "array", 0, ["0", "1", "2"], []),
    ("import pandas as pd\nx = pd.Series([1, 2], name='s')", "series", 2, ["s"], [[1], [2]]),
    ("import pandas as pd\nx = pd.DataFrame()", "dataframe", 0, [], []),
]


@pytest.mark.parametrize(("code", "kind", "total", "names", "rows"), TABLES)
async def test_values_as_tables(
    kernel: KernelConnection, code: str, kind: str, total: int, names: list[str], rows: list[list[Any]]
) -> None:
    table = await page(kernel, code)
    assert (table["kind"], table["total"]) == (kind, total)
    assert [column["name"] for column in table["columns"]] == names
    assert table["rows"] == rows


BROKEN = """
import types
class Stop(BaseException): pass
def stop(*args): raise Stop
def leave(*args): raise SystemExit
class ClassStops:
    __class__ = property(stop)
class ModuleStops(type):
    __module__ = property(stop)
class OfModuleStops(metaclass=ModuleStops): pass
class ModuleIsANumber: __module__ = 5
class EverythingOfTheClassStops(type): __getattribute__ = stop
class OfEverythingStops(metaclass=EverythingOfTheClassStops): pass
class Stops: __getattribute__ = __repr__ = stop
class ShapeStops:
    __module__ = "library"
    shape = property(stop)
    nbytes = property(leave)
class ShapeIsEndless:
    __module__ = "library"
    @property
    def shape(self):
        while True: pass
class ShapeIsHuge:
    __module__ = "library"
    shape = (10 ** 6000,)
    nbytes = -1
class Surrogate:
    def __repr__(self): return chr(0xd800)
class Items(dict): items = __len__ = __iter__ = stop
class List(list): __len__ = __iter__ = __getitem__ = stop
def function(): pass
function.__qualname__ = chr(0xd800)
module = types.ModuleType("module")
module.__name__ = 5
classes = [ClassStops, OfModuleStops, ModuleIsANumber, OfEverythingStops, Stops]
classes += [ShapeStops, ShapeIsEndless, ShapeIsHuge, Surrogate]
broken = [make() for make in classes] + [Items(a=1), List([1]), function, module, chr(0xd800)]
for number, value in enumerate(broken):
    globals()[f"v{number:02}"] = value
globals()[5] = globals()[chr(0xd800)] = 1
"""


async def test_a_broken_value_spoils_only_its_own_line(kernel: KernelConnection) -> None:
    lines = await described(kernel, BROKEN)
    values = {name: line for name, line in lines.items() if name.startswith("v0") or name.startswith("v1")}
    assert [line["type"] for line in values.values()] == [
        "ClassStops", "OfModuleStops", "ModuleIsANumber", "OfEverythingStops", "Stops", "library.ShapeStops",
        "library.ShapeIsEndless", "library.ShapeIsHuge", "Surrogate", "Items", "List", "function", "module", "str",
    ]  # fmt: skip
    assert [line["shape"] for line in values.values()] == [None] * 13 + [[1]]
    assert all(line["preview"] for line in values.values())
    json.dumps(lines, ensure_ascii=False).encode()


async def test_a_broken_value_spoils_only_its_own_cell(kernel: KernelConnection) -> None:
    cells = [row[0] for row in (await page(kernel, BROKEN, "broken"))["rows"]]
    assert len(cells) == 14
    assert cells[:2] == ["<ClassStops object>", "<OfModuleStops object>"]
    json.dumps(cells, ensure_ascii=False).encode()
    for number in range(14):
        table = await kernel.call("variable", name=f"v{number:02}")
        assert (table["kind"], table["total"]) == ("value", 1)
