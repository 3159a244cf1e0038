"""Which names code reads and binds that a cell hands to `exec` or `eval`, inside a kernel; and what a star imports.

No source of a cell shows them, and the namespace does not either where a name is bound to the very object that it was
bound to before. Python tells of each piece of code before it runs it (an audit event), and the code says which names it
mentions. Rules: listening begins with the first cell that may do such things, since it can't be ended; while no cell
runs it costs nothing worth mentioning; code that is given a namespace of its own counts too, for nobody can see which.
"""

from __future__ import annotations

import dis
import itertools
import sys
from collections.abc import Iterable, Iterator
from types import CodeType
from typing import Any

_READS = frozenset(["LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS"])
_BINDS = frozenset(["STORE_NAME", "STORE_GLOBAL", "DELETE_NAME", "DELETE_GLOBAL"])
_RUNS_CELLS = "IPython.core.interactiveshell"
_MOST_CODES = 1_000


class _Hook:
    """The one audit hook of this process: one that is added stays, and costs something, for ever."""

    def __init__(self) -> None:
        self.added = False
        self.listener: Executed | None = None

    def add(self) -> None:
        if not self.added:
            self.added = True
            sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "exec" and self.listener is not None:
            self.listener.hear(arguments[0], sys._getframe(1).f_globals)


_hook = _Hook()


class Executed:
    """Listens to what is executed while a cell runs."""

    def __init__(self) -> None:
        self._names: dict[str, Any] | None = None
        self._codes: list[CodeType] = []
        self._own: list[CodeType] = []

    def begin(self, names: dict[str, Any], *, suspected: bool) -> None:
        """A cell begins in the namespace `names`. `suspected`: it may execute code that its source does not show."""
        if suspected:
            _hook.add()
        if _hook.added:
            self._codes, self._own, self._names = [], [], names
            _hook.listener = self

    def end(self, error: BaseException | None = None) -> tuple[set[str], set[str]]:
        """The cell has ended, with `error`: names that the executed code reads, and those that it binds or removes."""
        self._names = _hook.listener = None
        reached = _reached(error)
        reads: set[str] = set()
        binds: set[str] = set()
        for code in self._codes:
            for part in _with_inner(code):
                for name, reading in _mentions(part, reached.get(part)):
                    (reads if reading else binds).add(name)
        for code in itertools.chain(self._codes, self._own):
            binds.update(_starred(code, reached.get(code)))
        return reads, binds

    def hear(self, code: Any, caller: dict[str, Any]) -> None:
        """A module's frame, `caller` by its globals, executes `code`."""
        if not isinstance(code, CodeType) or len(self._codes) + len(self._own) >= _MOST_CODES:
            return
        if caller is self._names:
            self._codes.append(code)
        elif caller.get("__name__") == _RUNS_CELLS:
            self._own.append(code)


def _reached(error: BaseException | None) -> dict[CodeType, int]:
    """How far each piece of code came that an error went through, as an offset in its instructions."""
    traceback = error.__traceback__ if error is not None else None
    reached = {}
    while traceback is not None:
        reached[traceback.tb_frame.f_code] = traceback.tb_lasti
        traceback = traceback.tb_next
    return reached


def _with_inner(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _with_inner(constant)


def _mentions(code: CodeType, reached: int | None) -> Iterable[tuple[str, bool]]:
    """Global names, and whether they are read; those read at all, and those bound before the code failed."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in _READS:
            yield instruction.argval, True
        elif instruction.opname in _BINDS and (reached is None or instruction.offset < reached):
            yield instruction.argval, False


def _starred(code: CodeType, reached: int | None) -> Iterable[str]:
    """The names that `from … import *` of this code has bound, before it failed."""
    module = None
    for instruction in dis.get_instructions(code):
        if reached is not None and instruction.offset >= reached:
            return
        if instruction.opname == "IMPORT_NAME":
            module = sys.modules.get(instruction.argval)
        elif module and "IMPORT_STAR" in (instruction.opname, str(instruction.argrepr).replace("INTRINSIC_", "")):
            public = getattr(module, "__all__", None)
            yield from public if public is not None else (name for name in vars(module) if name[:1] != "_")
