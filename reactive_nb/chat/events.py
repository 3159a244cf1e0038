"""What a chat tells, in order: plain values, turned into server-sent events by the interface."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of what the model says."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The model wants something done, and it is being done."""

    call_id: str
    tool: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolAnswered:
    """What came of it, as the model is told."""

    call_id: str
    tool: str
    ok: bool
    result: Any


@dataclass(frozen=True, slots=True)
class Ended:
    """The model has said what it had to say, or was stopped (`reason`)."""

    reason: str
    """`done`, `steps` or `time`: the conversation's limits."""
    messages: list[dict[str, Any]] = field(default_factory=list)
    """The whole conversation, to be sent with the next question."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It can't go on. What was done in the notebook stays done."""

    code: str
    message: str


ChatEvent: TypeAlias = Text | ToolCalled | ToolAnswered | Ended | Failed
