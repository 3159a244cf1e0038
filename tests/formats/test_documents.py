"""HTML pages and Markdown documents."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from reactive_nb.formats.html import write_html
from reactive_nb.formats.markdown import write_markdown
from reactive_nb.models import Cell, CellConfig, CellError, CellType, Notebook, Output
from reactive_nb.models.output import filled_text
from tests.formats.pages import Page, display, notebook

SVG = "<svg xmlns='http://www.w3.org/2000/svg'><circle r='3'/></svg>"
FETCHING = {("script", "src"), ("link", "href"), ("iframe", "src"), ("object", "data"), ("embed", "src")}


EVERYTHING = notebook(
    Cell("m", CellType.MARKDOWN, "# Title\n\n$$\\int x$$\n\n```mermaid\ngraph TD\n```\n\n|a|b|\n|-|-|\n|1|2|"),
    Cell("p", source="plot()", outputs=(display(image_png="aGVsbG8=\n", text_plain="<Figure>"),)),
    Cell("s", source="svg()", outputs=(display(image_svg=SVG),)),
    Cell("j", source="js()", outputs=(display(text_html="<div id='x'></div><script>run()</script>"),)),
    Cell("l", source="latex()", outputs=(display(text_latex="$x$"),)),
    Cell(
        "w",
        source="widget()",
        outputs=(
            {
                "output_type": "display_data",
                "data": {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "IntSlider()"},
                "metadata": {},
            },
        ),
    ),
    Cell("q", CellType.SQL, "select 1 from t"),
    Cell("e", source="1/0", outputs=({"output_type": "error", "ename": "E", "evalue": "", "traceback": ["boom"]},)),
    Cell("r", CellType.RAW, "raw text"),
)


def test_a_page_shows_every_cell_and_its_title() -> None:
    page = Page(write_html(EVERYTHING))
    for shown in ("Title", "∫x", "plot", "IntSlider()", "select", "boom", "Q3 <report>"):
        assert shown in page.text
    pictures = [attributes["src"] or "" for tag, attributes in page.elements if tag == "img"]
    assert pictures[0].startswith("data:image/png;base64,aGVsbG8=")
    assert base64.b64decode(pictures[1].removeprefix("data:image/svg+xml;base64,")).decode() == SVG


def test_a_page_asks_nothing_of_other_hosts() -> None:
    widgets: dict[str, Any] = {"widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}}}
    page = Page(write_html(Notebook("n", cells=EVERYTHING.cells, metadata=widgets)))
    fetched = [attributes for tag, attributes in page.elements if any((tag, name) in FETCHING for name in attributes)]
    assert fetched == []
    assert not any("://" in script for script in page.scripts)
    policies = [
        attributes["content"] or ""
        for tag, attributes in page.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert len(policies) == 1
    assert "default-src 'none'" in policies[0]
    assert "http" not in policies[0]
    first_script = next((place for place, (tag, _) in enumerate(page.elements) if tag in ("script", "img")), 0)
    policy = next(place for place, (tag, a) in enumerate(page.elements) if a.get("http-equiv"))
    assert policy < first_script


def test_scripts_of_outputs_run_and_those_in_markdown_do_not() -> None:
    attack = (
        "<script>attack()</script> <b onclick='attack()'>b</b> <img src=x onerror='attack()'> "
        "[link](javascript:attack()) <a href='java\tscript:attack()'>x</a> <iframe src='//evil'></iframe> "
        "<svg onload='attack()'></svg> <a href='data:text/html,<script>attack()</script>'>y</a>"
    )
    cells = (Cell("a", CellType.MARKDOWN, attack), Cell("o", source="x", outputs=(display(text_markdown=attack),)))
    page = Page(write_html(notebook(*cells, EVERYTHING.cells[3])))
    assert any("run()" in script for script in page.scripts)
    assert not any("attack" in script for script in page.scripts)
    for tag, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        assert not (attributes.get("href") or "").replace("\t", "").startswith(("javascript:", "data:"))
        assert tag not in ("iframe", "svg")


@pytest.mark.parametrize("write", [write_html, write_markdown])
def test_a_cell_without_a_result_says_why(write: Callable[[Notebook], bytes]) -> None:
    error = CellError("blocked", "It needs x from cell a, which raised an error.")
    failed: Output = {"output_type": "error", "ename": "E", "evalue": "", "traceback": ["boom"]}
    raised = CellError("exception", "E: said already")
    text = write(notebook(Cell("b", source="x", error=error), Cell("a", source="y", error=raised, outputs=(failed,))))
    assert b"blocked: It needs x from cell a, which raised an error." in text
    assert b"said already" not in text


def test_sql_is_highlighted_as_sql_and_python_as_python() -> None:
    text = write_html(notebook(Cell("q", CellType.SQL, "select 1"), Cell("p", source="%time x\nimport os"))).decode()
    assert '<span class="k">select</span>' in text
    assert '<span class="kn">import</span>' in text or '<span class="k">import</span>' in text


HIDDEN = notebook(
    Cell("s", source="secret = 1", config=CellConfig(hide_source=True), outputs=(display(text_plain="shown"),)),
    Cell("o", source="open = 1", config=CellConfig(hide_output=True), outputs=(display(text_plain="covered"),)),
)


@pytest.mark.parametrize("write", [write_html, write_markdown])
def test_hidden_sources_and_outputs_are_not_in_the_document(write: Callable[[Notebook], bytes]) -> None:
    text = write(HIDDEN).decode()
    assert "secret" not in text
    assert "shown" in text
    assert "open" in text
    assert "covered" not in text


@pytest.mark.parametrize("write", [write_html, write_markdown])
def test_attachments_are_in_the_document_and_missing_ones_do_no_harm(write: Callable[[Notebook], bytes]) -> None:
    cell = Cell(
        "m",
        CellType.MARKDOWN,
        "![x](attachment:my%20x.png) <img src='attachment:y.png'> ![z](attachment:z.png) text attachment:t",
        attachments={"my x.png": {"image/png": "aGk="}, "y.png": {"image/jpeg": "aGo="}},
    )
    text = write(notebook(cell)).decode()
    assert "data:image/png;base64,aGk=" in text
    assert "data:image/jpeg;base64,aGo=" in text
    assert "attachment:z" not in text
    assert "text attachment:t" in text


def test_a_markdown_document_is_one_file_with_its_pictures() -> None:
    text = write_markdown(EVERYTHING).decode()
    assert "# Title" in text
    assert "```python\nplot()\n```" in text
    assert "```sql\nselect 1 from t\n```" in text
    assert "![png](data:image/png;base64,aGVsbG8=" in text
    picture = text.split("![svg](data:image/svg+xml;base64,")[1].split(")")[0]
    assert base64.b64decode(picture).decode() == SVG


@pytest.mark.parametrize("write", [write_html, write_markdown])
def test_another_language_is_named(write: Callable[[Notebook], bytes]) -> None:
    metadata = {"kernelspec": {"name": "julia-1.11", "display_name": "Julia", "language": "julia"}}
    cells = (Cell("a", CellType.CODE, "x = 1"),)
    text = write(Notebook("n", kernel_name="julia-1.11", metadata=metadata, cells=cells)).decode()
    assert "hl-julia" in text or "```julia" in text


def filled(source: str, shown: str, **config: Any) -> Cell:
    """Markdown that shows a value."""
    return Cell("t", CellType.MARKDOWN, source, CellConfig(**config), outputs=(filled_text(shown, shown),))


def test_values_in_text_are_shown_in_documents() -> None:
    made = Notebook(id="n", cells=(filled("# Total: {{ x }}", "# Total: &#95;<b>3</b><script>no</script>"),))
    assert "<b>3</b>" in write_html(made).decode()
    assert "{{ x }}" not in write_html(made).decode()
    assert "<script>no" not in write_html(made).decode()
    assert write_markdown(made).decode().startswith("# Total: &#95;<b>3</b>")


def test_values_that_are_to_be_hidden_are_not_shown() -> None:
    made = Notebook(id="n", cells=(filled("Total: {{ x }}", "Total: 3", hide_output=True),))
    assert write_markdown(made) == b"Total: {{ x }}\n"
