"""Interrupts inside a kernel: SIGINT reaches the user's code, and nothing but it.

Runs beside `kernel_side`. Around the code of a cell there is much of IPython's and ipykernel's own: a KeyboardInterrupt
that hits there costs the reply, or is swallowed by whoever calls the hooks. So a signal that comes before the code has
begun waits for it, and one that comes after its end is dropped.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any


class InterruptGate:
    """Lets SIGINT through while the code of a cell runs; to other requests of ours, never."""

    def __init__(self) -> None:
        self.signals = 0
        """How many have come."""
        self.waiting = False
        """Whether one has come that hit nothing yet."""
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

    def handle(self, *_: object) -> None:
        """What SIGINT does."""
        self.signals += 1
        if self._running or (self.waiting and not self._over):  # who asks twice before the code means what delays it
            raise KeyboardInterrupt
        self.waiting = True

    def hold(self, show: Callable[..., Any]) -> Callable[..., Any]:
        """`show`, during which an interrupt waits: a traceback that is cut off tells nobody anything."""

        def held(*args: Any, **options: Any) -> Any:
            running, self._running = self._running, False
            try:
                return show(*args, **options)
            finally:
                self._running = running

        return held

    def guard(self, kernel: Any, is_ours: Callable[[], bool]) -> None:
        """Handle SIGINT in every request for which `is_ours()` is true."""
        usual = kernel.pre_handler_hook

        def pre_handler_hook() -> None:
            if not is_ours():
                usual()
                return
            self.await_code()
            kernel.saved_sigint_handler = signal.signal(signal.SIGINT, self.handle)

        kernel.pre_handler_hook = pre_handler_hook
        self._watch_code(kernel.shell)

    def _watch_code(self, shell: Any) -> None:
        run_code = shell.run_code

        async def run(code: Any, result: Any = None, **options: Any) -> Any:
            if not self.begin_code():
                return await run_code(code, result, **options)
            error = KeyboardInterrupt()
            if result is not None:
                result.error_in_exec = error
            shell.showtraceback((KeyboardInterrupt, error, None), running_compiled_code=True)
            return True  # it has failed

        shell.run_code = run
        shell.showtraceback = self.hold(shell.showtraceback)
