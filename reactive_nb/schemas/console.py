"""What can be asked of a running kernel over REST beside runs: completion, documentation, input, comms; and batches."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Base64Bytes, ConfigDict, Field, model_validator

from reactive_nb.schemas.base import CellId, CommData, CommMetadata, Request, Response, Revision
from reactive_nb.schemas.commands import MAX_BATCH, BatchItem


class CompleteRequest(Request):
    """Where completions are wanted."""

    code: str = Field(max_length=1_000_000, description="The source so far.", examples=["import o"])
    cursor_pos: int = Field(ge=0, description="In characters (code points).", examples=[8])


class CompleteResponse(Response):
    """Jupyter's complete_reply."""

    matches: list[str] = Field(default_factory=list, description="What may stand there.", examples=[["os", "operator"]])
    cursor_start: int = Field(0, description="Where what is to be replaced begins, in characters.")
    cursor_end: int = Field(0, description="Where it ends.")
    metadata: dict[str, Any] = Field(default_factory=dict, description="The kernel's own additions.")

    model_config = ConfigDict(extra="allow")


class InspectRequest(CompleteRequest):
    """Where documentation is wanted."""

    detail_level: Literal[0, 1] = Field(0, description="1: with the source, where the kernel has it.")


class InspectResponse(Response):
    """Jupyter's inspect_reply."""

    found: bool = Field(False, description="Whether the kernel knows it.")
    data: dict[str, Any] = Field(default_factory=dict, description="By media type.")
    metadata: dict[str, Any] = Field(default_factory=dict, description="The kernel's own additions.")

    model_config = ConfigDict(extra="allow")


class DebugRequest(Request):
    """A request of the debug adapter protocol."""

    request: dict[str, Any] = Field(
        description="Passed on as it is.",
        examples=[{"type": "request", "seq": 1, "command": "debugInfo", "arguments": {}}],
    )


class DebugResponse(Response):
    """The debugger's response."""

    response: dict[str, Any] = Field(description="As the kernel gave it.")


class InputRequest(Request):
    """The line of text that a cell waits for."""

    value: str = Field(max_length=1_000_000, description="The line, without its end.", examples=["yes"])


class CommRequest(Request):
    """What to say on a comm; binary buffers as base64."""

    action: Literal["open", "msg", "close"] = Field("msg", description="Open it, send a message, or close it.")
    target_name: str | None = Field(None, max_length=256, description="Needed to open one.", examples=["my_target"])
    data: CommData = Field(default_factory=dict)
    metadata: CommMetadata = Field(default_factory=dict)
    buffers: list[Base64Bytes] = Field(
        default_factory=list, fail_fast=True, max_length=1_024, description="Binary parts, in base64."
    )

    @model_validator(mode="after")
    def _target(self) -> CommRequest:
        if (self.action == "open") != (self.target_name is not None):
            raise ValueError("give target_name to open a comm, and only then")
        return self


class BatchRequest(Request):
    """Several changes of the document: one revision, all or nothing."""

    operations: list[BatchItem] = Field(min_length=1, fail_fast=True, max_length=MAX_BATCH)

    model_config = Request.model_config | {
        "json_schema_extra": {
            "examples": [
                {
                    "operations": [
                        {"type": "cell.add", "cell": {"id": "rate", "source": "rate = 1.1"}},
                        {"type": "notebook.update", "name": "Prices"},
                    ]
                }
            ]
        }
    }


class BatchResponse(Response):
    """A batch was carried out."""

    revision: Revision
    cell_ids: list[CellId] = Field(description="The ids of the cells it added, in order.")
