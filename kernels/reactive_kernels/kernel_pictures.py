"""What a cell changed in place, inside a kernel: pictures of what it uses before it runs, compared with it afterwards.

From the values that a cell is known to use all that they refer to is looked at, within limits. Rules: the cost is
bounded by number and by time, and is next to nothing for what cannot be changed. Who is to blame for a change, and who
is to get what was changed as it was, is found in `kernel_restoring`.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from typing import Any

from .kernel_kinds import Kind
from .kernel_types import kind_of

_MOST_PICTURES = 2_000
LONGEST_S = 0.01
BETWEEN_LOOKS = 64


class Pictures:
    """Pictures of some values and of what they refer to, by identity."""

    def __init__(self, values: Iterable[Any], wanted: Collection[int] = ()) -> None:
        """`wanted`: identities of values that will surely be changed, and of which copies should be possible."""
        self.seen: dict[int, tuple[Any, Kind, Any]] = {}
        todo = list(values)
        deadline = time.perf_counter() + LONGEST_S
        for value in todo:  # grows
            key = id(value)
            if key in self.seen:
                continue
            kind = kind_of(value)
            if kind is None:
                continue
            todo.extend(self._take(key, value, kind, key in wanted))
            taken = len(self.seen)
            if taken == _MOST_PICTURES or (taken % BETWEEN_LOOKS == 0 and time.perf_counter() > deadline):
                break

    def _take(self, key: int, value: Any, kind: Kind, wanted: bool) -> list[Any]:
        """Look at a value; its parts."""
        try:
            state = kind.state(value, wanted)
            self.seen[key] = value, kind, state
            return kind.parts_of(state) if kind.pictured else kind.parts(value)
        except Exception:  # a value that can't be looked at is as good as unknown
            return []

    def changed(self) -> set[int]:
        """The identities of what is not as it was."""
        return {key for key, (value, kind, state) in self.seen.items() if not _same(value, kind, state)}

    def references(self) -> dict[int, int]:
        """How often states refer to values."""
        found: dict[int, int] = {}
        for _, kind, state in self.seen.values():
            for part in kind.parts_of(state):
                found[id(part)] = found.get(id(part), 0) + 1
        return found

    def doubtful(self, key: int) -> bool:
        """Whether a value of that identity may have been changed without its picture showing it."""
        if key not in self.seen:
            return True
        _, kind, state = self.seen[key]
        return not kind.exact(state)


def _same(value: Any, kind: Kind, state: Any) -> bool:
    try:
        return kind.same(value, state)
    except Exception:  # as above
        return True
