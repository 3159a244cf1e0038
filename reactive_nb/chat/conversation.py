"""A conversation: the model speaks, asks for tools, is told what came of them, and speaks again, within limits."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any

from reactive_nb.chat.events import ChatEvent, Ended, Failed, Text, ToolAnswered, ToolCalled
from reactive_nb.chat.model import Answer, LanguageModel, Message, ModelError, ToolRequest, arguments_of
from reactive_nb.chat.reading import MAX_RESULT_CHARS, cut
from reactive_nb.chat.tools import TOOLS, Desk, ToolError, ToolRegistry

_log = logging.getLogger(__name__)

MAX_CALLS_A_STEP = 16

SYSTEM = """\
You work in a reactive notebook together with its user. Its cells run on a real Jupyter kernel. A cell sees the
definition of a name that is nearest above it; when a cell runs, all cells that depend on it run too, in the right
order, so never run a notebook again as a whole to refresh it. An edit runs nothing by itself.
Read the notebook before you change it. Make small changes, run them, and look at the results; mend what fails. Say
shortly what you did."""


@dataclass(frozen=True, slots=True)
class ConversationLimits:
    """How far a model may go for one question."""

    steps: int = 12
    """Answers of the model."""
    seconds: float = 300.0


async def converse(
    model: LanguageModel,
    desk: Desk,
    messages: Sequence[Message],
    limits: ConversationLimits,
    tools: ToolRegistry = TOOLS,
) -> AsyncGenerator[ChatEvent, None]:
    """Answer the last of `messages`, doing what the model asks for. The last event is Ended or Failed.

    Whoever stops listening closes the iterator: the model's stream is closed with it, and no further tool is called.
    """
    said: list[Message] = [message for message in messages if message.get("role") != "system"]
    deadline = time.monotonic() + limits.seconds
    answer = Answer()
    try:
        for _ in range(limits.steps):
            answer = Answer()
            async for piece in _in_time(model, desk, said, answer, deadline, tools):
                yield Text(piece)
            said.append(answer.message())
            if not answer.tools:
                yield Ended("done", said)
                return
            for number, request in enumerate(answer.tools):
                called, done = _begin(request, number, tools)
                yield called
                result = done or await _call(request, called, desk, deadline, tools)
                said.append({"role": "tool", "tool_call_id": request.id, "content": _told(result.result)})
                yield result
        yield Ended("steps", said)
    except TimeoutError:
        yield Ended("time", _completed(said, answer))
    except ModelError as error:
        yield Failed(error.code, str(error))
    except Exception:  # a fault of ours: who listens is told that it is over
        _log.exception("a chat broke off")
        yield Failed("failed", "Something went wrong here, and the answer broke off. The log says more.")


def _completed(said: list[Message], answer: Answer) -> list[Message]:
    """A conversation whose time was over, as a provider takes it again: what was said, and an answer to each call."""
    last = next((place for place in reversed(range(len(said))) if said[place].get("role") == "assistant"), None)
    if last is None or said[last] != answer.message():  # the time was over while it spoke
        return [*said, {"role": "assistant", "content": answer.text}] if answer.text else said
    unanswered = answer.tools[len(said) - last - 1 :]
    out_of_time = json.dumps({"error": "The time for this answer was over."})
    return [*said, *({"role": "tool", "tool_call_id": one.id, "content": out_of_time} for one in unanswered)]


async def _in_time(
    model: LanguageModel, desk: Desk, said: list[Message], answer: Answer, deadline: float, tools: ToolRegistry
) -> AsyncGenerator[str, None]:
    stream = model.answer([{"role": "system", "content": SYSTEM}, *said], tools.schemas(desk), answer)
    try:
        while True:
            try:
                async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                    piece = await anext(stream)
            except StopAsyncIteration:
                return
            yield piece
    finally:
        await stream.aclose()


def _begin(request: ToolRequest, number: int, tools: ToolRegistry) -> tuple[ToolCalled, ToolAnswered | None]:
    """The call as it is told, and its answer if it can't be made."""
    try:
        arguments = arguments_of(request)
    except ValueError as error:
        return ToolCalled(request.id, request.name, {}), _refused(request, str(error))
    called = ToolCalled(request.id, request.name, arguments)
    if request.name not in tools.tools:
        known = ", ".join(sorted(tools.tools))
        return called, _refused(request, f"There is no tool {request.name!r}, only {known}.")
    if number >= MAX_CALLS_A_STEP:
        return called, _refused(request, f"At most {MAX_CALLS_A_STEP} tools are called at a time.")
    return called, None


async def _call(
    request: ToolRequest, called: ToolCalled, desk: Desk, deadline: float, tools: ToolRegistry
) -> ToolAnswered:
    try:
        async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
            result = await tools.tools[request.name](desk, called.arguments)
    except ToolError as error:
        return _refused(request, str(error))
    return ToolAnswered(request.id, request.name, True, result)


def _refused(request: ToolRequest, why: str) -> ToolAnswered:
    return ToolAnswered(request.id, request.name, False, {"error": why})


def _told(result: Any) -> str:
    return cut(json.dumps(result, ensure_ascii=False, default=str), MAX_RESULT_CHARS)
