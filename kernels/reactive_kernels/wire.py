"""The wire format, as far as it is read: frames to messages, verified.

`jupyter_client.Session` does the same, but turns whatever looks like a date into one, for which nobody here has a use,
and that costs more than all the rest of reading. Sending is left to it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from hmac import compare_digest
from typing import Any

from jupyter_client.adapter import adapt
from jupyter_client.session import DELIM, Session, json_unpacker

try:
    from orjson import loads
except ModuleNotFoundError:  # jupyter_client too packs without it where it is not installed
    from json import loads  # type: ignore[assignment]

_SIGNATURES_REMEMBERED = 65_536
_OLD_PROTOCOL = ("0", "1", "2", "3", "4")

_HEADER, _PARENT, _CONTENT = 1, 2, 4  # places after the delimiter, beginning with the signature

Message = dict[str, Any]


class MalformedMessage(Exception):
    """Not a message of this kernel: its form or its signature is wrong."""


class MessageReader:
    """Reads the messages of one kernel."""

    def __init__(self, session: Session) -> None:
        """Take the session whose key the kernel signs with."""
        self._session = session
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def read(self, frames: Sequence[bytes]) -> Message:
        """The message that these frames are. Raises MalformedMessage."""
        try:
            parts = frames[frames.index(DELIM) + 1 :]
            signature, *body = parts[: _CONTENT + 1]
            header, parent, metadata, content = body
        except ValueError:
            raise MalformedMessage("it has too few parts") from None
        self._verify(signature, body)
        try:
            message: Message = {
                "header": _unpack(header),
                "parent_header": _unpack(parent),
                "metadata": _unpack(metadata),
                "content": _unpack(content),
                "buffers": parts[_CONTENT + 1 :],
            }
            message["msg_id"], message["msg_type"] = message["header"]["msg_id"], message["header"]["msg_type"]
            if str(message["header"].get("version", ""))[:2].rstrip(".") in _OLD_PROTOCOL:
                message = adapt(message)
        except Exception as error:
            raise MalformedMessage(f"its parts make no sense ({type(error).__name__})") from None
        return message

    def _verify(self, signature: bytes, body: list[bytes]) -> None:
        if self._session.auth is None:
            return
        if signature in self._seen:
            raise MalformedMessage("it has been sent before")
        if not compare_digest(signature, self._session.sign(body)):
            raise MalformedMessage("its signature is wrong")
        self._seen[signature] = None
        if len(self._seen) > _SIGNATURES_REMEMBERED:
            self._seen.popitem(last=False)


def peek(frames: Sequence[bytes]) -> tuple[str, str | None, str | None]:
    """Type, parent's id and comm's id of a message that nobody will read; unverified, and never raises."""
    try:
        at = frames.index(DELIM)
        kind = str(loads(frames[at + _HEADER + 1])["msg_type"])
        parent = loads(frames[at + _PARENT + 1]).get("msg_id")
        comm = loads(frames[at + _CONTENT + 1]).get("comm_id") if kind == "comm_msg" else None
    except Exception:
        return "", None, None
    return kind, parent if isinstance(parent, str) else None, comm if isinstance(comm, str) else None


def content_bytes(frames: Sequence[bytes]) -> int:
    """How long what must be parsed is; buffers are not."""
    return sum(map(len, frames[: frames.index(DELIM) + _CONTENT + 2])) if DELIM in frames else 0


def _unpack(part: bytes) -> Any:
    try:
        return loads(part)
    except ValueError:  # NaN, half of a surrogate pair
        return json_unpacker(part)
