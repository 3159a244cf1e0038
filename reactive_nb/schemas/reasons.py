"""Why a cell is stale, blocked or incomplete, as clients are told."""

from __future__ import annotations

from pydantic import Field

from reactive_nb.schemas.base import CellId, Response

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
    message: str = Field(examples=["df comes from cell load-data, which is stale."])
