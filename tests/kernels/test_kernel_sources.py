"""What IPython does with a source before it runs is the same, whether or not it was worth looking for."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.async_helpers import _should_be_async
from IPython.core.inputtransformer2 import TransformerManager

from reactive_kernels import KernelConnection
from reactive_kernels.kernel_sources import _AWAITS, is_plain
from tests.kernels.recorder import DEADLINE_S

pytestmark = pytest.mark.anyio

IPYTHON: Any = cast(Any, TransformerManager)()
PIECES = [
    "x",
    "1",
    " ",
    "    ",
    "\t",
    "\n",
    "\r",
    "\x0c",
    "\u2028",
    "\x1c",
    "\xa0",
    "=",
    "==",
    "#",
    "\\",
    "@",
    "é",
    "λ",
]
PIECES += [",", ";", "/", "%", "!", "?", "'", '"', "'''", "(", ")", "[", "]", ":", ">>> ", "... ", "In [1]: ", "...: "]
PIECES += ["%%", "%%time", "ls", "def f():", "if x:", "lambda: ", "await f()", "async def g():", "return"]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_a_plain_source_is_what_ipython_makes_of_it(source: str) -> None:
    if not is_plain(source):
        return
    try:
        made = IPYTHON.transform_cell(source)
    except SyntaxError:
        with pytest.raises(SyntaxError):  # which is then said of the source itself
            compile(source, "cell", "exec")
    else:
        assert made == (source if source.endswith("\n") else source + "\n")


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_a_source_without_the_words_does_not_await(source: str) -> None:
    assert _AWAITS.search(source) or not _should_be_async(source)


@pytest.mark.parametrize(
    "source",
    ["x = 1", "x1 = x0 + 1\nx1", "f(a, b)\n", "x != 2", "x %= 3", "a / b", "d[1, 2] = {3: 4}\n\nfor x in y:\n    f(x)"],
)
def test_ordinary_sources_are_plain(source: str) -> None:
    assert is_plain(source)


SUSPICIOUS = ["%time x", "!ls", "x?", "?x", "a = !ls", "a = %who_ls", "%%bash\nls", ",f a b", ";f a", "/f a"]
SUSPICIOUS += ["if x:\n    !ls", ">>> x", "In [1]: x", " x = 1", "\nx", "x\n  \ny"]


@pytest.mark.parametrize("source", SUSPICIOUS)
def test_what_may_be_ipythons_is_not(source: str) -> None:
    assert not is_plain(source)


async def shown(kernel: KernelConnection, source: str, expression: str, **options: Any) -> str:
    reply = await kernel.execute(source, user_expressions={"value": expression}, timeout=DEADLINE_S, **options)
    assert reply.status == "ok", reply.evalue
    return str(reply.user_expressions["value"]["data"]["text/plain"])


async def test_an_earlier_input_has_its_name_where_it_is_mentioned(kernel: KernelConnection) -> None:
    first = await kernel.execute("x = 'the first'", timeout=DEADLINE_S)
    name = f"_i{first.execution_count}"
    assert await shown(kernel, f"found = {name}", "found") == repr("x = 'the first'")
    assert await shown(kernel, f"found = globals()['{name}']", "found") == repr("x = 'the first'")
    second = await kernel.execute("pass", timeout=DEADLINE_S)
    own = f"found = _i{(second.execution_count or 0) + 1}"
    assert await shown(kernel, own, "found") == repr(own)
    assert await shown(kernel, "found = _i", "found") == repr(own)
    assert await shown(kernel, "", f"In[{first.execution_count}]", silent=True) == repr("x = 'the first'")


async def test_the_namespace_does_not_grow_with_every_run(kernel: KernelConnection) -> None:
    await kernel.execute("x = 0", timeout=DEADLINE_S)
    size = "len(globals()), len(get_ipython().user_ns_hidden)"
    before = await shown(kernel, "x = 1", size)
    for number in range(20):
        await kernel.execute(f"x = {number}", timeout=DEADLINE_S)
    assert await shown(kernel, "x = 2", size) == before


async def test_a_syntax_of_the_users_own_is_translated(kernel: KernelConnection) -> None:
    translate = "lambda lines: [line.replace('twice', '2 *') for line in lines]"
    steps = "get_ipython().input_transformers_cleanup"
    await kernel.execute(f"{steps}.append({translate})", timeout=DEADLINE_S)
    try:
        assert await shown(kernel, "x = twice 21", "x") == "42"
    finally:
        await kernel.execute(f"{steps}.pop()", timeout=DEADLINE_S)
    assert (await kernel.execute("x = twice 21", timeout=DEADLINE_S)).ename == "SyntaxError"


@pytest.mark.parametrize("source", ["x = 1 +", "if x:\n    y\n  z", "x = (1", "'''", "x = 1\n    y", "return 1"])
async def test_what_is_no_python_is_an_error_as_in_ipython(kernel: KernelConnection, source: str) -> None:
    plain = await kernel.execute(source, timeout=DEADLINE_S)
    looked_at = await kernel.execute(f"{source}\n# ?", timeout=DEADLINE_S)
    assert plain.status == looked_at.status == "error"
    assert plain.ename == looked_at.ename


async def test_a_cell_that_awaits_is_awaited(kernel: KernelConnection) -> None:
    assert await shown(kernel, "import asyncio\nx = await asyncio.sleep(0, 'slept')", "x") == repr("slept")


async def test_a_line_may_be_a_magic_without_its_sign_or_a_macro(kernel: KernelConnection) -> None:
    assert await shown(kernel, "pwd", "_ == __import__('os').getcwd()") == "True"
    assert await shown(kernel, "who_ls int", "type(_).__name__") == repr("list")
    first = await kernel.execute("kept = 6", timeout=DEADLINE_S)
    await kernel.execute(f"%macro -q again {first.execution_count}", timeout=DEADLINE_S)
    await kernel.execute("kept = 7", timeout=DEADLINE_S)
    assert await shown(kernel, "again", "kept") == "6"
