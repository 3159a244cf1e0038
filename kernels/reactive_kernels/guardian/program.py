"""`python program.py DESCRIPTOR`: the guardian. Kills the process groups it was told of when whoever told it has gone.

DESCRIPTOR is a socket; its other end is held by nobody but the guarded process. Lines come over it: `+PID` for the
leader of a group to guard, `-PID` for one to forget. Imports next to nothing, so that it is small and there at once.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from contextlib import suppress


def main(source: int) -> None:
    """Listen until the other end is closed, then kill."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)  # they are meant for the one that is guarded
    guarded: dict[int, int | None] = {}
    rest = b""
    while data := os.read(source, 65536):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            heed(line, guarded)
    for pid, ending in guarded.items():
        kill(pid, ending)


def heed(line: bytes, guarded: dict[int, int | None]) -> None:
    """Add to the guarded, or take away."""
    pid = int(line[1:])
    known = guarded.pop(pid, None)
    if known is not None:
        os.close(known)
    if line.startswith(b"+"):
        with suppress(ProcessLookupError):
            guarded[pid] = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None


def kill(pid: int, ending: int | None) -> None:
    """Kill a process and its group, unless it has ended, for then its id may be another's."""
    if ending is None or not select.select([ending], [], [], 0)[0]:
        for send in (os.killpg, os.kill):
            with suppress(ProcessLookupError, PermissionError):
                send(pid, signal.SIGKILL)


main(int(sys.argv[1]))
