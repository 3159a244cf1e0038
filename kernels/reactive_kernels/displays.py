"""What outputs with a display id show, where several cells speak of one: the cell furthest down decides.

A cell shows something under an id, and others may show something else in its place. Jupyter shows what was said last;
so do we, but last on the page: each cell's word is kept apart, and taken back when the cell runs again or is gone. So
what is shown is what a run from top to bottom would leave, whichever cell ran last. Pure: no I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .events import JSON

_MOST_IDS = 1_000
NOBODY = ""
"""In the place of a cell, where nobody can tell whose word it is: it counts until a cell speaks."""

PlaceOf = Callable[[str], int | None]
"""Where a cell stands on the page; None: what it says does not count."""


@dataclass(frozen=True, slots=True)
class Word:
    """What a cell said last of a display id."""

    data: Mapping[str, Any]
    metadata: JSON


class Displays:
    """Display id → cell → its word."""

    def __init__(self, place_of: PlaceOf | None = None) -> None:
        """Without `place_of` the last word counts."""
        self._place_of = place_of
        self._words: dict[str, dict[str, Word]] = {}
        self._ids: dict[str, dict[str, None]] = {}
        self._doubtful: dict[str, None] = {}

    def say(self, display_id: str, cell: str, word: Word) -> None:
        """A cell shows this under the id. Of very many ids of one cell the oldest are forgotten."""
        for other in {cell, NOBODY}:
            self.forget(display_id, other)
        self._words.setdefault(display_id, {})[cell] = word
        ids = self._ids.setdefault(cell, {})
        ids[display_id] = None
        self._doubtful[display_id] = None
        if len(ids) > _MOST_IDS:
            self.forget(next(iter(ids)), cell)

    def take_back(self, cell: str) -> None:
        """The cell runs again, or is gone: what it said counts no more."""
        for display_id in list(self._ids.get(cell, ())):
            self.forget(display_id, cell)
            if display_id in self._words:
                self._doubtful[display_id] = None

    def forget(self, display_id: str, cell: str) -> None:
        """Its word on this id is not needed; what is shown stays as it is."""
        words, ids = self._words.get(display_id, {}), self._ids.get(cell, {})
        if words.pop(cell, None) is None:
            return
        del ids[display_id]
        if not ids:
            del self._ids[cell]
        if not words:
            del self._words[display_id]
            self._doubtful.pop(display_id, None)

    def forget_all(self) -> None:
        """What is shown stays as it is."""
        self._words.clear()
        self._ids.clear()
        self._doubtful.clear()

    @property
    def in_doubt(self) -> bool:
        """Whether there may be something to show otherwise."""
        return bool(self._doubtful)

    def reconsider(self) -> None:
        """Cells stand elsewhere, or count no more."""
        contested = [display_id for display_id, words in self._words.items() if len(words) > 1]
        self._doubtful.update(dict.fromkeys(contested))

    def to_show(self) -> Iterable[tuple[str, Word]]:
        """For ids that may be shown otherwise than they are: what they are to show."""
        doubtful, self._doubtful = self._doubtful, {}
        for display_id in doubtful:
            word = self._last(self._words.get(display_id, {}))
            if word is not None:
                yield display_id, word

    def _last(self, words: dict[str, Word]) -> Word | None:
        if self._place_of is None:
            return next(reversed(words.values()), None)
        if NOBODY in words:
            return words[NOBODY]
        places = ((self._place_of(cell), cell) for cell in words)
        last = max(((place, cell) for place, cell in places if place is not None), default=None)
        return None if last is None else words[last[1]]
