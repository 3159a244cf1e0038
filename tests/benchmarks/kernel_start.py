"""A kernel alone, without a server: from asking for it to its first reply, `import pandas` in it, and fifty at once.

Kernels come from pools that live through all rounds, one kernel after the other, the kinds taking turns; the fork
servers have imported what they shall before. The peer is jupyter_client: a kernel launched, awaited and asked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from reactive_kernels import Forking, KernelConnection, KernelPool, PoolLimits
from tests.benchmarks.peers import jupyter_client
from tests.benchmarks.rounds import Contestant, Turn, in_rounds
from tests.benchmarks.samples import Result

ROUNDS, QUICK_ROUNDS = 10, 2
BURST_ROUNDS, QUICK_BURST_ROUNDS = 2, 1
AT_ONCE, QUICK_AT_ONCE = 50, 10
PRELOAD_S = 5.0
PRELOADED = ("numpy", "pandas")
READY, FORKED, LAUNCHED, PEER = "kept ready", "forked", "launched", "jupyter_client"
FORKED_PRELOADED = "forked, pandas imported before"

Measured = Callable[[KernelPool], Awaitable[float]]
"""Does what is measured once; returns the seconds."""


async def measure(*, quick: bool) -> list[Result]:
    """Three tables: one kernel, pandas, many kernels."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    starts = await in_rounds(
        [
            _contestant(READY, _start, spares=1),
            _contestant(FORKED, _start),
            _contestant(LAUNCHED, _start, forking=Forking.NEVER),
            Contestant(PEER, _jupyter_client, jupyter_client.PACKAGE),
        ],
        rounds,
    )
    imports = await in_rounds(
        [
            _contestant(FORKED_PRELOADED, _import_pandas, preload=PRELOADED),
            _contestant(FORKED, _import_pandas),
        ],
        rounds,
    )
    many = QUICK_AT_ONCE if quick else AT_ONCE
    bursts = await in_rounds(
        [
            _contestant(FORKED, _burst_of(many), spares=1),
            _contestant(LAUNCHED, _burst_of(many), spares=1, forking=Forking.NEVER),
        ],
        QUICK_BURST_ROUNDS if quick else BURST_ROUNDS,
        scale=1,
    )
    return [
        Result("kernel-start", "A kernel, asked for to first reply", "ms", starts, goal="at most 50, forked 300"),
        Result("kernel-import", "`import pandas` in a new kernel", "ms", imports),
        Result("kernel-burst", f"{many} kernels wanted at once, until the last has replied", "s", bursts),
    ]


def _contestant(
    name: str, measured: Measured, *, spares: int = 0, forking: Forking = Forking.AUTO, preload: tuple[str, ...] = ()
) -> Contestant:
    @asynccontextmanager
    async def enter() -> AsyncIterator[Turn]:
        limits = PoolLimits(spares=spares, start_timeout=300)
        async with KernelPool(limits, forking=forking, preload=preload) as pool:
            await pool.release((await _start_one(pool))[0])
            await asyncio.sleep(PRELOAD_S)  # for the fork server to have imported what it shall

            async def turn() -> list[float]:
                await pool.ready()
                return [await measured(pool)]

            yield turn

    return Contestant(name, enter)


async def _start(pool: KernelPool) -> float:
    kernel, took = await _start_one(pool)
    await pool.release(kernel)
    return took


async def _import_pandas(pool: KernelPool) -> float:
    kernel, _ = await _start_one(pool)
    began = time.perf_counter()
    reply = await kernel.execute("import pandas")
    took = time.perf_counter() - began
    await pool.release(kernel)
    if reply.status != "ok":
        raise RuntimeError(str(reply.evalue))
    return took


def _burst_of(many: int) -> Measured:
    async def burst(pool: KernelPool) -> float:
        began = time.perf_counter()
        started = await asyncio.gather(*(_start_one(pool) for _ in range(many)))
        took = time.perf_counter() - began
        await asyncio.gather(*(pool.release(kernel) for kernel, _ in started))
        return took

    return burst


async def _start_one(pool: KernelPool) -> tuple[KernelConnection, float]:
    """A kernel of the pool that has replied, and the seconds it took."""
    began = time.perf_counter()
    kernel = await pool.acquire(listener=lambda _: None)
    await kernel.execute("1")
    return kernel, time.perf_counter() - began


@asynccontextmanager
async def _jupyter_client() -> AsyncIterator[Turn]:
    async def turn() -> list[float]:
        began = time.perf_counter()
        async with jupyter_client.client() as kernel:
            await jupyter_client.result(kernel, kernel.execute("1"))
            return [time.perf_counter() - began]

    yield turn
