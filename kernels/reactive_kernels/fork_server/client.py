"""Asking a fork server for a kernel, patiently, but not for ever.

A kernel is asked for again when its server died or hung on the way, and given up (`ForkUnavailable`) when that does not
help: then the ordinary launcher shall serve.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from contextlib import suppress

from ..errors import KernelStartError
from .plan import Launch
from .process import ForkedProcess
from .server.wire import Message, receive
from .servers import SERVERS, ForkServer, ForkUnavailable

_ATTEMPTS = 3
_PATIENCE_S = 1.0
"""How long a kernel is waited for before its server is asked whether it is still there."""
_START_S = 10.0
"""How long a kernel is waited for after its fork. One that takes longer is slow, not lost."""
_REPORT_S = 120.0


async def fork_kernel(launch: Launch) -> ForkedProcess:
    """Start a kernel; returns when its sockets are bound.

    Raises ForkUnavailable if it has to be started by itself, KernelStartError if it failed, with its traceback.
    Cancelling kills what there is of it.
    """
    for _ in range(_ATTEMPTS):
        ours, far = socket.socketpair()
        process = ForkedProcess(ours)
        try:
            output = os.dup(launch.stdout), os.dup(launch.stderr)
            # Shielded, for what it was given must be closed by it, whoever no longer waits.
            server = await asyncio.shield(asyncio.to_thread(_ask, launch, far, output))
            match await _first_word(process, server):
                case {"event": "forked", "prepared": prepared, "refused": refused}:
                    server.hear(prepared, refused)
                    await _await_start(process)
                    return process
                case {"event": "failed", "error": error}:
                    raise KernelStartError(f"The kernel could not be forked: {error}")
                case {"event": "exit", "code": code}:
                    raise KernelStartError(f"The kernel ended as it was forked ({code}).")
                case None:
                    await asyncio.to_thread(SERVERS.replace, server)
                case _:  # it is out of date
                    SERVERS.retire(server)
        except BaseException:
            process.release()
            raise
        process.release()
    raise ForkUnavailable("its fork server died, or went out of date, again and again")


async def fork_server_report(launch: Launch) -> Message:
    """What the server of such a kernel has imported, and what it refused to; waits until it has tried everything.

    Raises ForkUnavailable if there is none, or it takes too long.
    """
    ours, far = socket.socketpair()
    ours.settimeout(_REPORT_S)
    with ours:
        with far:
            server = await asyncio.to_thread(SERVERS.get, launch)
            await asyncio.to_thread(server.send, {"op": "report"}, (far.fileno(),))
        try:
            received = await asyncio.to_thread(receive, ours)
        except TimeoutError:
            raise ForkUnavailable("its fork server is not ready") from None
    if received is None:
        raise ForkUnavailable("its fork server died")
    report = received[0]
    server.hear(report["prepared"], report["refused"])
    return report


def end_fork_servers() -> None:
    """End every fork server of this process, and every kernel that came from one. Blocks for a moment."""
    SERVERS.end()


async def _first_word(process: ForkedProcess, server: ForkServer) -> Message | None:
    """What becomes of the request; None if the server is no longer there to say it, or does not answer any more."""
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                return await process.word()
        if not await server.answers():
            return None


async def _await_start(process: ForkedProcess) -> None:
    """Wait for the kernel to have started, within bounds. Of one that ends meanwhile, its return code tells."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_START_S):
            match await process.word():
                case {"event": "failed", "error": error, "traceback": told}:
                    raise KernelStartError(f"The kernel could not start: {error}\n{told}")
                case {"event": "unsuited", "why": why}:
                    raise ForkUnavailable(why)


def _ask(launch: Launch, lifeline: socket.socket, output: tuple[int, int]) -> ForkServer:
    """Send the request; closes what it is given, whatever comes of it."""
    try:
        server = SERVERS.get(launch)
        request = {
            "op": "start",
            "command": launch.command,
            "arguments": launch.arguments,
            "cwd": launch.cwd,
            "env": dict(launch.environment),
            "limits": _limits(),
            "confinement": dict(launch.confinement),
        }
        server.send(request, (lifeline.fileno(), *output))
        return server
    finally:
        lifeline.close()
        for descriptor in output:
            os.close(descriptor)


def _limits() -> dict[str, tuple[int, int]]:
    if sys.platform == "win32":
        return {}
    import resource

    names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    return {name: resource.getrlimit(getattr(resource, name)) for name in names}
