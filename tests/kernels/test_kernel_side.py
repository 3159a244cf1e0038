"""The code inside the kernel: what a cell is given, what it did, and that it leaves no trace. Real ipykernel."""

from __future__ import annotations

import ast
import asyncio
import sys
import textwrap
from importlib import resources
from typing import Any

import pytest

from reactive_kernels import KernelConnection, helper
from tests.kernels.recorder import DEADLINE_S, Recorder

pytestmark = pytest.mark.anyio

Report = dict[str, Any]
OF_SQL = {"duckdb", "pandas", "psycopg", "pymysql", "sqlalchemy"}
"""Loaded by what runs SQL cells alone, when it does."""
OF_A_KERNEL = ("IPython", "ipykernel", "jupyter_client", "jupyter_core")
KERNEL_SIDE = sorted({*helper._SOURCES.values(), *helper._LATER.values(), "kernel_around.py"})


@pytest.fixture(autouse=True)
async def no_versions(kernel: KernelConnection) -> None:
    await kernel.call("bind", bind={}, forget=["a", "b", "c", "d"])


async def run(kernel: KernelConnection, cell: str, code: str, **wanted: Any) -> Report:
    reply = await asyncio.wait_for(kernel.execute(code, reactive={"cell": cell, **wanted}), DEADLINE_S)
    assert reply.report is not None
    return {**reply.report, "status": reply.status}


async def shown(kernel: KernelConnection, expression: str) -> str:
    reply = await kernel.execute("", silent=True, user_expressions={"value": expression})
    value = reply.user_expressions["value"]
    return str(value["data"]["text/plain"] if value["status"] == "ok" else value["ename"])


async def test_a_report_has_all_its_parts(kernel: KernelConnection) -> None:
    report = await run(kernel, "a", "x = 1\ny = 2")
    assert {part: names for part, names in report.items() if not part.startswith("widgets")} == {
        "status": "ok",
        "bound": ["x", "y"],
        "kept": ["x", "y"],
        "deleted": [],
        "changed": [],
        "elsewhere": [],
        "spoiled": [],
        "missing": [],
        "read": [],
        "same": [],
        "ways": [],
        "name_error": None,
    }


# What was bound and removed: whatever way it was done


BINDING = [
    ("plain", "x = 1", ["x"]),
    ("import", "import os.path, json as j", ["j", "os"]),
    ("star", "from math import *\n", None),
    ("exec", "exec('made = 3')", ["made"]),
    ("globals", "globals()['made'] = 3", ["made"]),
    ("function and class", "def f(): pass\nclass C: pass", ["C", "f"]),
    ("global in a function", "def f():\n    global g\n    g = 1\nf()", ["f", "g"]),
    ("loop", "for i in range(3): pass", ["i"]),
    ("with", "import io\nwith io.StringIO() as s: pass", ["io", "s"]),
    ("exception name", "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    pass", []),
    ("%time", "%time x = 5", ["x"]),
    ("%%time", "%%time\nx = 5", ["x"]),
    ("%%capture", "%%capture out\nprint(1)", ["out"]),
    ("shell", "files = !echo hi", ["files"]),
    ("shell alone", "!echo hi", []),
    ("line magic", "here = %pwd", ["here"]),
    ("top-level await", "import asyncio\nx = await asyncio.sleep(0, result=4)", ["asyncio", "x"]),
    ("async for", "async def g():\n    yield 1\nasync for v in g(): pass", ["g", "v"]),
    ("walrus in a comprehension", "[last := n for n in range(3)]", ["last"]),
    ("comprehension", "[n for n in range(3)]", []),
    ("underscored", "_private = 1\n__dunder = 2", ["__dunder", "_private"]),
    ("history names", "1 + 1", []),
    ("history names by hand", "_ = 5\n__ = 6\n_i5 = 3\n_12 = 1\nIn = 2\nOut = 3", []),
    ("before an error", "x = 1\n1 / 0\ny = 2", ["x"]),
    ("syntax error", "x = (", []),
    ("nothing", "", []),
    ("SystemExit", "x = 1\nimport sys\nsys.exit(2)", ["sys", "x"]),
]


@pytest.mark.parametrize(("code", "bound"), [row[1:] for row in BINDING], ids=[row[0] for row in BINDING])
async def test_names_that_a_cell_bound(kernel: KernelConnection, code: str, bound: list[str] | None) -> None:
    report = await run(kernel, "a", code)
    if bound is None:
        assert {"sqrt", "pi", "cos"} <= set(report["bound"])
    else:
        assert report["bound"] == bound
    assert report["deleted"] == []


