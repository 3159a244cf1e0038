"""Cells as clients see and send them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from reactive_nb.models import CellMode, CellStatus, CellType
from reactive_nb.models.sql import MAX_RESULT_CHARS, is_result_name
from reactive_nb.schemas.base import (
    CellId,
    Defines,
    Downstream,
    DurationMs,
    ExecutionCount,
    NbOutput,
    Request,
    Response,
    Revision,
    Source,
    Upstream,
    Uses,
)
from reactive_nb.schemas.reasons import StaleReason


def _usable(name: str) -> str:
    if not is_result_name(name):
        raise ValueError(f"{name!r} is a name that Python keeps for itself: choose another")
    return name


Name = Annotated[str, StringConstraints(pattern=r"^[^\W\d]\w*$", max_length=MAX_RESULT_CHARS), AfterValidator(_usable)]


class CellConfigModel(Response):
    """How a cell is run and shown."""

    mode: CellMode = Field(CellMode.AUTO, description="`auto`, `manual` (never pulled in by others) or `disabled`.")
    timeout: float | None = Field(None, gt=0, le=86_400, description="Seconds after which the cell is interrupted.")
    continue_on_error: bool = Field(False, description="Whether cells that depend on it run even when it has raised.")
    result: Name | None = Field(None, description="The name an SQL cell's result gets.", examples=["totals"])
    hide_source: bool = Field(False, description="Whether the page shows the outputs only.")
    hide_output: bool = Field(False, description="Whether the page shows the source only.")


class CellConfigPatch(Request):
    """The parts of a cell's config to change; what is left out stays."""

    mode: CellMode | None = None
    timeout: float | None = Field(
        None, gt=0, le=86_400, description="Seconds after which the cell is interrupted; null: none."
    )
    continue_on_error: bool | None = Field(
        None, description="Whether cells that depend on it run even when it has raised."
    )
    result: Name | None = Field(None, description="The name an SQL cell's result gets.", examples=["totals"])
    hide_source: bool | None = Field(None, description="Whether the page shows the outputs only.")
    hide_output: bool | None = Field(None, description="Whether the page shows the source only.")


class CellErrorModel(Response):
    """Why a cell has no good result."""

    kind: str = Field(description="`exception`, `syntax`, `blocked`, `interrupted`, `timeout` or `kernel`.")
    message: str = Field(description="For people.", examples=["NameError: name 'amount' is not defined"])
    names: list[str] = Field(default_factory=list, description="The names concerned.")
    cells: list[str] = Field(
        default_factory=list, description="The cells to blame: first those it needs names from, last those of `roots`."
    )
    roots: list[str] = Field(
        default_factory=list,
        description="Of a blocked cell: the cells to mend, which failed or are kept from running by themselves.",
    )
    line: int | None = Field(None, description="The line in the cell's source, from 1, where it is known.")


class CellResponse(Response):
    """A cell as it stands."""

    id: CellId
    type: CellType
    source: Source
    status: CellStatus
    outputs: list[NbOutput] = Field(description="In nbformat's shape; large data by reference, see `/outputs`.")
    execution_count: ExecutionCount
    defines: Defines
    uses: Uses
    unresolved: list[str] = Field(
        default_factory=list, description="Names that it needs and no cell provides, sorted; why tells more."
    )
    upstream: Upstream
    downstream: Downstream
    config: CellConfigModel
    error: CellErrorModel | None
    stale_because: list[StaleReason] = Field(
        default_factory=list, description="Why it is stale, the most telling first, five reasons at most."
    )
    started_at: datetime | None = Field(description="When its last run began.")
    duration_ms: DurationMs
    revision: Revision


class CreateCellRequest(Request):
    """A cell to add. Without `index` and `after` it goes to the end."""

    type: CellType = CellType.PYTHON
    source: Source = ""
    id: CellId | None = Field(None, description="Chosen by the client, if it wants to; must be new in the notebook.")
    index: int | None = Field(None, ge=0, description="Place in document order, from 0.")
    after: CellId | None = Field(None, description="The cell it is to follow.")
    config: CellConfigPatch | None = None

    @model_validator(mode="after")
    def _one_place(self) -> CreateCellRequest:
        if self.index is not None and self.after is not None:
            raise ValueError("give index or after, not both")
        return self

    model_config = Request.model_config | {
        "json_schema_extra": {"examples": [{"type": "python", "source": "x = 20 + 1", "index": 0}]}
    }


class UpdateCellRequest(Request):
    """What to change of a cell; what is left out stays. Nothing runs by itself: cells become stale."""

    source: Source | None = None
    type: CellType | None = None
    config: CellConfigPatch | None = None
    index: int | None = Field(None, ge=0, description="Move the cell to this place in document order, from 0.")
    base_revision: int | None = Field(
        None, ge=0, description="The revision the client has seen: refused with 409 if this cell has changed since."
    )

    @model_validator(mode="after")
    def _something(self) -> UpdateCellRequest:
        if not self.model_fields_set - {"base_revision"}:
            raise ValueError("nothing to change: give source, type, config or index")
        return self

    model_config = Request.model_config | {
        "json_schema_extra": {"minProperties": 1, "examples": [{"source": "x = 20 + 2"}]}
    }
