"""Formulas of TeX as MathML, which browsers show by themselves, without a script or a font from anywhere.

What cannot be turned stays TeX: TeX that is wrong or unknown, that defines macros (which can grow without end), or that
is very long. Of what the converter makes, only elements and attributes that say how mathematics looks come through.

In a text that is still to be cleaned, marks stand for formulas; they are filled in at the end, and only where text is.
"""

from __future__ import annotations

import html
import re
import secrets
from typing import Any

from reactive_nb.formats.libraries import library

MAX_CHARS = 4_000
MACROS = re.compile(r"\\(?:[egx]?def|let|(?:re|provide)?newcommand|providecommand|newenvironment)(?![A-Za-z])")
ELEMENTS = """
math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle mpadded mphantom menclose merror msub msup msubsup munder
mover munderover mmultiscripts mprescripts none mtable mtr mtd
"""
ATTRIBUTES = """
accent accentunder columnalign columnlines columnspacing columnspan depth displaystyle fence form frame height largeop
linethickness lspace mathbackground mathcolor mathsize mathvariant maxsize minsize movablelimits notation rowalign
rowlines rowspacing rowspan rspace scriptlevel separator stretchy symmetric voffset width
"""
ALLOWED = frozenset(ELEMENTS.split()), frozenset(ATTRIBUTES.split())
VALUE = re.compile(r"[A-Za-z0-9#.%+ -]*")
TAG_OR_TEXT = re.compile(r"""<(?:[^>"']|"[^"]*"|'[^']*')*>|[^<]+|<""")
IN_TEXT = re.compile(
    r"(?<!\\)\$\$(?P<a>.{1,4000}?)(?<!\\)\$\$|(?<![\\$])\$(?P<b>.{1,4000}?)(?<![\\$])\$"
    r"|\\\[(?P<c>.{1,4000}?)\\\]|\\\((?P<d>.{1,4000}?)\\\)"
    r"|(?P<e>\\begin\{(?P<name>[a-z]{0,40}\*?)\}.{0,4000}?\\end\{(?P=name)\})",
    re.DOTALL,
)
"""Formulas in a text that is TeX altogether; `b` and `d` stand in the line, the others in lines of their own."""


class Formulas:
    """The formulas of one text, and the marks that stand for them."""

    def __init__(self) -> None:
        self._key = secrets.token_hex(8)
        self._mark = re.compile(rf"formula{self._key}n([0-9]+)x")
        self._found: list[tuple[str, str, bool]] = []

    def in_line(self, tex: str) -> str:
        """The mark for `$tex$`."""
        return self._marked(tex, f"${tex}$", block=False)

    def block(self, tex: str) -> str:
        """The mark for `$$tex$$`."""
        return self._marked(tex, f"$${tex}$$", block=True)

    def environment(self, name: str, body: str) -> str:
        """The mark for an environment of TeX, such as `align`."""
        tex = f"\\begin{{{name}}}{body}\\end{{{name}}}"
        return self._marked(tex, tex, block=True)

    def _marked(self, tex: str, source: str, *, block: bool) -> str:
        self._found.append((tex, source, block))
        return f"formula{self._key}n{len(self._found) - 1}x"

    def filled(self, text: str) -> str:
        """`text`, which is HTML, with the formulas in place of the marks; within tags, they are TeX again."""
        if not self._found:
            return text
        return "".join(
            self._mark.sub(self._source if part[0][0] == "<" else self._formula, part[0])
            for part in TAG_OR_TEXT.finditer(text)
        )

    def _source(self, mark: re.Match[str]) -> str:
        return html.escape(self._found[int(mark[1])][1])

    def _formula(self, mark: re.Match[str]) -> str:
        tex, source, block = self._found[int(mark[1])]
        return mathml(tex, block=block) or html.escape(source)


def text_with_formulas(text: str) -> str:
    """A text of TeX as HTML."""
    parts: list[str] = []
    end = 0
    for found in IN_TEXT.finditer(text):
        tex = next(found[name] for name in "abcde" if found[name] is not None)
        in_line = found["b"] is not None or found["d"] is not None
        parts += [html.escape(text[end : found.start()]), mathml(tex, block=not in_line) or html.escape(found[0])]
        end = found.end()
    return "".join([*parts, html.escape(text[end:])])


def mathml(tex: str, *, block: bool) -> str | None:
    """`tex` (without dollars) as a MathML element; None if it can't be."""
    if len(tex) > MAX_CHARS or MACROS.search(tex):
        return None
    convert = library("latex2mathml.converter").convert_to_element
    try:
        return _written(convert(tex, display="block" if block else "inline"))
    except Exception:  # the converter has many, and the formula is shown as TeX then
        return None


def _written(element: Any) -> str:
    """An element and what is in it. Raises ValueError for what is no mathematics, or a command that is not known."""
    elements, attributes = ALLOWED
    if element.tag not in elements:
        raise ValueError(element.tag)
    text = html.unescape(element.text or "")
    if text.startswith("\\"):
        raise ValueError(text)
    kept = "".join(
        f' {name}="{value}"'
        for name, value in element.items()
        if (name in attributes or (name, element.tag) == ("display", "math")) and VALUE.fullmatch(value)
    )
    inner = html.escape(text) + "".join(_written(child) for child in element)
    return f"<{element.tag}{kept}>{inner}</{element.tag}>"
