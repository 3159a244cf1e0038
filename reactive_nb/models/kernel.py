"""The states a notebook's kernel can be in, as clients see them."""

from __future__ import annotations

from enum import StrEnum


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
