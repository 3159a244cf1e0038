"""Chat about a notebook with a language model, as a stream of server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import asdict

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from reactive_nb.api.deps import Service, Session
from reactive_nb.api.errors import Refused, invalid_field
from reactive_nb.api.json_input import JsonRoute
from reactive_nb.api.problems import problems
from reactive_nb.chat.conversation import ConversationLimits, converse
from reactive_nb.chat.events import ChatEvent, Ended, Failed, Text, ToolAnswered, ToolCalled
from reactive_nb.chat.model import LanguageModel
from reactive_nb.chat.tools import Desk
from reactive_nb.core.config import Settings
from reactive_nb.schemas.chat import ChatMode, ChatRequest
from reactive_nb.schemas.encoding import encode

router = APIRouter(prefix="/chat", tags=["chat"], route_class=JsonRoute)

MAX_CHATS = 32
"""Conversations under way in the whole service."""
HEARTBEAT_S = 15.0
_NAMES: dict[type, str] = {
    Text: "text",
    ToolCalled: "tool_call",
    ToolAnswered: "tool_result",
    Ended: "end",
    Failed: "error",
}


@router.post(
    "/{notebook_id}",
    summary="Chat about a notebook",
    response_class=StreamingResponse,
    responses={
        **problems("no-such-notebook", "too-many-chats", "chat-unavailable"),
        200: {
            "description": "Server-sent events `text`, `tool_call`, `tool_result`, and at last `end` or `error`.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
    },
)
async def chat(session: Session, service: Service, body: ChatRequest) -> Response:
    """The model answers, and works in the notebook with tools of its own, as you would: every client sees it live.

    It stops when you close the connection, and after a number of steps or a time (see the settings). In mode `ask` it
    only reads.
    """
    model = language_model(service.settings)
    if body.messages[-1].role != "user":
        raise invalid_field("messages", "the last should be the user's question")
    if service.chats >= MAX_CHATS:
        raise Refused("too-many-chats", f"{MAX_CHATS} conversations are under way: try again later.")
    desk = Desk(session, may_change=body.mode is ChatMode.AGENT)
    limits = ConversationLimits(service.settings.chat_max_steps, service.settings.chat_timeout)
    messages = [message.model_dump(exclude_none=True) for message in body.messages]

    async def stream() -> AsyncIterator[str]:
        service.chats += 1
        try:
            async with aclosing(converse(model, desk, messages, limits)) as events:
                async for line in with_heartbeat(events):
                    yield line
        finally:
            service.chats -= 1

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)


def language_model(settings: Settings) -> LanguageModel:
    """The model of the settings. Raises Refused, with the variables to set."""
    if not settings.chat_model:
        raise Refused(
            "chat-unavailable",
            "No language model is configured: set REACTIVE_NB_CHAT_MODEL (for example openai/gpt-5), and"
            " REACTIVE_NB_CHAT_API_KEY or REACTIVE_NB_CHAT_API_BASE as its provider needs.",
        )
    return LanguageModel(settings.chat_model, settings.chat_api_base, settings.chat_api_key)


async def with_heartbeat(events: AsyncIterator[ChatEvent]) -> AsyncIterator[str]:
    """Events as text; a comment now and then while there is none, so that no proxy takes the stream for dead."""
    following: asyncio.Task[ChatEvent] | None = None
    try:
        while True:
            following = following or asyncio.ensure_future(_next(events))
            done, _ = await asyncio.wait({following}, timeout=HEARTBEAT_S)
            if not done:
                yield ": still at it\n\n"
                continue
            try:
                event = following.result()
            except StopAsyncIteration:
                return
            following = None
            yield f"event: {_NAMES[type(event)]}\ndata: {encode(asdict(event))}\n\n"
    finally:
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def _next(events: AsyncIterator[ChatEvent]) -> ChatEvent:
    return await anext(events)
