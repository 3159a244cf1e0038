"""TeX in texts and outputs, as mathematics in HTML pages."""

from __future__ import annotations

import pytest

from reactive_nb.formats.html import write_html
from reactive_nb.models import Cell, CellType
from tests.formats.pages import Page, display, notebook

FORMULAS = """
# Of $x^2$

In line $a_1 + b < c$, and price \\$5, and `code`.

$$\\frac{1}{2}$$

\\begin{align} a &= b \\end{align}

![$\\text{ onerror=attack() }$](x.png)

<b title="$y$">bold</b>
"""


def test_formulas_are_mathematics_that_a_browser_shows_by_itself() -> None:
    latex = display(text_latex="So $\\displaystyle \\sqrt{3}$ & more")
    page = Page(write_html(notebook(Cell("m", CellType.MARKDOWN, FORMULAS), Cell("o", source="f", outputs=(latex,)))))
    tags = [tag for tag, _ in page.elements]
    assert [tags.count(tag) for tag in ("math", "mfrac", "mtable", "msqrt", "msup")] == [5, 1, 1, 1, 1]
    assert [attributes.get("display") for tag, attributes in page.elements if tag == "math"] == [
        "inline", "inline", "block", "block", "inline",
    ]  # fmt: skip
    assert "price $5" in page.text
    assert "b<c" in page.text
    assert "& more" in page.text
    assert (
        next(attributes["alt"] for tag, attributes in page.elements if tag == "img")
        == FORMULAS.split("[")[1].split("]")[0]
    )
    assert ("b", {"title": "$y$"}) in page.elements


@pytest.mark.parametrize(
    "tex",
    [
        "\\frac{",
        "\\unheard{x}",
        "\\def\\a{xx}\\a",
        "\\newcommand{\\a}{xx}\\a",
        "x" * 5000,
        "{" * 2000 + "}" * 2000,
    ],
)
def test_what_is_no_formula_stays_as_it_was_written(tex: str) -> None:
    page = Page(write_html(notebook(Cell("m", CellType.MARKDOWN, f"${tex}$"))))
    assert f"${tex}$" in page.text
    assert "math" not in [tag for tag, _ in page.elements]


ATTACKS = (
    "$\\href{javascript:attack()}{x}$",
    "$\\style{background:url(//evil)}{x}$",
    "$\\class{y}{x}$",
    "$\\text{<script>attack()</script>}$",
    "$\\color{red;background:url(//evil)}x$",
    "$</math><script>attack()</script>$",
    "$\\unicode{x3c}script\\unicode{x3e}attack()$",
    "$&lt;script&gt;attack()$",
    "<math><mtext><style><img src=x onerror=attack()></style></mtext></math>",
)


def test_formulas_bring_nothing_but_mathematics() -> None:
    cells = [Cell(f"m{place}", CellType.MARKDOWN, text) for place, text in enumerate(ATTACKS)]
    cells += [Cell(f"o{place}", source="x", outputs=(display(text_latex=text),)) for place, text in enumerate(ATTACKS)]
    page = Page(write_html(notebook(*cells)))
    assert not any("attack" in script for script in page.scripts)
    for tag, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        assert not (attributes.get("href") or "").startswith("javascript:")
        assert "evil" not in str(attributes)
