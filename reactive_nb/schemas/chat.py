"""Chat: what is asked, and the events of the answer's stream."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from reactive_nb.schemas.base import Request, Response


class ChatMode(StrEnum):
    """`agent` may change and run the notebook, `ask` only reads it."""

    AGENT = "agent"
    ASK = "ask"


class ChatMessage(Request):
    """A message, in OpenAI's form. Those of the model and its tools come from an earlier answer's `end` event."""

    role: Literal["user", "assistant", "tool"] = Field(description="Who says it.")
    content: str | None = Field(None, max_length=200_000, description="The text.")
    tool_calls: list[dict[str, Any]] | None = Field(None, max_length=64, description="What the model had done.")
    tool_call_id: str | None = Field(None, max_length=256, description="Of a tool's message: the call that it answers.")


class ChatRequest(Request):
    """A conversation so far, ending with the user's question."""

    messages: list[ChatMessage] = Field(
        min_length=1, max_length=500, examples=[[{"role": "user", "content": "Plot sales by month."}]]
    )
    mode: ChatMode = ChatMode.AGENT


class ChatText(Response):
    """Event `text`: a piece of what the model says."""

    text: str


class ChatToolCall(Response):
    """Event `tool_call`: the model has something done."""

    call_id: str
    tool: str = Field(examples=["update_cell"])
    arguments: dict[str, Any]


class ChatToolResult(Response):
    """Event `tool_result`: what came of it."""

    call_id: str
    tool: str
    ok: bool
    result: Any


class ChatEnd(Response):
    """Event `end`: the last of the stream."""

    reason: Literal["done", "steps", "time"] = Field(description="`steps`, `time`: a limit was reached.")
    messages: list[dict[str, Any]] = Field(description="The conversation, to be sent with the next question.")


class ChatFailure(Response):
    """Event `error`, the last of the stream: it can't go on. What was done in the notebook stays done."""

    code: str = Field(examples=["rate-limited"])
    message: str
