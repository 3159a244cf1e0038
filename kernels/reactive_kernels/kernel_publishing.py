"""Who sends what a kernel publishes: run inside an IPython kernel, after `kernel_side`.

Ipykernel hands each message over to a thread of its own, so that output gets out while the main thread is busy. To wake
that thread and to wait for its turn costs more than to send. So here the main thread sends what it has to say itself,
after all that was handed over before. What makes that safe:

- The socket is used by one thread at a time: a lock is held, also by that thread whenever it uses the socket. It is
  waited for a second at most, and a message handed over then: who holds it may wait for something else.
- An interrupt waits until a message is made and sent. It would come between two parts of it, and take the next one with
  it; or while a serializer calls Python, of which orjson dies; or while it is asked whether a thread is alive, after
  which Python takes it for dead. Where somebody else handles signals, messages are handed over as ever; and where a
  debugger may stop the main thread anywhere.
- An object's `__del__` may speak at any moment, also while this thread is sending or writing: what it says is handed
  over.
- Other threads, whose exceptions may come from anywhere, hand over as ever; and so does a fork of the kernel.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

zmq: Any = importlib.import_module("zmq")

_NEEDED = ("_events", "_event_pipe", "_event_puller", "_handle_event", "_really_send", "schedule", "io_loop", "socket")
_LONGEST_WAIT_S = 1.0
_HEED_EVERY_S = 0.2
_EVENTS, _READABLE = int(zmq.EVENTS), int(zmq.POLLIN)  # pyzmq's enumerations take their time
_log = logging.getLogger(__name__)


class _Message:
    """One that has been handed over, and waits for a thread to send it."""

    def __init__(self, send: Callable[..., None], parts: Any, arguments: Any, options: Any) -> None:
        self._sent = send, parts, arguments, options

    def __call__(self) -> None:
        send, parts, arguments, options = self._sent
        send(parts, *arguments, **options)


class Publisher:
    """In the place of what ipykernel's thread does with a message."""

    def __init__(self, thread: Any, gate: Any, is_debugged: Callable[[], bool]) -> None:
        self._thread = thread
        self._is_debugged = is_debugged
        self._gate = gate
        self._waiting = thread._events
        self._really_send = thread._really_send
        self._schedule = thread.schedule
        self._pid = os.getpid()
        self.main = threading.main_thread().ident
        self._lock = threading.RLock()
        self._sending = False
        self._heed: Callable[[], None] = lambda: None
        self._heed_at = 0.0
        thread.schedule(self._take_over)

    def send_multipart(self, parts: Any, *arguments: Any, **options: Any) -> None:
        """Send it now, or let it wait behind what can't be sent now."""
        if not self.do(lambda: self._send(parts, arguments, options)):
            self._schedule(_Message(self._really_send, parts, arguments, options))

    def schedule(self, action: Callable[[], None]) -> None:
        """Have that thread do it."""
        if not self.do(lambda: self._hand_over(action)):
            self._schedule(action)

    def do(self, action: Callable[[], None]) -> bool:
        """Do what sends messages; False, and nothing done, if the caller may not do so now."""
        if threading.get_ident() != self.main or os.getpid() != self._pid or self._is_debugged():
            return False
        if self._gate.shielding:
            action()
        elif self._gate.can_shield():
            self._gate.shield(action)
        else:
            return False
        return True

    def locked(self, action: Callable[..., None]) -> Callable[..., None]:
        """An action that uses the socket, done with the lock."""

        def do(*arguments: Any) -> None:
            if os.getpid() != self._pid:
                action(*arguments)
                return
            with self._lock:
                action(*arguments)

        return do

    def _send(self, parts: Any, arguments: Any, options: Any) -> None:
        if self._sending or not self._lock.acquire(timeout=_LONGEST_WAIT_S):
            self._hand_over(_Message(self._really_send, parts, arguments, options))
            return
        self._sending = True
        try:
            if self._waiting:
                self._send_waiting()
            self._really_send(parts, *arguments, **options)
        finally:
            self._sending = False
            self._lock.release()
        if time.monotonic() > self._heed_at:
            self._heed_at = time.monotonic() + _HEED_EVERY_S
            self._heed()

    def _send_waiting(self) -> None:
        """Leave to the thread what is none of the messages: it sets its own timers and the like."""
        others = []
        for _ in range(len(self._waiting)):
            waiting = self._waiting.popleft()
            if type(waiting) is not _Message:
                others.append(waiting)
                continue
            try:
                waiting()
            except Exception:
                _log.exception("a message could not be sent")
        self._waiting.extendleft(reversed(others))

    def _hand_over(self, action: Callable[[], None]) -> None:
        if not self._thread.thread.is_alive():
            action()
            return
        self._waiting.append(action)
        with contextlib.suppress(zmq.Again):  # if it has not even taken what woke it before
            self._thread._event_pipe.send(b"", int(zmq.NOBLOCK))

    def _take_over(self) -> None:
        """In that thread: whatever it does with the socket is done with the lock from now on."""
        thread = self._thread
        thread._event_puller.on_recv(self.locked(thread._handle_event))
        subscriptions = getattr(thread, "_xpub_stream", None)
        if subscriptions is not None:
            self._watch(subscriptions)
        # Only then: at this moment the thread is about to handle what else waits, as it used to.
        thread.io_loop.add_callback(self._begin)

    def _begin(self) -> None:
        with self._lock:
            self._thread.send_multipart = self.send_multipart
            self._thread.schedule = self.schedule
            self._thread._handle_event(None)  # what waits by now, before anything that is sent at once

    def _watch(self, subscriptions: Any) -> None:
        """Handle subscriptions with the lock; also those that come while a message is sent, which wake nobody."""
        socket, loop = subscriptions.socket, self._thread.io_loop
        handle = subscriptions._handle_events = self.locked(subscriptions._handle_events)
        loop.remove_handler(socket)
        loop.add_handler(socket, handle, loop.READ)

        def heed() -> None:
            """Now, and again for those that come before the next time."""
            if not socket.closed:
                loop.add_callback(loop.call_later, _HEED_EVERY_S, handle, socket, 0)
                if socket.getsockopt(_EVENTS) & _READABLE:
                    loop.add_callback(handle, socket, 0)

        self._heed = heed


