"""Who may begin, and in which order."""

from __future__ import annotations

import asyncio

import pytest

from reactive_kernels.turns import Turns

pytestmark = pytest.mark.anyio

LONG_S = 60.0


class Work:
    """Somebody who wants a turn, and ends it when told."""

    def __init__(self, turns: Turns, order: list[str], name: str, *, urgent: bool = True) -> None:
        self.end = asyncio.Event()
        self.task = asyncio.create_task(self._do(turns, order, name, urgent))

    async def _do(self, turns: Turns, order: list[str], name: str, urgent: bool) -> None:
        async with turns.turn(urgent=urgent):
            order.append(name)
            await self.end.wait()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_so_many_at_once_and_the_urgent_first() -> None:
    turns, order = Turns(2, LONG_S), list[str]()
    first, second = Work(turns, order, "first"), Work(turns, order, "second")
    spare = Work(turns, order, "spare", urgent=False)
    await settle()
    third, fourth = Work(turns, order, "third"), Work(turns, order, "fourth")
    await settle()
    assert order == ["first", "second"]
    for work in (first, third, second, fourth):
        work.end.set()
        await settle()
    assert order == ["first", "second", "third", "fourth", "spare"]
    spare.end.set()
    await spare.task
    last = [Work(turns, order, "last") for _ in range(3)]
    await settle()
    assert order[5:] == ["last", "last"]
    for work in last:
        work.task.cancel()
    await asyncio.gather(*(work.task for work in last), return_exceptions=True)


async def test_who_takes_long_lets_the_next_begin_and_gives_back_only_once() -> None:
    turns, order = Turns(1, 0.01), list[str]()
    slow = Work(turns, order, "slow")
    quick = Work(turns, order, "quick")
    async with asyncio.timeout(10):
        while len(order) < 2:  # noqa: ASYNC110 (it is time itself that is waited for)
            await asyncio.sleep(0.001)
    slow.end.set()
    quick.end.set()
    await asyncio.gather(slow.task, quick.task)
    await asyncio.sleep(0.02)
    assert turns._free == 1


@pytest.mark.parametrize("moment", range(5))
async def test_who_no_longer_waits_takes_nobodys_turn(moment: int) -> None:
    turns, order = Turns(1, LONG_S), list[str]()
    first = Work(turns, order, "first")
    await settle()
    gone, last = Work(turns, order, "gone"), Work(turns, order, "last")
    await settle()
    if moment == 0:
        gone.task.cancel()
    first.end.set()
    for _ in range(moment):
        await asyncio.sleep(0)
    gone.task.cancel()
    await asyncio.gather(first.task, gone.task, return_exceptions=True)
    await settle()
    assert order[-1] == "last"
    last.end.set()
    await last.task
    assert turns._free == 1
