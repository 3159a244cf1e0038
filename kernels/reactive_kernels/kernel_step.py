"""What is done inside a kernel around the run of one cell: names are bound before it, and looked at after it.

What a run did is told in a report: which names it bound, removed or changed in place, and whose versions it spoiled.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import sys
from collections.abc import Iterable
from types import FunctionType, ModuleType
from typing import Any

from .kernel_kinds import FIXED, is_standard, is_users, module_of
from .kernel_later import later
from .kernel_namespace import ABSENT, Json, Namespace
from .kernel_pictures import Pictures
from .kernel_tables import TableReport

WATCHERS: list[Any] = []
"""Each is told `begin()` before a cell and gives by `end(kept, names)` what it adds to the report of its run."""


class Step:
    """What is done around the run of one cell."""

    def __init__(self, namespace: Namespace, request: Json, source: str = "") -> None:
        self.namespace = namespace
        self.request = request
        self.source = source
        self.cell = str(request["cell"])
        self.before: dict[str, Any] = {}
        self.missing: list[str] = []
        self.pictures: Pictures | None = None

    def prepare(self) -> None:
        """Make the namespace what it is to be at the cell's place, and take a picture of it."""
        self.namespace.forget(self.request.get("forget") or ())
        self.missing = self.namespace.bind(self.request.get("bind") or {})
        self.before = self.namespace.names.copy()
        self._take_pictures()
        self._listen()
        with contextlib.suppress(Exception):  # of a library of another make; it costs nobody a cell
            self.namespace.ambient.begin(self.source, self.pictures is not None)
        for watcher in WATCHERS:
            watcher.begin()

    def _listen(self) -> None:
        suspected = self.request.get("uses", ()) is None
        namespace = self.namespace
        if suspected and namespace.executed is None:
            namespace.executed = later(f"{__package__}.kernel_executed").Executed()
        if namespace.executed is not None:
            namespace.executed.begin(namespace.names, suspected=suspected)

    def _heard(self, reply: Json) -> tuple[list[str], set[str]]:
        """Names that executed code reads, and those that it bound, be it to what they were bound to before."""
        if self.namespace.executed is None:
            return [], set()
        error = getattr(sys, "last_value", None) if reply.get("status") == "error" else None
        reads, binds = self.namespace.executed.end(error)
        is_users, names = self.namespace.is_users, self.namespace.names
        return sorted(filter(is_users, reads)), {name for name in binds if name in names and is_users(name)}

    def _take_pictures(self) -> None:
        mutates = self.request.get("mutates") or ()
        uses = self.request.get("uses", mutates)
        names = self.namespace.names
        if uses is None:
            uses = filter(self.namespace.is_users, self.before)
        used = [names[name] for name in uses if name in names and type(names[name]) not in FIXED]
        if used:
            wanted = {
                id(names[name]) for name in (*mutates, *self.namespace.mutated.get(self.cell, ())) if name in names
            }
            self.pictures = Pictures(used, wanted)

    def report(self, reply: Json) -> Json:
        """Record the versions that the cell made, and say what it did to the namespace."""
        writes, mutates = self.request.get("writes") or (), self.request.get("mutates") or ()
        bound, deleted = self.namespace.changes(self.before)
        read, bound_again = self._heard(reply)
        if not bound_again.issubset(bound):
            bound = sorted(bound_again.union(bound))
        changed, spoiled, elsewhere = self._changed(), [], []
        names: set[str] = set()
        if changed:
            reach = _restoring().Reach(self._roots(), self.pictures or Pictures(()), changed)
            names = self._reaching(reach)
        old = self.namespace.versions.get(self.cell, {}) if self.request.get("equal") else {}
        kept = self.namespace.record(self.cell, {*bound, *writes, *mutates, *names})
        if changed:
            others = self._changed_versions(reach)
            elsewhere = sorted({name for _, name in others if name not in self.before})
            spoiled = self._restore(reach, others)
        ways = self._new_ways(kept)
        equal = self._made_again(old) if old and reply.get("status") == "ok" else []
        spoiled += self._save_memory(kept)
        self.namespace.note_mutated(self.cell, names)
        left, looked_at, same = self._ambient_end(kept)
        report = {
            "bound": bound + left,
            "kept": kept + left,
            "deleted": deleted,
            "changed": sorted(names),
            "spoiled": spoiled,
            "missing": self.missing,
            "name_error": _missing_name(reply, self.namespace.names),
        }
        if read or looked_at:
            report["read"] = read + looked_at
        if same or equal:
            report["same"] = equal + same
        if ways:
            report["ways"] = ways
        if elsewhere:  # what the cell was not given by these names
            report["elsewhere"] = elsewhere
        if self.namespace.tables is not None:
            self.namespace.tables.add_to(report)
        self.namespace.done.add_to(report)
        self.namespace.done = TableReport()
        for watcher in WATCHERS:
            report.update(watcher.end(kept, self.namespace.names))
        self.before, self.pictures = {}, None  # a traceback may keep this for long, and what it refers to with it
        return report

    def _ambient_end(self, kept: list[str]) -> tuple[list[str], list[str], list[str]]:
        try:
            return self.namespace.ambient.end(self.cell, self.source, lambda: self._uses_libraries(kept))
        except Exception:  # as in `prepare`
            return [], [], []

    def _made_again(self, old: dict[str, Any]) -> list[str]:
        """Names for which the cell made what it had made before: that stays in the place of what it has made now."""
        namespace, new = self.namespace, self.namespace.versions[self.cell]
        others = (held for cell, held in namespace.versions.items() if cell != self.cell)
        names = (value for name, value in namespace.names.items() if name not in new and namespace.is_users(name))
        shared = itertools.chain(names, *(held.values() for held in others))
        equal = later(f"{__package__}.kernel_equality").equal_names(old, new, shared)
        for name in equal:
            new[name] = namespace.names[name] = old[name]
        return sorted(equal)

    def _save_memory(self, kept: Iterable[str]) -> list[list[str]]:
        """Let go of what takes too much memory; as [cell, name]."""
        namespace, overwritten = self.namespace, self.request.get("overwritten")
        if namespace.memory is None:
            if overwritten is None:
                return []
            memory = later(f"{__package__}.kernel_memory").VersionMemory
            namespace.memory = memory(namespace.versions, namespace.memory_limit)
        if not namespace.memory.note(self.cell, kept, overwritten or (), namespace.versions, namespace.names):
            return []
        latest = (held.values() for held in (namespace.names, namespace.versions[self.cell]))
        gone: list[list[str]] = namespace.memory.let_go(namespace.versions, itertools.chain(*latest))
        return gone

    def _uses_libraries(self, kept: Iterable[str]) -> bool:
        """Whether the cell uses or makes anything of a library, or of a module of the user's own."""
        names = self.namespace.names
        pictured = (value for value, *_ in self.pictures.seen.values()) if self.pictures is not None else ()
        used = (self.before.get(name) for name in self.request.get("uses") or ())
        values = itertools.chain(used, (names.get(name) for name in kept), pictured)
        return any(type(value) not in FIXED and _is_of_library(value) for value in values)

    def _changed(self) -> set[int]:
        """The identities of the objects that were changed in place, as far as can be seen."""
        pictures = self.pictures
        changed = pictures.changed() if pictures is not None else set()
        for name in self.request.get("mutates") or ():
            value = self.before.get(name, ABSENT)
            if value is not ABSENT and type(value) not in FIXED and (pictures is None or pictures.doubtful(id(value))):
                changed.add(id(value))
        return changed

    def _roots(self) -> Iterable[Any]:
        """What the user's names and all versions hold."""
        is_users, names = self.namespace.is_users, self.namespace.names
        given = (value for name, value in self.before.items() if is_users(name))
        now = (value for name, value in names.copy().items() if is_users(name))
        return itertools.chain(given, now, *(held.values() for held in self.namespace.versions.values()))

    def _reaching(self, reach: Any) -> set[str]:
        """The user's names whose value was changed, or refers to what was: all that the cell was given so."""
        names, is_users = self.namespace.names, self.namespace.is_users
        before = self.before.items()
        return {n for n, value in before if id(value) in reach.dirty and names.get(n) is value and is_users(n)}

    def _changed_versions(self, reach: Any) -> list[tuple[str, str]]:
        """Other cells' versions that were changed, as (cell, name)."""
        return [
            (cell, name)
            for cell, held in self.namespace.versions.items()
            if cell != self.cell
            for name, value in held.items()
            if id(value) in reach.dirty and type(value) is not ModuleType  # which can't be made anew
        ]

    def _restore(self, reach: Any, found: list[tuple[str, str]]) -> list[list[str]]:
        """Make these versions what they were; those that can't be made, as [cell, name]."""
        versions = self.namespace.versions
        if not found:
            return []
        restorer = _restoring().Restorer(reach, self.namespace.references(reach.dirty, self.before.values()))
        spoiled = []
        for cell, name in found:
            try:
                versions[cell][name] = restorer.as_before(versions[cell][name])
            except Exception:  # CannotCopy, or whatever a class of the user's does
                spoiled.append([cell, name])
        copies = restorer.copies_of_changed()
        for cell in {cell for cell, _ in found} if copies else ():
            identities, changers = self.namespace.put_back.get(cell, ((), ()))
            self.namespace.put_back[cell] = copies.union(identities), {self.cell, *changers}
        return spoiled

    def _new_ways(self, kept: Iterable[str]) -> list[list[str]]:
        """Names that the cell has given to objects which other cells change, as [name, cell that changes it].

        When those ran there was no such name: they are to be seen with it.
        """
        versions = self.namespace.versions[self.cell]
        found: set[tuple[str, str]] = set()
        for name in kept if self.namespace.put_back else ():
            for identities, changers in self.namespace.put_back.values():
                if changers and type(versions[name]) not in FIXED and _restoring().leads_to(versions[name], identities):
                    found.update((name, changer) for changer in changers)
        return [list(pair) for pair in sorted(found)]


def _restoring() -> Any:
    return later(f"{__package__}.kernel_restoring")


def _is_of_library(value: Any) -> bool:
    if type(value) is ModuleType:
        module = value.__name__
    elif type(value) in (FunctionType, type):
        module = module_of(value)
    else:
        module = module_of(type(value))
    return module != "__main__" and (is_users(module) or not is_standard(module))


def _missing_name(reply: Json, names: dict[str, Any]) -> str | None:
    """The global of the user's that a run failed for, None if it failed for something else or not at all."""
    if reply.get("status") != "error" or reply.get("ename") != "NameError":
        return None
    error = getattr(sys, "last_value", None)
    if type(error) is not NameError:
        return None
    found = re.match(r"name '(\w+)' is not defined", str(error))  # free variables of functions read otherwise
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if found is None or traceback is None or traceback.tb_frame.f_globals is not names:
        return None
    return found.group(1)
