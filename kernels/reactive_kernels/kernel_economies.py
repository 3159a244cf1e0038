"""What a kernel does for each cell and need not, or need only once: run inside an IPython kernel, before anything else.

Each part replaces a step of IPython's or ipykernel's by one that has the same result and costs less, and leaves alone
what it does not find as expected: kernels of many ages run this. Two things are changed beyond that: more output may
wait on its way out before the kernel drops it, and a very long text is sent in pieces, that whoever reads it can do
something else in between.
"""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

_HISTORY_BATCH = 1_000
_OUTPUT_QUEUE = 100_000
_PIECE = 500_000
_SETTLED_S = 0.1

Json = dict[str, Any]


class Sender:
    """In the place of `session.send`: knows what has been sent, and sends plain messages in a third of the time."""

    def __init__(self, session: Any) -> None:
        self.comm_messages = 0
        """How many messages widgets and the like have sent."""
        self.redirected: dict[int, Callable[[Any, Json], None]] = {}
        """Who gets the content and parent of messages to a stand-in for a socket, by the stand-in's identity."""
        self._session = session
        self._send = session.send
        self._pid = os.getpid()
        self._version: str = importlib.import_module("jupyter_client").protocol_version

    def __call__(
        self,
        stream: Any,
        msg_or_type: Any,
        content: Any = None,
        parent: Any = None,
        ident: Any = None,
        *args: Any,
        **options: Any,
    ) -> Any:
        """As `jupyter_client.Session.send`."""
        if isinstance(msg_or_type, dict) and _is_long_text(msg_or_type):
            return self._send_in_pieces(stream, msg_or_type, ident)
        if not isinstance(msg_or_type, str):
            return self._send(stream, msg_or_type, content, parent, ident, *args, **options)
        self.comm_messages += msg_or_type.startswith("comm_")
        redirected = self.redirected.get(id(stream))
        if redirected is not None:
            redirected(content, parent)
            return {"content": content}
        plain = not args and not options.keys() - {"metadata"} and type(parent) in (dict, type(None))
        if not plain or self._session.debug or self._session.adapt_version or os.getpid() != self._pid:
            return self._send(stream, msg_or_type, content, parent, ident, *args, **options)
        return self._send_plainly(stream, msg_or_type, content, parent, ident, options.get("metadata"))

    def _send_in_pieces(self, stream: Any, message: Json, ident: Any) -> Any:
        content, text, sent = message["content"], message["content"]["text"], None
        for start in range(0, len(text), _PIECE):
            piece = {**content, "text": text[start : start + _PIECE]}
            parent = {"header": message["parent_header"]}
            sent = self._send(stream, self._session.msg("stream", piece, parent=parent), ident=ident)
        return sent

    def _send_plainly(self, stream: Any, kind: str, content: Any, parent: Any, ident: Any, metadata: Any) -> Json:
        session = self._session
        message = {
            "header": {
                "msg_id": session.msg_id,
                "msg_type": kind,
                "username": session.username,
                "session": session.session,
                "date": datetime.now(timezone.utc),  # noqa: UP017 (Python 3.9)
                "version": self._version,
            },
            "msg_type": kind,
            "parent_header": (parent.get("header") or parent) if parent else {},
            "metadata": {**session.metadata, **(metadata or {})},
            "content": {} if content is None else content,
        }
        message["msg_id"] = message["header"]["msg_id"]
        pack = session.pack
        parts = [pack(message[name]) for name in ("header", "parent_header", "metadata", "content")]
        idents = ident if isinstance(ident, list) else [] if ident is None else [ident]
        copy = len(parts[-1]) < session.copy_threshold
        stream.send_multipart([*idents, b"<IDS|MSG>", session.sign(parts), *parts], copy=copy)
        return message


def _is_long_text(message: Json) -> bool:
    content = message.get("content")
    return message.get("msg_type") == "stream" and isinstance(content, dict) and len(content.get("text", "")) > _PIECE


def _inspect_once() -> None:
    """The parameters of IPython's own functions do not change from cell to cell."""
    ipkernel: Any = importlib.import_module("ipykernel.ipkernel")
    original = getattr(ipkernel, "_accepts_parameters", None)
    if original is None:
        return
    known: dict[Any, Any] = {}

    def accepts_parameters(target: Any, names: list[str]) -> Any:
        key = (getattr(target, "__func__", target), tuple(names))
        if key not in known:
            known[key] = original(target, names)
        return known[key]

    ipkernel._accepts_parameters = accepts_parameters


def _make_no_records_in_vain(log: Any) -> None:
    """A log that lets everything through to handlers which then drop it makes a record of each message."""
    logger = getattr(log, "logger", log)
    levels: list[int] = []
    while isinstance(logger, logging.Logger):
        levels += [handler.level for handler in logger.handlers]
        logger = logger.parent if logger.propagate else None
    logger = getattr(log, "logger", log)
    if levels and isinstance(logger, logging.Logger) and logger.level < min(levels):
        logger.setLevel(min(levels))


def _widen_output(kernel: Any) -> None:
    """Let many messages wait on their way out: beyond 1,000, the default, output is dropped without a word."""
    thread = getattr(kernel, "iopub_thread", None)
    if thread is not None:
        thread.schedule(lambda: setattr(thread.socket, "sndhwm", _OUTPUT_QUEUE))


def _gather_history(shell: Any) -> None:
    """Write IPython's history in batches: a transaction a cell doubles the time of a trivial one."""
    history = getattr(shell, "history_manager", None)
    if history is not None:
        history.db_cache_size = _HISTORY_BATCH


def _give_memory_back() -> None:
    """Have the C library give the system what the start has used and freed: a third of an idle kernel's memory."""
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def install() -> Sender:
    """Make this kernel economical; returns what sends its messages from now on."""
    from IPython import get_ipython

    shell = get_ipython()
    kernel = shell.kernel
    kernel._execute_sleep = 0  # half a millisecond a cell that nobody needs
    _widen_output(kernel)
    _gather_history(shell)
    _inspect_once()
    _make_no_records_in_vain(kernel.log)
    sender = Sender(kernel.session)
    kernel.session.send = sender
    if os.name == "posix":
        kernel.io_loop.call_later(_SETTLED_S, _give_memory_back)
    return sender


if __name__ == "_reactive_nb_economies":
    SENDER = install()
