"""A user's own module, for notebooks under test: what its functions do to their arguments no source of a cell shows."""

from __future__ import annotations

from typing import Any


def grow(value: Any, amount: int = 1) -> Any:
    """Change anything in place."""
    if isinstance(value, list):
        value.append(amount)
    elif isinstance(value, dict):
        value[len(value)] = amount
    elif isinstance(value, set):
        value.add(amount)
    else:
        value.size = getattr(value, "size", 0) + amount
    return value


def shrink(value: list[Any]) -> None:
    if value:
        value.pop()


class Box:
    """Something with attributes."""

    def __init__(self, content: Any) -> None:
        self.content = content

    def put(self, amount: int) -> None:
        grow(self.content, amount)

    def __repr__(self) -> str:
        return f"Box({self.content!r})"
