"""The code that runs inside an IPython kernel: sent as source at the start, it wraps the kernel's way to run a cell.

Around a cell it gives every name the version that belongs at the cell's place on the page, and afterwards says which
names were bound, removed or spoiled; and it lets the server call functions by name. It reads what to do from
`metadata["reactive_nb"]` of a request and answers under the same key of the reply. Rules: works on Python 3.9 and later
with nothing but the standard library, leaves no name in the user's namespace, never lets a fault of its own cost the
user a cell, and never touches a name that the kernel had before the first cell.
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import operator
import os
import re
import sys
from collections.abc import Callable, Collection, Iterable
from types import FunctionType, ModuleType
from typing import Any

from .kernel_ambient import AmbientState
from .kernel_kinds import FIXED, is_standard, is_users, module_of
from .kernel_later import later
from .kernel_pictures import Pictures, Reach, Restorer, leads_to
from .kernel_tables import TableReport

VERSION = 1

Json = dict[str, Any]

# Names of IPython's own making, whether or not they are there yet.
_NOBODYS = frozenset(["In", "Out", "_oh", "_ih", "_dh", "get_ipython", "exit", "quit", "open", "_exit_code"])
_HISTORY = re.compile(r"_+|_i{1,3}|_i?\d+")
_ABSENT = object()
# Functions of a module that is loaded when one is called.
_LATER = {
    "variables": "_reactive_nb.kernel_variables",
    "variable": "_reactive_nb.kernel_table_pages",
    "database": "_reactive_nb.kernel_sql",
}

FUNCTIONS: dict[str, Callable[..., Any]] = {}
WATCHERS: list[Any] = []
"""Each is told `begin()` before a cell and gives by `end(kept, names)` what it adds to the report of its run."""


def function(target: Callable[..., Any]) -> Callable[..., Any]:
    """Register a function that the server may call, under its own name; JSON in, JSON out."""
    FUNCTIONS[target.__name__] = target
    return target


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
        self.ambient = AmbientState(_library_state)
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
            value = _ABSENT if cell is None else self.versions.get(cell, {}).get(name, _ABSENT)
            if value is not _ABSENT:
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
        bound = [name for name, value in now.items() if get(name, _ABSENT) is not value and self.is_users(name)]
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

    def _heard(self) -> tuple[list[str], set[str]]:
        """Names that executed code reads, and those that it bound to what they were bound to before."""
        if self.namespace.executed is None:
            return [], set()
        reads, binds = self.namespace.executed.end()
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
        read, bound_again = self._heard()
        if reply.get("status") == "ok" and not bound_again.issubset(bound):
            bound = sorted(bound_again.union(bound))
        changed, spoiled = self._changed(), []
        names: set[str] = set()
        if changed:
            reach = Reach(self._roots(), self.pictures or Pictures(()), changed)
            names = self._reaching(reach)
        old = self.namespace.versions.get(self.cell, {}) if self.request.get("equal") else {}
        kept = self.namespace.record(self.cell, {*bound, *writes, *mutates, *names})
        if changed:
            spoiled = self._restore(reach)
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
            value = self.before.get(name, _ABSENT)
            if value is not _ABSENT and type(value) not in FIXED and (pictures is None or pictures.doubtful(id(value))):
                changed.add(id(value))
        return changed

    def _roots(self) -> Iterable[Any]:
        """What the user's names and all versions hold."""
        is_users, names = self.namespace.is_users, self.namespace.names
        given = (value for name, value in self.before.items() if is_users(name))
        now = (value for name, value in names.copy().items() if is_users(name))
        return itertools.chain(given, now, *(held.values() for held in self.namespace.versions.values()))

    def _reaching(self, reach: Reach) -> set[str]:
        """The user's names whose value was changed, or refers to what was: all that the cell was given so."""
        names, is_users = self.namespace.names, self.namespace.is_users
        before = self.before.items()
        return {n for n, value in before if id(value) in reach.dirty and names.get(n) is value and is_users(n)}

    def _restore(self, reach: Reach) -> list[list[str]]:
        """Make other cells' versions that were changed what they were; those that can't be made, as [cell, name]."""
        versions = self.namespace.versions
        found = [
            (cell, name)
            for cell, held in versions.items()
            if cell != self.cell
            for name, value in held.items()
            if id(value) in reach.dirty and type(value) is not ModuleType  # which can't be made anew
        ]
        if not found:
            return []
        restorer = Restorer(reach, self.namespace.references(reach.dirty, self.before.values()))
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
                if changers and type(versions[name]) not in FIXED and leads_to(versions[name], identities):
                    found.update((name, changer) for changer in changers)
        return [list(pair) for pair in sorted(found)]


