"""How a kernel's end is noticed where no process of ours tells it, and how it is put into words."""

from __future__ import annotations

import asyncio
import contextlib
import signal

import psutil
import zmq
import zmq.asyncio

from .client import KernelClient
from .errors import KernelStartError
from .kernel_process import KernelProcess

_QUESTIONS = 5
_LOOKS, _LOOK_S = 10, 0.05


async def await_silence(client: KernelClient, limit_s: float) -> None:
    """Return when nothing at all has been heard of a kernel for that long, though it has been asked several times.

    It is asked on its heartbeat, which most kernels answer whatever they compute, and on the control channel. Anything
    that it says meanwhile counts as well.
    """
    loop = asyncio.get_running_loop()
    heartbeat = client.heartbeat()
    try:
        heard, heard_at = client.messages_heard, loop.time()
        while loop.time() - heard_at < limit_s:
            client.prod()
            beat = await _beat(heartbeat, limit_s / _QUESTIONS)
            if beat or client.messages_heard != heard:
                heard, heard_at = client.messages_heard, loop.time()
    finally:
        heartbeat.close(linger=0)


async def await_takeover(client: KernelClient, process: KernelProcess) -> None:
    """Return when the process of a kernel runs another program, as by `os.exec`; it closes the connections so."""
    before = _program(process.pid)
    await client.lost()
    for _ in range(_LOOKS):  # the system closes them shortly before all is told of what runs now
        if before and _program(process.pid) not in (before, None):
            return
        await asyncio.sleep(_LOOK_S)
    await asyncio.get_running_loop().create_future()  # it ends, or has closed them itself


def _program(pid: int | None) -> tuple[str, list[str]] | None:
    """What a process runs; None if that can't be told, or not yet."""
    with contextlib.suppress(psutil.Error, OSError):
        process = psutil.Process(pid)
        program = process.exe(), process.cmdline()
        return program if all(program) else None
    return None


async def _beat(heartbeat: zmq.asyncio.Socket, wait_s: float) -> bool:
    """Send a message, and wait whether one comes back; how often depends on `wait_s` alone."""
    loop = asyncio.get_running_loop()
    until, beat = loop.time() + wait_s, False
    with contextlib.suppress(zmq.Again):  # if so many are waiting already
        await heartbeat.send_multipart([b"", b"ping"], flags=zmq.NOBLOCK)
    while (left := until - loop.time()) > 0:
        if beat:
            await asyncio.sleep(left)
        elif await heartbeat.poll(max(1, int(left * 1000))):
            await heartbeat.recv_multipart()
            beat = True
    return beat


def start_error(process: KernelProcess, what: str, *, complaint: str | None = None) -> KernelStartError:
    """`complaint` is why a message was dropped. Ends with what the process wrote."""
    dropped = f", and something that it said is no message of a kernel's, because {complaint}" if complaint else ""
    said = process.log_tail()
    tail = f" It said:\n{said}" if said else ""
    return KernelStartError(f"The kernel {process.spec.display_name!r} {what}{dropped}.{tail}")


def describe_exit(code: int | None, reason: str | None = None) -> str:
    """An exit code, or what it stands for, with the reason if that is known."""
    if reason is not None:
        return f"{'killed by SIGKILL' if code == -9 else describe_exit(code)}: {reason}"
    match code:
        case None:
            return "its exit code is unknown"
        case -9:
            return "killed by SIGKILL, often for want of memory"
        case negative if negative < 0:
            known = negative * -1 in set(signal.Signals)
            return f"killed by {signal.Signals(-negative).name if known else f'signal {-negative}'}"
        case other:
            return f"exit code {other}"