async def test_rebinding_counts_by_identity(kernel: KernelConnection) -> None:
    await run(kernel, "a", "x = [1]\ny = [2]")
    assert (await run(kernel, "b", "x = x\ny = list(y)\nx.append(2)"))["bound"] == ["y"]


async def test_removed_names_are_told(kernel: KernelConnection) -> None:
    await run(kernel, "a", "x = 1\ny = 2")
    report = await run(kernel, "b", "del x\nglobals().pop('y')\nz = 1\ndel z")
    assert (report["bound"], report["deleted"]) == ([], ["x", "y"])


async def test_names_of_the_kernel_are_never_touched_or_told(kernel: KernelConnection) -> None:
    report = await run(
        kernel, "a", "quit = 3\n__name__ = 'other'", bind={"exit": None, "In": None, "__builtins__": None}
    )
    assert report["bound"] == []
    assert await shown(kernel, "callable(exit)") == "True"
    assert await shown(kernel, "type(In).__name__") == "'list'"
    await run(kernel, "b", "__name__ = '__main__'")


# Versions


async def test_each_cell_keeps_its_version_of_a_name(kernel: KernelConnection) -> None:
    await run(kernel, "a", "x = 'first'")
    await run(kernel, "b", "x = 'second'")
    await run(kernel, "c", "seen = x", bind={"x": "a"})
    assert await shown(kernel, "seen") == "'first'"
    await run(kernel, "c", "seen = x", bind={"x": "b"})
    assert await shown(kernel, "seen") == "'second'"


async def test_a_name_without_provider_is_removed(kernel: KernelConnection) -> None:
    await run(kernel, "a", "x = 1")
    report = await run(kernel, "b", "x", bind={"x": None, "never_there": None})
    assert (report["status"], report["name_error"], report["deleted"]) == ("error", "x", [])


async def test_versions_that_are_not_there_are_told_and_never_replaced_by_another(kernel: KernelConnection) -> None:
    await run(kernel, "a", "x = 1")
    report = await run(kernel, "b", "x", bind={"x": "c", "y": "a"})
    assert sorted(report["missing"]) == ["x", "y"]
    assert report["name_error"] == "x"


async def test_forgotten_cells_have_no_versions(kernel: KernelConnection) -> None:
    await run(kernel, "a", "x = 1")
    assert (await run(kernel, "b", "", bind={"x": "a"}, forget=["a"]))["missing"] == ["x"]


async def test_a_new_run_replaces_all_versions_of_its_cell(kernel: KernelConnection) -> None:
    await run(kernel, "a", "x = 1\ny = 1")
    await run(kernel, "a", "x = 2")
    assert (await run(kernel, "b", "", bind={"x": "a", "y": "a"}))["missing"] == ["y"]
    assert await shown(kernel, "x") == "2"


async def test_a_cell_passes_on_what_it_may_have_written(kernel: KernelConnection) -> None:
    await run(kernel, "a", "x = 'from a'")
    report = await run(kernel, "b", "if False: x = 1", bind={"x": "a"}, writes=["x", "y"])
    assert report["bound"] == []
    assert (await run(kernel, "c", "", bind={"x": "b"}))["missing"] == []
    assert await shown(kernel, "x") == "'from a'"
    assert (await run(kernel, "c", "", bind={"y": "b"}))["missing"] == ["y"]


async def test_the_same_value_bound_again_is_a_version_when_known_to_be_written(kernel: KernelConnection) -> None:
    await run(kernel, "a", "x = 5", writes=["x"])
    assert (await run(kernel, "a", "x = 5", writes=["x"]))["bound"] == []
    assert (await run(kernel, "b", "", bind={"x": "a"}))["missing"] == []


async def test_a_cell_that_raised_still_leaves_its_versions(kernel: KernelConnection) -> None:
    report = await run(kernel, "a", "x = 1\n1 / 0")
    assert (report["status"], report["bound"], report["name_error"]) == ("error", ["x"], None)
    assert (await run(kernel, "b", "", bind={"x": "a"}))["missing"] == []


async def test_names_can_be_bound_between_runs(kernel: KernelConnection) -> None:
    await run(kernel, "a", "x = 1\ny = 1")
    await run(kernel, "b", "x = 2")
    assert await kernel.call("bind", bind={"x": "a", "y": None, "z": "b"}) == {"missing": ["z"]}
    assert (await shown(kernel, "x"), await shown(kernel, "y")) == ("1", "NameError")


