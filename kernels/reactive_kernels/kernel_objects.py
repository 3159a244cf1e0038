"""What can be changed in place of functions, classes, modules and instances (see `kernel_kinds`), inside a kernel."""

from __future__ import annotations

import abc
import operator
import types
from collections.abc import Callable
from typing import Any

from .kernel_kinds import CannotCopy, Convert, Kind, bases_of, changeable, class_dict, identical, is_users, module_of

_UNSET = object()


class Cell(Kind):
    """What a closure keeps a variable in."""

    pictured = True

    def state(self, value: Any, wanted: bool = False) -> Any:
        try:
            return [value.cell_contents]
        except ValueError:
            return []

    def same(self, value: Any, state: Any) -> bool:
        return identical(self.state(value), state)

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


class Closure(Kind):
    """A function that one of a library's has made: what it keeps for itself."""

    def parts(self, value: Any) -> list[Any]:
        return list(value.__closure__ or ())


class Method(Kind):
    def parts(self, value: Any) -> list[Any]:
        return changeable((value.__self__, getattr(value, "__func__", None)))


class Partial(Kind):
    def parts(self, value: Any) -> list[Any]:
        return [value.func, value.args, value.keywords]


class Class(Kind):
    """A class of the user's: its attributes and bases."""

    def state(self, value: Any, wanted: bool = False) -> Any:
        attributes = dict(class_dict(value))
        for name in ("__abstractmethods__", "__annotations__", "__annotations_cache__", "__doc__"):
            attributes.pop(name, None)
        return [*attributes, *attributes.values(), *_registered(value)]

    def same(self, value: Any, state: Any) -> bool:
        return identical(self.state(value), state)

    def parts(self, value: Any) -> list[Any]:
        return changeable([*class_dict(value).values(), *bases_of(value)[1:]])

    def parts_of(self, state: Any) -> list[Any]:
        return changeable(state)


def _registered(value: Any) -> list[Any]:
    """What an abstract class takes for its subclasses because it was told to."""
    look: Any = getattr(abc, "_get_dump", None)
    return list(look(value)[0]) if look is not None and "_abc_impl" in class_dict(value) else []


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
        self.type, self.public, self.base = kind, public, base
        self.attributes = _dict_getter(kind)
        self.slots = [slot for slot in _slots(kind) if not (public and slot.__name__.startswith("_"))]
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
        if type(value) is not self.type:  # `__class__` can be assigned to
            return False
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
            return object.__new__(self.type)
        if self.base is None or self.public:
            raise CannotCopy
        return self.base.empty(value)

    def whole(self, value: Any, state: Any, convert: Convert) -> Any:
        new = NotImplemented if self.base is None else self.base.whole(value, state[2], convert)
        if new is not NotImplemented:
            self._fill_attributes(new, state, convert)
        return new

    def fill(self, new: Any, state: Any, convert: Convert) -> None:
        if self.base is not None:
            self.base.fill(new, state[2], convert)
        self._fill_attributes(new, state, convert)

    def _fill_attributes(self, new: Any, state: Any, convert: Convert) -> None:
        if self.attributes is not None:
            held = self.attributes(new)
            for name, item in state[0].items():
                held[name] = convert(item)
        for place, slot in enumerate(self.slots):
            if state[1][place] is not _UNSET:
                slot.__set__(new, convert(state[1][place]))


class Attributes(Instance):
    """A `SimpleNamespace`."""

    def __init__(self) -> None:
        super().__init__(types.SimpleNamespace, public=False, base=None)

    def empty(self, value: Any) -> Any:
        return types.SimpleNamespace.__new__(type(value))


def _slot(slot: Any, value: Any) -> Any:
    try:
        return slot.__get__(value)
    except AttributeError:
        return _UNSET


def _dict_getter(kind: type) -> Callable[[Any], dict[str, Any]] | None:
    """What reads an instance's `__dict__`, past anything that the class has made of that name."""
    for base in bases_of(kind):
        found = class_dict(base).get("__dict__")
        if isinstance(found, (types.GetSetDescriptorType, types.MemberDescriptorType)):  # the latter of types made in C
            return found.__get__
    return None


def _slots(kind: type) -> list[Any]:
    return [
        member
        for base in bases_of(kind)
        if "__slots__" in class_dict(base)
        for member in class_dict(base).values()
        if type(member) is types.MemberDescriptorType
    ]


def _is_plain(kind: type) -> bool:
    """Whether an instance is made of its attributes and nothing else."""
    own = [base for base in bases_of(kind) if base is not object and base is not abc.ABC]
    special = any("__del__" in class_dict(base) or "__new__" in class_dict(base) for base in own)
    return not special and all(is_users(module_of(base)) for base in own)
