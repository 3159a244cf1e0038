"""One cell on one kernel: from a source to how its run ended.

Outputs go to the connection's listener as they come; here is only what can be said when the run is over. It keeps no
state of its own, knows neither documents nor graphs, and decides nothing about what runs next.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reactive_kernels import (
    BatchCell,
    ClearOutputEvent,
    ExecuteReply,
    KernelConnection,
    KernelError,
    KernelEvent,
    OutputEvent,
    OutputStore,
    UpdateDisplayEvent,
)
from reactive_nb.execution.namespace import NamespaceStep
from reactive_nb.execution.records import Outcome
from reactive_nb.models import Output

INTERRUPT_GRACE_S = 10.0
"""How long a cell whose time is over may take to end after it was interrupted."""


@dataclass(frozen=True, slots=True)
class CellResult:
    """How a cell's run ended."""

    outcome: Outcome
    reply: ExecuteReply | None
    duration_ms: float
    message: str | None = None
    outputs: list[Output] = field(default_factory=list)
    """nbformat outputs; only where they were asked for."""


async def execute_python_cell(
    connection: KernelConnection,
    source: str,
    *,
    step: NamespaceStep | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    collect: bool = True,
    allow_stdin: bool = True,
) -> CellResult:
    """Run `source` as a cell. Magics, top-level await and `input()` work as in Jupyter.

    `step` says what the kernel does to its namespace around the run; `timeout` (seconds) interrupts it. With `collect`
    the result carries the outputs, which the connection's listener is told in any case. Without `allow_stdin`, code
    that asks for input fails instead of waiting. Never raises for what the code does: an exception, an interrupt, a
    time limit and a dead kernel are outcomes.
    """
    request = request_id or uuid.uuid4().hex
    store = OutputStore()
    listener = connection.listener

    def tee(event: KernelEvent) -> None:
        if isinstance(event, OutputEvent | UpdateDisplayEvent | ClearOutputEvent) and event.request_id == request:
            store.apply(request, event)
        listener(event)

    if collect:
        store.begin(request)
        connection.listener = tee
    started = time.perf_counter()
    try:
        outcome, reply, message = await _run(connection, source, step, request, timeout, allow_stdin)
    finally:
        if collect:
            connection.listener = listener
    duration_ms = (time.perf_counter() - started) * 1000
    return CellResult(outcome, reply, duration_ms, message, store.outputs(request) if collect else [])


async def show_values(
    connection: KernelConnection,
    expressions: Sequence[str],
    *,
    step: NamespaceStep | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    allow_stdin: bool = True,
) -> tuple[CellResult, list[Shown]]:
    """Evaluate expressions one after the other, and what each of them shows; fewer if that came to an early end.

    An error of one is its own; the first is told as that of the whole. Never raises for what the code does.
    """
    request = request_id or uuid.uuid4().hex
    wanted = {str(place): expression for place, expression in enumerate(expressions)}
    started = time.perf_counter()
    outcome, reply, message = await _run(connection, "", step, request, timeout, allow_stdin, wanted)
    duration_ms = (time.perf_counter() - started) * 1000
    found = shown_values(reply.user_expressions) if reply is not None else []
    first = next((shown.error for shown in found if shown.error is not None), None)
    if outcome is Outcome.OK and first is not None:
        outcome, message = Outcome.ERROR, message or first
    return CellResult(outcome, reply, duration_ms, message), found


@dataclass(frozen=True, slots=True)
class Shown:
    """What an expression shows: a MIME bundle, or an error."""

    data: Mapping[str, Any]
    error: str | None = None


def shown_values(replied: Mapping[str, Any]) -> list[Shown]:
    """What a kernel replied for the expressions "0", "1", …, up to the first that it did not come to."""
    found: list[Shown] = []
    while isinstance(value := replied.get(str(len(found))), dict):
        found.append(_shown(value))
    return found