async def test_versions_are_let_go(kernel: KernelConnection) -> None:
    track = "import gc, weakref\nclass Big: pass\nbig = Big()\nalive = weakref.ref(big)"
    await run(kernel, "a", track)
    await run(kernel, "b", "big = None")
    assert await shown(kernel, "alive() is not None") == "True"
    await kernel.call("bind", bind={}, forget=["a"])
    assert await shown(kernel, "[gc.collect(), alive()][1] is None") == "True"


# Spoiled versions


async def test_a_version_changed_in_place_becomes_what_it_was(kernel: KernelConnection) -> None:
    await run(kernel, "a", "x = [1]")
    report = await run(kernel, "b", "x.append(2)", bind={"x": "a"}, mutates=["x"])
    assert (report["spoiled"], report["kept"]) == ([], ["x"])
    await kernel.call("bind", bind={"x": "a"})
    assert await shown(kernel, "x") == "[1]"
    assert (await run(kernel, "c", "", bind={"x": "b"}))["missing"] == []
    assert await shown(kernel, "x") == "[1, 2]"


async def test_a_version_that_others_refer_to_is_spoiled(kernel: KernelConnection) -> None:
    await run(kernel, "a", "x = [1]\nimport builtins\nbuiltins.held = [x]")
    report = await run(kernel, "b", "x.append(2)", mutates=["x"])
    assert report["spoiled"] == [["a", "x"]]
    await run(kernel, "c", "del builtins.held")


async def test_aliases_become_what_they_were_with_it(kernel: KernelConnection) -> None:
    await run(kernel, "a", "x = [1]")
    await run(kernel, "b", "y = x\nz = [0]")
    report = await run(kernel, "c", "y.append(2)", mutates=["y"])
    assert (report["spoiled"], report["changed"]) == ([], ["x", "y"])
    await kernel.call("bind", bind={"x": "a", "y": "b"})
    assert await shown(kernel, "x is y, y") == "(True, [1])"


async def test_an_alias_of_a_changed_object_is_kept_as_it_is_now(kernel: KernelConnection) -> None:
    await run(kernel, "a", "x = [1]\ny = x")
    assert (await run(kernel, "b", "x.append(2)", mutates=["x"]))["kept"] == ["x", "y"]
    await kernel.call("bind", bind={"y": "b"}, forget=["a"])
    assert await shown(kernel, "y") == "[1, 2]"


async def test_replacing_is_not_spoiling_unless_declared(kernel: KernelConnection) -> None:
    await run(kernel, "a", "x = [1]")
    assert (await run(kernel, "b", "x = [*x, 2]", writes=["x"]))["spoiled"] == []
    assert await shown(kernel, "x") == "[1, 2]"


async def test_values_that_cannot_change_are_never_spoiled(kernel: KernelConnection) -> None:
    await run(kernel, "a", "n = 5\ns = 'text'\nnothing = None")
    report = await run(kernel, "b", "n += 1\ns += '!'", mutates=["n", "s", "nothing"], writes=["n", "s"])
    assert (report["spoiled"], report["bound"]) == ([], ["n", "s"])


async def test_the_object_before_the_run_counts(kernel: KernelConnection) -> None:
    await run(kernel, "a", "x = [1]")
    await run(kernel, "b", "x.append(2)\nx = []", mutates=["x"], writes=["x"])
    await kernel.call("bind", bind={"x": "a"})
    assert await shown(kernel, "x") == "[1]"


# NameErrors


NAME_ERRORS = [
    ("missing global", "missing_name", "missing_name"),
    ("in a function", "def f(): return missing_name\nf()", "missing_name"),
    ("in eval", "eval('missing_name + 1')", "missing_name"),
    ("deleted", "x = 1\ndel x\nx", "x"),
    ("unbound local", "def f():\n    x\n    x = 1\nf()", None),
    ("free variable", "def f():\n    def g(): return x\n    g()\n    x = 1\nf()", None),
    ("raised by hand", "raise NameError('custom')", None),
    ("raised by hand in its words", "raise NameError(\"name 'x' is not defined, really\")", "x"),
    (
        "in another module",
        "import types\nm = types.ModuleType('m')\nexec('def f(): return nope', m.__dict__)\nm.f()",
        None,
    ),
    ("caught", "try:\n    missing_name\nexcept NameError:\n    pass", None),
    ("other error", "1 / 0", None),
]


