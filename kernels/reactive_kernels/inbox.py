"""Reading one socket on the event loop: everything is taken in at once, and handed on in slices.

ZeroMQ tells of news only once, and any call on the socket may take that notice away; so whoever touches the socket has
to look, afterwards, whether something has come (`look`). What is read is handed on right there, in order, unless there
is much of it: then other work gets its turn every few milliseconds, and a large message is parsed in a thread.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import zmq
from tornado.platform.asyncio import SelectorThread

from .backlog import Backlog, BacklogLimits, Omission
from .wire import MalformedMessage, Message, MessageReader, content_bytes, peek

logger = logging.getLogger(__name__)

_SLICE_S = 0.002
_LOOK_AT_CLOCK_EVERY = 16
_PARSE_ASIDE_BYTES = 1_000_000
_LARGEST_BYTES = 128_000_000
_LOG_EVERY_S = 30.0


class Inbox:
    """The messages of one socket, given to `deliver` one after the other."""

    def __init__(
        self,
        name: str,
        socket: zmq.Socket[bytes],
        reader: MessageReader,
        deliver: Callable[[Message | Omission], None],
        limits: BacklogLimits | None = None,
    ) -> None:
        """Begin to read. Call `close` before the socket is closed."""
        self._name = name
        self._socket = socket
        self._reader = reader
        self._deliver = deliver
        self._backlog = Backlog(limits)
        self._loop = asyncio.get_running_loop()
        self._due: asyncio.Handle | None = None
        self._aside: asyncio.Future[Message] | None = None
        self._closed = False
        self._complaints = _Complaints()
        self.complaint: str | None = None
        """Why the last message that was none of this kernel's was dropped."""
        self._selector: SelectorThread | None = None
        self._fd = int(socket.getsockopt(zmq.FD))
        try:
            self._loop.add_reader(self._fd, self._pump)
        except NotImplementedError:  # Windows' own loop watches no descriptors
            self._selector = SelectorThread(self._loop)
            self._selector.add_reader(self._fd, self._pump)
        self._again()

    def look(self) -> None:
        """The socket has been used: there may be news that nobody will be told of."""
        if self._due is None and not self._closed and self._has_news():
            self._again()

    def close(self) -> None:
        """Read no more; what waits is given to nobody."""
        self._closed = True
        if self._due is not None:
            self._due.cancel()
        if self._selector is None:
            self._loop.remove_reader(self._fd)
        else:
            self._selector.remove_reader(self._fd)
            self._selector.close()

    def _again(self) -> None:
        self._due = self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        self._due = None
        if self._closed:
            return
        more = self._take_in(time.perf_counter() + _SLICE_S)
        if self._aside is None:
            self._hand_on(time.perf_counter() + _SLICE_S)
        if more or (self._backlog and self._aside is None):
            self._again()

    def _take_in(self, until: float) -> bool:
        """Read what is there; whether there is more."""
        socket, count = self._socket, 0
        while True:
            try:
                self._backlog.append(socket.recv_multipart(zmq.NOBLOCK))
            except zmq.Again:
                return False
            except zmq.ZMQError as error:
                self._complain(f"could not be read ({error})")
                return True
            count += 1
            if count % _LOOK_AT_CLOCK_EVERY == 0 and time.perf_counter() > until:
                return True

    def _has_news(self) -> bool:
        return bool(int(self._socket.getsockopt(zmq.EVENTS)) & zmq.POLLIN)

    def _hand_on(self, until: float) -> None:
        while self._backlog:
            frames = self._backlog.pop()
            if isinstance(frames, Omission):
                self._give(frames)
            elif (size := content_bytes(frames)) > _LARGEST_BYTES:
                self._give(Omission(peek(frames[:-1])[1], 1, size))
            elif size > _PARSE_ASIDE_BYTES:
                self._aside = self._loop.run_in_executor(None, self._reader.read, frames)
                self._aside.add_done_callback(self._parsed)
                return
            else:
                try:
                    message = self._reader.read(frames)
                except MalformedMessage as error:
                    self._complain(str(error))
                else:
                    self._give(message)
            if time.perf_counter() > until:
                return

    def _parsed(self, aside: asyncio.Future[Message]) -> None:
        self._aside = None
        if self._closed or aside.cancelled():
            return
        error = aside.exception()
        if error is not None:
            self._complain(str(error))
        else:
            self._give(aside.result())
        if self._due is None:
            self._again()

    def _give(self, message: Message | Omission) -> None:
        try:
            self._deliver(message)
        except Exception:  # a fault in handling one message must not cost the following ones
            logger.exception("Handling a message on %s failed.", self._name)

    def _complain(self, why: str) -> None:
        self.complaint = why
        count = self._complaints.note(self._loop.time())
        if count:
            logger.warning("Dropped %s malformed message(s) on %s, the last because %s.", count, self._name, why)


class _Complaints:
    """How many have come since the last that was told, which happens at once and then seldom."""

    def __init__(self) -> None:
        self._told_at = float("-inf")
        self._count = 0

    def note(self, now: float) -> int:
        """One more: how many to tell of, 0 if it is not yet time."""
        self._count += 1
        if now - self._told_at < _LOG_EVERY_S:
            return 0
        count, self._count, self._told_at = self._count, 0, now
        return count
