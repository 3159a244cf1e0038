"""Several cells in one request, as the one who asked sees them (`kernel_batches` is the kernel's side).

What a cell says, and its reply after that, come in order on one channel; so nothing has to be put together, and a cell
has ended, all its output told, when its reply is there. No I/O.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .requests import Request

REPLY = "reactive_nb_reply"
"""The type of the message that ends a cell."""

Ended = Callable[[dict[str, Any], bool], None]


@dataclass(frozen=True)
class BatchCell:
    """A cell of a batch: what `execute` would be given, and what its report will say if all goes as expected."""

    code: str
    request_id: str
    reactive: Mapping[str, Any]
    expected: Mapping[str, list[str]]

    def request(self) -> dict[str, Any]:
        """What the kernel is told of it."""
        return {
            "id": self.request_id,
            "code": self.code,
            "metadata": {"reactive_nb": dict(self.reactive), "cellId": self.reactive.get("cell")},
            "expected": dict(self.expected),
        }


class Batch:
    """Cells that a kernel was given together: which have ended."""

    def __init__(self, whole: Request, cells: Iterable[str], ended: Ended) -> None:
        """`cells` are the ids of their requests; `ended` gets the content of each reply, and if it was interrupted."""
        self.whole = whole
        self.done = 0
        self.interrupted = False
        self.begun = False
        """Whether the cell that it is at has been heard of."""
        self.early_question: dict[str, Any] | None = None
        """A question of a cell that has not been heard of otherwise: it came on another channel."""
        self._waiting = deque(cells)
        self._ended = ended

    @property
    def at(self) -> str | None:
        """The first cell that has not ended, None after the last."""
        return self._waiting[0] if self._waiting else None

    def is_early(self, cell: str | None) -> bool:
        """Whether the cell is one of those that have not begun."""
        return cell is not None and cell in self._waiting and not (self.begun and cell == self.at)

    def end(self, cell: str | None, content: dict[str, Any]) -> None:
        """That cell's reply has come. One that is not the next in order is none of ours."""
        if cell is None or cell != self.at:
            return
        self._waiting.popleft()
        self.begun = False
        self.done += 1
        try:
            self._ended(content, self.interrupted)
        except Exception as error:  # who asked shall know of it, not who reads the kernel's messages
            self.whole.fail(error)
