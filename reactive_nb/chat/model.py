"""The language model, through litellm: one streamed answer at a time.

litellm is large: it is imported when the first chat begins, in a thread, with what makes it ask the network or read
files at import switched off. Nothing of it is seen outside of this module. Rules: an answer that stalls is given up, a
stream is closed when nobody wants more of it, and errors are `ModelError` with a code and a sentence.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import threading
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

STALL_S = 60.0
"""The longest that a model may say nothing."""
MAX_TEXT_CHARS = 200_000
"""Of one answer: what the next question may have for each message."""
MAX_ARGUMENT_CHARS = 200_000
MAX_CALLS = 64
_SWITCHES = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"}
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
_HALVES = re.compile("[\ud800-\udfff]")
_loading = threading.Lock()
_loaded: Any = None

Message = dict[str, Any]


class ModelError(Exception):
    """The model can't be used, or broke off."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class ToolRequest:
    """A tool that the model wants called; `arguments` is the JSON text that it gave."""

    id: str
    name: str
    arguments: str = ""


@dataclass(slots=True)
class Answer:
    """What the model has said by the end of its turn."""

    text: str = ""
    tools: list[ToolRequest] = field(default_factory=list)
    """In the order in which the model began them."""
    open: dict[int, ToolRequest] = field(default_factory=dict)
    """Those that pieces still come for, by the numbers that the pieces give them."""

    def request(self, number: int, call_id: str, name: str) -> ToolRequest:
        """The tool that a piece belongs to. Raises ModelError when there are too many.

        Pieces of several tools may be mixed, told apart by their numbers, which need not be without gaps. Some
        providers give each of several tools the same number: another id together with another name begins another one.
        """
        tool = self.open.get(number)
        if tool is None or (call_id and name and tool.name and call_id != tool.id):
            if len(self.tools) == MAX_CALLS:
                raise ModelError("too-large", "The model calls more tools at once than can be kept.")
            tool = self.open[number] = ToolRequest(call_id or f"call_{len(self.tools)}", "")
            self.tools.append(tool)
        return tool

    def message(self) -> Message:
        """It as part of the conversation."""
        said: Message = {"role": "assistant", "content": self.text or None}
        if self.tools:
            said["tool_calls"] = [
                {"id": tool.id, "type": "function", "function": {"name": tool.name, "arguments": tool.arguments}}
                for tool in self.tools
            ]
        return said


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A model by litellm's name for it, and where it is."""

    name: str
    api_base: str | None = None
    api_key: SecretStr | None = None

    async def answer(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], into: Answer
    ) -> AsyncGenerator[str, None]:
        """The text of the model's answer as it comes; `into` is filled with all of it. Raises ModelError."""
        litellm = await _litellm()
        try:
            async with asyncio.timeout(STALL_S):
                stream = await litellm.acompletion(
                    model=self.name,
                    messages=list(messages),
                    tools=list(tools) or None,
                    stream=True,
                    api_base=self.api_base,
                    api_key=self.api_key.get_secret_value() if self.api_key else None,
                    num_retries=0,
                    max_retries=0,
                    timeout=STALL_S,
                )
            async with aclosing(stream) as chunks:
                while (chunk := await _next(chunks)) is not None:
                    for piece in _take(chunk, into):
                        yield piece
        except ModelError:
            raise
        except TimeoutError:
            raise ModelError("stalled", f"The model {self.name} said nothing for {STALL_S:g} s.") from None
        except Exception as error:  # litellm's are subclasses of openai's, which come from many layers
            raise _translated(error, self.name, self._secrets()) from None

    def _secrets(self) -> list[str]:
        """What must be in no message: the key, and those that litellm takes from the environment."""
        given = [self.api_key.get_secret_value()] if self.api_key else []
        return given + [value for name, value in os.environ.items() if _SECRET.search(name) and len(value) >= 8]


async def _next(chunks: Any) -> Any:
    try:
        async with asyncio.timeout(STALL_S):
            return await anext(chunks)
    except StopAsyncIteration:
        return None


def _take(chunk: Any, into: Answer) -> list[str]:
    """Add a chunk to the answer; the text that is new. A tool's id and name come once, its arguments in pieces."""
    if not chunk.choices:
        return []
    delta = chunk.choices[0].delta
    for part in delta.tool_calls or ():
        name = whole((part.function and part.function.name) or "")
        tool = into.request(part.index or 0, whole(part.id or ""), name)
        tool.name = tool.name or name
        tool.arguments += (part.function and part.function.arguments) or ""
        if len(tool.arguments) > MAX_ARGUMENT_CHARS:
            raise ModelError("too-large", "The model gives a tool more than it can take.")
    if not delta.content:
        return []
    piece = whole(delta.content)
    into.text += piece
    if len(into.text) > MAX_TEXT_CHARS:
        raise ModelError("too-large", f"The model says more than {MAX_TEXT_CHARS:,} characters at once.")
    return [piece]


