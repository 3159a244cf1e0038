"""Which type of value has which kind (see `kernel_kinds`), inside a kernel.

Rules: the exact type decides; a type made from a known one has that one's kind and its attributes; instances of the
standard library's other classes are not looked into, for what changes there are mostly caches. What is known of the big
libraries is loaded when one of their values is met.
"""

from __future__ import annotations

import collections
import enum
import functools
import itertools
import types
from collections.abc import Iterable
from typing import Any

from .kernel_containers import Buffer, Defaulted, Deque, Frozen, Listed, Mapped, Tuple, Unordered
from .kernel_kinds import FIXED, Kind, bases_of, is_standard, is_users, module_of
from .kernel_later import later
from .kernel_objects import Attributes, Cell, Class, Closure, Function, Instance, Method, Module, Partial

_SAMPLES = 32
_MOST_TYPES = 5_000


def _some(values: Iterable[Any]) -> list[Any]:
    return list(itertools.islice(values, _SAMPLES))


def _list_sample(value: Any) -> list[Any]:
    step = max(1, list.__len__(value) // _SAMPLES)
    part = list.__getitem__
    return [*part(value, slice(8)), *part(value, slice(None, None, step)), *part(value, slice(-8, None))]


def _dict_sample(value: Any) -> list[Any]:
    return [*_some(dict.keys(value)), *_some(dict.values(value)), *_some(dict.__reversed__(value))]


def _dict_items(value: Any) -> list[Any]:
    return [*dict.keys(value), *dict.values(value)]


def _ordered_items(value: Any) -> list[Any]:
    ordered = collections.OrderedDict  # has an order of its own, which its keys may be moved in
    return [*ordered.keys(value), *ordered.values(value)]


_deque = collections.deque
_KINDS: dict[type, Kind] = {
    list: Listed(list, list.copy, _list_sample),
    dict: Mapped(dict, _dict_items, _dict_sample),
    set: Unordered(set, lambda v: list(set.__iter__(v)), lambda v: _some(set.__iter__(v))),
    tuple: Tuple(),
    frozenset: Frozen(),
    _deque: Deque(_deque, lambda v: list(_deque.__iter__(v)), lambda v: _some(_deque.__iter__(v))),
    bytearray: Buffer(),
    collections.defaultdict: Defaulted(
        collections.defaultdict, lambda v: [*_dict_items(v), v.default_factory], _dict_sample
    ),
    collections.OrderedDict: Mapped(collections.OrderedDict, _ordered_items, _dict_sample),
    types.CellType: Cell(),
    types.MethodType: Method(),
    types.BuiltinMethodType: Method(),
    functools.partial: Partial(),
    types.SimpleNamespace: Attributes(),
}
_BASES = [kind for kind in _KINDS if kind not in (dict, types.CellType)] + [dict]
_CLASS, _CLOSURE = Class(), Closure()
_OF_THE_USERS: dict[type, Kind] = {types.FunctionType: Function(), types.ModuleType: Module(), type: _CLASS}

_known: dict[type, Kind | None] = {**dict.fromkeys(FIXED), **_KINDS}
# Of the standard library's classes, those whose instances are what a user makes of them, and no caches.
_WITH_STATE = frozenset(
    ["argparse", "collections", "configparser", "contextlib", "email", "graphlib", "optparse", "queue", "sched"]
)
# What keeps the kernel going is nothing that a cell computes; widgets are inputs, and not the cells' to change.
_MACHINERY = frozenset(["IPython", "ipykernel", "traitlets", "zmq", "tornado", "comm", "ipywidgets", "anywidget"])
LIBRARIES = frozenset(["numpy", "pandas", "polars", "torch", "matplotlib"])


def kind_of(value: Any) -> Kind | None:
    """What is known of the value; None if it can't be changed in place, or nothing is known."""
    kind = type(value)
    try:
        return _known[kind]
    except KeyError:
        pass
    if kind in _OF_THE_USERS:
        return _of_the_users(value, kind)
    if type in bases_of(kind):  # it is a class of a class of classes
        return _CLASS if is_users(module_of(value)) else None
    found = _classified(kind)
    if not is_users(module_of(kind)) and len(_known) < _MOST_TYPES:  # the user's classes come and go
        _known[kind] = found
    return found


def _of_the_users(value: Any, kind: type) -> Kind | None:
    module = types.ModuleType.__getattribute__(value, "__name__") if kind is types.ModuleType else module_of(value)
    if type(module) is str and is_users(module):
        return _OF_THE_USERS[kind]
    return _CLOSURE if kind is types.FunctionType and value.__closure__ else None


def _classified(kind: type) -> Kind | None:
    bases = bases_of(kind)
    modules = [module_of(base).partition(".")[0] for base in bases]
    if not _MACHINERY.isdisjoint(modules):
        return None
    iterators = later(f"{__package__}.kernel_iterators")
    library = next((module for module in modules if module in LIBRARIES), None)
    if library is not None:
        return _from_library(kind, library) or iterators.if_used_up(bases)
    base = next((_KINDS[base] for base in bases if base in _BASES), None) or iterators.base_of(bases)
    if is_users(module_of(kind)):
        return Instance(kind, public=False, base=base)
    found: Kind | None = base or iterators.kind_of_type(kind) or iterators.if_used_up(bases)
    return found or _of_others(kind, modules[0])


def _of_others(kind: type, package: str) -> Kind | None:
    """An instance of what is nobody's that is known."""
    if isinstance(kind, enum.EnumMeta):
        return None
    if package in _WITH_STATE:
        return Instance(kind, public=False, base=None)
    return None if is_standard(module_of(kind)) else Instance(kind, public=True, base=None)


def _from_library(kind: type, library: str) -> Kind | None:
    found: Kind | None = later(f"{__package__}.kernel_libraries").kind_of_type(kind, library)
    return found
