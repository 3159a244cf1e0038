"""Requests under way at one kernel: which message answers which, and when one is finished.

Shell and iopub are not ordered with each other, so a request is finished when both its reply and its `idle` have come;
one that ends otherwise (the kernel's death) ends with an exception. Also remembers, well beyond a request's end, which
run a message id belonged to: output of threads and tasks comes late. No I/O.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, TypeVar

_REMEMBERED = 4_096

_V = TypeVar("_V")


class Request:
    """One message sent, and what has come back for it."""

    __slots__ = ("busy", "cell", "done", "half", "idle", "interrupted", "message_id", "news", "reply", "reply_only")

    def __init__(self, message_id: str, *, cell: bool, reply_only: bool) -> None:
        """`cell` says that it runs a user's code; `reply_only` that it ends with its reply, whatever iopub says."""
        loop = asyncio.get_running_loop()
        self.message_id = message_id
        self.cell = cell
        self.reply_only = reply_only
        self.busy: asyncio.Future[None] = loop.create_future()  # the kernel has been heard of this request at all
        self.half: asyncio.Future[None] = loop.create_future()  # either reply or idle has come
        self.done: asyncio.Future[None] = loop.create_future()
        self.reply: dict[str, Any] | None = None
        self.idle = False
        self.interrupted = False
        self.news = 0  # messages heard for this request

    def heard(self) -> None:
        self.news += 1
        _settle(self.busy)

    def progress(self) -> None:
        """Note that a reply or an idle has come."""
        self.heard()
        if self.reply is not None or self.idle:
            _settle(self.half)
        if self.reply is not None and (self.idle or self.reply_only):
            _settle(self.done)

    def progress_late(self) -> None:
        """Nobody is to wait for a reply any longer."""
        _settle(self.half)

    def fail(self, error: Exception) -> None:
        for future in (self.busy, self.half, self.done):
            if not future.done():
                future.set_exception(error)
                future.exception()  # not everybody waits for each of the three


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class RequestTable:
    """The requests under way, by message id, and whose output a message id stands for."""

    def __init__(self) -> None:
        """Nothing is under way yet."""
        self._open: dict[str, Request] = {}
        self._runs: OrderedDict[str, str] = OrderedDict()
        self._caused: OrderedDict[str, str] = OrderedDict()
        self._ours: OrderedDict[str, None] = OrderedDict()
        self._last_run: str | None = None

    def begin(
        self, message_id: str, *, run: str | None = None, reply_only: bool = False, again: bool = False
    ) -> Request:
        """A request is about to be sent; `run` is the caller's id if it runs a cell.

        Raises ValueError if the id was used before, unless the kernel is to be asked `again` what it dropped.
        """
        if message_id in self._open:
            raise ValueError(f"The request id {message_id!r} was used before: each run needs its own.")
        if run is not None and not again:
            self.name_runs([message_id], run)
        request = Request(message_id, cell=run is not None, reply_only=reply_only)
        self._open[message_id] = request
        if run is None:
            self.note(message_id)
        return request

    def name_runs(self, message_ids: Iterable[str], run: str | None = None) -> None:
        """Each of these ids stands for a run, of its own name or that of `run`. Raises ValueError as `begin`."""
        for message_id in message_ids:
            if message_id in self._runs:
                raise ValueError(f"The request id {message_id!r} was used before: each run needs its own.")
            remember(self._runs, message_id, run if run is not None else message_id)

    def begun(self, message_id: str | None) -> None:
        """The kernel has turned to this message."""
        run = self.run_started_by(message_id)
        if run is not None:
            self._last_run = run

    def attribute(self, message_id: str, run: str | None) -> None:
        """Output caused by `message_id` (a comm message, say) is to count as output of `run`."""
        if run is not None:
            remember(self._caused, message_id, run)

    def note(self, message_id: str) -> None:
        """A request of our own was sent whose answer nobody waits for."""
        remember(self._ours, message_id, None)

    def end(self, request: Request) -> None:
        """Nobody waits for the request any longer."""
        self._open.pop(request.message_id, None)

    def get(self, message_id: str | None) -> Request | None:
        return self._open.get(message_id) if message_id is not None else None

    def run_of(self, message_id: str | None) -> str | None:
        """The run that output with this parent belongs to.

        Older kernels label what a background thread prints with whatever request came last, even one that we made
        for ourselves; such output belongs to the last run.
        """
        if message_id is None:
            return None
        if message_id in self._ours:
            return self._last_run
        return self._runs.get(message_id) or self._caused.get(message_id)

    def run_started_by(self, message_id: str | None) -> str | None:
        """The run that this very message asked for."""
        return self._runs.get(message_id) if message_id is not None else None

    def is_internal(self, message_id: str | None) -> bool:
        """Whether this is a request that we made for ourselves, neither a run nor a client's comm message."""
        return message_id is not None and message_id in self._ours

    @property
    def waiting(self) -> tuple[Request, ...]:
        return tuple(self._open.values())

    def fail_all(self, error: Exception) -> None:
        """The kernel is gone: every request under way ends with `error`."""
        requests, self._open = self._open, {}
        for request in requests.values():
            request.fail(error)


def remember(table: OrderedDict[str, _V], key: str, value: _V, most: int = _REMEMBERED) -> None:
    """Put something into a table that forgets what has been in it for longest."""
    table[key] = value
    if len(table) > most:
        table.popitem(last=False)
