"""What can be changed in place, inside a kernel: for each kind of value a picture of it, its parts, and a copy.

What is particular to numpy, pandas and the like is in `kernel_libraries`, which is loaded when such a value is met. A
picture is shallow: it holds the very objects that a value is made of, so that another object at the same address is
not taken for one of them. Rules: the exact type decides, never what an object says of itself, and
no code of the user's is called (`__eq__`, `__len__`, `__getattr__`, properties, …); what is unknown has no picture and
counts as unchangeable; what is large is sampled.
"""

from __future__ import annotations

import abc
import collections
import operator
import os
import random
import sys
import types
from collections.abc import Callable, Iterable
from typing import Any

# Values that cannot be changed in place, and that the interpreter shares freely.
FIXED: frozenset[type] = frozenset(
    [int, float, complex, bool, str, bytes, type(None), range, type(...), type(NotImplemented)]
)
# Beyond so many elements a container is sampled.
MOST_ITEMS = 20_000
MOST_BYTES = 1 << 18
_UNSET = object()
_class_dict: Callable[[type], Any] = type.__dict__["__dict__"].__get__  # past whatever a metaclass makes of these
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


class Container(Kind):
    """A built-in container, or a type made from one: its items, in order."""

    pictured = True

    def __init__(self, base: Any, items: Callable[[Any], list[Any]], first: Callable[[Any], Iterable[Any]]) -> None:
        self.base, self.items, self.first = base, items, first
        self.length: Callable[[Any], int] = base.__len__

    def state(self, value: Any, wanted: bool = False) -> Any:
        size = self.length(value)
        if size > MOST_ITEMS:
            return Sample(size, self.first(value))
        return self.items(value)

    def same(self, value: Any, state: Any) -> bool:
        now = self.state(value)
        if type(state) is Sample:
            return state.same(now)
        return type(now) is list and len(now) == len(state) and all(map(operator.is_, now, state))

    def parts(self, value: Any) -> list[Any]:
        return self.parts_of(self.state(value))

    def parts_of(self, state: Any) -> list[Any]:
        return changeable(state.items if type(state) is Sample else state)


class Listed(Container):
    def empty(self, value: Any) -> Any:
        return self.base.__new__(type(value))

    def fill(self, new: Any, state: Any, convert: Convert) -> None:
        list.extend(new, map(convert, state))


class Deque(Container):
    def empty(self, value: Any) -> Any:
        new = collections.deque.__new__(type(value))
        collections.deque.__init__(new, (), value.maxlen)
        return new

    def fill(self, new: Any, state: Any, convert: Convert) -> None:
        collections.deque.extend(new, map(convert, state))


class Mapped(Container):
    def empty(self, value: Any) -> Any:
        new = self.base.__new__(type(value))
        if self.base is collections.defaultdict:
            new.default_factory = value.default_factory
        return new

    def fill(self, new: Any, state: Any, convert: Convert) -> None:
        half = len(state) // 2
        for place in range(half):
            self.base.__setitem__(new, state[place], convert(state[place + half]))


class Unordered(Container):
    """A set. Its order depends on its past, so a copy counts only if it has the same."""

    def empty(self, value: Any) -> Any:
        return set.__new__(type(value))

    def fill(self, new: Any, state: Any, convert: Convert) -> None:
        set.update(new, state)
        if not all(map(operator.is_, set.__iter__(new), state)):
            raise CannotCopy


class Tuple(Kind):
    def parts(self, value: Any) -> list[Any]:
        if tuple.__len__(value) > MOST_ITEMS:
            return changeable(tuple.__getitem__(value, slice(32)))
        return changeable(tuple.__iter__(value) if type(value) is not tuple else value)

    def whole(self, value: Any, state: Any, convert: Convert) -> Any:
        return tuple.__new__(type(value), map(convert, tuple.__iter__(value)))


