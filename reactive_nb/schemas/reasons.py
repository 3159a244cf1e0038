"""Why a cell is stale, blocked or incomplete, as clients are told."""

from __future__ import annotations

from pydantic import Field

from reactive_nb.models import CellStatus
from reactive_nb.schemas.base import CellId, Response, Revision

MOST_REASONS = 5
"""Told with a cell and its status; all of them where one asks for more about the cell."""


class StaleReason(Response):
    """A reason why a cell is stale: what a run would use now that its last run did not."""

    kind: str = Field(
        description="Of its own: `edited`; `never-ran`; `opened` (not run since the notebook was opened), "
        "`kernel-restarted`, `kernel-died`, `kernel-ended`, `kernel-replaced`, `foreign-run` (its run does not count "
        "any more); `interrupted`, `unfinished`; `waits` (for a name from further down); `input-ran` (a provider has "
        "run again), `input-moved` (names come from another cell now), `input-new`, `input-gone`, `input-disabled`; "
        "`defined-twice`; `changed-in-place`; `widget-moved`; `above-ran` (in a language that can't be analysed). "
        "Not of its own: `input-stale` (a provider is stale; look there for why).",
        examples=["input-stale"],
    )
    names: list[str] = Field(description="The names it is about.", examples=[["df"]])
    cell: CellId | None = Field(None, description="The cell that did it, or that the names come from now.")
    was: CellId | None = Field(None, description="The cell that the names came from when the cell ran.")
    message: str = Field(description="For people.", examples=["df comes from cell load-data, which is stale."])


class CellStep(Response):
    """A cell on the way, and the names that it gets from the one before."""

    cell: CellId
    names: list[str] = Field(description="What it gets.", examples=[["df"]])


class StaleCause(Response):
    """A cell that is outdated by itself, and how that reaches the cell that was asked about."""

    cell: CellId
    label: str = Field(description="Its heading or first line.", examples=["df = load()"])
    manual: bool = Field(description="Whether it runs only when it is asked to itself.")
    because: list[StaleReason]
    path: list[CellStep] = Field(description="From there to the cell that was asked about; empty for itself.")


class Culprit(Response):
    """A cell that failed, or is kept from running, and blocks others."""

    cell: CellId
    label: str = Field(description="Its heading or first line.", examples=["df = load()"])
    status: CellStatus
    message: str | None = Field(description="What it failed with.", examples=["ZeroDivisionError: division by zero"])


class DefinedBelow(Response):
    """A cell further down that binds a name, and why that is of no use."""

    cell: CellId
    obstacle: str = Field(
        description="`perhaps-used` (it is waited for once a run has failed for the name), `perhaps-bound`, "
        "`needed-there`, `changed-here` or `circle`."
    )
    path: list[CellStep] = Field(
        default_factory=list, description="Of a circle: how that cell gets something from the one that was asked about."
    )


class UnresolvedName(Response):
    """A name that a cell uses and no cell provides."""

    name: str = Field(description="As it stands in the source.", examples=["dataframe"])
    certain: bool = Field(description="Whether the cell must fail without it.")
    similar: list[str] = Field(description="Names that may be meant, nearest first.", examples=[["data_frame"]])
    below: DefinedBelow | None = None
    disabled: CellId | None = Field(None, description="The disabled cell that would provide it.")
    unseen: CellId | None = Field(None, description="A cell that has not run, and may bind it in a way nobody can see.")
    message: str = Field(description="For people.", examples=["No cell defines dataframe; do you mean data_frame?"])


class CellWhy(Response):
    """Why a cell is as it is: stale, blocked, or in want of a name."""

    id: CellId
    status: CellStatus
    stale_because: list[StaleReason] = Field(description="All reasons, its own first; also of a cell that never ran.")
    causes: list[StaleCause] = Field(
        description="The cells that are outdated by themselves and make it stale, nearest first; at most ten."
    )
    culprits: list[Culprit] = Field(description="Of a blocked cell: those to mend.")
    unresolved: list[UnresolvedName]
    revision: Revision
