"""The one client of one kernel process: asks, waits for answers, and turns what is published into events.

Lives as long as the process does; a restarted kernel gets a new client, so nothing of the old one can be mistaken for
news of the new. Knows no process and no signals: whoever watches the process calls `fail`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import zmq.asyncio

from . import helper
from .backlog import BacklogLimits, Omission
from .batches import Batch, Ended
from .channels import Channel, Channels, Frame
from .errors import DeadKernelError, KernelError, KernelTimeout
from .events import KernelEvent
from .incoming import Incoming
from .messages import content_of
from .requests import Request, RequestTable

logger = logging.getLogger(__name__)

_SETTLE_S = 10.0
_SETTLE_AFTER_INTERRUPT_S = 1.0
_UNHEARD_S = 3.0
_WELCOME_S = 0.5
_FIRST_ANSWER_S = 1.0
_ANSWER_S = 4.0
_CONTROL_S = 5.0
_SEE_TO_IT = "reactive_nb_interrupt_request"
_STOP_BATCH = "reactive_nb_stop_request"
_SILENT = {"silent": True, "store_history": False, "allow_stdin": False, "stop_on_error": False}


class KernelClient:
    """Messages to and from one kernel process. `tell` gets every event, on the loop, as it comes in."""

    def __init__(
        self,
        context: zmq.asyncio.Context,
        connection_info: Mapping[str, Any],
        tell: Callable[[KernelEvent], None],
        limits: BacklogLimits | None = None,
    ) -> None:
        """Take where the kernel listens; `greet` connects."""
        self._channels = Channels(context, connection_info, self._on_message, limits)
        self._requests = RequestTable()
        self._incoming = Incoming(self._requests, self._channels.session.session, tell, self._ask_state)
        self._failure: DeadKernelError | None = None
        self._nudges: set[asyncio.Task[None]] = set()
        self._stop: Request | None = None
        """The latest wish that a batch end, of which the kernel may not know yet."""
        self._features: frozenset[str] = frozenset()
        self._subshell: str | None = None
        self._subshell_lock = asyncio.Lock()

    @property
    def messages_heard(self) -> int:
        """How many messages have come in."""
        return self._incoming.messages_heard

    @property
    def busy(self) -> bool:
        """Whether the kernel works on something, ours or another client's."""
        return bool(self._incoming.busy) or self.running_cell

    @property
    def running_cell(self) -> bool:
        """Whether code that we sent is under way."""
        return self.in_batch or any(request.cell for request in self._requests.waiting)

    @property
    def in_batch(self) -> bool:
        """Whether several cells were given to the kernel together."""
        return self._incoming.batch is not None

    @property
    def at_in_batch(self) -> str | None:
        """The request of a batch that the kernel is at, as far as it has been heard."""
        return self._incoming.batch.at if self._incoming.batch is not None else None

    @property
    def complaint(self) -> str | None:
        """Why something that the kernel said could not be taken for a message of its own, if so."""
        return self._channels.complaint

    def check(self) -> None:
        """Raise DeadKernelError if the kernel is gone."""
        if self._failure is not None:
            raise DeadKernelError(str(self._failure))

    async def greet(self) -> dict[str, Any]:
        """Connect and wait until the kernel answers on shell and speaks on iopub: the content of its info reply.

        One request waits in the socket until the kernel is there. A kernel that loses what comes while it opens its
        sockets is asked again, and so is one that sends no welcome, until it says something: any message at all shows
        that the subscription works.
        """
        self._channels.open("iopub", "shell")
        for patience_s in itertools.chain([_FIRST_ANSWER_S], itertools.repeat(_ANSWER_S)):
            with contextlib.suppress(KernelTimeout, TimeoutError):
                info = await self.ask("shell", "kernel_info_request", {}, reply_only=True, timeout=patience_s)
                async with asyncio.timeout(_WELCOME_S):
                    await self._incoming.welcome.wait()
                break
        self._channels.open("control", "stdin")
        self._features = frozenset(info.get("supported_features") or ())
        return info

    async def ask(
        self,
        channel: Channel,
        kind: str,
        content: dict[str, Any],
        *,
        metadata: Mapping[str, Any] | None = None,
        run: str | None = None,
        again: bool = False,
        subshell: str | None = None,
        reply_only: bool = False,
        timeout: float | None,
    ) -> dict[str, Any]:
        """Send a request and return the content of its reply, once the kernel is done with it.

        `run` is the id that its output events will carry, never used before, unless it is asked `again`. Raises
        DeadKernelError when the kernel goes, KernelTimeout after `timeout` seconds, KernelError if it ends without a
        reply.
        """
        self.check()
        message = self._channels.session.msg(kind, content, metadata=dict(metadata or {}))
        if run is not None:
            message["header"]["msg_id"] = message["msg_id"] = run  # code in the kernel can name its run by it
        if subshell is not None:
            message["header"]["subshell_id"] = subshell
        request = self._requests.begin(message["msg_id"], run=run, reply_only=reply_only, again=again)
        try:
            self._channels.send(channel, message)
            async with asyncio.timeout(timeout):
                await self._await_end(request)
        except TimeoutError:
            raise KernelTimeout(
                f"The kernel did not finish {kind.removesuffix('_request')!r} within {timeout:g} s. "
                "Interrupt it, or wait longer."
            ) from None
        finally:
            self._requests.end(request)
        return self._answer(request, kind)

    async def ask_batch(
        self, cells: Sequence[Mapping[str, Any]], seconds: float, ended: Ended, *, allow_stdin: bool = True
    ) -> int:
        """Have the kernel-side helper run cells (see `kernel_batches`) until one is not as expected or time is up.

        `ended` is given the content of each cell's reply, in order, and whether it was interrupted, when all the
        cell's output has been told. Returns how many cells have run; raises as `ask`.
        """
        self.check()
        labels = {"reactive_nb": {"batch": {"cells": list(cells), "seconds": seconds}}}
        content = {"code": "", **_SILENT, "allow_stdin": allow_stdin}
        message = self._channels.session.msg("execute_request", content, metadata=labels)
        self._requests.name_runs(cell["id"] for cell in cells)
        whole = self._requests.begin(message["msg_id"])
        batch = self._incoming.batch = Batch(whole, (cell["id"] for cell in cells), ended)
        try:
            self._channels.send("shell", message)
            await self._await_end(whole)
        finally:
            self._incoming.batch = None
            self._requests.end(whole)
        return batch.done

    def stop_batch(self) -> None:
        """End the batch that runs, if one does, after the cell that it is at.

        A cell that waits for input is not answered before the kernel knows: so it surely begins with no other.
        """
        if self._incoming.batch is None or self._failure is not None:
            return
        message = self._channels.session.msg(_STOP_BATCH, {"batch": self._incoming.batch.whole.message_id})
        stop = self._requests.begin(message["msg_id"])
        stop.half.add_done_callback(lambda _: self._requests.end(stop))
        asyncio.get_running_loop().call_later(_CONTROL_S, stop.progress_late)
        self._channels.send("control", message)
        self._stop = stop

    async def ask_aside(self, kind: str, content: dict[str, Any], timeout: float) -> dict[str, Any]:
        """Ask without waiting for a running cell, where the kernel offers a way."""
        async with asyncio.timeout(timeout):
            subshell = await self._get_subshell()
        return await self.ask("shell", kind, content, subshell=subshell, reply_only=True, timeout=timeout)

    async def call(self, function: str, arguments: Mapping[str, Any], *, aside: bool, timeout: float) -> dict[str, Any]:
        """Have the kernel-side helper call a function: its answer, `{"result": …}` or `{"error": …}`."""
        subshell = await self._get_subshell() if aside and self.busy else None
        labels = {"reactive_nb": {"call": function, "arguments": dict(arguments)}}
        content = {"code": "", **_SILENT}
        reply = await self.ask("shell", "execute_request", content, metadata=labels, subshell=subshell, timeout=timeout)
        answer = reply.get("reactive_nb")
        if not isinstance(answer, dict):
            raise KernelError(f"The kernel did not answer {function!r} ({reply.get('evalue') or reply.get('status')}).")
        return answer

    async def ask_around(self, request: Mapping[str, Any], *, timeout: float) -> dict[str, Any]:
        """Have kernel-side code that wraps no requests do something (see `kernel_around`): its answer."""
        reply = await self.run_silently("None", expressions={"answer": helper.asking(request)}, timeout=timeout)
        answer = helper.answer(reply)
        if answer is None:
            raise KernelError(f"The kernel-side helper did not answer ({reply.get('evalue') or reply.get('status')}).")
        return answer

    async def run_silently(
        self, code: str, *, expressions: Mapping[str, str], metadata: Mapping[str, Any] | None = None, timeout: float
    ) -> dict[str, Any]:
        """Run code that belongs to no cell, leaving no trace in the history; the content of its reply."""
        content = {"code": code, "user_expressions": dict(expressions), **_SILENT}
        return await self.ask("shell", "execute_request", content, metadata=dict(metadata or {}), timeout=timeout)

    def note_interrupt(self) -> None:
        """An interrupt goes out: a request that it hits between the lines may end without a reply."""
        for request in self._requests.waiting:
            request.interrupted = request.interrupted or not request.done.done()
        if self._incoming.batch is not None:
            self._incoming.batch.interrupted = True

    def see_to_interrupt(self, sent_at: float) -> None:
        """Have the kernel-side helper see to it that a signal is noticed (see `kernel_interrupts`)."""
        if self.running_cell and self._failure is None:
            with contextlib.suppress(KernelError):
                self._note_and_send("control", _SEE_TO_IT, {"sent_at": sent_at})

    def wake(self) -> None:
        """Send something that needs no answer: an ipykernel that awaits notices a signal only when a message comes."""
        if self.running_cell and self._failure is None:
            with contextlib.suppress(KernelError):
                self._note_and_send("shell", "kernel_info_request", {})

    def prod(self) -> None:
        """Ask for a sign of life, which a kernel can give while it computes; nobody waits for the answer."""
        with contextlib.suppress(KernelError):
            self._note_and_send("control", "kernel_info_request", {})

    async def lost(self) -> None:
        """Return when the kernel has closed the connection, as its process does when it ends or runs something else."""
        await self._channels.lost()

    def heartbeat(self) -> zmq.asyncio.Socket:
        """A socket whose every message a kernel sends back as it came; to be closed by the caller."""
        return self._channels.heartbeat()

    def reply_input(self, value: str) -> None:
        """Answer the question that the running code waits on."""
        question, self._incoming.question = self._incoming.question, None
        if question is None:
            raise KernelError("The kernel does not wait for input.")
        reply = self._channels.session.msg("input_reply", {"value": value}, parent=question[0])
        if self._stop is None or self._stop.half.done():
            self._channels.send("stdin", reply)
        else:
            self._stop.half.add_done_callback(lambda _: self._send_late("stdin", reply))

    def send_comm(
        self, kind: str, content: dict[str, Any], metadata: Mapping[str, Any] | None, buffers: Sequence[Frame]
    ) -> str:
        """Send a comm message on the main shell: widget code is not written for threads. Returns the message's id.

        What its handler prints counts as output of the run that opened the comm.
        """
        self.check()
        message = self._channels.session.msg(kind, content, metadata=dict(metadata or {}))
        self._requests.attribute(message["msg_id"], self._incoming.run_of_comm(content["comm_id"]))
        self._channels.send("shell", message, buffers)
        return str(message["msg_id"])

    def ask_to_end(self) -> None:
        """Send a shutdown request, if the kernel still takes one."""
        try:
            self._channels.send("control", self._channels.session.msg("shutdown_request", {"restart": False}))
        except KernelError:
            logger.debug("The kernel takes no shutdown request.")

    def fail(self, error: DeadKernelError) -> None:
        """The kernel is gone or about to go: whoever waits gets `error`, and so does whoever asks from now on."""
        self._failure = error
        self._incoming.question = None
        self._requests.fail_all(error)

    def stop_telling(self) -> None:
        """Keep to itself whatever the kernel still says."""
        self._incoming.tell = _keep_silent

    async def close(self) -> None:
        """Close the sockets; no event comes after this. May be called twice."""
        self.fail(self._failure or DeadKernelError("The kernel is not connected. Restart it."))
        for task in self._nudges:
            task.cancel()
        await asyncio.gather(*self._nudges, return_exceptions=True)
        self._channels.close()

    def _on_message(self, channel: Channel, message: dict[str, Any] | Omission) -> None:
        self._incoming.take(channel, message)

    def _ask_state(self, comm_id: str) -> None:
        self.send_comm("comm_msg", {"comm_id": comm_id, "data": {"method": "request_state"}}, None, ())

    def _send_late(self, channel: Channel, message: dict[str, Any]) -> None:
        if self._failure is None:
            with contextlib.suppress(KernelError):
                self._channels.send(channel, message)

    def _note_and_send(self, channel: Channel, kind: str, content: dict[str, Any]) -> None:
        message = self._channels.session.msg(kind, content)
        self._requests.note(message["msg_id"])
        self._channels.send(channel, message)

    async def _await_end(self, request: Request) -> None:
        unheard = asyncio.get_running_loop().call_later(_UNHEARD_S, self._wake, request)
        try:
            await request.half
        finally:
            unheard.cancel()
        while not request.done.done():  # the other half follows at once, but for a kernel that forgets it
            news, patience = request.news, _SETTLE_AFTER_INTERRUPT_S if request.interrupted else _SETTLE_S
            await asyncio.wait([request.done], timeout=patience)
            if request.news == news and not request.done.done():
                logger.warning("Request %s ended by half: reply %s, idle %s.", request.message_id,
                               request.reply is not None, request.idle)  # fmt: skip
                return
        request.done.result()

    def _answer(self, request: Request, kind: str) -> dict[str, Any]:
        if request.reply is not None:
            return content_of(request.reply)
        if request.interrupted and kind == "execute_request":
            return {"status": "error", "ename": "KeyboardInterrupt", "evalue": "", "traceback": []}
        raise KernelError(f"The kernel ended {kind.removesuffix('_request')!r} without a reply.")

    def _wake(self, request: Request) -> None:
        if request.news or self._incoming.busy or request.done.done():
            return
        logger.warning("The kernel has not taken up request %s: waking it.", request.message_id)
        task = asyncio.create_task(self._channels.nudge(), name="kernel nudge")
        self._nudges.add(task)
        task.add_done_callback(self._nudges.discard)

    async def _get_subshell(self) -> str | None:
        if "kernel subshells" not in self._features:
            return None
        async with self._subshell_lock:
            if self._subshell is None:
                reply = await self.ask("control", "create_subshell_request", {}, reply_only=True, timeout=_CONTROL_S)
                self._subshell = reply.get("subshell_id")
        return self._subshell


def _keep_silent(event: KernelEvent) -> None:
    pass
