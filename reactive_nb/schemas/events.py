"""What the server says over the WebSocket.

Events are numbered: `seq` grows by one with each event of a notebook, the same for every client. `revision` is the
document's. An event with `buffers: n` is followed by n binary frames.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from reactive_nb.models import CellStatus
from reactive_nb.schemas.base import CellId, NbOutput, Response, Revision
from reactive_nb.schemas.cells import CellErrorModel, CellResponse
from reactive_nb.schemas.graph import GraphEdge
from reactive_nb.schemas.notebooks import KernelModel, NotebookResponse, SettingsModel, StorageProblem
from reactive_nb.schemas.reasons import StaleReason
from reactive_nb.schemas.runs import RunState


class Event(Response):
    """Every event carries its number and the document's revision."""

    seq: int = Field(0, ge=0, description="Grows by one with each event of the notebook.")
    revision: Revision = 0


class CommState(Response):
    """A comm that is open, with all that was said of its state."""

    comm_id: str
    target_name: str
    data: dict[str, Any]
    metadata: dict[str, Any] = Field(default_factory=dict)
    buffers: int = Field(0, description="How many of the binary frames that follow are its own, in order of the comms.")


class Presence(Response):
    """A client that is connected."""

    client_id: str
    user_id: str
    user_name: str
    cell_id: str | None = None
    selection: list[int] | None = None


class NotebookStateEvent(Event):
    """Everything: the first message of a connection, and again when a client could not keep up."""

    type: Literal["notebook.state"] = "notebook.state"
    protocol: int = 1
    notebook: NotebookResponse
    edges: list[GraphEdge]
    comms: list[CommState] = Field(default_factory=list)
    presence: list[Presence] = Field(default_factory=list)
    input_request: InputRequested | None = None
    runs: list[str] = Field(default_factory=list, description="The runs under way.")
    buffers: int = 0


class NotebookUpdated(Event):
    """The notebook's name, settings or kernel was changed; or there is something to say of how it is stored."""

    type: Literal["notebook.updated"] = "notebook.updated"
    name: str
    settings: SettingsModel
    kernel_name: str
    storage_problem: StorageProblem = None
    message: str | None = Field(None, description="What another program did to what is stored, and what became of it.")


class CellAdded(Event):
    """A new cell, at this place in document order."""

    type: Literal["cell.added"] = "cell.added"
    cell: CellResponse
    index: int


class CellUpdated(Event):
    """A cell's source, type or config was changed; the whole cell as it now stands, without its outputs."""

    type: Literal["cell.updated"] = "cell.updated"
    cell_id: CellId
    cell_type: str
    source: str
    config: dict[str, Any]
    cell_revision: Revision


class CellMoved(Event):
    """A cell now stands at this place."""

    type: Literal["cell.moved"] = "cell.moved"
    cell_id: CellId
    index: int


class CellRemoved(Event):
    """A cell is gone."""

    type: Literal["cell.removed"] = "cell.removed"
    cell_id: CellId


class CellStatusEvent(Event):
    """A cell's status, and what goes with it."""

    type: Literal["cell.status"] = "cell.status"
    cell_id: CellId
    status: CellStatus
    execution_count: int | None = None
    error: CellErrorModel | None = None
    stale_because: list[StaleReason] = Field(default_factory=list, description="Why it is stale, if it is.")
    started_at: str | None = None
    duration_ms: float | None = None


class OutputAppend(Event):
    """Outputs added at the end of a cell's outputs."""

    type: Literal["output.append"] = "output.append"
    cell_id: CellId
    outputs: list[NbOutput]


class OutputUpdate(Event):
    """The output at `index` is now `output`; or, of a stream, its first `keep` characters followed by `text`."""

    type: Literal["output.update"] = "output.update"
    cell_id: CellId
    index: int
    output: NbOutput | None = None
    keep: int | None = None
    text: str | None = None


class OutputClear(Event):
    """A cell has no outputs any more."""

    type: Literal["output.clear"] = "output.clear"
    cell_id: CellId


class GraphUpdated(Event):
    """For each cell whose names or neighbours changed: what they now are."""

    type: Literal["graph.updated"] = "graph.updated"
    cells: list[CellNames]


class CellNames(Response):
    id: CellId
    defines: list[str]
    uses: list[str]
    unresolved: list[str] = Field(default_factory=list, description="Names that it needs and no cell provides.")
    upstream: list[str]
    downstream: list[str]
    edges: list[GraphEdge] = Field(description="The edges that end in this cell.")
    withheld: dict[str, str] = Field(default_factory=dict, description="As in the graph.")
    conflicts: dict[str, list[str]] = Field(default_factory=dict, description="As in the graph.")


class RunStarted(Event):
    """A run was accepted."""

    type: Literal["run.started"] = "run.started"
    run_id: str
    cells: list[CellId] = Field(description="The cells it is to run, in order, as far as is known now.")


class RunFinished(Event):
    """A run is over."""

    type: Literal["run.finished"] = "run.finished"
    run_id: str
    state: RunState
    cells: list[CellId] = Field(description="The cells that ran, in order.")
    message: str | None = None


class KernelStatusEvent(Event):
    """The kernel's state."""

    type: Literal["kernel.status"] = "kernel.status"
    kernel: KernelModel


class InputRequested(Event):
    """A cell waits for a line of text."""

    type: Literal["input.requested"] = "input.requested"
    cell_id: CellId | None
    prompt: str
    password: bool


class CommEvent(Event):
    comm_id: str
    cell_id: CellId | None = None
    data: dict[str, Any] = Field(default_factory=dict)
    metadata: dict[str, Any] = Field(default_factory=dict)
    buffers: int = 0


class CommOpened(CommEvent):
    """The kernel or a client opened a comm."""

    type: Literal["comm.open"] = "comm.open"
    target_name: str


class CommMessage(CommEvent):
    """A message on a comm, from the kernel, or from another client (`client_id`)."""

    type: Literal["comm.msg"] = "comm.msg"
    client_id: str | None = None


class CommClosed(CommEvent):
    """A comm is closed."""

    type: Literal["comm.close"] = "comm.close"


class DebugEventMessage(Event):
    """An event of the debug adapter protocol, as the kernel's debugger gave it."""

    type: Literal["debug.event"] = "debug.event"
    event: dict[str, Any]


class PresenceUpdated(Event):
    """Who is connected, and where."""

    type: Literal["presence.updated"] = "presence.updated"
    clients: list[Presence]


class ReplyError(Response):
    """Why a command was refused."""

    code: str = Field(examples=["conflict"])
    message: str
    current: dict[str, Any] | None = None


class Reply(Response):
    """The one answer to a command."""

    type: Literal["reply"] = "reply"
    id: str | None = Field(description="The command's id; null if it could not be read.")
    ok: bool
    revision: Revision = 0
    result: dict[str, Any] | None = None
    error: ReplyError | None = None


ServerEvent: TypeAlias = Annotated[
    NotebookStateEvent
    | NotebookUpdated
    | CellAdded
    | CellUpdated
    | CellMoved
    | CellRemoved
    | CellStatusEvent
    | OutputAppend
    | OutputUpdate
    | OutputClear
    | GraphUpdated
    | RunStarted
    | RunFinished
    | KernelStatusEvent
    | InputRequested
    | DebugEventMessage
    | CommOpened
    | CommMessage
    | CommClosed
    | PresenceUpdated,
    Field(discriminator="type"),
]

NotebookStateEvent.model_rebuild()
GraphUpdated.model_rebuild()