def _is_of_library(value: Any) -> bool:
    if type(value) is ModuleType:
        module = value.__name__
    elif type(value) in (FunctionType, type):
        module = module_of(value)
    else:
        module = module_of(type(value))
    return module != "__main__" and (is_users(module) or not is_standard(module))


def _library_state(module: str) -> Any:
    return later(f"{__package__}.kernel_ambient_libraries").adapter_for(module)


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


def _error_reply(kernel: Any, error: BaseException) -> Json:
    return {
        "status": "error",
        "ename": type(error).__name__,
        "evalue": str(error),
        "traceback": [],
        "execution_count": kernel.shell.execution_count - 1,
        "user_expressions": {},
        "payload": [],
    }


def _call(request: Json) -> Json:
    if request["call"] in _LATER and request["call"] not in FUNCTIONS:
        later(_LATER[request["call"]])
    target = FUNCTIONS.get(str(request["call"]))
    if target is None:
        return {"error": "there is no function of that name in the kernel"}
    try:
        return {"result": target(**(request.get("arguments") or {}))}
    except BaseException as error:  # without an answer the server would wait for one
        return {"error": f"{type(error).__name__}: {error}"}


def _request_of(kernel: Any) -> Json:
    try:
        request = kernel.get_parent("shell")["metadata"].get("reactive_nb")
    except Exception:  # a request without a parent, or a kernel of another make: nothing is asked of us
        return {}
    return request if isinstance(request, dict) else {}


def _wrap(kernel: Any, namespace: Namespace, gate: Any) -> Callable[..., Any]:
    original = kernel.do_execute
    streams = sys.modules["_reactive_nb_streams"].Streams()

    async def run(*args: Any, **kwargs: Any) -> Any:
        reply = original(*args, **kwargs)
        return await reply if inspect.isawaitable(reply) else reply

    async def do_execute(*args: Any, **kwargs: Any) -> Any:
        request = _request_of(kernel)
        if "call" in request:
            reply = {"status": "ok", "execution_count": kernel.shell.execution_count - 1}
            return {**reply, "user_expressions": {}, "payload": [], "reactive_nb": _call(request)}
        if "cell" not in request:
            return await run(*args, **kwargs)
        source = args[0] if args else kwargs.get("code", "")
        streams.mend()
        step = Step(namespace, request, source)
        step.prepare()
        try:
            if "show" in request:
                reply = await sys.modules["_reactive_nb_text"].show(kernel.shell, gate, request["show"])
            else:
                reply = await run(*args, **kwargs)
        except BaseException as error:  # without a reply the server would wait for one
            reply = _error_reply(kernel, error)
        finally:
            gate.end_code()
            streams.mend()
        reply["reactive_nb"] = step.report(reply)
        namespace.last_reply = reply
        return reply

    return do_execute


def install() -> None:
    """Wrap the kernel that this runs in. Done once, at the end of this source."""
    from IPython import get_ipython

    shell = get_ipython()
    kernel = shell.kernel
    namespace = Namespace(shell)
    gate = sys.modules["_reactive_nb_interrupts"].InterruptGate()
    gate.guard(kernel, lambda: bool(_request_of(kernel)))
    kernel.do_execute = _wrap(kernel, namespace, gate)

    @function
    def bind(bind: dict[str, str | None], forget: Iterable[str] = ()) -> Json:
        """Bind names as at the beginning of a cell; returns the names whose version is not there."""
        namespace.forget(forget)
        return {"missing": namespace.bind(bind)}

    @function
    def limit_memory(size_bytes: int) -> Json:
        """How much memory overwritten versions may take, in bytes."""
        namespace.memory_limit = size_bytes
        return {"limit": size_bytes}

    @function
    def setup(cwd: str | None = None, environ: dict[str, str] | None = None) -> Json:
        """Make a kernel that was started in advance look as if started in this directory and environment."""
        os.environ.update(environ or {})
        if cwd is not None:
            old = os.getcwd()
            os.chdir(cwd)
            sys.path[:] = [os.getcwd() if entry == old else entry for entry in sys.path]
            shell.starting_dir = os.getcwd()
            if len(shell.user_ns.get("_dh", ())) == 1:
                shell.user_ns["_dh"][:] = [type(shell.user_ns["_dh"][0])(os.getcwd())]
        namespace.ambient = AmbientState(_library_state)
        return {"cwd": os.getcwd()}

    core: Any = sys.modules["_reactive_nb"]
    core.namespace, core.gate = namespace, gate


if __name__ == "_reactive_nb":
    install()
