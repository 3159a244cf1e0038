"""What a client may say over the WebSocket: one JSON object a text frame, each answered by exactly one reply.

A command that changes the document may carry `if_match` (the notebook's revision) and is refused as a conflict when
it is out of date. Comm commands with `buffers: n` are followed by n binary frames.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from reactive_nb.schemas.base import CellId, CommData, CommId, CommMetadata, CommTarget, Request
from reactive_nb.schemas.cells import CreateCellRequest, UpdateCellRequest
from reactive_nb.schemas.notebooks import NotebookName, SettingsRequest
from reactive_nb.schemas.runs import RunSelection


class Command(Request):
    """Every command has an id of the client's choice, which its reply repeats."""

    id: str = Field(max_length=128, description="Repeated in the reply.", examples=["1"])


class DocumentCommand(Command):
    if_match: int | None = Field(None, ge=0, description="The notebook's revision that the client has seen.")


class Auth(Command):
    """The first message of a client that could send no header: within 10 seconds."""

    type: Literal["auth"]
    token: str = Field(max_length=8_192, description="As in the Authorization header, without `Bearer`.")


class AuthRenew(Command):
    """A fresh token of the same user and session, before the old one expires."""

    type: Literal["auth.renew"]
    token: str = Field(max_length=8_192, description="As in the Authorization header, without `Bearer`.")


class CellAddItem(Request):
    """Add a cell."""

    type: Literal["cell.add"]
    cell: CreateCellRequest


class CellUpdateItem(Request):
    """Change a cell's source, type or config."""

    type: Literal["cell.update"]
    cell_id: CellId
    changes: UpdateCellRequest


class CellMoveItem(Request):
    """Move a cell to another place in document order."""

    type: Literal["cell.move"]
    cell_id: CellId
    index: int = Field(ge=0, description="Its place in document order, from 0.")


class CellRemoveItem(Request):
    """Remove a cell."""

    type: Literal["cell.remove"]
    cell_id: CellId


class NotebookUpdateItem(Request):
    """Rename the notebook or change its settings."""

    type: Literal["notebook.update"]
    name: NotebookName | None = None
    settings: SettingsRequest | None = None


MAX_BATCH = 1_000
"""Changes in one batch, at most."""

BatchItem: TypeAlias = Annotated[
    CellAddItem | CellUpdateItem | CellMoveItem | CellRemoveItem | NotebookUpdateItem, Field(discriminator="type")
]
"""A change of the document, alone or as part of a batch."""


class CellAdd(CellAddItem, DocumentCommand):
    """Add a cell; the reply's result has its `cell_id`."""


class CellUpdate(CellUpdateItem, DocumentCommand):
    """Change a cell's source, type or config."""


class CellMove(CellMoveItem, DocumentCommand):
    """Move a cell to another place in document order."""


class CellRemove(CellRemoveItem, DocumentCommand):
    """Remove a cell."""


class NotebookUpdate(NotebookUpdateItem, DocumentCommand):
    """Rename the notebook or change its settings."""


class CellRun(Command):
    """Run one cell, with its stale ancestors and what depends on it."""

    type: Literal["cell.run"]
    cell_id: CellId


class NotebookRun(RunSelection, Command):
    """Run these cells, all stale ones, those from a cell on or up to one, or all; or only tell what would run."""

    type: Literal["notebook.run"]


class KernelInterrupt(Command):
    """Interrupt the running cell and drop the rest of the plan."""

    type: Literal["kernel.interrupt"]


class KernelRestart(Command):
    """A fresh kernel; every cell becomes stale."""

    type: Literal["kernel.restart"]


class KernelShutdown(Command):
    """End the kernel, whatever it does; the next run starts another."""

    type: Literal["kernel.shutdown"]


class InputReply(Command):
    """The answer to `input.requested`."""

    type: Literal["input.reply"]
    value: str = Field(max_length=1_000_000, description="The line, without its end.")


class Complete(Command):
    """Completions at a place in a source; the reply carries Jupyter's complete_reply."""

    type: Literal["complete"]
    code: str = Field(description="The source so far.")
    cursor_pos: int = Field(ge=0, description="In characters (code points).")


class Inspect(Command):
    """Documentation for what stands at a place in a source; the reply carries Jupyter's inspect_reply."""

    type: Literal["inspect"]
    code: str = Field(description="The source.")
    cursor_pos: int = Field(ge=0, description="In characters (code points).")
    detail_level: Literal[0, 1] = Field(0, description="1: with the source, where the kernel has it.")


class Debug(Command):
    """A request of the debug adapter protocol, also while a cell runs; the reply carries the debugger's response."""

    type: Literal["debug"]
    request: dict[str, Any] = Field(description="Passed on as it is.")


class CommCommand(Command):
    comm_id: CommId = Field(max_length=256)
    data: CommData = Field(default_factory=dict)
    metadata: CommMetadata = Field(default_factory=dict)
    buffers: int = Field(0, ge=0, le=1_024, description="How many binary frames follow.")


class CommOpen(CommCommand):
    """Open a comm towards the kernel."""

    type: Literal["comm.open"]
    target_name: CommTarget = Field(max_length=256)


class CommMsg(CommCommand):
    """A message on an open comm."""

    type: Literal["comm.msg"]


class CommClose(CommCommand):
    """Close a comm."""

    type: Literal["comm.close"]


class PresenceUpdate(Command):
    """Where this client is: told to the others, kept nowhere."""

    type: Literal["presence.update"]
    cell_id: CellId | None = None
    selection: list[int] | None = Field(None, max_length=16, description="In the cell's source, as clients agree on.")


class Batch(DocumentCommand):
    """Several changes of the document: one revision, all or nothing; the result has `cell_ids` of the added."""

    type: Literal["batch"]
    operations: list[BatchItem] = Field(min_length=1, fail_fast=True, max_length=MAX_BATCH)


ClientCommand: TypeAlias = Annotated[
    Auth
    | AuthRenew
    | CellAdd
    | CellUpdate
    | CellMove
    | CellRemove
    | CellRun
    | NotebookRun
    | NotebookUpdate
    | KernelInterrupt
    | KernelRestart
    | KernelShutdown
    | InputReply
    | Complete
    | Inspect
    | Debug
    | CommOpen
    | CommMsg
    | CommClose
    | PresenceUpdate
    | Batch,
    Field(discriminator="type"),
]

client_command: TypeAdapter[ClientCommand] = TypeAdapter(ClientCommand)
