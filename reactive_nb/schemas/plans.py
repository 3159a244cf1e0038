"""What a run would do: the answer to a request that only asks."""

from __future__ import annotations

from pydantic import Field

from reactive_nb.models import CellStatus
from reactive_nb.schemas.base import CellId, Response, Revision
from reactive_nb.schemas.reasons import StaleReason


class PlanGround(Response):
    """Why a cell would run."""

    kind: str = Field(
        description="`asked`; `stale` (what is stale was asked for); `needed` (it is stale, and `cell` gets names from "
        "it); `recreates` (`cell` needs an object of its as it was, which another has changed in place); `depends` (it "
        "gets names from `cell`, which runs).",
        examples=["depends"],
    )
    names: list[str] = Field(description="The names it is about.", examples=[["df"]])
    cell: CellId | None = None
    message: str = Field(description="For people.", examples=["It gets df from cell load-data, which runs."])


class PlannedCell(Response):
    """A cell that would run."""

    id: CellId
    label: str = Field(description="Its heading or first line.", examples=["total = df.sum()"])
    status: CellStatus
    because: list[PlanGround] = Field(description="At most five.")
    stale_because: list[StaleReason] = Field(description="Why it is stale, or has not run; empty if it is fresh.")


class PlanResponse(Response):
    """What would run, in this order, as far as can be told before anything has run."""

    plan: list[PlannedCell]
    revision: Revision
