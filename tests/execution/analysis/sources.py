"""Strategies for sources: any text, pieces of syntax in any order, and the cells of real notebooks with damage done."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from reactive_nb.execution.analysis.names import words
from tests.notebooks import corpus

PIECES = (
    *sorted(
        words("""
        x y == + ( ) [ ] { } : ; , . %time %%time %run ! !ls ? ?? ' " \'\'\' \\ if else for in def class return lambda
        global del import as from with try: except finally: match case @ # $x {x} f'{ t" := ** -> é _ _1 In await
        async yield while True break exec(x) x.append( += >>> ... 1 'a' type *a {{ }}
        """)
    ),
    *(" ", "\n", "\n\n    ", "\t", "\r", "\0", "\f", "\ufeff", "\ud800", "\u2028", "  ", "\n%time ", "\n!", "?\n"),
    *("\nfunction f(x) x <- 1 end\n", "\nSELECT a, count(*) FROM b WHERE c LIKE '%d';\n", "\n<b>{x}</b>\n"),
)


@cache
def real_cells() -> tuple[str, ...]:
    """The code cells of the real notebooks, each once."""
    found = (
        cell.source
        for path in corpus.notebooks()
        for cell in corpus.read(path).cells
        if cell.cell_type == "code" and cell.source.strip()
    )
    return tuple(dict.fromkeys(found))


@st.composite
def damaged_cells(draw: st.DrawFn) -> str:
    """A real cell in which pieces were put in or taken out."""
    source = draw(st.sampled_from(real_cells()))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(source)))
        length = draw(st.integers(0, 8))
        source = (
            source[:place] + draw(st.one_of(st.sampled_from(PIECES), st.text(max_size=3))) + source[place + length :]
        )
    return source


texts = st.text()
piece_lists = st.lists(st.sampled_from(PIECES)).flatmap(
    lambda found: st.sampled_from([" ", ""]).map(lambda s: s.join(found))
)
any_sources = st.one_of(texts, piece_lists, damaged_cells())
