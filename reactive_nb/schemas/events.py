"""What the server says over the WebSocket.

Events are numbered: `seq` grows by one with each event of a notebook, the same for every client. `revision` is the
document's. An event with `buffers: n` is followed by n binary frames.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from reactive_nb.models import CellStatus
from reactive_nb.schemas.base import (
    CellId,
    CommData,
    CommId,
    CommMetadata,
    CommTarget,
    Defines,
    Downstream,
    DurationMs,
    ExecutionCount,
    NbOutput,
    Place,
    Response,
    Revision,
    RunId,
    Source,
    Upstream,
    Uses,
)
from reactive_nb.schemas.cells import CellErrorModel, CellResponse
from reactive_nb.schemas.graph import GraphEdge
from reactive_nb.schemas.notebooks import KernelModel, NotebookResponse, SettingsModel, ShownName, StorageProblem
from reactive_nb.schemas.reasons import StaleReason
from reactive_nb.schemas.runs import RunState

Buffers = Annotated[int, Field(description="How many binary frames follow.")]


class Event(Response):
    """Every event carries its number and the document's revision."""

    seq: int = Field(0, ge=0, description="Grows by one with each event of the notebook.")
    revision: Revision = 0


class CommState(Response):
    """A comm that is open, with all that was said of its state."""

    comm_id: CommId
    target_name: CommTarget
    data: CommData
    metadata: CommMetadata = Field(default_factory=dict)
    buffers: int = Field(0, description="How many of the binary frames that follow are its own, in order of the comms.")


class Presence(Response):
    """A client that is connected."""

    client_id: str = Field(description="One connection.", examples=["9f3b2a10c4d5"])
    user_id: str = Field(description="Whose it is.", examples=["local"])
    user_name: str = Field(description="For people.", examples=["local"])
    cell_id: str | None = Field(None, description="The cell that it is at.")
    selection: list[int] | None = Field(None, description="In the cell's source, as clients agree on.")


class NotebookStateEvent(Event):
    """Everything: the first message of a connection, and again when a client could not keep up."""

    type: Literal["notebook.state"] = "notebook.state"
    protocol: int = Field(1, description="The version of these messages.")
    notebook: NotebookResponse
    edges: list[GraphEdge]
    comms: list[CommState] = Field(default_factory=list)
    presence: list[Presence] = Field(default_factory=list)
    input_request: InputRequested | None = None
    runs: list[str] = Field(default_factory=list, description="The runs under way.")
    buffers: Buffers = 0


class NotebookUpdated(Event):
    """The notebook's name, settings or kernel was changed; or there is something to say of how it is stored."""

    type: Literal["notebook.updated"] = "notebook.updated"
    name: ShownName
    settings: SettingsModel
    kernel_name: str = Field(description="Its kernelspec.", examples=["python3"])
    storage_problem: StorageProblem = None
    message: str | None = Field(None, description="What another program did to what is stored, and what became of it.")


class CellAdded(Event):
    """A new cell, at this place in document order."""

    type: Literal["cell.added"] = "cell.added"
    cell: CellResponse
    index: Place


class CellUpdated(Event):
    """A cell's source, type or config was changed; the whole cell as it now stands, without its outputs."""

    type: Literal["cell.updated"] = "cell.updated"
    cell_id: CellId
    cell_type: str = Field(description="As `type` of a cell.", examples=["python"])
    source: Source
    config: dict[str, Any] = Field(description="As `config` of a cell.")
    cell_revision: Revision


class CellMoved(Event):
    """A cell now stands at this place."""

    type: Literal["cell.moved"] = "cell.moved"
    cell_id: CellId
    index: Place


class CellRemoved(Event):
    """A cell is gone."""

    type: Literal["cell.removed"] = "cell.removed"
    cell_id: CellId


class CellStatusEvent(Event):
    """A cell's status, and what goes with it."""

    type: Literal["cell.status"] = "cell.status"
    cell_id: CellId
    status: CellStatus
    execution_count: ExecutionCount = None
    error: CellErrorModel | None = None
    stale_because: list[StaleReason] = Field(default_factory=list, description="Why it is stale, if it is.")
    started_at: str | None = Field(None, description="When its last run began.")
    duration_ms: DurationMs = None


