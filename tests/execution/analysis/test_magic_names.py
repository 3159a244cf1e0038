"""Every magic of the installed IPython and its kernel is known, and so is which line IPython takes for one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import pytest
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.inputtransformer2 import TransformerManager

from reactive_nb.execution.analysis.magic_names import AUTOMAGIC, KNOWN, OPAQUE
from reactive_nb.execution.analysis.magics import cell_magic, line_magic
from reactive_nb.execution.analysis.syntax import CellSyntaxError, parse_cell

SHELL: Any = ZMQInteractiveShell  # which has no annotations there
STATIC: Any = TransformerManager()  # type: ignore[no-untyped-call]  # nor here


@pytest.fixture(scope="module")
def shell() -> Iterator[Any]:
    shell: Any = SHELL()
    shell.extension_manager.load_extension("storemagic")
    yield shell
    shell.history_manager.end_session()


def test_every_magic_is_known(shell: Any) -> None:
    found = shell.magics_manager.lsmagic()
    assert set(found["line"]) | set(found["cell"]) <= KNOWN


def test_every_line_magic_works_without_its_percent_sign(shell: Any) -> None:
    assert set(shell.magics_manager.lsmagic()["line"]) <= AUTOMAGIC


def test_what_is_opaque_is_said_to_be(shell: Any) -> None:
    found = shell.magics_manager.lsmagic()
    assert {name for name in found["line"] if line_magic(name, "").opaque} <= OPAQUE
    assert {name for name in found["cell"] if cell_magic(name, "", "").opaque} <= OPAQUE
    assert line_magic("unheard_of", "").opaque == "%unheard_of"
    assert cell_magic("unheard_of", "", "").opaque == "%%unheard_of"


ONE_LINE = [
    *("ls", "ls -l", "ls *.py", "ls = 1", "ls == 1", "ls, x = 1, 2", "ls.x", "ls(1)", "ls [1]", "  ls x", "ls\n"),
    *("\nls", "ls\n\n", "ls; x", "ls\nx", "# ls", "pip install x", "time f(x)", "time.sleep(1)", "history", "lsx"),
    *(
        "store -r",
        "who_ls x",
        "alias a b",
        "no_magic x",
        "ls!",
        "ls?",
        "?ls",
        "ls  =1",
        "ls,x",
        "ls*2",
        "ls +1",
        "not ls",
    ),
    *("page x", "magic", "edit", "html", "writefile x", "bash x", "lsmagic", "%ls", "!ls", "ls # x", "ls '", "ls\t-l"),
]


@pytest.mark.parametrize("source", ONE_LINE)
def test_a_magic_without_its_percent_sign_is_one_where_ipython_says_so(shell: Any, source: str) -> None:
    before = STATIC.transform_cell(source)
    after = shell.transform_cell(source)
    try:
        body = parse_cell(source).body
    except CellSyntaxError:
        body = []
    assert (before != after) == (len(body) == 1 and isinstance(body[0], ast.If))
