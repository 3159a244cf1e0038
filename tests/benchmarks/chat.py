"""Chat: from sending the question to the first piece of the answer, of a model that answers at once.

The model is a server on this machine that speaks OpenAI's streaming protocol. Ours: `POST` of the question to the first
`text` event; between them are litellm's client, which is loaded in the round that is not counted, and our own work. The
model alone: the same question `POST`ed to it, to the first line with text.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx2

from tests.benchmarks.peers import reactive_nb
from tests.benchmarks.rounds import Contestant, Turn, in_rounds
from tests.benchmarks.samples import Result
from tests.chat.provider import Provider, provider, says

ROUNDS, QUICK_ROUNDS = 20, 2
OURS, MODEL = "reactive-nb, events", "the model alone"
QUESTION = {"messages": [{"role": "user", "content": "Hello?"}]}
GOAL = "at most 50 ms more than the model alone"


async def measure(*, quick: bool) -> list[Result]:
    """One question a turn."""
    rows = await in_rounds([Contestant(OURS, _ours), Contestant(MODEL, _alone)], QUICK_ROUNDS if quick else ROUNDS)
    return [Result("chat", "Question to the first piece of the answer", "ms", rows, goal=GOAL)]


@asynccontextmanager
async def _ours() -> AsyncIterator[Turn]:
    with provider() as model:
        settings = {
            "REACTIVE_NB_CHAT_MODEL": "openai/scripted",
            "REACTIVE_NB_CHAT_API_BASE": model.url,
            "REACTIVE_NB_CHAT_API_KEY": "sk-benchmark",
        }
        async with reactive_nb.service(settings=settings) as server, reactive_nb.rest(server) as client:
            notebook = await reactive_nb.create(client, ["1"])
            yield _asking(model, lambda: client.stream("POST", f"/api/v1/chat/{notebook}", json=QUESTION, timeout=90))


@asynccontextmanager
async def _alone() -> AsyncIterator[Turn]:
    with provider() as model:
        async with httpx2.AsyncClient(timeout=30, trust_env=False) as client:
            url = f"{model.url}/chat/completions"
            yield _asking(model, lambda: client.stream("POST", url, json=QUESTION))


def _asking(model: Provider, ask: Callable[[], AbstractAsyncContextManager[httpx2.Response]]) -> Turn:
    async def turn() -> list[float]:
        model.script = [says("Hello.")]
        began, first = time.perf_counter(), None
        async with ask() as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                if first is None and "Hello." in line:
                    first = time.perf_counter() - began
        if first is None:
            raise RuntimeError("the answer has no text")
        return [first]

    return turn
