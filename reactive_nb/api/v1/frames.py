"""What arrives on a WebSocket: JSON commands, and the binary frames that belong to them.

Everything is bounded: a frame's size, how many binary frames a command may announce, their total size. A text that is
no command is either answered (it has an id) or ends the connection, since what follows it could not be understood.
"""

from __future__ import annotations

import asyncio
import difflib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import from_json
from starlette.types import Message

from reactive_nb.api.errors import Refusal, invalid
from reactive_nb.api.json_input import LARGE, TooManyContainers, check_containers
from reactive_nb.schemas.commands import ClientCommand, client_command
from reactive_nb.schemas.encoding import well_formed

MALFORMED = 4400
MAX_ID_CHARS = 128
MAX_BUFFERS = 1024
COMMANDS: tuple[str, ...] = tuple(
    get_args(model.model_fields["type"].annotation)[0] for model in get_args(get_args(ClientCommand)[0])
)
"""The type of each command there is."""


class Closing(Exception):
    """The connection is to be closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class Gone(Exception):
    """The client has left."""


@dataclass(frozen=True, slots=True)
class Said:
    """A command with its buffers; or, of one that is refused, only its id and the reason."""

    command: ClientCommand | None
    buffers: tuple[bytes, ...]
    id: str
    refusal: Refusal | None = None


class FrameReader:
    """Reads commands from a WebSocket's messages."""

    def __init__(self, receive: Callable[[], Awaitable[Message]], *, max_text: int, max_buffers: int) -> None:
        """`max_text` and `max_buffers`: characters of a command and bytes of all its buffers, at most."""
        self._receive = receive
        self._max_text = max_text
        self._max_buffers = max_buffers

    async def read(self) -> Said:
        """The next command. Raises Gone when the client has left, Closing for what can't be answered."""
        text = (await self._message()).get("text")
        if text is None:
            raise Closing(MALFORMED, "A binary frame without a command that announces it.")
        if len(text) > self._max_text:
            raise Closing(MALFORMED, f"A command has {self._max_text} characters at most.")
        raw = await asyncio.to_thread(_object, text) if len(text) > LARGE else _object(text)
        given = raw.get("id")
        buffers = await self._buffers(raw.get("buffers", 0))
        try:
            command = client_command.validate_python(raw)
        except ValidationError as error:
            if not isinstance(given, str) or len(given) > MAX_ID_CHARS:
                raise Closing(MALFORMED, "A command has a type and an id.") from None
            return Said(None, (), given, _refused(error))
        return Said(command, buffers, command.id)

    async def _buffers(self, announced: Any) -> tuple[bytes, ...]:
        if not isinstance(announced, int) or not 0 <= announced <= MAX_BUFFERS:
            raise Closing(MALFORMED, f"A command has 0 to {MAX_BUFFERS} buffers.")
        found: list[bytes] = []
        left = self._max_buffers
        for _ in range(announced):
            content = (await self._message()).get("bytes")
            if content is None:
                raise Closing(MALFORMED, "A command came where its buffers were announced.")
            left -= len(content)
            if left < 0:
                raise Closing(MALFORMED, f"A command's buffers have {self._max_buffers} bytes at most.")
            found.append(content)
        return tuple(found)

    async def _message(self) -> Message:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise Gone
        return message


def _object(text: str) -> dict[str, Any]:
    """The JSON object in `text`; halves of surrogate pairs, which JSON.stringify lets pass, are replaced."""
    try:
        check_containers(text)
    except TooManyContainers as error:
        raise Closing(MALFORMED, str(error)) from None
    try:
        found = from_json(text, allow_inf_nan=False)
    except ValueError:
        try:
            found = _repaired(json.loads(text, parse_constant=_refuse_constant))
        except (ValueError, RecursionError):
            raise Closing(MALFORMED, "A text frame holds one JSON object.") from None
    if not isinstance(found, dict):
        raise Closing(MALFORMED, "A text frame holds one JSON object.")
    return found


def _repaired(value: Any) -> Any:
    match value:
        case str():
            return well_formed(value)
        case list():
            return [_repaired(item) for item in value]
        case dict():
            return {well_formed(key): _repaired(item) for key, item in value.items()}
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _refused(error: ValidationError) -> Refusal:
    errors = error.errors(include_url=False, include_input=False)
    if errors[0]["type"] in ("union_tag_invalid", "union_tag_not_found") and not errors[0]["loc"]:
        return Refusal("unknown-command", _unknown(errors[0].get("ctx", {}).get("tag")))
    for one in errors:
        one["loc"] = one["loc"][1:]  # the first part is the command's own type
    return invalid(errors)


def _unknown(given: Any) -> str:
    if not isinstance(given, str):
        return f"A command has a type, one of: {', '.join(COMMANDS)}."
    near = difflib.get_close_matches(given[:MAX_ID_CHARS], COMMANDS, n=1)
    guess = f" Did you mean {near[0]}?" if near else ""
    return f"There is no command {given[:MAX_ID_CHARS]!r}.{guess} There are: {', '.join(COMMANDS)}."
