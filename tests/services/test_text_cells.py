"""Markdown cells that show values: cells like any other that only read; with and without a kernel."""

from __future__ import annotations

import asyncio

import pytest

from reactive_nb.models import Cell, CellConfig, CellMode, CellType, Notebook
from reactive_nb.services import views
from reactive_nb.services.operations import AddCell, Operation, UpdateCell, UpdateNotebook
from reactive_nb.services.reducer import apply, initial_state
from tests.services.client import WatchedNotebook
from tests.services.live import Live, Open

pytestmark = pytest.mark.anyio


def text(cell_id: str, source: str) -> Cell:
    return Cell(cell_id, CellType.MARKDOWN, source)


def notebook_of(*sources: str) -> WatchedNotebook:
    """Python cells c0, c1, …; what holds braces, or begins with `#`, is Markdown."""
    notebook = WatchedNotebook()
    for place, source in enumerate(sources):
        kind = CellType.MARKDOWN if "{{" in source or source.startswith("#") else CellType.PYTHON
        notebook.do(AddCell(f"c{place}", kind, source))
    return notebook


# -- without a kernel
def test_text_with_values_runs_in_its_turn_and_text_without_never() -> None:
    notebook = notebook_of("x = 1", "# no value", "a {{ x }}", "x = 2", "b {{ x }} {{ y }}", "y = 3")
    assert notebook.run() == ["c0", "c2", "c3", "c5", "c4"]
    assert [notebook.text(f"c{place}") for place in (1, 2, 4)] == ["", "a 1", "b 2 3"]
    assert notebook.state.statuses["c1"] == "idle"
    assert notebook.run() == []
    notebook.do(UpdateCell("c0", source="x = 5"))
    assert notebook.state.statuses["c2"] == "stale"
    assert [reason.kind for reason in notebook.state.why_stale("c2")] == ["input-stale"]
    assert notebook.run() == ["c0", "c2"]
    assert notebook.text("c2") == "a 5"


def test_it_defines_nothing_and_is_a_node_of_the_graph() -> None:
    notebook = notebook_of("x = 1", "## A {{ x }} {{ [x for x in [3]] }} {{ z }}", "# plain")
    response = views.graph_response(notebook.state)
    assert [(cell.label, cell.uses, cell.defines) for cell in response.cells[1:]] == [
        ("A {{ x }} {{ [x for x in [3]] }} {{ z }}", ["x", "z"], []),
        ("plain", [], []),
    ]
    assert [(edge.from_, edge.to) for edge in response.edges] == [("c0", "c1")]
    assert views.cell_response(notebook.state, "c1").unresolved == ["z"]


def test_a_value_that_changes_an_object_counts_as_a_cell_that_does() -> None:
    notebook = notebook_of("p = [1, 2]", "{{ p.pop() }}", "print(p)")
    notebook.run()
    assert (notebook.text("c1"), notebook.text("c2")) == ("2", "[1]\n")
    assert notebook.run("c1") == ["c1", "c2"]
    assert (notebook.text("c1"), notebook.text("c2")) == ("2", "[1]\n")


def test_an_error_is_shown_in_its_place_and_blocks_nobody() -> None:
    notebook = notebook_of("x = 0", "{{ x }} {{ 1 / x }} {{ x }}", "print(x)")
    notebook.run()
    assert notebook.text("c1") == "0 ZeroDivisionError: division by zero 0"
    error = views.cell_response(notebook.state, "c1").error
    assert error is not None
    assert (error.kind, error.message) == ("exception", "ZeroDivisionError: division by zero")
    assert notebook.state.statuses == {"c0": "success", "c1": "error", "c2": "success"}


def test_it_is_blocked_by_whom_it_needs() -> None:
    notebook = notebook_of("x = 1 / 0", "{{ x }}")
    notebook.run()
    assert notebook.state.statuses["c1"] == "blocked"
    assert views.cell_why(notebook.state, "c1").culprits[0].cell == "c0"


def test_what_is_no_python_is_told_with_its_line() -> None:
    notebook = notebook_of("# a\n\n{{ x + }}")
    told = views.cell_response(notebook.state, "c0")
    assert told.error is not None
    assert (told.status, told.error.kind, told.error.line) == ("idle", "syntax", 3)
    assert notebook.run() == []
    assert notebook.state.statuses["c0"] == "error"


CHANGES: list[tuple[str, Operation, str, list[str]]] = [
    ("no value any more", UpdateCell("c1", source="plain"), "idle", []),
    ("another value", UpdateCell("c1", source="{{ y }}"), "stale", ["c1"]),
    ("raw text", UpdateCell("c1", type=CellType.RAW), "idle", []),
    ("code", UpdateCell("c1", type=CellType.PYTHON), "idle", ["c1"]),
    ("disabled", UpdateCell("c1", config={"mode": CellMode.DISABLED}), "disabled", []),
    ("a kernel of another language", UpdateNotebook(kernel_name="ir", language="R"), "idle", ["c0"]),
]


