"""Asks a server for something small, again and again, and says how long the longest answer took: run as a process.

`python -m tests.benchmarks.prober PORT PATH`: asks until its input is closed, then prints seconds. A process of its
own, because whoever measures reads what keeps the server busy, and would be late itself.
"""

from __future__ import annotations

import asyncio
import http.client
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.benchmarks.processes import HOST, Server

EVERY_S = 0.01
LIMIT_S = 60.0


class Waits:
    """What a prober found."""

    longest_s = 0.0


@asynccontextmanager
async def probing(server: Server, path: str) -> AsyncIterator[Waits]:
    """Ask from the beginning to the end of the context; the result is there after it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, str(server.port), path),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    found = Waits()
    try:
        await process.stdout.readline()  # it has had its first answer
        yield found
    finally:
        said, _ = await process.communicate(b"")
        found.longest_s = float(said or "nan")


def _main(port: int, path: str) -> None:
    over = threading.Event()
    connection = http.client.HTTPConnection(HOST, port, timeout=LIMIT_S)
    _ask(connection, path)
    print("ready", flush=True)
    threading.Thread(target=_await_end_of_input, args=(over,), daemon=True).start()
    longest = 0.0
    while not over.wait(EVERY_S):
        longest = max(longest, _ask(connection, path))
    print(longest, flush=True)


def _await_end_of_input(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


def _ask(connection: http.client.HTTPConnection, path: str) -> float:
    began = time.perf_counter()
    connection.request("GET", path)
    connection.getresponse().read()
    return time.perf_counter() - began


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2])
