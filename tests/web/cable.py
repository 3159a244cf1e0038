"""A cable between browser and service that can be pulled out, or be long: a TCP proxy on a port of its own."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Cable:
    """Carries connections to `port` while it is plugged in."""

    port: int
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    plugged: bool = True
    delay_s: float = 0
    """How much longer whatever is said takes, each way."""
    _open: set[socket.socket] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def pull(self) -> None:
        """Cut every connection; new ones are cut at once."""
        with self._lock:
            self.plugged = False
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def plug_in(self) -> None:
        with self._lock:
            self.plugged = True

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                with self._lock:
                    if not self.plugged:
                        near.close()
                        continue
                    far = socket.create_connection(("127.0.0.1", self.port))
                    self._open |= {near, far}
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(65_536):
                time.sleep(self.delay_s)
                target.sendall(part)
        with self._lock:
            for one in (source, target):
                self._open.discard(one)
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def cable(port: int) -> Iterator[Cable]:
    laid = Cable(port)
    thread = threading.Thread(target=laid._accept, daemon=True)
    thread.start()
    try:
        yield laid
    finally:
        laid.pull()
        laid.listener.shutdown(socket.SHUT_RDWR)
        laid.listener.close()
        thread.join(5)
