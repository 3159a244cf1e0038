"""Text as a terminal would show it: what a cell prints, with carriage returns and backspaces carried out.

Holds the rendered text of one stream. State survives from one piece of text to the next, as messages cut text anywhere.
Colours are kept right when coloured text is overwritten. A text that grows beyond its limits keeps its head and its
tail and says in between how much was left out. Not a screen: the cursor moves within the last line only.
"""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\r\b]|\x1b\[[012]?K")
_PIECE = re.compile(r"\n|\r|\b|\x1b\[[0-9;?]*[A-Za-z]|[^\n\r\x08\x1b]+|\x1b".replace(r"\b", "\\x08"))
_COLOUR = re.compile(r"\x1b\[([0-9;]*)m")
_RESET = "\x1b[0m"
_COLOURS_KEPT = 8
_STYLED_LINE_LIMIT = 20_000
_CUT_AT_LINE_WITHIN = 2_000


class TerminalText:
    """One stream's text. `text` is what to show; its first `settled` characters have not changed since `settle`."""

    __slots__ = ("_base", "_column", "_head", "_line", "_notice", "_pen", "_tail", "omitted", "settled", "text")

    def __init__(self, head: int, tail: int) -> None:
        """Keep at least the first `head` and the last `tail` characters (twice as many of these at times)."""
        self.text = ""
        self.settled = 0
        self.omitted = 0
        self._head = head
        self._tail = tail
        self._notice = ""
        self._line = 0  # where the last line begins
        self._column: int | None = None  # the cursor's place in it, None at its end
        self._base = ""  # the colours at the beginning of the last line
        self._pen = ""  # the colours now

    def write(self, new: str) -> None:
        """Add what was printed."""
        if self._column is None and not _CONTROL.search(new):
            self._append(new)
        else:
            self._interpret(new)
        if len(self.text) > self._head + len(self._notice) + 2 * self._tail:
            self._cut()

    def settle(self) -> None:
        """Whoever shows the text has seen it as it is now."""
        self.settled = len(self.text)

    def _append(self, new: str) -> None:
        newline = new.rfind("\n")
        if newline >= 0:
            self._line = len(self.text) + newline + 1
        if "\x1b" in new:
            self._base = _colours(self._pen, new[: newline + 1]) if newline >= 0 else self._base
            self._pen = _colours(self._base if newline >= 0 else self._pen, new[newline + 1 :])
        elif newline >= 0:
            self._base = self._pen
        self.text += new

    def _interpret(self, new: str) -> None:
        line = self.text[self._line :]
        styled = "\x1b" in new or "\x1b" in line
        if styled and len(line) + len(new) > _STYLED_LINE_LIMIT:
            self._column = None
            self._append(_CONTROL.sub("", new))
            return
        row = _Row(line, self._base, self._pen, self._column, styled)
        done: list[str] = []
        for piece in _PIECE.findall(new):
            if piece == "\n":
                done.append(row.render() + "\n")
                row = _Row("", row.pen, row.pen, None, styled)
            else:
                row.take(piece)
        rendered = "".join(done) + row.render()
        kept = _common_prefix(line, rendered)
        self.settled = min(self.settled, self._line + kept)
        self.text = self.text[: self._line] + rendered
        self._line += sum(map(len, done))
        self._base, self._pen = row.base, row.pen
        self._column = None if row.column == row.width else row.column

    def _cut(self) -> None:
        start = self._head + len(self._notice)
        body = len(self.text) - start
        cut = body - self._tail
        newline = self.text.find("\n", start + cut, start + cut + min(_CUT_AT_LINE_WITHIN, self._tail // 2))
        if newline >= 0:
            cut = newline + 1 - start
        self.omitted += cut
        reset = _RESET if "\x1b" in self.text[: self._head] else ""
        self._notice = f"{reset}\n[… {self.omitted:,} characters left out …]\n"
        kept_from = start + cut
        self.text = self.text[: self._head] + self._notice + self.text[kept_from:]
        self.settled = min(self.settled, self._head)
        begin = self._head + len(self._notice)
        if self._column is not None and self._line < kept_from:
            self._column = max(0, self._column - (kept_from - self._line))
        self._line = max(begin, self._line - kept_from + begin)


class _Row:
    """A line being overwritten: a list of characters, and of their colours if there are any."""

    def __init__(self, line: str, base: str, pen: str, column: int | None, styled: bool) -> None:
        self.base = base
        self.pen = base
        self._styled = styled
        self._cells: list[str] = []
        self._styles: list[str] = []
        self.column = 0
        if styled:
            for piece in _PIECE.findall(line):
                self.take(piece)
        else:
            self._cells = list(line)
        self.pen = pen
        self.column = len(self._cells) if column is None else column

    @property
    def width(self) -> int:
        return len(self._cells)

    def take(self, piece: str) -> None:
        """Carry out one piece: a run of text, or a control."""
        if piece == "\r":
            self.column = 0
        elif piece == "\b":
            self.column = max(0, self.column - 1)
        elif piece[0] == "\x1b":
            self._escape(piece)
        else:
            self._put(piece)

    def _put(self, text: str) -> None:
        gap = self.column - len(self._cells)
        if gap > 0:
            self._cells += " " * gap
            self._styles += [self.base] * gap if self._styled else []
        end = self.column + len(text)
        self._cells[self.column : end] = text
        if self._styled:
            self._styles[self.column : end] = [self.pen] * len(text)
        self.column = end

    def _escape(self, piece: str) -> None:
        if piece.endswith("m"):
            self.pen = _colours(self.pen, piece)
        elif piece in ("\x1b[K", "\x1b[0K"):
            del self._cells[self.column :], self._styles[self.column :]
        elif piece == "\x1b[2K":
            self._cells.clear()
            self._styles.clear()
        elif piece == "\x1b[1K":
            end = min(self.column + 1, len(self._cells))
            self._cells[:end] = " " * end
            self._styles[:end] = [self.base] * end

    def render(self) -> str:
        if not self._styled:
            return "".join(self._cells)
        parts, style = [], self.base
        for cell, wanted in zip(self._cells, self._styles, strict=True):
            if wanted != style:
                parts.append(_transition(style, wanted))
                style = wanted
            parts.append(cell)
        return "".join(parts) + (_transition(style, self.pen) if style != self.pen else "")


def _transition(old: str, new: str) -> str:
    return new[len(old) :] if new.startswith(old) else _RESET + new


def _colours(pen: str, text: str) -> str:
    """The colour sequences in force after `text`, when `pen` was in force before it."""
    for match in _COLOUR.finditer(text):
        code = match.group(1).lstrip("0")
        pen = "" if not code else pen + match.group()
    if pen.count("\x1b") > _COLOURS_KEPT:
        pen = "\x1b" + "\x1b".join(pen.split("\x1b")[-_COLOURS_KEPT:])
    return pen


def _common_prefix(left: str, right: str) -> int:
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return index
    return min(len(left), len(right))