class Buffer(Kind):
    """A bytearray."""

    def state(self, value: Any, wanted: bool = False) -> Any:
        size = bytearray.__len__(value)
        if size > MOST_BYTES and not wanted:
            step = size // 1024
            return Sample(size, bytes(bytearray.__getitem__(value, slice(None, None, step))))
        return bytes(value)

    def same(self, value: Any, state: Any) -> bool:
        now = self.state(value, type(state) is bytes)
        return state.same(now) if type(state) is Sample else bool(now == state)

    def empty(self, value: Any) -> Any:
        return bytearray.__new__(type(value))

    def fill(self, new: Any, state: Any, convert: Convert) -> None:
        bytearray.extend(new, state)


class Cell(Kind):
    """What a closure keeps a variable in."""

    pictured = True

    def state(self, value: Any, wanted: bool = False) -> Any:
        try:
            return [value.cell_contents]
        except ValueError:
            return []

    def same(self, value: Any, state: Any) -> bool:
        now = self.state(value)
        return len(now) == len(state) and all(map(operator.is_, now, state))

    def parts(self, value: Any) -> list[Any]:
        return changeable(self.state(value))

    def parts_of(self, state: Any) -> list[Any]:
        return changeable(state)


class Function(Kind):
    """A function of the user's: its defaults, closure and attributes. Those of libraries are not looked into."""

    def state(self, value: Any, wanted: bool = False) -> Any:
        return [value.__code__, value.__defaults__, value.__kwdefaults__]

    def same(self, value: Any, state: Any) -> bool:
        return all(map(operator.is_, self.state(value), state))

    def parts(self, value: Any) -> list[Any]:
        found = changeable((value.__defaults__, value.__kwdefaults__))
        if value.__closure__:
            found.extend(value.__closure__)
        attributes = value.__dict__
        if attributes:
            found.append(attributes)
        return found

    def parts_of(self, state: Any) -> list[Any]:
        return changeable(state)


class Method(Kind):
    def parts(self, value: Any) -> list[Any]:
        return changeable((value.__self__, getattr(value, "__func__", None)))


class Partial(Kind):
    def parts(self, value: Any) -> list[Any]:
        return [value.func, value.args, value.keywords]


class Class(Kind):
    """A class of the user's: its attributes and bases."""

    def state(self, value: Any, wanted: bool = False) -> Any:
        attributes = dict(_class_dict(value))
        for name in ("__abstractmethods__", "__annotations__", "__annotations_cache__", "__doc__"):
            attributes.pop(name, None)
        return [*attributes, *attributes.values()]

    def same(self, value: Any, state: Any) -> bool:
        now = self.state(value)
        return len(now) == len(state) and all(map(operator.is_, now, state))

    def parts(self, value: Any) -> list[Any]:
        return changeable([*_class_dict(value).values(), *bases_of(value)[1:]])

    def parts_of(self, state: Any) -> list[Any]:
        return changeable(state)


class Module(Kind):
    """A module of the user's own: what it holds may be changed, but it is not made anew by importing it again."""

    def parts(self, value: Any) -> list[Any]:
        held = changeable(list(types.ModuleType.__getattribute__(value, "__dict__").values()))
        return [part for part in held if type(part) is not types.ModuleType]


class Instance(Kind):
    """Attributes, in `__dict__` and slots; what is made from a built-in container has its items too.

    Of a library's instances only public attributes are looked at: the others are mostly its caches.
    """

    def __init__(self, kind: type, *, public: bool, base: Kind | None) -> None:
        self.public, self.base = public, base
        self.attributes = _dict_getter(kind)
        self.slots = _slots(kind)
        self.plain = not public and base is None and _is_plain(kind)

    def _attributes(self, value: Any) -> tuple[dict[str, Any], list[Any]]:
        held: dict[str, Any] = self.attributes(value) if self.attributes is not None else {}
        if self.public:
            held = {name: item for name, item in held.items() if type(name) is str and not name.startswith("_")}
        return held, [_slot(slot, value) for slot in self.slots]

    def state(self, value: Any, wanted: bool = False) -> Any:
        held, slots = self._attributes(value)
        return held.copy(), slots, None if self.base is None else self.base.state(value, wanted)

    def same(self, value: Any, state: Any) -> bool:
        held, slots = self._attributes(value)
        return (
            held.keys() == state[0].keys()
            and all(map(operator.is_, held.values(), state[0].values()))
            and all(map(operator.is_, slots, state[1]))
            and (self.base is None or self.base.same(value, state[2]))
        )

    def parts(self, value: Any) -> list[Any]:
        held, slots = self._attributes(value)
        found = changeable([*held.values(), *slots])
        if not self.public:
            found.append(type(value))
        return found if self.base is None else found + self.base.parts(value)

    def parts_of(self, state: Any) -> list[Any]:
        found = changeable([*state[0].values(), *state[1]])
        return found if self.base is None else found + self.base.parts_of(state[2])

    def exact(self, state: Any) -> bool:
        return not self.public and (self.base is None or self.base.exact(state[2]))

    def empty(self, value: Any) -> Any:
        if self.plain:
            return object.__new__(type(value))
        if self.base is None or self.public:
            raise CannotCopy
        return self.base.empty(value)

    def fill(self, new: Any, state: Any, convert: Convert) -> None:
        if self.base is not None:
            self.base.fill(new, state[2], convert)
        if self.attributes is not None:
            held = self.attributes(new)
            for name, item in state[0].items():
                held[name] = convert(item)
        for place, slot in enumerate(self.slots):
            if state[1][place] is not _UNSET:
                slot.__set__(new, convert(state[1][place]))


