"""Runs: what is asked to run, and what came of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from reactive_nb.models import CellStatus
from reactive_nb.schemas.base import CellId, DurationMs, ExecutionCount, NbOutput, Request, Response, Revision, RunId
from reactive_nb.schemas.cells import CellErrorModel


class RunSelection(Request):
    """Which cells to run, said in one of four ways; by default all stale cells.

    What they need first runs too, and (in mode `auto`) what depends on them. Cells of mode `manual` run only when they
    are named.
    """

    cells: list[CellId] | None = Field(
        None, fail_fast=True, max_length=10_000, description="These, stale or not, with their stale ancestors."
    )
    from_cell: CellId | None = Field(
        None,
        description="This cell, and whatever at its place on the page or below is stale or depends on what runs.",
    )
    up_to_cell: CellId | None = Field(
        None,
        description="What is stale at this cell's place on the page or above; nothing below runs because it depends "
        "on that.",
    )
    all: bool = Field(False, description="Every cell again, stale or not, in the same kernel.")

    plan: bool = Field(False, description="Only answer what would run, in which order and why. Nothing is run.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [self.cells is not None, self.from_cell is not None, self.up_to_cell is not None, self.all]
        if sum(given) > 1:
            raise ValueError("give one of cells, from_cell, up_to_cell and all")
        return self


class RunRequest(RunSelection):
    """Which cells to run, and how long to wait for the end."""

    wait: float | None = Field(
        None, ge=0, le=3_600, description="Seconds to wait for the end; left out, the answer comes at once."
    )

    model_config = Request.model_config | {
        "json_schema_extra": {
            "examples": [
                {"wait": 30},
                {"cells": ["load-data"]},
                {"from_cell": "load-data"},
                {"all": True},
                {"plan": True},
            ]
        }
    }


class RunState(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    """The kernel could not be started, or died."""


class RunCell(Response):
    """What a run made of one cell."""

    id: CellId
    status: CellStatus
    outputs: list[NbOutput] = Field(description="In nbformat's shape.")
    execution_count: ExecutionCount
    error: CellErrorModel | None
    duration_ms: DurationMs


class RunResponse(Response):
    """A run: its cells in the order in which they run."""

    run_id: RunId
    state: RunState
    cells: list[RunCell]
    message: str | None = Field(None, description="Why it ended early, or what it waits for.")
    revision: Revision


class KernelRequestResponse(Response):
    """Answer to an interrupt or a restart."""

    state: str = Field(description="The kernel's state.", examples=["idle"])
    message: str | None = Field(None, description="For people.")
