"""What kernels there are to choose from, and the states that a notebook's own can be in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Kernelspec:
    """A kernel that is installed."""

    name: str
    display_name: str
    language: str


class KernelState(StrEnum):
    """`none`: not started yet (it starts with the first run)."""

    NONE = "none"
    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    RESTARTING = "restarting"
    DEAD = "dead"

    @property
    def alive(self) -> bool:
        return self in (KernelState.IDLE, KernelState.BUSY)
