"""Notebooks of a given size and shape, as sources of their cells, and for each a cell of which little depends."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

FEW = 10
"""So many cells depend on the one that is edited, at most."""


@dataclass(frozen=True, slots=True)
class Shape:
    """`make(cells)` gives the sources; `edited(cells)` says which of them is edited."""

    name: str
    make: Callable[[int], list[str]]
    edited: Callable[[int], int]


def chain(cells: int) -> list[str]:
    """Each needs the one above."""
    return ["x0 = 1", *(f"x{place} = x{place - 1} + 1" for place in range(1, cells))]


def fan_out(cells: int) -> list[str]:
    """All need the first."""
    return ["x0 = 1", *(f"x{place} = x0 + {place}" for place in range(1, cells))]


def star(cells: int) -> list[str]:
    """The last needs all."""
    names = [f"x{place}" for place in range(cells - 1)]
    return [*(f"{name} = {place}" for place, name in enumerate(names)), f"total = sum([{', '.join(names)}])"]


def scattered(cells: int) -> list[str]:
    """Each needs up to three of the hundred above; but every tenth is needed by none, like a plot."""
    choice = random.Random(1)
    needed = [place for place in range(cells) if place % 10 != 9]
    sources: list[str] = []
    for place in range(cells):
        above = [other for other in needed[-(-max(0, place - 100) * 9 // 10) :] if other < place][:100]
        names = {f"x{choice.choice(above)}" for _ in range(choice.randrange(4)) if above}
        sources.append(f"x{place} = {' + '.join(sorted(names)) or place}")
    return sources


SHAPES = (
    Shape("chain", chain, lambda cells: cells - FEW),
    Shape("fan-out", fan_out, lambda cells: cells // 2),
    Shape("star", star, lambda cells: cells // 2 - 1),
    Shape("random", scattered, lambda cells: cells // 20 * 10 + 9),
)
