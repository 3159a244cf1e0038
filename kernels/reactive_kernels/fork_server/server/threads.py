"""Whether this process has threads besides its first: after a fork their locks would be held by nobody for ever."""

from __future__ import annotations

import os
import threading


def others() -> str:
    """Say which threads there are besides the first; empty if none. Forks a child where there is doubt.

    Threads that a library takes down by itself before a fork, as OpenBLAS does, don't count.
    """
    names = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if names:
        return f"thread {', '.join(names)}"
    if _native() > 1:
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        if _native() > 1:
            return f"{_native() - 1} native threads"
    return ""


def _native() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1  # not told on this system
