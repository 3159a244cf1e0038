"""The line that a terminal's cursor is in: overwritten after carriage returns and backspaces, colours kept right.

Until the first control of the cursor a line stands as it was printed. A line that gets too long goes on in a new row,
as on any terminal, only that this one is wide: the cursor does not come back from there.
"""

from __future__ import annotations

import re

WIDTH = 20_000

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_ERASE = re.compile(r"\x1b\[[012]?K")
_PIECE = re.compile(r"\r+|\x08+|\x1b\[[0-9;?]*[A-Za-z]|[^\r\x08\x1b]+|\x1b")
_COLOUR = re.compile(r"\x1b\[([0-9;]*)m")
_RESET = "\x1b[0m"
_COLOURS_KEPT = 8
_COLOURS_WITHIN = 4_096
_LONGEST_ESCAPE = 32


class Row:
    """A line, with the cursor in it. `base` are the colours at its beginning, `pen` those at the cursor."""

    __slots__ = ("_by_cells", "_cells", "_column", "_printed", "_styled", "_styles", "base", "pen")

    def __init__(self, base: str) -> None:
        """An empty line."""
        self._begin(base)

    def _begin(self, base: str) -> None:
        self.base = self.pen = base
        self._printed = ""
        self._by_cells = False  # while the line stands as printed
        self._styled = False  # while all its cells have the colours of the beginning
        self._cells: list[str] = []
        self._styles: list[str] = []
        self._column = 0

    @property
    def width(self) -> int:
        """How many characters it has, about."""
        return len(self._cells) if self._by_cells else len(self._printed)

    def write(self, text: str) -> str:
        """Carry out text without newlines. Returns what will not change any more, as the line had no room for it."""
        final: list[str] = []
        while text:
            if not self._by_cells:
                text = text if self._printed else text.lstrip("\r\x08")
                at = find_control(text)
                final.append(self._print(text[:at]))
                text = text[at:]
                if text:
                    self._open()
            else:
                text = self._carry_out(text, final)
        return "".join(final)

    def render(self) -> str:
        """The line as it stands."""
        if not self._by_cells:
            return self._printed
        if not self._styled:
            return "".join(self._cells)
        parts, style = [], self.base
        for cell, wanted in zip(self._cells, self._styles, strict=True):
            if wanted != style:
                parts.append(_transition(style, wanted))
                style = wanted
            parts.append(cell)
        return "".join(parts) + (_transition(style, self.pen) if style != self.pen else "")

    def _print(self, text: str) -> str:
        line = self._printed + text
        cut = 0
        while len(line) - cut > WIDTH:
            cut = _break(line, cut + WIDTH)
        self._printed = line[cut:]
        self.base = colours(self.base, line[:cut])
        self.pen = colours(self.pen, text)
        return line[:cut]

    def _open(self) -> None:
        """From now on by cells."""
        self._by_cells = True
        if "\x1b" in self._printed:
            pen, self.pen, self._styled = self.pen, self.base, True
            for piece in _PIECE.findall(self._printed):
                if piece[0] == "\x1b":
                    self._escape(piece)
                else:
                    self._put(piece)
            self.pen = pen
        else:
            self._cells[:] = self._printed
            self._column = len(self._cells)
        self._printed = ""

    def _carry_out(self, text: str, final: list[str]) -> str:
        """As much of `text` as belongs to this row; returns the rest, when the row is full and a new one begun."""
        if not self._styled and "\x1b" in text:
            self._styled, self._styles = True, [self.base] * len(self._cells)
        if not self._styled and "\x08" not in text:
            text = _without_overwritten(text)
        for match in _PIECE.finditer(text):
            piece = match.group()
            first = piece[0]
            if first == "\r":
                self._column = 0
            elif first == "\x08":
                self._column = max(0, self._column - len(piece))
            elif first == "\x1b":
                self._escape(piece)
            elif self._column + len(piece) <= WIDTH:
                self._put(piece)
            else:
                room = WIDTH - self._column
                self._put(piece[:room])
                final.append(self.render())
                self._begin(self.pen)
                return text[match.start() + room :]
        return ""

    def _put(self, text: str) -> None:
        gap = self._column - len(self._cells)
        if gap > 0:
            self._cells += " " * gap
            if self._styled:
                self._styles += [self.base] * gap
        end = self._column + len(text)
        self._cells[self._column : end] = text
        if self._styled:
            self._styles[self._column : end] = [self.pen] * len(text)
        self._column = end

    def _escape(self, escape: str) -> None:
        if escape.endswith("m"):
            self.pen = colours(self.pen, escape)
        elif escape in ("\x1b[K", "\x1b[0K"):
            del self._cells[self._column :], self._styles[self._column :]
        elif escape == "\x1b[2K":
            self._cells.clear()
            self._styles.clear()
        elif escape == "\x1b[1K":
            end = min(self._column + 1, len(self._cells))
            self._cells[:end] = " " * end
            self._styles[:end] = [self.base] * end


def find_control(text: str) -> int:
    """Where the first control is that moves the cursor back or erases; the text's length if there is none."""
    end = len(text)
    for control in "\r\x08":
        found = text.find(control, 0, end)
        end = end if found < 0 else found
    if "\x1b" in text:
        erase = _ERASE.search(text, 0, end)
        end = erase.start() if erase is not None else end
    return end


def colours(pen: str, text: str) -> str:
    """The colour sequences in force after `text`, when `pen` was in force before it."""
    if "\x1b" not in text:
        return pen
    for begin in (max(0, len(text) - _COLOURS_WITHIN), 0):
        kept: list[str] = []
        reset = False
        for match in _COLOUR.finditer(text, begin):
            if match.group(1).lstrip("0"):
                kept.append(match.group())
            else:
                kept.clear()
                reset = True
        if reset or begin == 0 or len(kept) >= _COLOURS_KEPT:
            break
    pens = [] if reset else [f"\x1b{code}" for code in pen.split("\x1b")[1:]]
    return "".join([*pens, *kept][-_COLOURS_KEPT:])


def _without_overwritten(line: str) -> str:
    """A shorter text that does the same to a line without colours: of what stood at the same place only the last."""
    first, *others = line.split("\r")
    if len(others) < 2 or max(map(len, others)) > WIDTH:
        return line
    last = others.pop()
    longest = last
    for text in reversed(others):
        if len(text) > len(longest):
            longest += text[len(longest) :]
    return f"{first}\r{longest}\r{last}"


def _break(line: str, at: int) -> int:
    """Where to part a line near `at`, so that no escape sequence is cut."""
    escape = line.rfind("\x1b", max(0, at - _LONGEST_ESCAPE), at)
    found = _ESCAPE.match(line, escape) if escape >= 0 else None
    return escape if found is not None and found.end() > at else at


def _transition(old: str, new: str) -> str:
    return new[len(old) :] if new.startswith(old) else _RESET + new
