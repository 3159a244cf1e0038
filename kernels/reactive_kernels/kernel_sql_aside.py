"""Queries in a thread of their own, so that an interrupt is heard while they are waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

CANCEL_LIMIT_S = 5.0


def aside(work: Callable[[], Any], cancel: Callable[[], None], abandon: Callable[[], None]) -> Any:
    """Do `work` in a thread; what it gives, or raises.

    An interrupt cancels it, and comes through when it has ended, or is abandoned since it does not.
    """
    outcome: list[Any] = []
    failure: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:
            failure.append(error)
        finally:
            done.set()

    threading.Thread(target=run, name="SQL", daemon=True).start()
    try:
        done.wait()
    except KeyboardInterrupt:
        cancel()
        if not done.wait(CANCEL_LIMIT_S):
            abandon()
        raise
    if failure:
        raise failure[0]
    return outcome[0]