def _slot(slot: Any, value: Any) -> Any:
    try:
        return slot.__get__(value)
    except AttributeError:
        return _UNSET


def _dict_getter(kind: type) -> Callable[[Any], dict[str, Any]] | None:
    """What reads an instance's `__dict__`, past anything that the class has made of that name."""
    for base in bases_of(kind):
        found = _class_dict(base).get("__dict__")
        if type(found) is types.GetSetDescriptorType:
            return found.__get__
    return None


def _slots(kind: type) -> list[Any]:
    return [
        member
        for base in bases_of(kind)
        if "__slots__" in _class_dict(base)
        for member in _class_dict(base).values()
        if type(member) is types.MemberDescriptorType
    ]


def _is_plain(kind: type) -> bool:
    """Whether an instance is made of its attributes and nothing else."""
    own = [base for base in bases_of(kind) if base is not object and base is not abc.ABC]
    special = any("__del__" in _class_dict(base) or "__new__" in _class_dict(base) for base in own)
    return not special and all(is_users(module_of(base)) for base in own)


class Stepping(Kind):
    """An iterator over something: how far it is, as `__length_hint__` or `__reduce__` of built-in types tell."""

    def state(self, value: Any, wanted: bool = False) -> Any:
        return operator.length_hint(value, 0)

    def same(self, value: Any, state: Any) -> bool:
        return bool(self.state(value) == state)

    def parts(self, value: Any) -> list[Any]:
        return changeable(value.__reduce__()[1])

    def exact(self, state: Any) -> bool:
        return False


class Nested(Kind):
    """An iterator over others."""

    def state(self, value: Any, wanted: bool = False) -> Any:
        return [part for part in value.__reduce__()[1] if type(part) is int]

    def same(self, value: Any, state: Any) -> bool:
        return bool(self.state(value) == state)

    def parts(self, value: Any) -> list[Any]:
        return [item for part in value.__reduce__()[1] for item in (part if type(part) is tuple else [part])]


class Generator(Kind):
    def state(self, value: Any, wanted: bool = False) -> Any:
        frame = value.gi_frame
        return [] if frame is None else [frame.f_lasti, *frame.f_locals.values()]

    def same(self, value: Any, state: Any) -> bool:
        now = self.state(value)
        return len(now) == len(state) and all(map(operator.is_, now, state))

    def exact(self, state: Any) -> bool:
        return False


class Consumed(Kind):
    """A file, or an iterator that does not tell how far it is: to use it is to change it."""

    def same(self, value: Any, state: Any) -> bool:
        return False

    def exact(self, state: Any) -> bool:
        return False


class Draws(Kind):
    """A generator of random numbers."""

    def state(self, value: Any, wanted: bool = False) -> Any:
        return random.Random.getstate(value)

    def same(self, value: Any, state: Any) -> bool:
        return bool(random.Random.getstate(value) == state)

    def empty(self, value: Any) -> Any:
        return random.Random.__new__(type(value))

    def fill(self, new: Any, state: Any, convert: Convert) -> None:
        random.Random.setstate(new, state)
