"""When a cell binds its names, beside when the code of other cells may run in it.

A function of another cell looks its globals up when it is called, so what it finds of this cell's names depends on
what was bound by then. Other cells' code counts as run wherever a value that comes from them, or holds one, is read.
The rule: a name counts as settled only from where no way through the cell leaves it as other cells made it.
"""

from __future__ import annotations

from reactive_nb.execution.analysis.flow import OLD, State
from reactive_nb.execution.analysis.values import EMPTY, Value, merge


class Timeline:
    """The order of bindings and of what may call other cells' code."""

    __slots__ = ("_changed", "_placed", "_touched", "former", "now", "reached", "settled")

    def __init__(self) -> None:
        self.now = 0
        """How often other cells' code may have run."""
        self.reached: dict[str, int] = {}
        """For each name of other cells: when it was first read."""
        self.settled: dict[str, int] = {}
        """For each name bound on all ways: after how much of that."""
        self.former: dict[str, Value] = {}
        """What names were bound to when other cells' code may have run, and no longer are."""
        self._placed: dict[str, int] = {}
        self._changed: dict[str, int] = {}
        self._touched: set[str] = set()

    def reach(self, name: str) -> None:
        """The value that other cells gave `name` is read."""
        self.now += 1
        self.reached.setdefault(name, self.now)

    def run(self) -> None:
        """Other cells' code may run."""
        self.now += 1

    def bind(self, key: str, mark: int, state: State) -> None:
        """`key` is about to be bound, or deleted, in `state`."""
        placed = self._placed.get(key)
        if placed is not None and placed < self.now:
            before = state.value(key)
            if before is not EMPTY:
                self.former[key] = merge(self.former.get(key, EMPTY), before)
        self._placed[key] = self.now
        if state.parent is not None:
            self._touched.add(key)
        elif not mark & OLD:
            self.settled.setdefault(key, self.now)

    def change(self, name: str) -> None:
        """The object that other cells gave `name` is changed in place."""
        self._changed.setdefault(name, self.now)

    def join(self, state: State) -> None:
        """The ways that a statement took have come together in `state`, the cell's outermost."""
        for key in self._touched:
            if not state.mark(key) & OLD:
                self.settled.setdefault(key, self.now)
        self._touched.clear()

    def repeat(self, since: int) -> None:
        """What ran `since` may have run again, after all that was bound."""
        if self.now > since:
            self.run()

    def was_seen(self, key: str) -> bool:
        """Whether other cells' code may have found what `key` was bound to last."""
        return self._placed.get(key, self.now) < self.now

    def was_seen_changed(self, name: str) -> bool:
        """Whether other cells' code may have found the object of `name` changed."""
        return self._changed.get(name, self.now) < self.now
