"""Which notebooks lose their kernel, and which leave memory."""

from __future__ import annotations

import pytest

from reactive_nb.models import KernelState
from reactive_nb.services.idleness import IdleLimits, Use, Verdict, verdict

LIMITS = IdleLimits(kernel_s=60, session_s=600)
NEVER = IdleLimits(kernel_s=0, session_s=0)
IDLE, NONE, DEAD, STARTING = KernelState.IDLE, KernelState.NONE, KernelState.DEAD, KernelState.STARTING


@pytest.mark.parametrize(
    ("limits", "use", "expected"),
    [
        (LIMITS, Use(True, 1e9, IDLE, True), Verdict.STAY),
        (LIMITS, Use(True, 1e9, NONE, True), Verdict.STAY),
        (LIMITS, Use(False, 59, IDLE, True), Verdict.STAY),
        (LIMITS, Use(False, 61, IDLE, True), Verdict.END_KERNEL),
        (LIMITS, Use(False, 61, KernelState.BUSY, True), Verdict.END_KERNEL),
        (LIMITS, Use(False, 61, STARTING, True), Verdict.END_KERNEL),
        (LIMITS, Use(False, 61, IDLE, False), Verdict.END_KERNEL),
        (LIMITS, Use(False, 601, IDLE, True), Verdict.END_KERNEL),
        (LIMITS, Use(False, 599, NONE, True), Verdict.STAY),
        (LIMITS, Use(False, 601, NONE, True), Verdict.CLOSE),
        (LIMITS, Use(False, 601, DEAD, True), Verdict.CLOSE),
        (LIMITS, Use(False, 601, NONE, False), Verdict.STAY),
        (NEVER, Use(False, 1e9, IDLE, True), Verdict.STAY),
        (NEVER, Use(False, 1e9, NONE, True), Verdict.STAY),
        (IdleLimits(0, 600), Use(False, 1e9, IDLE, True), Verdict.STAY),
    ],
)
def test_what_becomes_of_a_notebook(limits: IdleLimits, use: Use, expected: Verdict) -> None:
    assert verdict(use, limits) is expected
