"""A listener that keeps what it is told, and lets a test wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from reactive_kernels import KernelEvent, OutputEvent

E = TypeVar("E")

DEADLINE_S = 20.0
ANY = "any run"


class Recorder:
    def __init__(self) -> None:
        self.events: list[KernelEvent] = []
        self._news = asyncio.Event()

    def __call__(self, event: KernelEvent) -> None:
        self.events.append(event)
        self._news.set()

    def of(self, kind: type[E], request_id: str | None = ANY) -> list[E]:
        """The events of a kind, of one run if given."""
        told: list[Any] = [event for event in self.events if request_id in (ANY, event.request_id)]
        return [event for event in told if isinstance(event, kind)]

    def outputs(self, request_id: str | None = ANY) -> list[dict[str, Any]]:
        return [event.output for event in self.of(OutputEvent, request_id)]

    def text(self, request_id: str | None = ANY, name: str = "stdout") -> str:
        streams = [output for output in self.outputs(request_id) if output.get("name") == name]
        return "".join(stream["text"] for stream in streams)

    async def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until `holds()` is true of what was told; returns its value."""
        async with asyncio.timeout(DEADLINE_S):
            while not (value := holds()):
                self._news.clear()
                await self._news.wait()
        return value

    async def first(self, kind: type[E]) -> E:
        found: list[E] = await self.until(lambda: self.of(kind))
        return found[0]
