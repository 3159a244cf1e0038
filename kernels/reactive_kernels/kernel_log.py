"""The end of what a kernel's process writes to its standard output and error, for when it fails.

It comes through a pipe that is read at leisure: a kernel that writes without end waits, and fills neither disk nor
memory.
"""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

_CHUNK = 65_536
_TAIL_BYTES = 4_000
_PAUSE_S = 0.01
"""Between two chunks: 6 MB a second is as much as anybody needs to be told."""


class KernelLog:
    """Read on the loop until `close`. Entered for the time in which a process is given the other end."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self._tail = bytearray()
        self._pause: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._closed = self._has_thread = False
        try:
            self._loop.add_reader(self._read, self._take_some)
            os.set_blocking(self._read, False)
        except NotImplementedError:  # Windows' own loop watches no descriptors
            self._has_thread = True
            threading.Thread(target=self._take_all, name="kernel log", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        os.close(self._write)

    def fileno(self) -> int:
        """The end to write to."""
        return self._write

    def tail(self) -> str:
        """The end of what has been written; what is no text is replaced."""
        if not self._has_thread:
            self._take_some(pause=False)
        text = self._tail.decode(errors="replace")
        return "".join(sign if sign.isprintable() or sign in "\n\t" else "\ufffd" for sign in text).strip()

    def close(self) -> None:
        """Read no more. May be called twice."""
        if not self._closed:
            self._closed = True
            if self._pause is not None:
                self._pause.cancel()
            if not self._has_thread:
                self._loop.remove_reader(self._read)
            os.close(self._read)

    def _take_some(self, pause: bool = True) -> None:
        if self._closed:
            return
        data = b""
        with suppress(OSError):  # nothing is there yet
            data = os.read(self._read, _CHUNK)
            if not data:
                self._loop.remove_reader(self._read)
        self._keep(data)
        if data and pause:
            self._loop.remove_reader(self._read)
            self._pause = self._loop.call_later(_PAUSE_S, self._go_on)

    def _go_on(self) -> None:
        self._loop.add_reader(self._read, self._take_some)

    def _take_all(self) -> None:
        with suppress(OSError):
            while data := os.read(self._read, _CHUNK):
                self._keep(data)

    def _keep(self, data: bytes) -> None:
        self._tail += data
        del self._tail[:-_TAIL_BYTES]
