"""Contestants take turns, so that whatever else the machine does hits all of them alike.

The first round is not counted: caches and compiled files are made in it. On a busy machine there are fewer rounds than
asked for, so that a measure stays near `BUDGET_S`; the table says how many samples there are. A contestant that fails
once is out, and its row says why; the others go on.
"""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field

from tests.benchmarks.samples import MILLISECONDS, Row

BUDGET_S = 75.0
"""When so much time was spent, no further round begins; one is counted in any case."""
TURN_LIMIT_S = 180.0

Turn = Callable[[], Awaitable[list[float]]]
"""One turn: the samples it made; timings in seconds."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """Who is measured. `enter` is entered once, before the first round, and gives what each turn calls."""

    name: str
    enter: Callable[[], AbstractAsyncContextManager[Turn]]
    needs: str | None = None
    """The package without which there is nothing to measure."""

    @property
    def missing(self) -> str | None:
        """What to say in its row if it is not installed."""
        if self.needs is None or importlib.util.find_spec(self.needs) is not None:
            return None
        return f"not measured: {self.needs} is not installed"


@dataclass(slots=True)
class _Entry:
    contestant: Contestant
    turn: Turn | None = None
    samples: list[float] = field(default_factory=list)
    problem: str | None = None

    def fail(self, error: Exception) -> None:
        self.turn = None
        self.problem = f"failed: {type(error).__name__}: {error}".strip()[:300]
        print(f"{self.contestant.name}: {self.problem}", file=sys.stderr)

    def row(self) -> Row:
        return Row(self.contestant.name, tuple(self.samples), self.problem)


async def in_rounds(contestants: Iterable[Contestant], rounds: int, *, scale: float = MILLISECONDS) -> tuple[Row, ...]:
    """Let the contestants take turns, up to `rounds` times after one that is not counted; their rows in order.

    Samples are multiplied by `scale`: by default, seconds become milliseconds.
    """
    deadline = time.monotonic() + BUDGET_S
    entries = [_Entry(contestant, problem=contestant.missing) for contestant in contestants]
    async with AsyncExitStack() as stack:
        for entry in entries:
            if entry.problem is None:
                try:
                    entry.turn = await stack.enter_async_context(entry.contestant.enter())
                except Exception as error:  # a peer that does not start is a row of the table
                    entry.fail(error)
        for number in range(rounds + 1):
            if number > 1 and time.monotonic() > deadline:
                break
            for entry in entries:
                if entry.turn is not None:
                    await _take_turn(entry, entry.turn, scale if number > 0 else None)
    return tuple(entry.row() for entry in entries)


async def _take_turn(entry: _Entry, turn: Turn, scale: float | None) -> None:
    try:
        async with asyncio.timeout(TURN_LIMIT_S):
            samples = await turn()
    except Exception as error:  # as above: the others are still to be measured
        entry.fail(error)
        return
    if scale is not None:
        entry.samples.extend(sample * scale for sample in samples)
