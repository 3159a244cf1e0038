"""Queries that wait in a thread of their own: when they are interrupted, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap

PROGRAM = """
import signal, threading, time
from reactive_kernels import kernel_sql_aside
from reactive_kernels.kernel_sql_aside import aside

kernel_sql_aside.CANCEL_LIMIT_S = {limit}
happened, ended = [], threading.Event()

def interrupt():
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

def cancel():
    happened.append("cancel")
    {cancel}

def work():
    interrupt()
    ended.wait()
    happened.append("ended")

try:
    aside(work, cancel, lambda: happened.append("abandon"))
except KeyboardInterrupt:
    happened.append("interrupted")
print(*happened)
"""


def happened(cancel: str, limit: float) -> str:
    program = textwrap.dedent(PROGRAM).format(cancel=cancel, limit=limit)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_query_that_was_not_there_yet_is_cancelled_again() -> None:
    assert happened("len(happened) == 3 and ended.set()", 5) == "cancel cancel cancel ended interrupted"


def test_a_query_that_does_not_end_is_abandoned() -> None:
    assert happened("pass", 0.5) == "cancel cancel cancel cancel cancel abandon interrupted"


def test_who_interrupts_again_does_not_wait() -> None:
    assert happened("interrupt()", 60) == "cancel abandon interrupted"
