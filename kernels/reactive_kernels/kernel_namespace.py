"""The user's namespace inside a kernel, and which versions of its names each cell made.

Rules: a name that the kernel had before the first cell is never touched, and a version that is not there is never
replaced by an old value.
"""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Collection, Iterable
from typing import Any

from .kernel_ambient import AmbientState
from .kernel_later import later
from .kernel_tables import TableReport

Json = dict[str, Any]

# Names of IPython's own making, whether or not they are there yet.
_NOBODYS = frozenset(["In", "Out", "_oh", "_ih", "_dh", "get_ipython", "exit", "quit", "open", "_exit_code"])
_HISTORY = re.compile(r"_+|_i{1,3}|_i?\d+")
ABSENT = object()


class Namespace:
    """The user's namespace, and which versions of its names each cell made."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.versions: dict[str, dict[str, Any]] = {}
        self.mutated: dict[str, frozenset[str]] = {}
        """Cell → names whose object its last run changed in place."""
        self.put_back: dict[str, tuple[set[int], set[str]]] = {}
        """Cell → identities of objects in its versions that were put back as they were, and who had changed them."""
        self.reserved = frozenset(shell.user_ns)
        self.ambient = AmbientState(library_state)
        self.memory: Any = None
        """What counts overwritten versions; made when there may be one."""
        self.memory_limit: int | None = None
        self.executed: Any = None
        """What listens to code that cells execute; made when one may."""
        self.tables: Any = None
        """The tables of SQL cells, once there are any."""
        self.done = TableReport()
        """What the cell that runs did to tables of a database."""
        self.last_reply: Json | None = None
        """How the last cell ended."""

    @property
    def names(self) -> dict[str, Any]:
        """The namespace itself."""
        names: dict[str, Any] = self.shell.user_ns
        return names

    def is_users(self, name: str) -> bool:
        """Whether a name belongs to the user, rather than to IPython or to what was there before the first cell."""
        if name in self.reserved or name in _NOBODYS:
            return False
        return not (name.startswith("_") and _HISTORY.fullmatch(name))

    def forget(self, cells: Iterable[str]) -> None:
        """Let go of what these cells made."""
        for cell in cells:
            self.versions.pop(cell, None)
            self.mutated.pop(cell, None)
            self.put_back.pop(cell, None)
            self.ambient.forget(cell)
            if self.tables is not None:
                self.tables.forget(cell)

    def note_mutated(self, cell: str, names: Iterable[str]) -> None:
        """What a run changed it will change again."""
        found = frozenset(names)
        if found:
            self.mutated[cell] = found
        else:
            self.mutated.pop(cell, None)

    def bind(self, wanted: dict[str, str | None]) -> list[str]:
        """Bind each name to the version that a cell made of it, or remove it (None).

        Returns the names whose version is not there; they are removed, for an old value would be a wrong one.
        """
        names, missing = self.names, []
        for name, cell in wanted.items():
            if ":" in name:
                if self.tables is not None and not self.tables.bind(name, cell):
                    missing.append(name)
                continue
            if " " in name:
                if not self.ambient.bind(name, cell):
                    missing.append(name)
                continue
            if not self.is_users(name):
                continue
            value = ABSENT if cell is None else self.versions.get(cell, {}).get(name, ABSENT)
            if value is not ABSENT:
                names[name] = value
                continue
            names.pop(name, None)
            if cell is not None:
                missing.append(name)
        return missing

    def changes(self, before: dict[str, Any]) -> tuple[list[str], list[str]]:
        """The user's names that were bound or rebound, and those removed, since the picture `before` was taken."""
        now = self.names.copy()
        if list(itertools.islice(now, len(before))) == list(before):  # as ever, but for new names at the end
            rebound = itertools.compress(now, map(operator.is_not, now.values(), before.values()))
            new = itertools.islice(now, len(before), None)
            return sorted(filter(self.is_users, itertools.chain(rebound, new))), []
        get = before.get
        bound = [name for name, value in now.items() if get(name, ABSENT) is not value and self.is_users(name)]
        deleted = [name for name in before.keys() - now.keys() if self.is_users(name)]
        return sorted(bound), sorted(deleted)

    def record(self, cell: str, written: Iterable[str]) -> list[str]:
        """The values that these names have now are the versions that the cell made; its earlier ones are let go.

        Returns the names that have a value.
        """
        names = self.names
        self.put_back.pop(cell, None)
        for _, changers in self.put_back.values():
            changers.discard(cell)
        self.versions[cell] = {name: names[name] for name in written if name in names and self.is_users(name)}
        return sorted(self.versions[cell])

    def references(self, keys: Collection[int], *more: Iterable[Any]) -> dict[int, int]:
        """How often names, versions, IPython's history and `more` refer to the values of these identities."""
        last = getattr(self.shell, "last_execution_result", None)
        places = [
            self.names.values(),
            (self.names.get("_oh") or {}).values(),
            (getattr(last, "result", None),),
            *(held.values() for held in self.versions.values()),
            *more,
        ]
        found: dict[int, int] = {}
        for key in map(id, itertools.chain.from_iterable(places)):
            if key in keys:
                found[key] = found.get(key, 0) + 1
        return found


def library_state(module: str) -> Any:
    return later(f"{__package__}.kernel_ambient_libraries").adapter_for(module)