def _shown(value: Mapping[str, Any]) -> Shown:
    data = value.get("data")
    if value.get("status") == "ok" and isinstance(data, dict):
        return Shown(data)
    said = ": ".join(str(value[part]) for part in ("ename", "evalue") if value.get(part))
    return Shown({}, said or "It can't be shown.")


@dataclass(frozen=True, slots=True)
class BatchPart:
    """A cell of several that are given to the kernel together."""

    source: str
    step: NamespaceStep
    request_id: str
    expected: Mapping[str, list[str]]
    """Parts of its report without which the next cell must not run."""


async def execute_python_cells(
    connection: KernelConnection,
    parts: Sequence[BatchPart],
    ended: Callable[[CellResult], None],
    *,
    allow_stdin: bool = True,
) -> int:
    """Run cells one after the other, up to the first that does something unexpected; how many have run.

    `ended` is called for each as soon as it has. Only for kernels with the helper; never raises for what the code does.
    """
    done = 0
    since = time.perf_counter()

    def end(outcome: Outcome, reply: ExecuteReply | None, message: str | None = None) -> None:
        nonlocal done, since
        now = time.perf_counter()
        ended(CellResult(outcome, reply, (now - since) * 1000, message))
        done, since = done + 1, now

    cells = [BatchCell(part.source, part.request_id, _reactive(part.step), part.expected) for part in parts]
    try:
        await connection.execute_batch(cells, lambda reply: end(_outcome(reply), reply), allow_stdin=allow_stdin)
    except KernelError as error:
        if done < len(parts):
            end(Outcome.KERNEL, None, str(error))
    return done


async def _run(
    connection: KernelConnection,
    source: str,
    step: NamespaceStep | None,
    request: str,
    timeout: float | None,
    allow_stdin: bool,
    show: Mapping[str, str] | None = None,
) -> tuple[Outcome, ExecuteReply | None, str | None]:
    reactive = None if step is None or not connection.has_helper else _reactive(step)
    if reactive is not None and show is not None:
        reactive["show"] = dict(show)  # the helper does what a kernel does by itself, and more: it awaits
    ask = connection.execute(
        source, request_id=request, reactive=reactive, allow_stdin=allow_stdin, user_expressions=show
    )
    try:
        if timeout is None:
            reply = await ask
            return _outcome(reply), reply, None
        return await _within(timeout, connection, ask)
    except KernelError as error:
        return Outcome.KERNEL, None, str(error)


async def _within(
    timeout: float, connection: KernelConnection, ask: Coroutine[Any, Any, ExecuteReply]
) -> tuple[Outcome, ExecuteReply | None, str | None]:
    """How a run ended that is interrupted after `timeout` seconds."""
    run = asyncio.ensure_future(ask)
    try:
        done, _ = await asyncio.wait({run}, timeout=timeout)
        if done:
            reply = run.result()
            return _outcome(reply), reply, None
        await connection.interrupt()
        reply = await asyncio.wait_for(run, INTERRUPT_GRACE_S)
        return Outcome.TIMEOUT, reply, f"The cell's time limit of {timeout:g} s was reached; it was interrupted."
    except TimeoutError:
        message = (
            f"The cell's time limit of {timeout:g} s was reached, and it can't be interrupted: restart the kernel."
        )
        return Outcome.KERNEL, None, message
    finally:
        run.cancel()


def _reactive(step: NamespaceStep) -> dict[str, object]:
    return {
        "cell": step.cell,
        "bind": dict(step.bind),
        "forget": list(step.forget),
        "writes": list(step.writes),
        "mutates": list(step.mutates),
        "uses": None if step.uses is None else list(step.uses),
        **({"overwritten": list(step.overwritten)} if step.overwritten is not None else {}),
        **({"equal": True} if step.equal else {}),
    }


def _outcome(reply: ExecuteReply) -> Outcome:
    if reply.status == "ok":
        return Outcome.OK
    by_us = reply.interrupted and reply.ename in ("KeyboardInterrupt", "CancelledError")  # the latter while it awaits
    return Outcome.INTERRUPTED if by_us or reply.status == "aborted" else Outcome.ERROR