def _send_whole(session: Any, gate: Any) -> None:
    """Let an interrupt of the main thread wait while a message is made and sent, to whomever."""
    send, main = session.send, threading.main_thread().ident

    def send_whole(*arguments: Any, **options: Any) -> Any:
        if threading.get_ident() == main and not gate.shielding and gate.can_shield():
            return gate.shield(lambda: send(*arguments, **options))
        return send(*arguments, **options)

    session.send = send_whole


def _flush_at_once(stream: Any, publisher: Publisher) -> None:
    """Let the main thread flush a stream without waiting for the other: twice a cell, a fifth of its time."""
    if not all(hasattr(stream, name) for name in ("_flush", "_flush_pending", "_buffers", "_buffer_lock")):
        return
    flush, flush_now, writing = stream.flush, publisher.locked(stream._flush), stream._buffer_lock

    def flush_stream() -> None:
        if not stream._flush_pending and not stream._buffers:
            return
        if threading.get_ident() == publisher.main and writing._is_owned():  # an object that ends while it writes
            publisher.schedule(flush_now)
        elif not publisher.do(flush_now):
            flush()

    stream.flush, stream._flush = flush_stream, flush_now


def install(kernel: Any, gate: Any) -> None:
    """Have the kernel's messages sent by who has them, where ipykernel is as expected."""
    _send_whole(kernel.session, gate)
    thread = getattr(kernel, "iopub_thread", None)
    if all(hasattr(thread, name) for name in _NEEDED):
        debugger = getattr(kernel, "debugger", None)
        publisher = Publisher(thread, gate, lambda: bool(getattr(debugger, "is_started", False)))
        for stream in (sys.stdout, sys.stderr):
            _flush_at_once(stream, publisher)


if __name__ == "_reactive_nb_publishing":
    from IPython import get_ipython

    install(get_ipython().kernel, sys.modules["_reactive_nb"].gate)