@pytest.mark.parametrize(("change", "status", "ran"), [pytest.param(*row[1:], id=row[0]) for row in CHANGES])
def test_what_becomes_of_text_with_a_value(change: Operation, status: str, ran: list[str]) -> None:
    notebook = notebook_of("x = y = 1", "{{ x }}")
    notebook.run()
    notebook.do(change)
    assert notebook.state.statuses["c1"] == status
    assert (notebook.state.notebook.by_id["c1"].outputs == ()) == (status == "idle")
    assert notebook.run() == ran


def test_code_that_becomes_text_and_text_that_gets_a_value() -> None:
    notebook = notebook_of("x = 1", "print(x)", "# plain")
    notebook.run()
    notebook.do(UpdateCell("c1", type=CellType.MARKDOWN, source="{{ x }}"))
    assert notebook.state.notebook.by_id["c1"].outputs == ()
    notebook.do(UpdateCell("c2", source="# {{ x }}"))
    assert notebook.state.statuses["c2"] == "idle"
    assert notebook.run() == ["c1", "c2"]
    assert (notebook.text("c1"), notebook.text("c2")) == ("1", "# 1")


def test_a_notebook_of_another_language_has_no_values_in_its_text() -> None:
    state = initial_state(Notebook(id="n", cells=(text("t", "{{ x }}"),), kernel_name="ir"), "R")
    assert state.knowledge == {}
    assert "t" not in apply(state, UpdateCell("t", source="{{ y }}")).state.knowledge


# -- with a kernel
RICH = """
class Rich:
    def _repr_html_(self): return "<b>\\n\\nbold</b>"
    def __repr__(self): return "rich"
class Broken:
    def __repr__(self): raise ValueError("broken")
async def later(): return 7
"""


def shown(notebook: Live, cell_id: str) -> str:
    return str(notebook.cell(cell_id).outputs[-1]["data"]["text/markdown"])


async def test_values_are_shown_as_a_notebook_shows_them(open_notebook: Open) -> None:
    source = "{{ Rich() }}, {{ 'a_b' }}, {{ 1.5 }}, {{ await later() }}, {{ [1,\n 2] }}, {{ 3  # three\n }}, {{ None }}"
    notebook = await open_notebook(RICH, text("t", source))
    run = await notebook.run()
    assert [cell.status for cell in run.cells] == ["success", "success"]
    assert shown(notebook, "t") == "<b> bold</b>, a&#95;b, 1.5, 7, &#91;1, 2&#93;, 3, None"
    cell = notebook.cell("t")
    assert (cell.execution_count, cell.error) == (None, None)
    assert cell.started_at is not None


async def test_values_that_break_and_values_that_print(open_notebook: Open) -> None:
    notebook = await open_notebook(RICH, text("t", "{{ Broken() }} {{ print('said') }} {{ missing }} {{ exit }}"))
    await notebook.run()
    assert notebook.statuses() == "success error"
    assert notebook.message("t") == "exception: NameError: name 'missing' is not defined"
    assert "said\n" in notebook.text("t")
    assert "**NameError: name 'missing' is not defined**" in shown(notebook, "t")


async def test_nothing_of_it_is_left_in_the_kernel(open_notebook: Open) -> None:
    notebook = await open_notebook("x = 1", text("t", "{{ x + 1 }}"), "x\n", "[_, len(In)]")
    await notebook.run("c0", "t", "c2", "c3")
    assert notebook.text("c3") == "[1, 4]"


async def test_a_name_that_a_called_function_needs_is_waited_for(open_notebook: Open) -> None:
    notebook = await open_notebook("def f(): return g", text("t", "{{ f() }}"), "g = 5")
    await notebook.run()
    assert notebook.statuses() == "success success success"
    assert shown(notebook, "t") == "5"
    await notebook.edit("c2", "g = 6")
    await notebook.run()
    assert shown(notebook, "t") == "6"


async def test_text_is_interrupted_as_code_is(open_notebook: Open) -> None:
    notebook = await open_notebook("import time", text("t", "{{ print('go', flush=True) }} {{ time.sleep(60) }}"), "2")
    asked = asyncio.ensure_future(notebook.run())
    await notebook.until(lambda: "go" in notebook.text("t"))
    await notebook.session.interrupt()
    assert (await asked).state == "interrupted"
    assert notebook.statuses() == "success stale idle"
    assert [reason.kind for reason in notebook.session.state.why_stale("t")] == ["interrupted"]
    assert (await notebook.run("c2")).state == "finished"


async def test_text_has_its_time_limit(open_notebook: Open) -> None:
    slow = Cell("t", CellType.MARKDOWN, "{{ time.sleep(60) }}", config=CellConfig(timeout=0.3))
    notebook = await open_notebook("import time", slow)
    await notebook.run()
    assert notebook.statuses() == "success error"
    assert notebook.message("t").startswith("timeout: The cell's time limit of 0.3 s was reached")


async def test_a_widget_that_text_shows_the_value_of(open_notebook: Open) -> None:
    notebook = await open_notebook(
        "import ipywidgets\ns = ipywidgets.IntSlider(3)", text("t", "{{ s.value }}"), "s.value"
    )
    await notebook.run()
    assert shown(notebook, "t") == "3"
    assert (
        notebook.session.state.records["t"].widgets_read.keys()
        == notebook.session.state.records["c2"].widgets_read.keys()
    )
