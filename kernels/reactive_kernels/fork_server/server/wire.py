"""How owner, fork server and kernels talk: JSON objects with their length before them, and descriptors beside them."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

_LENGTH = struct.Struct("!I")
_MOST_DESCRIPTORS = 4

Message = dict[str, Any]


def pack(message: Message) -> bytes:
    """A message as it goes over the wire."""
    body = json.dumps(message).encode()
    return _LENGTH.pack(len(body)) + body


def send(target: socket.socket, message: Message, descriptors: tuple[int, ...] = ()) -> None:
    """Send a message over a blocking socket, with descriptors. Raises OSError when nobody is there to take it."""
    frame = pack(message)
    sent = socket.send_fds(target, [frame], descriptors) if descriptors else 0
    target.sendall(frame[sent:])


def receive(source: socket.socket) -> tuple[Message, list[int]] | None:
    """The next message of a blocking socket, with the descriptors sent beside it; None when the other end is closed."""
    # Descriptors come with a message's first byte, and nothing may be read beyond the message.
    head, descriptors, _, _ = socket.recv_fds(source, _LENGTH.size, _MOST_DESCRIPTORS)
    length = _exactly(source, _LENGTH.size, head)
    body = _exactly(source, _LENGTH.unpack(length)[0]) if length else b""
    return (json.loads(body), descriptors) if body else None


def _exactly(source: socket.socket, size: int, start: bytes = b"") -> bytes:
    """`size` bytes, of which `start` are there already; none if the other end closes before."""
    found = bytearray(start)
    while len(found) < size:
        more = source.recv(size - len(found))
        if not more:
            return b""
        found += more
    return bytes(found)


class Inbox:
    """Messages out of bytes that come in pieces."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what a socket gave."""
        self._bytes += data

    def next(self) -> Message | None:
        """Take out the oldest complete message, if there is one."""
        if len(self._bytes) < _LENGTH.size:
            return None
        end = _LENGTH.size + _LENGTH.unpack(self._bytes[: _LENGTH.size])[0]
        if len(self._bytes) < end:
            return None
        message: Message = json.loads(self._bytes[_LENGTH.size : end])
        del self._bytes[:end]
        return message
