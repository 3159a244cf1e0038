"""The sockets to one kernel process.

Knows ZeroMQ, encryption and signing; does not know what messages mean. Two rules keep it from ever stalling: whoever
sends looks afterwards whether something has come in (see `inbox`), and a send never waits: a kernel that takes no more
messages is an error at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import zmq
import zmq.asyncio
from jupyter_client.session import Session

from .backlog import BacklogLimits, Omission
from .errors import DeadKernelError, KernelError
from .inbox import Inbox
from .wire import MessageReader

Channel = Literal["shell", "control", "stdin", "iopub"]
Frame = bytes | memoryview

_RECONNECT_MS = 10
_SEND_QUEUE = 2_000
_COPY_BELOW = 1 << 16


class Channels:
    """Sockets connected to a kernel; `on_message(channel, message)` is called on the loop for each message."""

    def __init__(
        self,
        context: zmq.asyncio.Context,
        connection_info: Mapping[str, Any],
        on_message: Callable[[Channel, dict[str, Any] | Omission], None],
        limits: BacklogLimits | None = None,
    ) -> None:
        """Take where the kernel listens (the content of a connection file); nothing is opened yet."""
        self._context = context
        self._info = connection_info
        self._on_message = on_message
        self._limits = limits
        key = connection_info.get("key", b"")
        self.session = Session(
            key=key.encode() if isinstance(key, str) else key,
            signature_scheme=connection_info.get("signature_scheme") or "hmac-sha256",
        )
        self._sockets: dict[Channel, tuple[zmq.Socket[bytes], Inbox]] = {}

    def open(self, *channels: Channel) -> None:
        """Connect the channels and begin to read them. The kernel need not be there yet."""
        for channel in channels:
            socket = self._connect(channel, zmq.Socket)
            inbox = Inbox(channel, socket, MessageReader(self.session), self._deliver_on(channel), self._limits)
            self._sockets[channel] = socket, inbox

    @property
    def complaint(self) -> str | None:
        """Why a message was dropped, if one was."""
        complaints = (inbox.complaint for _, inbox in self._sockets.values())
        return next((complaint for complaint in complaints if complaint is not None), None)

    def send(self, channel: Channel, message: dict[str, Any], buffers: Sequence[Frame] = ()) -> None:
        """Send a message (made with `session.msg`), without waiting.

        Raises DeadKernelError if the channel is closed, KernelError if the kernel takes no more messages.
        """
        if channel not in self._sockets:
            raise DeadKernelError("The kernel is not connected. Restart it.")
        socket, inbox = self._sockets[channel]
        frames: list[Frame] = [*self.session.serialize(message), *buffers]
        copy = all(len(frame) < _COPY_BELOW for frame in frames)
        try:
            socket.send_multipart(frames, zmq.NOBLOCK, copy=copy)
        except zmq.Again:
            raise KernelError(
                f"The kernel does not take messages: {_SEND_QUEUE:,} are waiting. Interrupt or restart it."
            ) from None
        finally:
            inbox.look()

    async def nudge(self) -> None:
        """Send one request over a connection of its own, which wakes a kernel whose shell socket missed a wake-up.

        Kernels based on ipykernel 7.0 to 7.3 can leave a request unread until another connection is made.
        """
        socket = self._connect("shell", zmq.asyncio.Socket, identity=b"nudge-" + self.session.bsession)
        try:
            await socket.send_multipart(self.session.serialize(self.session.msg("kernel_info_request", {})))
            await asyncio.wait([asyncio.ensure_future(socket.poll(1_000))], timeout=2)
        finally:
            socket.close(linger=0)

    async def lost(self) -> None:
        """Return when the kernel, once connected, has closed its end of the shell channel."""
        socket, _ = self._sockets["shell"]
        events: Any = socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)  # of the same context: it awaits
        try:
            await events.recv_multipart()
        finally:
            socket.disable_monitor()
            events.close(linger=0)

    def heartbeat(self) -> zmq.asyncio.Socket:
        """A socket to the kernel's heartbeat, which sends every message back as it came; to be closed by the caller."""
        socket: zmq.asyncio.Socket = self._connect("hb", zmq.asyncio.Socket)
        return socket

    def close(self) -> None:
        """Stop reading and close the sockets. May be called twice."""
        for socket, inbox in self._sockets.values():
            inbox.close()
            socket.close(linger=0)
        self._sockets.clear()

    def _deliver_on(self, channel: Channel) -> Callable[[dict[str, Any] | Omission], None]:
        return lambda message: self._on_message(channel, message)

    def _connect(self, channel: Channel | Literal["hb"], kind: Any, identity: bytes | None = None) -> Any:
        socket = self._context.socket(zmq.SUB if channel == "iopub" else zmq.DEALER, socket_class=kind)
        socket.linger = 0
        socket.reconnect_ivl = _RECONNECT_MS
        if channel == "iopub":
            socket.rcvhwm = 0  # a full queue would make the kernel drop messages without a word; see `backlog`
            socket.subscribe(b"")
        else:
            socket.sndhwm = _SEND_QUEUE
            socket.identity = identity or self.session.bsession  # stdin requests come to the identity of the shell
        self._encrypt(socket)
        socket.connect(self._url(channel))
        return socket

    def _encrypt(self, socket: Any) -> None:
        public, secret = self._info.get("curve_publickey"), self._info.get("curve_secretkey")
        if public and secret:
            socket.curve_publickey = socket.curve_serverkey = _octets(public)
            socket.curve_secretkey = _octets(secret)

    def _url(self, channel: str) -> str:
        transport, ip, port = self._info["transport"], self._info["ip"], self._info[f"{channel}_port"]
        return f"tcp://{ip}:{port}" if transport == "tcp" else f"{transport}://{ip}-{port}"


def _octets(key: str | bytes) -> bytes:
    return key.encode("ascii") if isinstance(key, str) else key
