"""The four sockets to one kernel process, and a reader task for each.

Knows ZeroMQ and the wire format; does not know what messages mean. Two rules keep it from ever stalling: messages are
sent only through the asyncio socket that is being read (a send behind its back would swallow the notice of an incoming
reply), and a send never waits: a kernel that takes no more messages is an error at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import zmq
import zmq.asyncio
from jupyter_client.session import Session

from .errors import DeadKernelError, KernelError

logger = logging.getLogger(__name__)

Channel = Literal["shell", "control", "stdin", "iopub"]
Frame = bytes | memoryview

_RECONNECT_MS = 10
_SEND_QUEUE = 2_000
_COPY_BELOW = 1 << 16
_READ_SLICE_S = 0.005


class Channels:
    """Sockets connected to a kernel; `on_message(channel, message)` is called on the loop for each message."""

    def __init__(
        self,
        context: zmq.asyncio.Context,
        connection_info: Mapping[str, Any],
        on_message: Callable[[Channel, dict[str, Any]], None],
    ) -> None:
        """Take where the kernel listens (the content of a connection file); nothing is opened yet."""
        self._context = context
        self._info = connection_info
        self._on_message = on_message
        key = connection_info.get("key", b"")
        self.session = Session(
            key=key.encode() if isinstance(key, str) else key,
            signature_scheme=connection_info.get("signature_scheme") or "hmac-sha256",
        )
        self._sockets: dict[Channel, zmq.asyncio.Socket] = {}
        self._readers: list[asyncio.Task[None]] = []

    def open(self, *channels: Channel) -> None:
        """Connect the channels and begin to read them. The kernel need not be there yet."""
        for channel in channels:
            socket = self._connect(channel)
            self._sockets[channel] = socket
            self._readers.append(asyncio.create_task(self._read(channel, socket), name=f"kernel {channel}"))

    def send(
        self,
        channel: Channel,
        message: dict[str, Any],
        buffers: Sequence[Frame] = (),
    ) -> None:
        """Send a message (made with `session.msg`), without waiting.

        Raises DeadKernelError if the channel is closed, KernelError if the kernel takes no more messages.
        """
        socket = self._sockets.get(channel)
        if socket is None or socket.closed:
            raise DeadKernelError("The kernel is not connected. Restart it.")
        frames: list[Frame] = [*self.session.serialize(message), *buffers]
        copy = all(len(frame) < _COPY_BELOW for frame in frames)
        sent = asyncio.ensure_future(socket.send_multipart(frames, flags=zmq.NOBLOCK, copy=copy))
        try:
            sent.result()
        except zmq.Again:
            raise KernelError(
                f"The kernel does not take messages: {_SEND_QUEUE:,} are waiting. Interrupt or restart it."
            ) from None

    async def nudge(self) -> None:
        """Send one request over a connection of its own, which wakes a kernel whose shell socket missed a wake-up.

        Kernels based on ipykernel 7.0 to 7.3 can leave a request unread until another connection is made.
        """
        socket = self._connect("shell", identity=b"nudge-" + self.session.bsession)
        try:
            await socket.send_multipart(self.session.serialize(self.session.msg("kernel_info_request", {})))
            await asyncio.wait([asyncio.ensure_future(socket.poll(1_000))], timeout=2)
        finally:
            socket.close(linger=0)

    async def close(self) -> None:
        """Stop reading and close the sockets. May be called twice."""
        readers, self._readers = self._readers, []
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        for socket in self._sockets.values():
            socket.close(linger=0)
        self._sockets.clear()

    def _connect(self, channel: Channel, identity: bytes | None = None) -> zmq.asyncio.Socket:
        socket = self._context.socket(zmq.SUB if channel == "iopub" else zmq.DEALER)
        socket.linger = 0
        socket.reconnect_ivl = _RECONNECT_MS
        if channel == "iopub":
            socket.rcvhwm = 0  # a full queue would make the kernel drop messages without a word
            socket.subscribe(b"")
        else:
            socket.sndhwm = _SEND_QUEUE
            socket.identity = identity or self.session.bsession  # stdin requests come to the identity of the shell
        self._encrypt(socket)
        socket.connect(self._url(channel))
        return socket

    def _encrypt(self, socket: zmq.asyncio.Socket) -> None:
        public, secret = self._info.get("curve_publickey"), self._info.get("curve_secretkey")
        if public and secret:
            socket.curve_publickey = socket.curve_serverkey = _octets(public)
            socket.curve_secretkey = _octets(secret)

    def _url(self, channel: Channel) -> str:
        transport, ip, port = self._info["transport"], self._info["ip"], self._info[f"{channel}_port"]
        return f"tcp://{ip}:{port}" if transport == "tcp" else f"{transport}://{ip}-{port}"

    async def _read(self, channel: Channel, socket: zmq.asyncio.Socket) -> None:
        loop = asyncio.get_running_loop()
        yield_at = loop.time() + _READ_SLICE_S
        while True:
            frames = await socket.recv_multipart()
            self._deliver(channel, frames)
            if loop.time() > yield_at:  # a flood is read without a pause: let others run
                await asyncio.sleep(0)
                yield_at = loop.time() + _READ_SLICE_S

    def _deliver(self, channel: Channel, frames: list[bytes]) -> None:
        try:
            _, parts = self.session.feed_identities(frames)
            message = self.session.deserialize(parts)
        except Exception:  # whatever is malformed or wrongly signed must not end the reader
            logger.warning("Dropped a malformed message on %s.", channel, exc_info=True)
            return
        try:
            self._on_message(channel, message)
        except Exception:  # a fault in handling one message must not cost the following ones
            logger.exception("Handling a message on %s failed.", channel)


def _octets(key: str | bytes) -> bytes:
    return key.encode("ascii") if isinstance(key, str) else key
