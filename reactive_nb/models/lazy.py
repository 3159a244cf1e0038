"""A mapping whose values are worked out when they are asked for, each by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

Value = TypeVar("Value")


class LazyMap(Mapping[str, Value], Generic[Value]):
    """The keys of `keys`; the value of each is what `look_up` makes of it. `look_up` raises KeyError for others."""

    __slots__ = ("_keys", "_look_up")

    def __init__(self, keys: Mapping[str, object], look_up: Callable[[str], Value]) -> None:
        self._keys = keys
        self._look_up = look_up

    def __getitem__(self, key: str) -> Value:
        return self._look_up(key)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)
