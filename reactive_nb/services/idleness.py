"""When nobody uses a notebook: first its kernel goes, then its session leaves memory. Pure.

In use is what has a client attached, runs or is to run something (a cell that waits for input does), or whose kernel
works for somebody else; and then for a time after the last request, and after the last that the kernel said of itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from reactive_nb.models import KernelState


class Verdict(Enum):
    """What is to become of a notebook that is open."""

    STAY = auto()
    END_KERNEL = auto()
    CLOSE = auto()


@dataclass(frozen=True, slots=True)
class IdleLimits:
    """Seconds without use; 0 is for ever."""

    kernel_s: float
    session_s: float


@dataclass(frozen=True, slots=True)
class Use:
    """How a notebook is used."""

    now: bool
    idle_s: float
    """Since it was last used."""
    kernel: KernelState
    stored: bool
    """Whether all of it is; what storage refuses has no other place than memory."""


def verdict(use: Use, limits: IdleLimits) -> Verdict:
    """What is to become of it."""
    if use.now:
        return Verdict.STAY
    if use.kernel not in (KernelState.NONE, KernelState.DEAD):
        return Verdict.END_KERNEL if limits.kernel_s and use.idle_s > limits.kernel_s else Verdict.STAY
    return Verdict.CLOSE if limits.session_s and use.idle_s > limits.session_s and use.stored else Verdict.STAY