def whole(text: str) -> str:
    """The text without halves of characters, which can't be told to anybody."""
    return _HALVES.sub("\N{REPLACEMENT CHARACTER}", text)


async def _litellm() -> Any:
    return _loaded or await asyncio.to_thread(_import_litellm)


def _import_litellm() -> Any:
    global _loaded
    with _loading:
        for name, value in _SWITCHES.items():
            os.environ.setdefault(name, value)
        with _others_logs_as_they_were():
            import litellm

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    _loaded = litellm
    return litellm


@contextmanager
def _others_logs_as_they_were() -> Iterator[None]:
    """Undo what an import does to the loggers of a web server: litellm takes itself for the program it runs in."""
    loggers = [logging.getLogger(name) for name in ("", "uvicorn", "uvicorn.error", "uvicorn.access")]
    filters = [logger.filters[:] for logger in loggers]
    try:
        yield
    finally:
        for logger, before in zip(loggers, filters, strict=True):
            logger.filters[:] = before


def _translated(error: Exception, model: str, secrets: Sequence[str] = ()) -> ModelError:
    """Errors by their names, so that it does not matter which of litellm's many modules they come from."""
    names = {kind.__name__ for kind in type(error).__mro__}
    for pattern, code, sentence in _CAUSES:
        if pattern.search(str(error)):
            return ModelError(code, sentence.format(model=model))
    if "RateLimitError" in names:
        return ModelError("rate-limited", f"The provider of {model} refuses more requests for now: try again later.")
    if "AuthenticationError" in names or "PermissionDeniedError" in names:
        return ModelError("unauthorized", f"The provider of {model} refuses the key: set REACTIVE_NB_CHAT_API_KEY.")
    if "NotFoundError" in names:
        return ModelError("no-such-model", f"The provider knows no model {model}: set REACTIVE_NB_CHAT_MODEL.")
    if "ContextWindowExceededError" in names:
        return ModelError("too-long", "The conversation is longer than the model can read: begin a new one.")
    if "APIConnectionError" in names or "Timeout" in names or "APITimeoutError" in names:
        return ModelError("unreachable", _UNREACHED.format(model=model))
    if "BadRequestError" in names:
        return ModelError("refused", f"The provider of {model} refuses the request: {_short(error, secrets)}")
    return ModelError("failed", f"The model {model} failed: {_short(error, secrets)}")


_UNREACHED = "The provider of {model} cannot be reached or broke off (REACTIVE_NB_CHAT_API_BASE)."
_CAUSES = (
    (
        re.compile("LLM Provider NOT provided"),
        "no-such-model",
        "litellm knows no provider of {model}: set REACTIVE_NB_CHAT_MODEL to provider/model, for example openai/gpt-5.",
    ),
    (
        re.compile(r"missing credentials|missing \S+ api key|api_key\S* (?:client option )?must be set", re.IGNORECASE),
        "unauthorized",
        "There is no key for {model}: set REACTIVE_NB_CHAT_API_KEY.",
    ),
    (
        re.compile("Must provide one of the `base_url`"),
        "unreachable",
        "The provider of {model} has no address of its own: set REACTIVE_NB_CHAT_API_BASE.",
    ),
    (
        re.compile(r"Connection error|Cannot connect to host|Connect call failed|All connection attempts failed"),
        "unreachable",
        _UNREACHED,
    ),
)
"""What providers' clients say in the words of a general error."""


def _short(error: Exception, secrets: Sequence[str]) -> str:
    text = " ".join(str(error).split())
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text if len(text) <= 300 else f"{text[:300]} …"


def arguments_of(tool: ToolRequest) -> dict[str, Any]:
    """The arguments as an object. Raises ValueError with a sentence for the model."""
    try:
        found = json.loads(tool.arguments or "{}")
    except ValueError as error:
        raise ValueError(f"The arguments are no valid JSON ({error}): call the tool again.") from None
    except RecursionError:
        raise ValueError("The arguments are nested too deeply: call the tool again.") from None
    if _HALVES.search(json.dumps(found, ensure_ascii=False)):
        raise ValueError("The arguments have half of a character in them: call the tool again.")
    if not isinstance(found, dict):
        raise ValueError("The arguments should be a JSON object: call the tool again.")
    return found
