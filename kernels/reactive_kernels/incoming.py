"""What a kernel says, as it comes in: replies to who waits for them, the rest to the one listener, as events.

Synchronous, and never waits: it runs where messages are read. What was sent, and by whom, is known from the table of
requests; sending is the client's.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from .backlog import Omission
from .batches import REPLY, Batch
from .channels import Channel
from .errors import KernelError
from .events import CommOpenEvent, KernelEvent, StatusEvent
from .messages import content_of, event_of, message_type, omission_event, parent_id, parent_session
from .requests import Request, RequestTable, remember

_COMMS_REMEMBERED = 10_000
_BUSY_REMEMBERED = 1_000
_WIDGET = "jupyter.widget"

Question = tuple[dict[str, Any], str | None]


class Incoming:
    """The news of one kernel process."""

    def __init__(
        self,
        requests: RequestTable,
        session: str,
        tell: Callable[[KernelEvent], None],
        ask_state: Callable[[str], None],
    ) -> None:
        """`session` is ours. `ask_state` asks a widget, by its comm's id, for its state."""
        self.tell = tell
        self.welcome = asyncio.Event()
        """Set once anything has been published."""
        self.busy: OrderedDict[str, None] = OrderedDict()
        """What the kernel works on, ours and other clients', by message id."""
        self.question: Question | None = None
        """The header of the question that is to be answered, and who asks."""
        self.batch: Batch | None = None
        """The cells that the kernel was given together."""
        self.messages_heard = 0
        self._requests = requests
        self._session = session
        self._ask_state = ask_state
        self._comm_runs: OrderedDict[str, str] = OrderedDict()
        self._widgets: OrderedDict[str, None] = OrderedDict()

    def run_of_comm(self, comm_id: str) -> str | None:
        """The run that opened a comm."""
        return self._comm_runs.get(comm_id)

    def take(self, channel: Channel, message: dict[str, Any] | Omission) -> None:
        """A message has come in."""
        self.messages_heard += 1
        if isinstance(message, Omission):
            self._on_omission(message)
            return
        match channel:
            case "iopub":
                self._on_published(message)
            case "stdin":
                self._on_question(message)
            case _:
                request = self._requests.get(parent_id(message))
                if request is not None:
                    request.reply = message
                    request.progress()

    def _on_question(self, message: dict[str, Any]) -> None:
        parent = parent_id(message)
        if self.batch is not None and self.batch.is_early(parent):
            self.batch.early_question = message
            return
        self.question = message["header"], parent
        self._publish(message, self._requests.run_of(parent))

    def _on_published(self, message: dict[str, Any]) -> None:
        self.welcome.set()
        parent = parent_id(message)
        match message_type(message):
            case "status":
                self._on_status(message, parent, self._requests.get(parent))
            case "execute_input" if self.batch is not None and parent is not None and parent == self.batch.at:
                self._on_begin_in_batch(self.batch, parent, message)
            case kind if kind == REPLY:
                self._on_end_in_batch(parent, content_of(message))
            case _:
                request = self._requests.get(parent)
                if request is not None:
                    request.heard()
                self._publish(message, self._requests.run_of(parent))

    def _on_begin_in_batch(self, batch: Batch, cell: str, message: dict[str, Any]) -> None:
        self._requests.begun(cell)
        batch.whole.heard()
        batch.begun = True
        self.tell(StatusEvent(cell, "busy"))
        self._publish(message, cell)
        question, batch.early_question = batch.early_question, None
        if question is not None:
            self._on_question(question)

    def _on_end_in_batch(self, cell: str | None, reply: dict[str, Any]) -> None:
        if self.batch is not None and cell is not None and cell == self.batch.at:
            self._forget_question(cell)
            self.tell(StatusEvent(cell, "idle"))
            self.batch.end(cell, reply)

    def _on_omission(self, omission: Omission) -> None:
        """Too much came at once: say what is missing, and ask widgets whose news was lost how they now are."""
        if omission.parent is None or not self._requests.is_internal(omission.parent):
            self.tell(omission_event(omission, self._requests.run_of(omission.parent)))
        for comm_id in omission.comms & self._widgets.keys():
            with contextlib.suppress(KernelError):
                self._ask_state(comm_id)

    def _on_status(self, message: dict[str, Any], parent: str | None, request: Request | None) -> None:
        state = content_of(message).get("execution_state")
        if parent is not None:
            if state == "busy":
                remember(self.busy, parent, None, _BUSY_REMEMBERED)
            else:
                self.busy.pop(parent, None)
        if state == "busy":
            self._requests.begun(parent)
        run = self._requests.run_started_by(parent)
        if not self._requests.is_internal(parent):
            event = event_of(message, run)
            if isinstance(event, StatusEvent):
                self.tell(event)
        if request is not None:
            request.idle = request.idle or state == "idle"
            request.progress()
            if request.idle:
                self._forget_question(parent)

    def _forget_question(self, asker: str | None) -> None:
        if self.question is not None and self.question[1] == asker:
            self.question = None

    def _publish(self, message: dict[str, Any], run: str | None) -> None:
        session = parent_session(message)
        foreign = session is not None and session != self._session
        event = event_of(message, run, foreign=foreign)
        if isinstance(event, CommOpenEvent):
            if run is not None:
                remember(self._comm_runs, event.comm_id, run, _COMMS_REMEMBERED)
            if event.target_name == _WIDGET:
                remember(self._widgets, event.comm_id, None, _COMMS_REMEMBERED)
        if event is not None:
            self.tell(event)
