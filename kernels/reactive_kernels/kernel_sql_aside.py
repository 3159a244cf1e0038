"""Queries in a thread of their own, so that an interrupt is heard while they are waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

CANCEL_LIMIT_S = 5.0
CANCEL_TRIES = 5


def aside(work: Callable[[], Any], cancel: Callable[[], None], abandon: Callable[[], None]) -> Any:
    """Do `work` in a thread; what it gives, or raises.

    An interrupt cancels it, and comes through when it has ended, or is abandoned since it does not, or at the next.
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

    try:
        threading.Thread(target=run, name="SQL", daemon=True).start()
        done.wait()
    except KeyboardInterrupt:
        ended = False
        try:
            for _ in range(CANCEL_TRIES):  # the query may not have been there yet
                cancel()
                ended = done.wait(CANCEL_LIMIT_S / CANCEL_TRIES)
                if ended:
                    break
        finally:  # when interrupted again, too
            if not ended:
                abandon()
        raise
    if failure:
        raise failure[0]
    return outcome[0]
