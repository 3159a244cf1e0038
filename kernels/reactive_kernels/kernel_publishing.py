"""Who sends what a kernel publishes: run inside an IPython kernel, after `kernel_side`.

Ipykernel hands each message over to a thread of its own, so that output gets out while the main thread is busy. To wake
that thread and to wait for its turn costs more than to send. So here whoever has a message sends it at once, after all
that were handed over before. Two rules make that safe. The socket is used by one thread at a time: a lock is held, also
by that thread whenever it uses the socket. And an interrupt, which could come between two parts of one, waits until
it is sent; where it would not wait, because somebody else handles it, messages are handed over as ever.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

_NEEDED = ("_events", "_event_puller", "_handle_event", "_really_send", "schedule", "thread", "io_loop", "socket")


class _Message:
    """One that has been handed over, and waits for a thread to send it."""

    def __init__(self, send: Callable[..., None], parts: Any, arguments: Any, options: Any) -> None:
        self._sent = send, parts, arguments, options

    def __call__(self) -> None:
        send, parts, arguments, options = self._sent
        send(parts, *arguments, **options)


class Publisher:
    """In the place of `IOPubThread.send_multipart`."""

    def __init__(self, thread: Any, shield: Callable[[Callable[[], None]], bool]) -> None:
        self._waiting = thread._events
        self._really_send = thread._really_send
        self._hand_over = thread.schedule
        self._is_alive = thread.thread.is_alive
        self._shield = shield
        self._main = threading.main_thread().ident
        self._lock = threading.RLock()
        thread.schedule(lambda: self._take_over(thread))

    def send_multipart(self, parts: Any, *arguments: Any, **options: Any) -> None:
        """Send it now, or let it wait behind what can't be sent now."""
        message = _Message(self._really_send, parts, arguments, options)
        if not self.do(lambda: self._send(message)):
            self._hand_over(message)

    def do(self, action: Callable[[], None]) -> bool:
        """Do what sends messages; False, and nothing done, if the caller may not use the socket now.

        Nobody may in a fork of the kernel, which has neither the thread nor its lock.
        """
        if not self._is_alive():
            return False
        if threading.get_ident() == self._main:
            return self._shield(action)
        action()
        return True

    def _send(self, message: _Message) -> None:
        with self._lock:
            if self._waiting:
                self._send_waiting()
            message()

    def _send_waiting(self) -> None:
        """Leave to the thread what is none of the messages: it sets its own timers and the like."""
        others = []
        for _ in range(len(self._waiting)):
            waiting = self._waiting.popleft()
            if type(waiting) is _Message:
                waiting()
            else:
                others.append(waiting)
        self._waiting.extendleft(reversed(others))

    def _take_over(self, thread: Any) -> None:
        """In that thread: whatever it does with the socket is done with the lock from now on."""
        thread._event_puller.on_recv(self._locked(thread._handle_event))
        subscriptions = getattr(thread, "_xpub_stream", None)
        if subscriptions is not None:
            subscriptions._handle_events = self._locked(subscriptions._handle_events)
            thread.io_loop.remove_handler(subscriptions.socket)
            thread.io_loop.add_handler(subscriptions.socket, subscriptions._handle_events, thread.io_loop.READ)
        thread.send_multipart = self.send_multipart

    def _locked(self, handler: Callable[..., None]) -> Callable[..., None]:
        def handle(*arguments: Any) -> None:
            with self._lock:
                handler(*arguments)

        return handle


def _flush_at_once(stream: Any, publisher: Publisher) -> None:
    """Let whoever may send flush a stream without waiting for the thread: twice a cell, a fifth of its time."""
    flush, flush_now = getattr(stream, "flush", None), getattr(stream, "_flush", None)
    if flush is None or flush_now is None or not hasattr(stream, "_flush_pending"):
        return

    def flush_stream() -> None:
        if stream._flush_pending and not publisher.do(flush_now):
            flush()

    stream.flush = flush_stream


def install(kernel: Any, shield: Callable[[Callable[[], None]], bool]) -> None:
    """Have the kernel's messages sent by who has them, where ipykernel is as expected."""
    thread = getattr(kernel, "iopub_thread", None)
    if all(hasattr(thread, name) for name in _NEEDED):
        publisher = Publisher(thread, shield)
        for stream in (sys.stdout, sys.stderr):
            _flush_at_once(stream, publisher)


if __name__ == "_reactive_nb_publishing":
    from IPython import get_ipython

    install(get_ipython().kernel, sys.modules["_reactive_nb"].gate.shield)
