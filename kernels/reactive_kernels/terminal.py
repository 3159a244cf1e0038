"""Text as a terminal would show it: what a cell prints, with carriage returns and backspaces carried out.

Holds the rendered text of one stream. State survives from one piece of text to the next, as messages cut text anywhere.
A text that grows beyond its limits keeps its head and its tail and says in between how much was left out. Not a screen:
the cursor moves within the last line only. What is shown does not depend on how messages cut the text, with one
exception: of a message longer than the limits, or with tens of thousands of controls, the middle is not looked at.
"""

from __future__ import annotations

import re

from .bounded_text import BoundedText
from .terminal_row import Row, colours, find_control

_UNFINISHED = re.compile(r"(\r+|\x1b(\[[0-9;?]{0,30})?)\Z")
_RETURN = re.compile(r"\r[^\r\n]")
_LONGEST_ESCAPE = 32
_LONGEST_NOTICE = 100
_LOOKED_AT = 200_000
_CONTROLS = 60_000
_PLAIN_PER_CONTROLLED = 4  # so much faster is text without controls


class TerminalText:
    """One stream's text. `text` is what to show; its first `settled` characters have not changed since `settle`."""

    __slots__ = ("_done", "_limit", "_pending", "_row", "_seen", "_shown")

    def __init__(self, head: int, tail: int) -> None:
        """Keep at least the first `head` and the last `tail` characters (half as many more of these at times)."""
        self._done = BoundedText(head, tail)
        self._limit = max(head + tail, _LOOKED_AT)
        self._row = Row("")
        self._pending = ""  # what means one thing or another, depending on what follows: a return, or half an escape
        self._shown: tuple[str, int] | None = ("", 0)
        # at the last settling: what may change unless the text is cut, where it begins, what was left out, and how much
        # stays even if the text is cut
        self._seen = ("", 0, 0, 0)

    @property
    def text(self) -> str:
        """What to show."""
        return self._show()[0]

    @property
    def omitted(self) -> int:
        """How many characters are left out."""
        return self._show()[1]

    @property
    def size(self) -> int:
        """How many characters are held, about."""
        return self._done.size + self._row.width

    @property
    def settled(self) -> int:
        """How many characters of `text` are those that `settle` saw."""
        changing, begin, omitted, steady = self._seen
        if self.omitted != omitted:
            return steady
        return begin + _common_prefix(changing, self.text[begin : begin + len(changing)])

    def settle(self) -> None:
        """Whoever shows the text has seen it as it is now."""
        row, steady = self._last_line(), self._done.steady
        text, omitted = self._show()
        begin = len(text) - len(row)
        if omitted and begin < steady + _LONGEST_NOTICE:  # the row itself may have been cut
            begin = steady
        self._seen = (text[begin:], begin, omitted, steady)

    def write(self, new: str) -> None:
        """Add what was printed."""
        self._shown = None
        new = self._pending + new
        self._pending = ""
        unfinished = _UNFINISHED.search(new, max(0, len(new) - _LONGEST_ESCAPE))
        if unfinished is not None:
            new, self._pending = new[: unfinished.start()], unfinished.group()
        if len(new) > _PLAIN_PER_CONTROLLED * self._limit:
            self._take_ends(new, _PLAIN_PER_CONTROLLED * self._limit, _CONTROLS)
        else:
            self._take(new, _CONTROLS)

    def _take(self, new: str, controls: int) -> None:
        if "\r\n" in new:
            new = new.replace("\r\n", "\n")
        controlled = find_control(new) < len(new)
        if controlled:
            found = sum(map(new.count, "\r\x08\x1b"))
            limit = min(self._limit, len(new) * controls // max(controls, found))
            if len(new) > limit:
                self._take_ends(new, limit, 2 * controls)
                return
        first, newline, rest = new.partition("\n")
        self._done.append(self._row.write(first.rstrip("\r") if newline else first))
        if not newline:
            return
        self._done.append(self._row.render() + "\n")
        lines, newline, last = rest.rpartition("\n")
        if controlled:
            self._row = Row(self._row.pen)
            self._done.append("".join([self._rendered(line) for line in lines.split("\n")] if newline else []))
        else:
            self._row = Row(colours(self._row.pen, lines))
            self._done.append(lines + newline)
        self._done.append(self._row.write(last))

    def _rendered(self, line: str) -> str:
        """A whole line."""
        line = line.rstrip("\r")
        if "\r" not in line and "\x08" not in line and "\x1b" not in line:
            return line + "\n"
        row = self._row
        text = row.write(line) + row.render() + "\n"
        self._row = Row(row.pen)
        return text

    def _take_ends(self, new: str, limit: int, controls: int) -> None:
        """Take the beginning and the end of a text that is too long."""
        head_end, tail_begin = limit // 2, len(new) - limit // 2
        line_end = new.find("\n", tail_begin)
        self._take(new[:head_end], controls // 2)
        if new.find("\n", head_end, tail_begin) < 0:
            back = _RETURN.search(new, tail_begin, line_end if line_end >= 0 else len(new))
            if back is not None:  # all that is skipped was written over
                self._take(new[back.start() :], controls // 2)
                return
        if 0 <= line_end < tail_begin + limit // 8:
            tail_begin = line_end + 1
        self._skip(new[head_end:tail_begin])
        self._take(new[tail_begin:], controls // 2)

    def _skip(self, text: str) -> None:
        self._done.append(self._row.render())
        self._done.skip(len(text))
        self._row = Row(colours(self._row.pen, text[-self._limit :]))

    def _last_line(self) -> str:
        return self._row.render() + self._pending.lstrip("\r")

    def _show(self) -> tuple[str, int]:
        if self._shown is None:
            self._shown = self._done.shown(self._last_line())
        return self._shown


def _common_prefix(left: str, right: str) -> int:
    """How many characters both begin with."""
    same, differ = 0, min(len(left), len(right)) + 1
    while differ - same > 1:
        middle = (same + differ) // 2
        if left[same:middle] == right[same:middle]:
            same = middle
        else:
            differ = middle
    return same
