"""Runs: what is asked to run, and what came of it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from reactive_nb.models import CellStatus
from reactive_nb.schemas.base import CellId, NbOutput, Request, Response, Revision
from reactive_nb.schemas.cells import CellErrorModel


class RunRequest(Request):
    """Which cells to run: those named, with their stale ancestors; or, by default, all stale cells."""

    cells: list[CellId] | None = Field(
        None, fail_fast=True, max_length=10_000, description="Left out: all stale cells."
    )
    wait: float | None = Field(
        None, ge=0, le=3_600, description="Seconds to wait for the end; left out, the answer comes at once."
    )

    model_config = Request.model_config | {"json_schema_extra": {"examples": [{"wait": 30}, {"cells": ["load-data"]}]}}


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
    outputs: list[NbOutput]
    execution_count: int | None
    error: CellErrorModel | None
    duration_ms: float | None


class RunResponse(Response):
    """A run: its cells in the order in which they run."""

    run_id: str
    state: RunState
    cells: list[RunCell]
    message: str | None = None
    revision: Revision


class KernelRequestResponse(Response):
    """Answer to an interrupt or a restart."""

    state: str
    message: str | None = None
