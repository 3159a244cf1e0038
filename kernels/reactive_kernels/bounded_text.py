"""The beginning and the end of a text that may grow without end, and how much is missing in between.

What is shown depends on the text alone, not on the pieces in which it came.
"""

from __future__ import annotations

_RESET = "\x1b[0m"
_CUT_AT_LINE_WITHIN = 2_000
_PIECES = 10_000


class BoundedText:
    """Text by pieces, of which the first `head` characters are kept, and the last `tail` (up to half as many more).

    The tail begins at a multiple of half its length, so that while text is added its beginning seldom moves.
    """

    __slots__ = ("_begin", "_closed", "_head", "_head_limit", "_held", "_pieces", "_step", "_tail_limit")

    def __init__(self, head: int, tail: int) -> None:
        """Empty."""
        self._head_limit = head
        self._tail_limit = max(1, tail)
        self._step = max(1, tail // 2)
        self._head = ""
        self._closed = False  # the head is complete, and in `_head`
        self._begin = 0  # how many characters after the head are not held
        self._pieces: list[str] = []
        self._held = 0

    @property
    def size(self) -> int:
        """How many characters are held."""
        return len(self._head) + self._held

    @property
    def steady(self) -> int:
        """How many characters of what is shown will be the same, wherever the text is cut."""
        return min(self.size, self._head_limit) if not self._closed else len(self._head)

    def append(self, text: str) -> None:
        """The text goes on."""
        if not text:
            return
        self._pieces.append(text)
        self._held += len(text)
        if self._held > self._head_limit * (not self._closed) + 3 * self._tail_limit:
            self._close()
            self._drop_to(self._tail_begin(self._begin + self._held))
        elif len(self._pieces) > _PIECES:
            self._joined()

    def skip(self, count: int) -> None:
        """The text goes on, but with `count` characters that nobody shall see."""
        self._close()
        self._begin += self._held + count
        self._pieces, self._held = [], 0

    def shown(self, rest: str = "") -> tuple[str, int]:
        """The text, if `rest` comes after it, with a notice where it is cut; and how many characters are left out."""
        body = self._joined() + rest
        if self._closed:
            head, begin = self._head, self._begin
        elif len(body) > self._head_limit + self._tail_limit + self._step:
            head, body, begin = body[: self._head_limit], body[self._head_limit :], 0
        else:
            return body, 0
        start = max(begin, self._tail_begin(begin + len(body)))
        if start == 0:
            return head + body, 0
        reach = min(_CUT_AT_LINE_WITHIN, self._tail_limit // 2)
        newline = body.find("\n", start - begin, start - begin + reach)
        omitted = start if newline < 0 else begin + newline + 1
        reset = _RESET if "\x1b" in head else ""
        return f"{head}{reset}\n[… {omitted:,} characters left out …]\n{body[omitted - begin :]}", omitted

    def _tail_begin(self, length: int) -> int:
        return max(0, (length - self._tail_limit - 1) // self._step) * self._step

    def _joined(self) -> str:
        if len(self._pieces) != 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0]

    def _close(self) -> None:
        if not self._closed:
            whole = self._joined()
            self._head, self._closed = whole[: self._head_limit], True
            self._pieces = [whole[self._head_limit :]]
            self._held = len(self._pieces[0])

    def _drop_to(self, begin: int) -> None:
        if begin > self._begin:
            self._pieces = [self._joined()[begin - self._begin :]]
            self._held = len(self._pieces[0])
            self._begin = begin


def excerpt(text: str, head: int, tail: int) -> str:
    """A text if it is short enough, else its beginning and its end, and between them how much was left out."""
    bounded = BoundedText(head, tail)
    bounded.append(text)
    return bounded.shown()[0]
