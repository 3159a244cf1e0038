"""One running kernel, as the rest of the program sees it: run code, ask, interrupt, restart, end.

Everything a kernel tells goes to `listener` as events, called on the loop as messages come in; nothing here knows cells
or documents. No notebook and no network client is ever awaited while reading; requests end by reply and idle, by death
or by time limit; and a kernel that dies is reported and left dead: restarting is the caller's decision.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import zmq.asyncio

from . import helper
from .batches import BatchCell
from .channels import Frame
from .client import KernelClient
from .deaths import await_silence, await_takeover, describe_exit, start_error
from .error_limits import explained
from .errors import DeadKernelError, KernelError, KernelStartError
from .events import DiedEvent, KernelEvent, OutputEvent
from .kernel_process import KernelProcess
from .replies import ExecuteReply, execute_reply

logger = logging.getLogger(__name__)

_CONTROL_S = 5.0
_LOOK_S = 20.0
"""For completions: the first loads jedi, half a second of work, which is many seconds on a machine that is busy."""
_AROUND_S = 10.0
_RESTART_GRACE_S = 2.0
_LAST_WORDS_S = 0.02
_LAST_WORDS_ROUNDS = 40
_DROPPED = ("aborted", "abort")
_ASK_AGAIN_AFTER_S = (0.25, 0.5, 1.0, 2.0)

Listener = Callable[[KernelEvent], None]


class KernelConnection:
    """A kernel process and our one client of it. Usually made by `KernelPool.acquire`."""

    def __init__(
        self,
        spec_name: str,
        launch: Callable[[], Awaitable[KernelProcess]],
        context: zmq.asyncio.Context,
        *,
        listener: Listener | None = None,
        start_timeout: float = 30.0,
        silence_timeout: float = 30.0,
    ) -> None:
        """Take how to start the process (again, on restart); `start` does it.

        A kernel whose process is not on this machine counts as dead when it gives no sign of life for
        `silence_timeout` seconds.
        """
        self.id = str(uuid.uuid4())
        self.spec_name = spec_name
        self.listener: Listener = listener or _ignore
        self.language = ""
        self.language_info: Mapping[str, Any] = {}
        self.implementation = ""
        self.banner = ""
        self.has_helper = False
        """Whether the kernel-side code is there."""
        self.takes_batches = False
        """Whether it is part of how the kernel handles requests, as it can be in an ipykernel only."""
        self.alive = False
        self._launch = launch
        self._context = context
        self._start_timeout = start_timeout
        self._silence_timeout = silence_timeout
        self._process: KernelProcess | None = None
        self._client: KernelClient | None = None
        self._watch: asyncio.Task[None] | None = None
        self._lifecycle = asyncio.Lock()
        self._interrupts = 0
        self._explanation: tuple[str | None, str | None] = None, None  # of the last error: the run, and what was said
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process id of a local kernel that lives."""
        return self._process.pid if self._process is not None and self.alive else None

    @property
    def busy(self) -> bool:
        """Whether the kernel works on something, ours or another client's."""
        return self._client is not None and self.alive and self._client.busy

    @property
    def connection_info(self) -> Mapping[str, Any]:
        """Where the kernel listens, for another client of it; {} when there is no process."""
        return self._process.connection_info if self._process is not None else {}

    async def execute(
        self,
        code: str,
        *,
        request_id: str | None = None,
        silent: bool = False,
        store_history: bool = True,
        allow_stdin: bool = True,
        user_expressions: Mapping[str, str] | None = None,
        reactive: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> ExecuteReply:
        """Run code; returns when the kernel has replied and all its output has been given to the listener.

        `request_id` names the run in events; each run needs its own. `reactive` is what the kernel-side helper shall
        do around it (see `kernel_side`). Raises DeadKernelError when the kernel dies or restarts meanwhile,
        KernelTimeout after `timeout` seconds (the code goes on running).
        """
        content = {
            "code": code,
            "silent": silent,
            "store_history": store_history,
            "user_expressions": dict(user_expressions or {}),
            "allow_stdin": allow_stdin,
            "stop_on_error": False,  # which queued requests an error aborts is a matter of chance: none
        }
        labels = dict(metadata or {})
        if reactive is not None:
            labels["reactive_nb"] = dict(reactive)
            labels.setdefault("cellId", reactive.get("cell"))
        client, _ = self._living()
        run = request_id if request_id is not None else uuid.uuid4().hex
        interrupts = self._interrupts
        ask = partial(client.ask, "shell", "execute_request", content, metadata=labels, run=run, timeout=timeout)
        around = reactive is not None and self.has_helper and not self.takes_batches
        if around:
            await client.ask_around(dict(reactive or {}), timeout=_AROUND_S)
        reply = await ask()
        for pause_s in _ASK_AGAIN_AFTER_S:  # after an error some kernels drop what comes next, whatever they were told
            if reply.get("status") not in _DROPPED or self._interrupts != interrupts:
                break
            await asyncio.sleep(pause_s)
            if self._interrupts == interrupts:
                reply = await ask(again=True)
        if around:
            ended = {"ended": {name: reply.get(name) for name in ("status", "ename", "evalue")}}
            reply = {**reply, "reactive_nb": await client.ask_around(ended, timeout=_AROUND_S)}
        return self._explained(run, execute_reply(reply, interrupted=self._interrupts != interrupts))

    async def execute_batch(
        self,
        cells: Sequence[BatchCell],
        ended: Callable[[ExecuteReply], None],
        *,
        seconds: float = 0.05,
        allow_stdin: bool = True,
    ) -> int:
        """Run cells one after the other, as `execute` does, but in one request; the number of those that have run.

        The batch ends before its end after a cell whose report is not as expected, when it is interrupted, or after
        `seconds`, so that other requests get in between. `ended` is called with the reply of each cell, in order, when
        all its output has been given to the listener. Only for kernels with the helper. Raises as `execute` does.
        """
        client, _ = self._living()
        runs = iter([cell.request_id for cell in cells])

        def end(content: dict[str, Any], interrupted: bool) -> None:
            ended(self._explained(next(runs), execute_reply(content, interrupted=interrupted)))

        return await client.ask_batch([cell.request() for cell in cells], seconds, end, allow_stdin=allow_stdin)

    def stop_batch(self) -> None:
        """End the batch that runs, if one does, after the cell that it is at."""
        self._living()[0].stop_batch()

    async def call(self, function: str, /, *, timeout: float = 10, **arguments: Any) -> Any:
        """Call a function of the kernel-side helper with JSON arguments; returns its JSON result.

        Raises KernelError with the helper's message if it raised, or if the kernel has no helper.
        """
        client, _ = self._living()
        if not self.has_helper:
            raise KernelError(f"The kernel {self.spec_name!r} offers no {function!r}: only Python kernels do.")
        if self.takes_batches:
            answer = await client.call(function, arguments, aside=function in helper.READ_ONLY, timeout=timeout)
        else:
            answer = await client.ask_around({"call": function, "arguments": arguments}, timeout=timeout)
        if "error" in answer:
            raise KernelError(f"{function}: {answer['error']}")
        return answer.get("result")

    async def interrupt(self) -> None:
        """Interrupt what runs (KeyboardInterrupt in Python). Does nothing when nothing runs."""
        client, process = self._living()
        self._interrupts += 1
        client.note_interrupt()
        if process.spec.interrupt_mode == "message":
            await client.ask("control", "interrupt_request", {}, reply_only=True, timeout=_CONTROL_S)
        else:
            sent_at = time.time()
            await process.interrupt()
            client.wake()
            if self.takes_batches and process.pid is not None:  # another machine has another time
                client.see_to_interrupt(sent_at)

    async def debug(self, request: Mapping[str, Any], timeout: float = 10.0) -> dict[str, Any]:
        """Pass on a request of the debug adapter protocol, also while a cell runs: the response as it came.

        Events of the debugger are told as DebugEvent.
        """
        client, _ = self._living()
        return await client.ask("control", "debug_request", dict(request), reply_only=True, timeout=timeout)

    async def complete(self, code: str, cursor_pos: int, timeout: float = _LOOK_S) -> dict[str, Any]:
        """Completions at a position (in characters): the content of a `complete_reply`."""
        client, _ = self._living()
        return await client.ask_aside("complete_request", {"code": code, "cursor_pos": cursor_pos}, timeout)

    async def inspect(
        self, code: str, cursor_pos: int, detail_level: int = 0, timeout: float = _LOOK_S
    ) -> dict[str, Any]:
        """What is known of the object at a position: the content of an `inspect_reply`."""
        client, _ = self._living()
        content = {"code": code, "cursor_pos": cursor_pos, "detail_level": detail_level}
        return await client.ask_aside("inspect_request", content, timeout)

    def reply_input(self, value: str) -> None:
        """Answer the question that the running code waits on. Raises KernelError if there is none."""
        client, _ = self._living()
        client.reply_input(value)

    def comm_open(
        self,
        comm_id: str,
        target_name: str,
        data: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        buffers: Sequence[Frame] = (),
    ) -> None:
        """Open a comm at the kernel."""
        content = {"comm_id": comm_id, "target_name": target_name, "data": dict(data or {})}
        self._living()[0].send_comm("comm_open", content, metadata, buffers)

    def comm_msg(
        self,
        comm_id: str,
        data: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        buffers: Sequence[Frame] = (),
    ) -> str:
        """Send a message on a comm. Returns its id, with which a `StatusEvent` says when the kernel is done with it."""
        return self._living()[0].send_comm(
            "comm_msg", {"comm_id": comm_id, "data": dict(data or {})}, metadata, buffers
        )

    def comm_close(
        self,
        comm_id: str,
        data: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        buffers: Sequence[Frame] = (),
    ) -> None:
        """Close a comm."""
        self._living()[0].send_comm("comm_close", {"comm_id": comm_id, "data": dict(data or {})}, metadata, buffers)

    async def start(self) -> None:
        """Start the process and wait until it answers. Raises KernelStartError (NoSuchKernel) if it does not."""
        async with self._lifecycle:
            await self._start()

    def relaunch_with(self, launch: Callable[[], Awaitable[KernelProcess]]) -> None:
        """From now on, a restart starts the process so: for a kernel that was moved after its start."""
        self._launch = launch

    async def restart(self) -> None:
        """Replace the process by a fresh one with the same directory and environment; the connection stays.

        Requests under way end with DeadKernelError; no DiedEvent is told. Raises KernelStartError if the new
        process does not start (the connection is then dead, and may be restarted again).
        """
        async with self._lifecycle:
            await self._end("The kernel was restarted.", grace_s=_RESTART_GRACE_S)
            await self._start()

    async def shutdown(self, *, timeout: float = 5.0) -> None:
        """End the process: asked politely for `timeout` seconds, then by signals. May be called twice."""
        self._closed = True
        async with self._lifecycle:
            await self._end("The kernel was shut down. Start another one.", grace_s=timeout)

    async def _start(self) -> None:
        if self._closed:
            raise DeadKernelError("The kernel was shut down. Start another one.")
        limit = asyncio.timeout(self._start_timeout)
        try:
            async with limit:
                process = self._process = await self._launch()
                client = self._client = KernelClient(self._context, process.connection_info, self._tell)
                await self._await_ready(client, process)
        except BaseException as error:
            why = self._start_error(error, limit.expired())
            await self._abandon_start()
            if why is not None:
                raise why from None
            raise
        self.alive = True
        self._watch = asyncio.create_task(self._await_death(process, client), name=f"kernel {self.id} watch")

    async def _abandon_start(self) -> None:
        process, client, self._process, self._client = self._process, self._client, None, None
        if client is not None:
            await client.close()
        if process is not None:
            await process.kill()

    def _start_error(self, error: BaseException, is_late: bool) -> KernelStartError | None:
        """What to tell of a start that failed; None if `error` says it all."""
        process, client = self._process, self._client
        if isinstance(error, _EndedEarly) and process is not None:
            return start_error(process, f"ended as it started ({describe_exit(process.exited.result())})")
        if not (is_late and isinstance(error, TimeoutError)):
            return None
        if process is None:
            return KernelStartError(f"The kernel {self.spec_name!r} was not started within {self._start_timeout:g} s.")
        late = f"did not answer within {self._start_timeout:g} s"
        return start_error(process, late, complaint=client.complaint if client is not None else None)

    async def _await_ready(self, client: KernelClient, process: KernelProcess) -> None:
        ready = asyncio.create_task(self._greet(client))
        try:
            either: set[asyncio.Future[Any]] = {ready, process.exited}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                raise _EndedEarly
            ready.result()
        finally:
            ready.cancel()
            await asyncio.gather(ready, return_exceptions=True)

    async def _greet(self, client: KernelClient) -> None:
        info = await client.greet()
        stated = info.get("language_info")
        self.language_info = stated if isinstance(stated, dict) else {}
        self.language = str(self.language_info.get("name") or "")
        self.implementation = str(info.get("implementation") or "")
        self.banner = str(info.get("banner") or "")
        if self.language == "python":
            await self._install_helper(client, wrapped=self.implementation == "ipython")

    async def _install_helper(self, client: KernelClient, *, wrapped: bool) -> None:
        installation = helper.installation if wrapped else helper.installation_around
        code, metadata = await asyncio.to_thread(installation)  # the first time, the helper is compiled
        expressions, limit = {"version": helper.PROBE}, self._start_timeout
        reply = await client.run_silently(code, expressions=expressions, metadata=metadata, timeout=limit)
        self.has_helper = helper.is_installed(reply)
        self.takes_batches = self.has_helper and wrapped
        if not self.has_helper:
            logger.warning("The kernel-side helper could not be installed: %s", reply.get("evalue"))

    async def _end(self, why: str, *, grace_s: float) -> None:
        self.alive = self.has_helper = self.takes_batches = False
        process, client, watch = self._process, self._client, self._watch
        self._process = self._client = self._watch = None
        if process is None or client is None:
            return
        client.fail(DeadKernelError(why))
        if watch is not None:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
        client.stop_telling()
        if client.busy and not process.exited.done() and process.spec.interrupt_mode == "signal":
            await process.interrupt()  # a kernel that computes would hear of its end only afterwards
        await process.stop(grace_s=grace_s, ask=client.ask_to_end)
        await client.close()

    async def _await_death(self, process: KernelProcess, client: KernelClient) -> None:
        if process.pid is None and await self._comes_first(await_silence(client, self._silence_timeout), process):
            message = f"The kernel has not been heard of for {self._silence_timeout:g} s."
            self._tell_death(client, DiedEvent(client.at_in_batch, message=message))
            return
        if process.pid is not None and await self._comes_first(await_takeover(client, process), process):
            message = "The kernel ended by itself: its process runs another program in its place."
            at = process.noted_request() if client.in_batch else None
            self._tell_death(client, DiedEvent(at, message=message))
            await process.kill()
            return
        code = await asyncio.shield(process.exited)
        for _ in range(_LAST_WORDS_ROUNDS):  # what it said before it went may still be on its way
            heard = client.messages_heard
            await asyncio.sleep(_LAST_WORDS_S)
            if client.messages_heard == heard:
                break
        how = describe_exit(code, process.explain_end())
        message = f"The kernel {'ended by itself' if code == 0 else 'died'} ({how})."
        at = process.noted_request() if client.in_batch else None
        self._tell_death(client, DiedEvent(at, exit_code=code, message=message))

    async def _comes_first(self, other: Coroutine[Any, Any, None], process: KernelProcess) -> bool:
        """Wait for its end, or for another sign that it is no longer there: whether that came first."""
        sign = asyncio.create_task(other)
        try:
            either: set[asyncio.Future[Any]] = {process.exited, sign}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            return not process.exited.done() and sign.exception() is None
        finally:
            sign.cancel()
            await asyncio.gather(sign, return_exceptions=True)

    def _tell_death(self, client: KernelClient, death: DiedEvent) -> None:
        self.alive = False
        client.fail(DeadKernelError(f"{death.message} Restart it to go on."))
        self._tell(death)

    def _with_explanation(self, event: OutputEvent) -> OutputEvent:
        """An error with what is to be said of it, if it is one of running into a limit."""
        ename, evalue = str(event.output.get("ename")), str(event.output.get("evalue"))
        why = self._process.explain_error(ename, evalue) if self._process is not None else None
        self._explanation = event.request_id, why
        return event if why is None else replace(event, output=explained(event.output, why))

    def _explained(self, run: str, reply: ExecuteReply) -> ExecuteReply:
        """The reply of a run whose error was told with an explanation, with that."""
        of, why = self._explanation
        if of != run or why is None or reply.status != "error":
            return reply
        error = explained({"evalue": reply.evalue, "traceback": reply.traceback}, why)
        return replace(reply, evalue=error["evalue"], traceback=error["traceback"])

    def _living(self) -> tuple[KernelClient, KernelProcess]:
        if self._client is None or self._process is None:
            raise DeadKernelError("The kernel is not running. Restart it, or start another one.")
        self._client.check()
        return self._client, self._process

    def _tell(self, event: KernelEvent) -> None:
        if isinstance(event, OutputEvent) and event.output.get("output_type") == "error":
            event = self._with_explanation(event)
        try:
            self.listener(event)
        except Exception:  # a listener's fault must not end the reader, which others depend on
            logger.exception("The listener of kernel %s failed on %s.", self.id, type(event).__name__)


class _EndedEarly(Exception):
    """The process ended before it answered."""


def _ignore(event: KernelEvent) -> None:
    pass
