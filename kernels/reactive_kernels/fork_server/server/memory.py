"""Memory that was freed, given back to the system."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Have the C library give back what it keeps for later, where it can: by itself it does so at the heap's end only.

    In a fork server it would be copied for each child that uses it; in a kernel it is a third of what the start leaves.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