class OutputAppend(Event):
    """Outputs added at the end of a cell's outputs."""

    type: Literal["output.append"] = "output.append"
    cell_id: CellId
    outputs: list[NbOutput] = Field(description="What is new.")


class OutputUpdate(Event):
    """The output at `index` is now `output`; or, of a stream, its first `keep` characters followed by `text`."""

    type: Literal["output.update"] = "output.update"
    cell_id: CellId
    index: Place
    output: NbOutput | None = Field(None, description="The whole output; null: see `keep`.")
    keep: int | None = Field(None, description="How many characters of the stream stay.")
    text: str | None = Field(None, description="What follows them.")


class OutputClear(Event):
    """A cell has no outputs any more."""

    type: Literal["output.clear"] = "output.clear"
    cell_id: CellId


class GraphUpdated(Event):
    """For each cell whose names or neighbours changed: what they now are."""

    type: Literal["graph.updated"] = "graph.updated"
    cells: list[CellNames]


class CellNames(Response):
    """A cell's names and neighbours."""

    id: CellId
    defines: Defines
    uses: Uses
    unresolved: list[str] = Field(default_factory=list, description="Names that it needs and no cell provides.")
    upstream: Upstream
    downstream: Downstream
    edges: list[GraphEdge] = Field(description="The edges that end in this cell.")
    withheld: dict[str, str] = Field(default_factory=dict, description="As in the graph.")
    conflicts: dict[str, list[str]] = Field(default_factory=dict, description="As in the graph.")


class RunStarted(Event):
    """A run was accepted."""

    type: Literal["run.started"] = "run.started"
    run_id: RunId
    cells: list[CellId] = Field(description="The cells it is to run, in order, as far as is known now.")


class RunFinished(Event):
    """A run is over."""

    type: Literal["run.finished"] = "run.finished"
    run_id: RunId
    state: RunState
    cells: list[CellId] = Field(description="The cells that ran, in order.")
    message: str | None = Field(None, description="Why it ended early.")


class KernelStatusEvent(Event):
    """The kernel's state."""

    type: Literal["kernel.status"] = "kernel.status"
    kernel: KernelModel


class InputRequested(Event):
    """A cell waits for a line of text."""

    type: Literal["input.requested"] = "input.requested"
    cell_id: CellId | None
    prompt: str = Field(description="What it asks.", examples=["Your name: "])
    password: bool = Field(description="Whether what is typed should not be seen.")


class CommEvent(Event):
    comm_id: CommId
    cell_id: CellId | None = None
    data: CommData = Field(default_factory=dict)
    metadata: CommMetadata = Field(default_factory=dict)
    buffers: Buffers = 0


class CommOpened(CommEvent):
    """The kernel or a client opened a comm."""

    type: Literal["comm.open"] = "comm.open"
    target_name: CommTarget


class CommMessage(CommEvent):
    """A message on a comm, from the kernel, or from another client (`client_id`)."""

    type: Literal["comm.msg"] = "comm.msg"
    client_id: str | None = Field(None, description="The client that said it; null: the kernel.")


class CommClosed(CommEvent):
    """A comm is closed."""

    type: Literal["comm.close"] = "comm.close"


class DebugEventMessage(Event):
    """An event of the debug adapter protocol, as the kernel's debugger gave it."""

    type: Literal["debug.event"] = "debug.event"
    event: dict[str, Any] = Field(description="As the kernel gave it.")


class PresenceUpdated(Event):
    """Who is connected, and where."""

    type: Literal["presence.updated"] = "presence.updated"
    clients: list[Presence]


class ReplyError(Response):
    """Why a command was refused."""

    code: str = Field(description="For programs.", examples=["conflict"])
    message: str = Field(description="For people.", examples=["The notebook is at revision 8, not 7."])
    current: dict[str, Any] | None = Field(None, description="The current state, when a write was out of date.")


class Reply(Response):
    """The one answer to a command."""

    type: Literal["reply"] = "reply"
    id: str | None = Field(description="The command's id; null if it could not be read.")
    ok: bool = Field(description="Whether it was carried out.")
    revision: Revision = 0
    result: dict[str, Any] | None = Field(None, description="What the command's own description says.")
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
