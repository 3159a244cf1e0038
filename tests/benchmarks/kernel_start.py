"""A kernel's start to its first reply, its memory, `import pandas`: launched, forked, kept ready; and fifty at once.

`python -m tests.benchmarks.kernel_start [ROUNDS]` prints a table. Kernels come from pools, one after the other, the
kinds taking turns; memory is the proportional set size, each kernel being one of `ROUNDS` that live. The fork server's
own start is the first round's, which is not counted; its memory is shared out among its kernels.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time

import psutil

from reactive_kernels import Forking, KernelConnection, KernelPool, PoolLimits

NO_SPARES = PoolLimits(spares=0)
KINDS = {
    "launched by itself": KernelPool(NO_SPARES, forking=Forking.NEVER),
    "forked": KernelPool(NO_SPARES),
    "forked, pandas imported before": KernelPool(NO_SPARES, preload=["numpy", "pandas"]),
    "kept ready": KernelPool(PoolLimits(spares=1)),
}
IMPORT = "import time as t; began = t.perf_counter(); import pandas; took = t.perf_counter() - began"
PRELOAD_S = 5.0
AT_ONCE = 50


async def measure(rounds: int) -> None:
    """Print a row for each kind."""
    starts: dict[str, list[float]] = {kind: [] for kind in KINDS}
    kernels: dict[str, list[KernelConnection]] = {kind: [] for kind in KINDS}
    for kind, pool in KINDS.items():
        print(f"{kind}: the first start took {(await start(pool))[1] * 1000:.0f} ms", file=sys.stderr)
    await asyncio.sleep(PRELOAD_S)  # for the fork server to have imported what it shall
    for _ in range(rounds):
        for kind, pool in KINDS.items():
            await pool.ready()
            kernel, took = await start(pool)
            kernels[kind].append(kernel)
            starts[kind].append(took * 1000)
    print(f"{'':32}{'start':>8}{'fastest':>9}{'PSS':>8}{'import pandas':>15}")
    for kind in KINDS:
        pss = statistics.median(psutil.Process(kernel.pid).memory_full_info().pss / 1e6 for kernel in kernels[kind])
        imported = statistics.median([await import_pandas(kernel) for kernel in kernels[kind][:5]])
        middle, fastest = statistics.median(starts[kind]), min(starts[kind])
        print(f"{kind:32}{middle:5.0f} ms{fastest:6.0f} ms{pss:5.0f} MB{imported:12.1f} ms")
    for pool in KINDS.values():
        await pool.aclose()


async def measure_many() -> None:
    """Print how long it takes until all of many kernels that are wanted at once have answered."""
    for forking in (Forking.AUTO, Forking.NEVER):
        async with KernelPool(PoolLimits(spares=1, start_timeout=300), forking=forking) as pool:
            await pool.ready()
            began = time.perf_counter()
            await asyncio.gather(*(start(pool) for _ in range(AT_ONCE)))
            took = time.perf_counter() - began
            print(
                f"{AT_ONCE} at once, {'forked' if forking is Forking.AUTO else 'launched':9}{took:6.1f} s for the last"
            )


async def start(pool: KernelPool) -> tuple[KernelConnection, float]:
    """A kernel of the pool that has answered, and the seconds it took."""
    began = time.perf_counter()
    kernel = await pool.acquire(listener=lambda event: None)
    await kernel.execute("1 + 1")
    return kernel, time.perf_counter() - began


async def import_pandas(kernel: KernelConnection) -> float:
    """The milliseconds it takes in a kernel that has not yet done so."""
    reply = await kernel.execute(IMPORT, user_expressions={"took": "took"})
    return float(reply.user_expressions["took"]["data"]["text/plain"]) * 1000


async def main() -> None:
    """Print all."""
    await measure(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
    await measure_many()


if __name__ == "__main__":
    asyncio.run(main())
