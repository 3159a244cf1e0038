"""What can be changed in place, inside a kernel: for each kind of value a picture of it, its parts, and a copy.

Here is what all kinds share. The kinds themselves are in `kernel_containers`, `kernel_objects` and `kernel_iterators`;
those of numpy, pandas and the like in `kernel_libraries`, which is loaded when such a value is met. A picture is
shallow: it holds the very objects that a value is made of, so that another object at the same address is not taken for
one of them. Rules: the exact type decides, never what an object says of itself, and no code of the user's is called
(`__eq__`, `__len__`, `__getattr__`, properties, …); what is unknown has no picture and counts as unchangeable; what is
large is sampled.
"""

from __future__ import annotations

import operator
import os
import sys
from collections.abc import Callable, Collection, Iterable
from typing import Any

# Values that cannot be changed in place, and that the interpreter shares freely.
FIXED: frozenset[type] = frozenset(
    [int, float, complex, bool, str, bytes, type(None), range, type(...), type(NotImplemented)]
)
# Beyond so many elements a container is sampled.
MOST_ITEMS = 20_000
MOST_BYTES = 1 << 18
# Past whatever a metaclass makes of these.
class_dict: Callable[[type], Any] = type.__dict__["__dict__"].__get__
bases_of: Callable[[type], Any] = type.__dict__["__mro__"].__get__

Convert = Callable[[Any], Any]


class CannotCopy(Exception):
    """A value of which no copy can be made that behaves like it."""


class Sample:
    """A picture of a part of something large: no copy can be made from it."""

    __slots__ = ("items", "size")

    def __init__(self, size: int, items: Iterable[Any]) -> None:
        self.size, self.items = size, list(items)

    def same(self, other: Any) -> bool:
        return type(other) is Sample and self.size == other.size and all(map(operator.is_, self.items, other.items))


class Kind:
    """What is done with values of one type. `state` is what the other methods get as such."""

    pictured = False
    """Whether all parts are in the state."""

    def state(self, value: Any, wanted: bool = False) -> Any:
        """A picture of the value; if `wanted`, one from which a copy can be made even where that costs something."""
        return None

    def same(self, value: Any, state: Any) -> bool:
        return True

    def parts(self, value: Any) -> list[Any]:
        """The objects that it refers to and that may be changed in place, each as often as it does."""
        return []

    def parts_of(self, state: Any) -> list[Any]:
        return []

    def exact(self, state: Any) -> bool:
        """Whether the state says all."""
        return type(state) is not Sample

    def empty(self, value: Any) -> Any:
        """A new value of the type, to be filled. Raises CannotCopy."""
        raise CannotCopy

    def fill(self, new: Any, state: Any, convert: Convert) -> None:
        """Make `new` what the state says, its parts converted."""

    def whole(self, value: Any, state: Any, convert: Convert) -> Any:
        """A copy made in one go, for what can't be filled later. `NotImplemented`: use `empty` and `fill`."""
        return NotImplemented


_users: dict[str, bool] = {"__main__": True, "": False}
_LIBRARIES = ("site-packages", "dist-packages")
_STANDARD = os.path.dirname(operator.__file__)


def is_users(module: str) -> bool:
    """Whether a module is the user's own: the notebook itself, or a file that belongs to no library."""
    try:
        return _users[module]
    except KeyError:
        path = getattr(sys.modules.get(module), "__file__", None)
        if not isinstance(path, str):
            return False
        found = not (path.startswith(_STANDARD) or any(part in path for part in _LIBRARIES))
        _users[module] = found
        return found


def is_standard(module: str) -> bool:
    """Whether a module belongs to Python itself."""
    path = getattr(sys.modules.get(module), "__file__", None)
    return not isinstance(path, str) or (path.startswith(_STANDARD) and not any(part in path for part in _LIBRARIES))


def module_of(value: Any) -> str:
    """The name of the module that a class or function was made in; "" if it does not say."""
    try:
        name = type.__getattribute__(value, "__module__") if isinstance(value, type) else value.__module__
    except Exception:
        return ""
    return name if type(name) is str else ""


def changeable(items: Iterable[Any]) -> list[Any]:
    """Those of a list's items that may be changed in place."""
    if FIXED.issuperset(map(type, items)):
        return []
    return [item for item in items if type(item) not in FIXED]


def identical(now: Collection[Any], before: Collection[Any]) -> bool:
    """Whether two lists hold the very same objects, in the same order."""
    return len(now) == len(before) and all(map(operator.is_, now, before))
