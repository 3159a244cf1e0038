"""Answers kept by the hash of the source that they are for.

Sources themselves are not kept. The rule: what is kept weighs at most what was asked for, counted in characters of
source, and the answer that was wanted longest ago goes first. May be called from several threads.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")

_LEAST_WEIGHT = 500
"""What the answer for an empty source weighs."""


class Remembered(Generic[Answer]):
    """A function of a source that never raises, and its answers."""

    def __init__(self, function: Callable[[str], Answer], most_characters: int) -> None:
        self._function = function
        self._most = most_characters
        self._lock = threading.Lock()
        self._answers: OrderedDict[bytes, tuple[int, Answer]] = OrderedDict()
        self._weight = 0

    def __call__(self, source: str) -> Answer:
        key = hashlib.blake2b(source.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        with self._lock:
            kept = self._answers.get(key)
            if kept is not None:
                self._answers.move_to_end(key)
                return kept[1]
        answer = self._function(source)
        with self._lock:
            kept = self._answers.setdefault(key, (len(source) + _LEAST_WEIGHT, answer))
            if kept[1] is answer:
                self._weight += kept[0]
                while self._weight > self._most and len(self._answers) > 1:
                    self._weight -= self._answers.popitem(last=False)[1][0]
        return kept[1]

    def __len__(self) -> int:
        return len(self._answers)
