"""A kernel that only pretends: real sockets and messages, no interpreter; for what a real kernel does too rarely."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import zmq
from jupyter_client.session import Session

Message = dict[str, Any]


class StubKernel:
    """Answers each shell request by `answer(kernel, message)`, in a thread of its own. A context manager."""

    def __init__(self, answer: Callable[[StubKernel, Message], None]) -> None:
        self.answer = answer
        self._folder = tempfile.TemporaryDirectory(prefix="stub-")
        self._thread = threading.Thread(target=self._serve)
        self._stop = threading.Event()
        self.ident: list[bytes] = []
        ports = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4}
        ip = str(Path(self._folder.name) / "s")
        self.connection_info = {"transport": "ipc", "ip": ip, "key": "k", **ports}
        self.random = random.Random(7)
        self.session = Session(key=b"k")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._folder.cleanup()

    def publish(self, kind: str, content: dict[str, Any], parent: Message | None) -> None:
        self.session.send(self.iopub, kind, content, parent=parent)

    def reply(self, message: Message, **content: Any) -> None:
        kind = message["header"]["msg_type"].replace("_request", "_reply")
        self.session.send(self.shell, kind, {"status": "ok", **content}, parent=message, ident=self.ident)

    def status(self, state: str, message: Message) -> None:
        self.publish("status", {"execution_state": state}, message)

    def _serve(self) -> None:
        context = zmq.Context()
        self.shell, self.iopub = context.socket(zmq.ROUTER), context.socket(zmq.PUB)
        self.iopub.sndhwm = 0
        for number, socket in ((1, self.shell), (2, self.iopub)):
            socket.linger = 0
            socket.bind(f"ipc://{self.connection_info['ip']}-{number}")
        while not self._stop.is_set():
            if self.shell.poll(20):
                ident, message = self.session.recv(self.shell)
                if ident is not None and message is not None:
                    self.ident = ident
                    self.answer(self, message)
        context.destroy(linger=0)


def well_behaved(kernel: StubKernel, message: Message) -> None:
    """Busy, reply and idle, the last two in either order and up to a millisecond apart."""
    kernel.status("busy", message)
    time.sleep(kernel.random.random() * 0.001)
    steps: list[Callable[[], None]] = [lambda: kernel.reply(message), lambda: kernel.status("idle", message)]
    kernel.random.shuffle(steps)
    for step in steps:
        step()
