"""Interrupts inside a kernel: SIGINT reaches the user's code, and nothing but it.

Runs beside `kernel_side`. Around the code of a cell there is much of IPython's and ipykernel's own: a KeyboardInterrupt
that hits there costs the reply, or is swallowed by whoever calls the hooks. So a signal that comes before the code has
begun waits for it, and one that comes after its end is dropped.

A signal may also come just when Python has looked whether there is one and goes to sleep: then it sleeps on, for as
long as the code wanted. So whoever interrupts also says so on the control channel, where it is seen to that the signal
is noticed.
"""

from __future__ import annotations

import asyncio
import importlib
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
_handler_of: Callable[[int], Any] = importlib.import_module("_signal").getsignal
"""As `signal.getsignal`, whose answer is an enumeration's member and takes twenty times as long."""

_OTHER_SIGNALS = [
    getattr(signal, name)
    for name in ("SIGALRM", "SIGVTALRM", "SIGPROF", "SIGUSR1", "SIGUSR2", "SIGTERM", "SIGHUP")
    if hasattr(signal, name)
]
"""Those whose handlers people let raise: of time limits, mostly."""

SEE_TO_IT = "reactive_nb_interrupt_request"
_WAKE_UPS = 5
_WAKE_UP_EVERY_S = 0.05


def _in_main_thread() -> bool:
    """Whether this is the thread that signals are handled in."""
    return threading.get_ident() == threading.main_thread().ident


class InterruptGate:
    """Lets SIGINT through while the code of a cell runs; to other requests of ours, never."""

    def __init__(self) -> None:
        self.signals = 0
        """How many have come."""
        self.waiting = False
        """Whether one has come that hit nothing yet."""
        self.noticed_at = 0.0
        """When the last was."""
        self.shielding = False
        """Whether they wait, whatever runs."""
        self._over = True
        self._running = False

    def await_code(self) -> None:
        """Code is to follow: an interrupt waits for `begin_code`."""
        self.waiting = self._over = self._running = False

    def begin_code(self) -> bool:
        """Interrupts hit from here on; whether one has been waiting."""
        self._running = not self._over
        waiting, self.waiting = self.waiting, False
        return waiting

    def end_code(self) -> None:
        """There is nothing left to interrupt."""
        self._over, self._running = True, False

    def can_shield(self) -> bool:
        """Whether `shield` keeps interrupts off: not while somebody else handles them, or other signals."""
        handler = _handler_of(signal.SIGINT)
        if handler != self.handle and handler != signal.SIG_IGN:
            return False
        return not any(callable(_handler_of(other)) for other in _OTHER_SIGNALS)

    def shield(self, action: Callable[[], T]) -> T:
        """Do it with interrupts waiting until it is done. For the main thread.

        Raises KeyboardInterrupt afterwards if one has come that would have ended something else.
        """
        before = self.shielding, self._running, self._over
        signals, waiting = self.signals, self.waiting
        self._running, self._over, self.shielding = False, True, True
        try:
            return action()
        finally:
            self.shielding, self._running, self._over = before  # in this order: from there on they hit
            if self.signals != signals and self._is_due(waiting):
                self.waiting = waiting
                raise KeyboardInterrupt

    def _is_due(self, waiting: bool) -> bool:
        """Whether a signal ends what runs: who asks twice before the code means what delays it."""
        return self._running or (waiting and not self._over)

    def handle(self, *_: object) -> None:
        """What SIGINT does."""
        self.signals += 1
        self.noticed_at = time.time()
        if self._is_due(self.waiting):
            raise KeyboardInterrupt
        self.waiting = True

    async def see_to_it(self, sent_at: float) -> None:
        """Wake the code until it notices a signal that was sent at that time. For the thread of the control channel."""
        for _ in range(_WAKE_UPS):
            await asyncio.sleep(_WAKE_UP_EVERY_S)
            if self.noticed_at >= sent_at or signal.getsignal(signal.SIGINT) != self.handle:
                return
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def hold(self, show: Callable[..., Any]) -> Callable[..., Any]:
        """`show`, during which an interrupt waits: a traceback that is cut off tells nobody anything.

        Nor is it anybody's business that an interrupt has come through here.
        """

        def held(*args: Any, **options: Any) -> Any:
            if not _in_main_thread():
                return show(*args, **options)
            running, self._running = self._running, False
            self._leave_out(sys.exc_info()[2])
            try:
                return show(*args, **options)
            finally:
                self._running = running

        return held

    def _leave_out(self, traceback: Any) -> None:
        """Take our own frame off the end of a traceback."""
        ours = InterruptGate.handle.__code__
        while traceback is not None and traceback.tb_next is not None:
            if traceback.tb_next.tb_frame.f_code is ours:
                traceback.tb_next = None
            traceback = traceback.tb_next

    def guard(self, kernel: Any, is_ours: Callable[[], bool]) -> None:
        """Handle SIGINT in every request for which `is_ours()` is true."""
        usual = kernel.pre_handler_hook

        def pre_handler_hook() -> None:
            if not is_ours() or not _in_main_thread():  # what runs in a subshell is not interrupted
                usual()
                return
            self.await_code()
            kernel.saved_sigint_handler = signal.signal(signal.SIGINT, self.handle)

        async def see_to_it(stream: Any, ident: Any, parent: dict[str, Any]) -> None:
            await self.see_to_it(parent["content"]["sent_at"])

        kernel.pre_handler_hook = pre_handler_hook
        if hasattr(signal, "pthread_kill"):
            kernel.control_handlers[SEE_TO_IT] = see_to_it
        self._watch_code(kernel.shell)

    def _watch_code(self, shell: Any) -> None:
        run_code = shell.run_code

        async def run(code: Any, result: Any = None, **options: Any) -> Any:
            if not _in_main_thread() or not self.begin_code():
                return await run_code(code, result, **options)
            error = KeyboardInterrupt()
            if result is not None:
                result.error_in_exec = error
            shell.showtraceback((KeyboardInterrupt, error, None), running_compiled_code=True)
            return True  # it has failed

        shell.run_code = run
        shell.showtraceback = self.hold(shell.showtraceback)
