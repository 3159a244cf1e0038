"""Scripts with `# %%` cells."""

from __future__ import annotations

import ast
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reactive_nb.formats import FORMATS, FormatError, read_ipynb, write_ipynb
from reactive_nb.formats.percent import read_percent, write_percent
from reactive_nb.models import Cell, CellConfig, CellMode, CellType, Notebook, NotebookSettings, RunMode

NOTEBOOK = Notebook(
    "4b9f0a52-5d1f-4a55-9d2b-0d5c8e0a7f11",
    name="Sales",
    settings=NotebookSettings(mode=RunMode.LAZY),
    metadata={"authors": [{"name": "Ann"}]},
    cells=(
        Cell("intro", CellType.MARKDOWN, "# Sales\n\nof *2026*", metadata={"tags": ["x"], "deep": {"a": [1, None]}}),
        Cell("load", source="import pandas as pd\n%matplotlib inline\n!ls\nfiles = !ls", metadata={"tags": ["y"]}),
        Cell("bash", source="%%bash\nls -l"),
        Cell("query", CellType.SQL, "select *\n\nfrom sales -- all", CellConfig(result="sales")),
        Cell("empty"),
        Cell("raw", CellType.RAW, "---\nraw"),
        Cell("split", source="# %% not a cell\nx = 1\n    # In[3]:\n#%%\ny = 2"),
        Cell("off", source="1 / 0", config=CellConfig(mode=CellMode.DISABLED)),
        Cell("text", source='"""\n# %% in a string\n"""\n\n\ndef f():\n\n\n    return 1'),
    ),
)


def test_ids_types_sources_configs_and_metadata_survive_a_script() -> None:
    read = read_percent(write_percent(NOTEBOOK))
    assert read.cells == NOTEBOOK.cells
    assert (read.id, read.name, read.settings, read.metadata) == (
        NOTEBOOK.id,
        NOTEBOOK.name,
        NOTEBOOK.settings,
        NOTEBOOK.metadata,
    )


def test_a_file_that_went_through_a_script_has_the_same_cells() -> None:
    there = read_ipynb(write_ipynb(NOTEBOOK))
    back = read_ipynb(write_ipynb(read_percent(write_percent(there))))
    assert back.cells == there.cells


def test_a_script_is_python_and_shows_magics_and_other_languages_as_comments() -> None:
    script = write_percent(NOTEBOOK).decode()
    ast.parse(script)
    assert "# %matplotlib inline\n" in script
    assert '"type": "sql", "config": {"result": "sales"}} language="sql"\n# select *\n' in script


def test_outputs_are_left_out() -> None:
    cell = Cell(
        "a", source="1", outputs=({"output_type": "stream", "name": "stdout", "text": "secret"},), duration_ms=9
    )
    script = write_percent(Notebook("n", cells=(cell,)))
    assert b"secret" not in script
    assert b"duration" not in script


def test_cells_in_another_language_are_comments_and_come_back() -> None:
    metadata = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}
    notebook = Notebook("n", kernel_name="ir", metadata=metadata, cells=(Cell("a", CellType.CODE, "x <- 1\ny <- 2"),))
    script = write_percent(notebook)
    ast.parse(script)
    assert read_percent(script).cells == notebook.cells
    assert read_percent(script).kernel_name == "ir"


def test_a_plain_script_is_one_cell() -> None:
    notebook = read_percent("import os\n\nprint(os.getcwd())\n", fallback_name="tool")
    assert notebook.name == "tool"
    assert [cell.source for cell in notebook.cells] == ["import os\n\nprint(os.getcwd())"]
    assert notebook.metadata == {}


def test_what_others_told_jupytext_is_kept() -> None:
    notebook = Notebook("n", metadata={"jupytext": {"formats": "ipynb,py:percent"}}, cells=(Cell("a", source="1"),))
    assert read_percent(write_percent(notebook)).metadata == notebook.metadata


@pytest.mark.parametrize("data", [b"\xff\xfe", b"# ---\n# jupyter:\n#   a: [\n# ---\n\n# %%\n1\n"])
def test_what_cannot_be_read_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        FORMATS["py"].read(data) if FORMATS["py"].read else None


@pytest.mark.parametrize(
    "cell",
    [
        Cell("a", source="print('''unfinished"),
        Cell("a", CellType.SQL, "select '''quoted'"),
        Cell("a", CellType.MARKDOWN, "# cat pictures\n\n# %time"),
        Cell("a", CellType.CODE, "%%perl\n1;"),
    ],
)
def test_a_cell_that_the_format_has_no_way_for_comes_back_all_the_same(cell: Cell) -> None:
    notebook = Notebook("n", cells=(cell, Cell("next", source="1")))
    assert read_percent(write_percent(notebook)).cells == notebook.cells


@pytest.mark.parametrize(
    ("script", "source"),
    [
        ("# %% [sql]\n# select 1\n# from x", "select 1\nfrom x"),
        ("# %% [sql]\n# select 1\n#\n#     from x", "select 1\n\n    from x"),
        ("# %% totals [SQL]\n# select 1", "select 1"),
        ("# %% [sql]\nselect 1", "select 1"),
        ("# %% [sql]\n# %%sql\n# select 1", "select 1"),
    ],
)
def test_a_cell_marked_as_sql_is_one_and_keeps_its_mark(script: str, source: str) -> None:
    notebook = read_percent(f"{script}\n\n# %%\nx = 1\n")
    assert [(cell.type, cell.source) for cell in notebook.cells] == [
        (CellType.SQL, source),
        (CellType.PYTHON, "x = 1"),
    ]
    assert read_ipynb(write_ipynb(notebook)).cells == notebook.cells
    written = write_percent(notebook).decode()
    ast.parse(written)
    assert read_percent(written).cells == notebook.cells
    header, _, body = written[written.index("# %%") :].partition("\n")
    assert header.startswith(script.splitlines()[0])
    assert body.startswith("".join(f"# {line}".rstrip() + "\n" for line in source.splitlines()))


def test_a_cell_that_is_sql_no_more_loses_the_mark() -> None:
    notebook = Notebook("n", cells=(Cell("a", source="x = 1", metadata={"title": "totals [sql]"}),))
    assert read_percent(write_percent(notebook)).cells == (Cell("a", source="x = 1", metadata={"title": "totals"}),)


LINES = """x = 1||# a comment|# %% title|#%%|%time x|!ls|    y|def f():|# + a|# -|@decorator|'''|# %matplotlib|?x
# In[2]:|%%time|# <codecell>|#- echo|#~# %%"""
lines = st.sampled_from(re.split(r"\||\n", LINES))
sources = st.lists(lines, min_size=1, max_size=6).map("\n".join).filter(lambda text: text == text.strip("\n"))


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(st.sampled_from([CellType.PYTHON, CellType.SQL, CellType.MARKDOWN]), sources), max_size=4),
    st.booleans(),
)
def test_sources_survive_a_script(cells: list[tuple[CellType, str]], marked: bool) -> None:
    marks = {CellType.SQL: {"title": "[sql]"}} if marked else {}
    notebook = Notebook(
        "n", cells=tuple(Cell(f"c{place}", *cell, metadata=marks.get(cell[0], {})) for place, cell in enumerate(cells))
    )
    assert read_percent(write_percent(notebook)).cells == notebook.cells
