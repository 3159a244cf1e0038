"""An open notebook: the only writer of its state.

Everything that changes it comes in as an operation (`apply`, or `perform` for what the kernel did) and goes out as
numbered events. The reducer decides; here is what must wait, happen or be told: the lock, storage, the kernel, clients.
Operations are applied synchronously on the event loop, so none can come between another and its events; the lock
covers what must look before it leaps (`if_match`), and nobody waits for storage while holding it, but to delete.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reactive_kernels import KernelError, KernelPool, OutputLimits
from reactive_nb.core.config import Settings
from reactive_nb.execution.analysis import analyse_python
from reactive_nb.execution.selection import RunScope
from reactive_nb.models import KernelState, Notebook
from reactive_nb.models.database_url import without_password
from reactive_nb.schemas.commands import CommClose, CommMsg, CommOpen
from reactive_nb.schemas.events import Event, NotebookStateEvent, Presence, PresenceUpdated
from reactive_nb.schemas.graph import VariablePage, VariablesResponse
from reactive_nb.schemas.runs import KernelRequestResponse, RunResponse
from reactive_nb.schemas.tables import TableQuestion
from reactive_nb.schemas.widgets import Widget, WidgetModule, WidgetMoved
from reactive_nb.services import kernel_questions, large_outputs, limits, views, widget_list
from reactive_nb.services.awaited_runs import AwaitedRuns, run_response
from reactive_nb.services.database import DatabaseAddress, checked, located, tried
from reactive_nb.services.effects import (
    BindNames,
    Effect,
    Execute,
    ExecuteBatch,
    ForgetOutputs,
    InterruptKernel,
    ReplaceKernel,
    Save,
    StartKernel,
    StopBatch,
)
from reactive_nb.services.errors import Conflict, KernelUnavailable, NotebookClosed, SessionError
from reactive_nb.services.idleness import Use
from reactive_nb.services.kernel_link import KernelLink
from reactive_nb.services.kernel_work import InterruptPolicy
from reactive_nb.services.operations import (
    AddCell,
    CellFinished,
    CellStarted,
    ChangeOutputs,
    DocumentOperation,
    InterruptRun,
    KernelChanged,
    Operation,
    ReplaceNotebook,
    RestartKernel,
    RunCells,
    Several,
    UpdateCell,
    UpdateNotebook,
)
from reactive_nb.services.presence import PresenceList
from reactive_nb.services.reducer import apply, initial_state
from reactive_nb.services.saver import Saver
from reactive_nb.services.snapshot import state_event
from reactive_nb.services.state import SessionState
from reactive_nb.storage import NotebookStorage, StorageError
from reactive_nb.websocket.broadcaster import Broadcaster

_log = logging.getLogger(__name__)

RESTART_LIMIT_S = 60.0


class NotebookSession:
    """One notebook, its kernel and its clients."""

    def __init__(
        self,
        notebook: Notebook,
        *,
        storage: NotebookStorage,
        pool: KernelPool,
        settings: Settings,
        language: str = "python",
        directory: Path | None = None,
        environment: Mapping[str, str] | None = None,
        allow_stdin: bool = True,
        state: SessionState | None = None,
    ) -> None:
        """Open `notebook`, which is stored as it is. `directory` is where its kernel runs.

        `state` is its `initial_state`, where that has been made already: of a long notebook it takes seconds.
        Without `allow_stdin` a cell that asks for input fails: nobody is there to answer.
        """
        self.id = notebook.id
        self.state: SessionState = state or initial_state(notebook, language)
        self.lock = asyncio.Lock()
        self.closed = False
        self.last_used = time.monotonic()
        self.broadcaster = Broadcaster(
            replay=settings.ws_replay_events, queue=settings.ws_queue_events, snapshot=self.state_event
        )
        self._settings = settings
        half = settings.output_max_chars // 2
        self.kernel = KernelLink(
            self,
            pool,
            directory=directory,
            environment=environment or {},
            interrupts=InterruptPolicy(settings.interrupt_grace, settings.restart_stuck_kernels),
            limits=OutputLimits(stream_head=half, stream_tail=settings.output_max_chars - half),
            allow_stdin=allow_stdin,
            versions_memory_bytes=settings.versions_memory_bytes,
            sql_max_rows=settings.sql_max_rows,
        )
        self._saver = Saver(storage, self, notebook)
        self._saver.start()
        self._presence = PresenceList(self._tell_presence, self.broadcaster.outdate_snapshot)
        self._awaited = AwaitedRuns()
        self._last_ticket = 0
        self._directory = directory
        self._database = DatabaseAddress(storage, notebook.id)
        self._kernel_news = asyncio.Event()
        self._gathered: list[CellStarted | CellFinished | ChangeOutputs] = []

    @property
    def notebook(self) -> Notebook:
        return self.state.notebook

    @property
    def revision(self) -> int:
        return self.state.notebook.revision

    @property
    def busy(self) -> bool:
        """Whether something runs or is to run."""
        return self.state.running is not None or bool(self.state.runs)

    # -- operations
    async def apply(self, operation: DocumentOperation, *, if_match: int | None = None) -> int:
        """Change the document; the revision it then has. What it answers is durable.

        Raises Conflict if `if_match` is not the present revision, and what the reducer refuses; then nothing changed.
        Raises StorageError if the change could not be stored: it is made all the same, and stored as soon as possible.
        """
        async with self.lock:
            self._check_open()
            limits.check(operation, self.state, self._settings)
            await self._analyse_aside(operation)
            if if_match is not None and if_match != self.revision:
                raise Conflict(f"The notebook is at revision {self.revision}, not {if_match}.", self.revision)
            self.perform(operation)
            ticket, revision = self._last_ticket, self.revision
        await self._saver.durable(ticket)
        return revision

    async def _analyse_aside(self, operation: DocumentOperation) -> None:
        """What is found is kept by source, so that it takes no time when the operation is applied."""
        sources = limits.sources_to_analyse(operation, self.state)
        if sources:
            await asyncio.to_thread(lambda: [analyse_python(source) for source in sources])

    def perform(self, operation: Operation) -> None:
        """Apply an operation and carry out what follows. Never waits."""
        self._perform_gathered()
        self._perform(operation)

    def perform_soon(self, operation: CellStarted | CellFinished | ChangeOutputs) -> None:
        """As `perform`, in one step with what else comes in before the loop turns to anything else.

        A kernel that runs many short cells is faster than what follows from each of them.
        """
        if not self._gathered:
            asyncio.get_running_loop().call_soon(self._perform_in_time)
        self._gathered.append(operation)

    def _perform_in_time(self) -> None:
        try:
            self._perform_gathered()
        except Exception as error:
            self.kernel.give_up(error)

    def _perform_gathered(self) -> None:
        if self._gathered:
            gathered, self._gathered = tuple(self._gathered), []
            self._perform(gathered[0] if len(gathered) == 1 else Several(gathered))

    def _perform(self, operation: Operation) -> None:
        before = self.state.notebook.revision
        applied = apply(self.state, operation)
        if applied.state.kernel is not self.state.kernel:
            self._kernel_news.set()
            self._kernel_news = asyncio.Event()
        self.state = applied.state
        if self.state.notebook.revision != before:
            self.state = self.state.at(datetime.now(UTC))
        for effect in applied.effects:  # first, for the kernel can begin while clients are told
            self._carry_out(effect)
        for event in applied.events:
            self._publish(event)
            self._awaited.hear(event)
        if self.state.notebook.revision != before:
            self.kernel.reconsider_displays()

    def edit(self, operation: AddCell | UpdateCell) -> None:
        """Change the document because code in the kernel asked for it; what may not be is left."""
        try:
            limits.check(operation, self.state, self._settings)
            self.perform(operation)
        except SessionError as error:
            _log.warning("what the kernel of notebook %s wrote is left out: %s", self.id, error)

    def publish(self, event: Event, buffers: tuple[bytes, ...] = ()) -> None:
        """Tell clients, after what was gathered."""
        self._perform_gathered()
        self._publish(event, buffers)

    def _publish(self, event: Event, buffers: tuple[bytes, ...] = ()) -> None:
        self.broadcaster.publish(event, self.revision, buffers)

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Execute() | ExecuteBatch() | BindNames() | StartKernel():
                self.kernel.put(effect, self.notebook.kernel_name)
            case StopBatch():
                self.kernel.stop_batch()
            case InterruptKernel():
                self.kernel.interrupt()
            case ReplaceKernel(start):
                self.kernel.replace(start=start, kernel_name=self.notebook.kernel_name)
            case ForgetOutputs(cells):
                self.kernel.forget_outputs(cells)
            case Save(urgent):
                self._last_ticket = self._saver.ask(urgent=urgent)

    def _check_open(self) -> None:
        self.last_used = time.monotonic()
        if self.closed:
            raise NotebookClosed("The notebook was closed; open it again.")

    # -- runs
    async def run(
        self, cells: Sequence[str] | None = None, *, scope: RunScope = RunScope.CELLS, wait: float | None = None
    ) -> RunResponse:
        """Run `cells` with what they need, all stale cells (None), or what `scope` says of the one in `cells`.

        With `wait` (seconds), answer when it is over or time is up.
        """
        run_id = uuid.uuid4().hex[:12]
        with self._awaited.awaiting(run_id) as awaited:
            async with self.lock:
                self._check_open()
                self.perform(RunCells(run_id, None if cells is None else tuple(dict.fromkeys(cells)), scope))
            if wait and not await awaited.wait(wait):
                raise NotebookClosed("The notebook was closed while it ran.")
            return run_response(self.state, run_id, awaited, self.kernel.input_request)

    async def interrupt(self) -> KernelRequestResponse:
        """Interrupt the running cell and drop the rest of the plan."""
        self._check_open()
        was_busy = self.busy
        self.perform(InterruptRun())
        return KernelRequestResponse(state=self.state.kernel, message=None if was_busy else "Nothing was running.")

    async def restart(self) -> KernelRequestResponse:
        """A fresh kernel; answers when it is there."""
        self._check_open()
        self.perform(RestartKernel())
        deadline = time.monotonic() + RESTART_LIMIT_S
        while self.state.kernel in (KernelState.RESTARTING, KernelState.STARTING):
            self._check_open()
            if time.monotonic() > deadline:
                raise KernelUnavailable(f"The kernel did not restart within {RESTART_LIMIT_S:g} s.")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._kernel_news.wait(), deadline - time.monotonic())
        if self.state.kernel is KernelState.DEAD:
            raise KernelUnavailable(self.state.kernel_message or "The kernel could not be started.")
        return KernelRequestResponse(state=self.state.kernel, message=self.state.kernel_message)

    async def shut_down_kernel(self) -> KernelRequestResponse:
        """End the kernel, whatever it does; the next run starts another. Answers when its process is gone."""
        self._check_open()
        if self.state.kernel is KernelState.NONE:
            return KernelRequestResponse(state=self.state.kernel, message="No kernel was running.")
        await self.end_kernel("The kernel was shut down.")
        return KernelRequestResponse(state=self.state.kernel, message=self.state.kernel_message)

    async def end_kernel(self, why: str) -> None:
        """End the kernel; `why` is what clients are told. Returns when its process is gone."""
        self.perform(KernelChanged(KernelState.NONE, why))
        await asyncio.wait({self.kernel.replace(start=False, kernel_name=self.notebook.kernel_name)})

    def use(self) -> Use:
        """Whether it is in use, or since when it is not."""
        now = time.monotonic()
        in_use = bool(self.broadcaster.clients) or self.busy or self.kernel.busy
        self.last_used = now if in_use else max(self.last_used, self.kernel.heard_at)
        return Use(in_use, now - self.last_used, self.state.kernel, stored=self.unstored is None)

    # -- the database of SQL cells
    async def database_address(self) -> str | None:
        """The address of the notebook's database with its password, for its kernel alone. Raises StorageError."""
        shown = self.notebook.settings.database
        return None if shown is None else located(await self._database.whole(shown), self._directory)

    async def try_database(self, url: str | None) -> str | None:
        """Connect to `url`, or to the notebook's database (None); what is wrong, in plain words, or None.

        Raises InvalidOperation for what is no address.
        """
        self._check_open()
        wanted = located(checked(url), self._directory) if url is not None else await self.database_address()
        return None if wanted is None else await tried(wanted)

    async def set_database(self, url: str | None, *, if_match: int | None = None) -> None:
        """Run SQL cells on this database; None: on DuckDB in the kernel. Raises InvalidOperation, StorageError."""
        wanted = None if url is None else checked(url)
        async with self._database.changed(wanted):
            await self.apply(UpdateNotebook(settings={"database": without_password(wanted)}), if_match=if_match)

    # -- what only the kernel knows
    async def variables(self) -> VariablesResponse:
        """The kernel's variables; none if no kernel runs."""
        self._check_open()
        return await kernel_questions.variables(self.kernel, self.state.bound)

    async def variable(self, name: str, question: TableQuestion | None = None) -> VariablePage:
        """Rows of a table, items of a list, … Raises NoSuchVariable, InvalidOperation."""
        self._check_open()
        return await kernel_questions.variable(self.kernel, name, question or TableQuestion())

    async def widget_module(self, module: str) -> WidgetModule:
        """The code that a library of widgets brings along for browsers. Raises NoSuchModule."""
        self._check_open()
        return await kernel_questions.widget_module(self.kernel, module)

    async def complete(self, code: str, cursor_pos: int) -> dict[str, Any]:
        """Jupyter's complete_reply; answered while a cell runs where the kernel can."""
        self._check_open()
        return await kernel_questions.complete(self.kernel, code, cursor_pos)

    async def inspect(self, code: str, cursor_pos: int, detail_level: int = 0) -> dict[str, Any]:
        """Jupyter's inspect_reply."""
        self._check_open()
        return await kernel_questions.inspect(self.kernel, code, cursor_pos, detail_level)

    async def debug(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """A request of the debug adapter protocol; the debugger's response. Answered while a cell runs."""
        self._check_open()
        return await kernel_questions.debug(self.kernel, request)

    # -- what clients tell the kernel
    def reply_input(self, value: str) -> None:
        self._check_open()
        self.kernel.reply_input(value)

    def comm(self, command: CommOpen | CommMsg | CommClose, buffers: tuple[bytes, ...], client_id: str) -> None:
        """A client's comm message: to the kernel, and to the other clients."""
        self._check_open()
        self.kernel.say_on_comm(kernel_questions.comm_of(command, buffers), client_id)

    def widgets(self) -> list[Widget]:
        """The widgets in the kernel."""
        self._check_open()
        return widget_list.widgets(self.state, self.kernel.comms.open_comms())

    async def move_widget(self, key: str, values: Mapping[str, Any], client_id: str, wait: float | None) -> WidgetMoved:
        """Set values of the widget with that comm or name; with `wait`, answer when what follows has run.

        Raises NoSuchWidget, InvalidOperation for a trait that it does not have, KernelUnavailable.
        """
        self._check_open()
        opened = self.kernel.comms.open_comms
        widget = widget_list.find(self.state, opened(), key)
        self.kernel.say_on_comm(widget_list.update(widget, values), client_id)
        settled = await self._settle_widgets(wait or 0)
        return widget_list.moved(self.state, widget_list.find(self.state, opened(), widget.comm_id), settled=settled)

    async def _settle_widgets(self, timeout_s: float) -> bool:
        """Wait until the kernel has all values of widgets and has run what follows; False if time is up before."""
        inputs = self.kernel.widget_inputs
        with contextlib.suppress(TimeoutError, KernelError):
            async with asyncio.timeout(timeout_s):
                while self.busy or not inputs.at_rest:
                    await (self._kernel_news.wait() if self.busy else self.kernel.catch_up())
        self._check_open()
        return not self.busy and inputs.at_rest

    def output(self, digest: str) -> tuple[str, bytes] | None:
        """(media type, bytes) of a large output, by its content hash."""
        return large_outputs.find(self.notebook, digest)

    # -- clients
    def join(self, client: Presence) -> None:
        self._presence.put(client)

    def update_presence(self, client: Presence) -> None:
        self._presence.put(client)

    def leave(self, client_id: str) -> None:
        self.last_used = time.monotonic()
        if not self.closed:
            self._presence.remove(client_id)

    def _tell_presence(self, clients: list[Presence]) -> None:
        self.publish(PresenceUpdated(clients=clients))

    def state_event(self) -> Callable[[], tuple[NotebookStateEvent, tuple[bytes, ...]]]:
        """What makes the event that tells everything, as of the last event, in whichever thread."""
        return state_event(self.state, self.kernel, self._presence.clients, self.broadcaster.seq)

    # -- storage
    async def take_over_changes(self) -> None:
        """If somebody else stored the document since (an editor, another tool), take that over."""
        await self._saver.look()

    @property
    def unstored(self) -> StorageError | None:
        """Why changes are not stored yet, if storage has refused them."""
        return self._saver.failure

    async def prepare(self, theirs: Notebook) -> str | None:
        await self._analyse_aside(ReplaceNotebook(theirs))
        return await self.kernel.language_of(theirs.kernel_name)

    def take_over(self, merged: Notebook, language: str | None) -> None:
        self.perform(ReplaceNotebook(merged, language))

    def stored_as(self, name: str) -> None:
        self.state = self.state.named(name)
        self.publish(views.notebook_updated(self.state))

    def not_stored(self, problem: str | None) -> None:
        self.state = replace(self.state, storage_problem=problem)
        self.publish(views.notebook_updated(self.state))

    def tell(self, message: str) -> None:
        self.publish(views.notebook_updated(self.state, message))

    async def delete(self, code: int, reason: str) -> None:
        """Remove the notebook for good, its kernel with it. Raises StorageError; then it stays open as it was."""
        async with self.lock:  # held until it is deleted, so that no change to it is accepted meanwhile
            self._check_open()
            await self._saver.delete()
            self.closed = True
        await self._end(code, reason)

    async def close(self, code: int = 1012, reason: str = "The service is stopping.") -> None:
        """End the session: clients are sent away, the kernel is shut down, what is not yet stored is."""
        async with self.lock:
            if self.closed:
                return
            self.closed = True
        await self._end(code, reason)
        await self._saver.close()

    async def _end(self, code: int, reason: str) -> None:
        self._perform_gathered()
        self._kernel_news.set()
        self._presence.close()
        self.broadcaster.close(code, reason)
        self._awaited.give_up()
        await self.kernel.close()
