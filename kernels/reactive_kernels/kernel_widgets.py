"""Which widgets a cell reads, inside a kernel: so that it can run again when one of them is moved.

Runs beside `kernel_side`. A widget's value is an input from outside: no name is bound and no object is replaced when a
user moves it. So it is noted which widgets the code of a cell looks at. The rule: a cell has read a widget if, while it
ran, code other than that of widget libraries took the value of one of its traits, and the widget was there before the
cell ran. To show a widget, to put it into a box or to watch it by a callback is not to read it, so the cell that shows
a slider is not run while somebody drags it. A widget's layout and style are no values.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]

_NO_VALUES = frozenset(["comm", "keys", "log", "layout", "style"])
# Whose code may look at widgets without the cell having asked for it, beside the libraries that define the widget.
_QUIET = frozenset(["IPython", "ipykernel", "ipywidgets", "traitlets", "comm", "_reactive_nb_widgets"])
_OF_INTERACTIVE = frozenset(["result", "kwargs"])
_NOTHING: frozenset[str] = frozenset()


class WidgetWatch:
    """Notes what the running cell reads. Does nothing until ipywidgets is imported."""

    def __init__(self) -> None:
        self._base: Any = None
        self._read: set[str] | None = None
        self._opened: set[str] = set()
        self._kinds: weakref.WeakKeyDictionary[type, tuple[frozenset[str], frozenset[str]]] = (
            weakref.WeakKeyDictionary()
        )

    def begin(self) -> None:
        """A cell begins."""
        self._look_for_widgets()
        self._read, self._opened = set(), set()

    def end(self, kept: Iterable[str], names: Json) -> Json:
        """The cell has ended, leaving `kept` in the namespace `names`: what there is to report."""
        read, self._read = self._read, None
        self._look_for_widgets()
        if self._base is None:
            return {}
        bound = {name: comm_id for name in kept for comm_id in _ids(names.get(name), self._base)}
        return {"widgets_read": sorted((read or set()) - self._opened), "widgets": bound}

    def _look_for_widgets(self) -> None:
        if self._base is None:
            base = getattr(sys.modules.get("ipywidgets"), "Widget", None)
            if isinstance(base, type):
                self._base = base
                self._watch(base)

    def _watch(self, base: Any) -> None:
        get, open_ = base.__getattribute__, base.open

        def __getattribute__(widget: Any, name: str) -> Any:
            value = get(widget, name)
            if self._read is not None and name[:1] != "_":
                self._note(get, widget, name)
            return value

        def open(widget: Any, *args: Any, **options: Any) -> Any:
            result = open_(widget, *args, **options)
            self._opened.update(_ids(widget, base))
            return result

        base.__getattribute__ = __getattribute__
        base.open = open

    def _note(self, get: Any, widget: Any, name: str) -> None:
        values, libraries = self._kind(type(widget))
        if name not in values or self._read is None:
            return
        caller = sys._getframe(2).f_globals.get("__name__")
        if isinstance(caller, str) and caller.partition(".")[0] in libraries:
            return
        for looked_at in (widget, *_controls(get, widget, name)):
            self._read.update(_ids(looked_at, self._base))

    def _kind(self, kind: Any) -> tuple[frozenset[str], frozenset[str]]:
        """The traits of a class of widgets that are values, and the libraries that define it."""
        found = self._kinds.get(kind)
        if found is None:
            libraries = {base.__module__.partition(".")[0] for base in kind.__mro__} - {"__main__", "builtins"}
            values = frozenset(kind.class_trait_names()) - _NO_VALUES
            if hasattr(kind, "kwargs_widgets") or kind.__name__ == "interactive":
                values |= _OF_INTERACTIVE
            found = self._kinds[kind] = (values, _QUIET | libraries)
        return found


def _controls(get: Any, widget: Any, name: str) -> Iterable[Any]:
    """The widgets that determine what an `interactive` holds."""
    if name not in _OF_INTERACTIVE:
        return ()
    try:
        return tuple(get(widget, "kwargs_widgets"))
    except (AttributeError, TypeError):
        return ()


def _ids(value: Any, base: Any) -> Iterable[str]:
    """The comm of a widget; nothing for what is no widget, or a closed one."""
    if not isinstance(value, base):
        return ()
    comm_id = getattr(object.__getattribute__(value, "comm"), "comm_id", None)
    return (comm_id,) if isinstance(comm_id, str) else ()


if __name__ == "_reactive_nb_widgets":
    sys.modules["_reactive_nb"].WATCHERS.append(WidgetWatch())
