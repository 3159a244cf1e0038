"""Names that several cells define, where a notebook does not want that (`redefinition`: warn or error).

A cell that defines a name that another defines too is in conflict with it, unless it only goes on with the other's
object: changing in place is not defining.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reactive_nb.execution.dependencies.index import Index
from reactive_nb.execution.dependencies.names import NO_NAMES, CellNames


class Conflicts(Mapping[str, Mapping[str, tuple[str, ...]]]):
    """Cell → name → the other cells that define it; found when it is asked for. Cells without any are left out."""

    def __init__(self, names: Mapping[str, CellNames], writers: Index) -> None:
        self._names = names
        self._writers = writers

    def __getitem__(self, cell: str) -> Mapping[str, tuple[str, ...]]:
        names = self._names[cell]
        own = NO_NAMES if names.disabled else names.analysis.defines - names.analysis.mutates
        found: dict[str, tuple[str, ...]] = {}
        for name in sorted(own):
            others = tuple(other for other in self.definers(name) if other != cell)
            if others:
                found[name] = others
        if not found:
            raise KeyError(cell)
        return found

    def definers(self, name: str) -> list[str]:
        """The cells that define the name, in document order."""
        return [cell for cell in self._writers.get(name, ()) if name in self._names[cell].analysis.defines]

    def __iter__(self) -> Iterator[str]:
        return (cell for cell in self._names if cell in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def concerned(changes: Iterable[tuple[CellNames | None, CellNames | None]], now: Conflicts) -> set[str]:
    """Who is in conflict with other cells than before, perhaps, now that cells are what they are (None: not there).

    Each is told with what it was; a cell that was put elsewhere as gone and there again.
    """
    names: set[str] = set()
    for before, after in changes:
        names |= _defined(before) ^ _defined(after)
    return {cell for name in names for cell in now.definers(name)}


def _defined(names: CellNames | None) -> frozenset[str]:
    return NO_NAMES if names is None or names.disabled else names.analysis.defines