@pytest.mark.parametrize(("code", "name"), [row[1:] for row in NAME_ERRORS], ids=[row[0] for row in NAME_ERRORS])
async def test_the_name_that_was_missing(kernel: KernelConnection, code: str, name: str | None) -> None:
    assert (await run(kernel, "a", code))["name_error"] == name


async def test_an_old_name_error_is_not_told_again(kernel: KernelConnection) -> None:
    await run(kernel, "a", "missing_name")
    assert (await run(kernel, "b", "1 / 0"))["name_error"] is None
    assert (await run(kernel, "b", "1"))["name_error"] is None


# Manners


async def test_no_name_is_left_in_the_users_namespace(kernel: KernelConnection) -> None:
    await run(kernel, "a", "x = 1")
    await kernel.call("variables")
    names = set(eval(await shown(kernel, "sorted(globals())")))
    plain = {"In", "Out", "exit", "quit", "open", "get_ipython", "x"}
    assert {name for name in names if not name.startswith("_")} == plain
    assert not {name for name in names if "reactive" in name}


async def test_history_and_counts_are_as_without_it(kernel: KernelConnection, recorder: Recorder) -> None:
    first = await kernel.execute("111", reactive={"cell": "a"})
    second = await kernel.execute("_ + 1", reactive={"cell": "b"})
    assert second.execution_count == (first.execution_count or 0) + 1
    assert recorder.outputs()[-1]["data"] == {"text/plain": "112"}
    assert await shown(kernel, "In[-1]") == "'_ + 1'"


async def test_runs_without_metadata_are_left_alone(kernel: KernelConnection) -> None:
    reply = await kernel.execute("x = 1")
    assert (reply.status, reply.report) == ("ok", None)


async def test_odd_requests_do_no_harm(kernel: KernelConnection) -> None:
    reply = await kernel.execute("1", metadata={"reactive_nb": "nonsense"})
    assert (reply.status, reply.report) == ("ok", None)
    reply = await kernel.execute("x = 1", reactive={"cell": 5, "bind": None, "writes": None})
    assert reply.report is not None
    assert reply.report["bound"] == ["x"]


@pytest.mark.parametrize("source", KERNEL_SIDE)
def test_it_is_written_for_python_3_9_and_its_library(source: str) -> None:
    text = resources.files("reactive_kernels").joinpath(source).read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 9))
    for node in ast.walk(tree):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
        allowed = {*sys.stdlib_module_names, *OF_A_KERNEL, *(OF_SQL if source.startswith("kernel_sql") else ())}
        assert {name.partition(".")[0] for name in names} <= allowed
        assert not isinstance(node, ast.Match)


@pytest.mark.parametrize("python", ["ours", "another"])
async def test_it_loads_compiled_in_less_time_than_argparse_takes_to_compile(
    kernel: KernelConnection, python: str
) -> None:
    """That is 10 ms where nothing else runs; what else runs slows both down alike. Another Python compiles it."""
    installing, labels = helper.installation()
    if python == "another":
        labels = {helper.LABEL: {**labels[helper.LABEL], "magic": "another"}}
    code = f"""
    import argparse, inspect
    from time import thread_time
    def spent(act):
        began = thread_time()
        act()
        return thread_time() - began
    own, other = {installing!r}, inspect.getsource(argparse)
    times = [(spent(lambda: exec(own)), spent(lambda: compile(other, "", "exec"))) for _ in range(5)]
    share = min(time for time, _ in times) / min(time for _, time in times)
    """
    assert (await kernel.execute(textwrap.dedent(code), metadata=labels)).status == "ok"
    assert float(await shown(kernel, "share")) < (1 if python == "ours" else 3)


async def test_its_share_of_a_run_is_small(kernel: KernelConnection) -> None:
    code = """
    import sys, time
    side = sys.modules['_reactive_nb']
    globals().update({f'name_{n}': n for n in range(500)})
    t = time.perf_counter()
    for _ in range(1000):
        step = side.Step(side.namespace, {'cell': 'a', 'bind': {'x': None}, 'writes': ['y'], 'mutates': []})
        step.prepare()
        step.report({'status': 'ok'})
    each = (time.perf_counter() - t) / 1000
    """
    await kernel.execute(code)
    assert float(await shown(kernel, "each")) < 0.001
