"""What all our contracts share: how they are validated, and how they look in the generated documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_FIELDS = 64
"""Fields that an object may come with. Each unknown one is an error to be told, and none of ours has so many."""

CellId = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="A cell's id, by nbformat's rule.",
        examples=["load-data"],
    ),
]
NotebookId = Annotated[str, Field(description="A notebook's UUID.", examples=["5f0c8a52-6b0e-4b6e-9a3f-0c6d8f3b2a10"])]
Source = Annotated[str, Field(description="The cell's source.", examples=["total = sum(prices)"])]
Revision = Annotated[int, Field(ge=0, description="Grows by one with each change of the document.", examples=[12])]
Place = Annotated[int, Field(description="A place in document order, from 0.", examples=[0])]
Defines = Annotated[list[str], Field(description="Names that the cell binds, sorted.")]
Uses = Annotated[list[str], Field(description="Names that the cell reads, sorted; builtins left out.")]
Upstream = Annotated[list[str], Field(description="Cells that it gets names from, in document order.")]
Downstream = Annotated[list[str], Field(description="Cells that get names from it, in document order.")]
ExecutionCount = Annotated[
    int | None, Field(description="The kernel's number of the cell's last run; null: it has not run.")
]
DurationMs = Annotated[float | None, Field(description="How long the cell's last run took.")]
RunId = Annotated[str, Field(description="By which answers and events name a run.", examples=["3d63e4ca45eb"])]
CommId = Annotated[str, Field(description="By which both ends name a comm.", examples=["0d9a7e1c2b3f4a5d8e6f"])]
CommTarget = Annotated[str, Field(description="Who is to answer at the other end.", examples=["jupyter.widget"])]
CommData = Annotated[
    dict[str, Any],
    Field(
        description="The message, by the protocol of whoever is at the other end.",
        examples=[{"method": "update", "state": {"value": 7}}],
    ),
]
CommMetadata = Annotated[dict[str, Any], Field(description="Of the message.")]
NbOutput = Annotated[
    dict[str, Any],
    Field(
        description="An output in nbformat 4.5's shape: stream, display_data, execute_result or error.",
        examples=[{"output_type": "stream", "name": "stdout", "text": "42\n"}],
    ),
]


class Request(BaseModel):
    """What a client sends: unknown fields are refused, so that a typing error is not silently lost."""

    model_config = ConfigDict(extra="forbid", str_max_length=64 * 1024 * 1024)

    @model_validator(mode="before")
    @classmethod
    def _bounded(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and len(value) > MAX_FIELDS:
            raise ValueError(f"this object has {len(value):,} fields, and may have {MAX_FIELDS} at most")
        return value


class Response(BaseModel):
    """What the server answers: every field is always there, and the documents say so."""

    model_config = ConfigDict(from_attributes=True, json_schema_serialization_defaults_required=True)
