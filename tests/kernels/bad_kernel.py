"""`python bad_kernel.py HOW CONNECTION_FILE`: programs that a kernelspec may start, and that are no good as kernels."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import zmq
from jupyter_client.session import Session

Message = dict[str, Any]
Answer = Callable[[list[bytes], Message], None]


def dies(_: str) -> None:
    raise SystemExit("there is no licence for this kernel")


def is_killed(_: str) -> None:
    os.kill(os.getpid(), 9)


def never_answers(_: str) -> None:
    print("thinking about it", flush=True)
    time.sleep(600)


def prints_rubbish(_: str) -> None:
    rubbish = bytes(range(256)) * 256
    while True:
        os.write(1, rubbish)


def prints_rubbish_and_dies(_: str) -> None:
    os.write(1, bytes(range(256)) * 4000)
    os._exit(3)


class Kernel:
    """Sockets where the connection file says; `answer` gets each shell message."""

    def __init__(self, file: str, key: bytes | None = None) -> None:
        with open(file) as opened:
            self.info = json.load(opened)
        context = zmq.Context()
        self.shell, self.iopub = context.socket(zmq.ROUTER), context.socket(zmq.PUB)
        for name in ("shell", "iopub"):
            socket = getattr(self, name)
            separator = ":" if self.info["transport"] == "tcp" else "-"
            socket.bind(f"{self.info['transport']}://{self.info['ip']}{separator}{self.info[name + '_port']}")
        self.session = Session(key=self.info["key"].encode() if key is None else key)
        self.reader = Session(key=self.info["key"].encode())

    def serve(
        self, answer: Callable[[list[bytes], Message], None], meanwhile: Callable[[], None] | None = None
    ) -> None:
        while True:
            if self.shell.poll(0 if meanwhile else 1000):
                ident, message = self.reader.recv(self.shell)
                if ident and message is not None:
                    answer(ident, message)
            if meanwhile is not None:
                meanwhile()

    def reply(self, ident: list[bytes], message: Message, **content: Any) -> None:
        kind = message["header"]["msg_type"].replace("_request", "_reply")
        self.session.send(self.iopub, "status", {"execution_state": "busy"}, parent=message)
        self.session.send(self.shell, kind, {"status": "ok", **content}, parent=message, ident=ident)
        self.session.send(self.iopub, "status", {"execution_state": "idle"}, parent=message)

    def flood(self) -> None:
        for _ in range(100):
            self.session.send(self.iopub, "stream", {"name": "stdout", "text": "blah " * 200})


def signs_wrongly(file: str) -> None:
    kernel = Kernel(file, key=b"another")
    kernel.serve(kernel.reply)


def sends_rubbish(file: str) -> None:
    kernel = Kernel(file)

    def answer(ident: list[bytes], _: Message) -> None:
        kernel.shell.send_multipart([*ident, b"<IDS|MSG>", b"rubbish"])
        kernel.iopub.send_multipart([b"", b"\xff" * 100])

    kernel.serve(answer)


def never_publishes(file: str) -> None:
    kernel = Kernel(file)

    def answer(ident: list[bytes], message: Message) -> None:
        kernel.session.send(kernel.shell, "kernel_info_reply", {"status": "ok"}, parent=message, ident=ident)

    kernel.serve(answer)


def floods_and_never_answers(file: str) -> None:
    kernel = Kernel(file)
    kernel.serve(lambda *_: None, kernel.flood)


def floods_but_answers(file: str) -> None:
    kernel = Kernel(file)
    kernel.serve(kernel.reply, kernel.flood)


def floods_when_asked(file: str) -> None:
    kernel = Kernel(file)

    def answer(ident: list[bytes], message: Message) -> None:
        while message["header"]["msg_type"] == "execute_request":
            kernel.session.send(kernel.iopub, "stream", {"name": "stdout", "text": "blah " * 200}, parent=message)
        kernel.reply(ident, message)

    kernel.serve(answer)


def ends_when_asked(file: str) -> None:
    kernel = Kernel(file)

    def answer(ident: list[bytes], message: Message) -> None:
        if message["header"]["msg_type"] == "execute_request":
            os._exit(7)
        kernel.reply(ident, message)

    kernel.serve(answer)


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
