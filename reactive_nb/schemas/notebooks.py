"""Notebooks as clients see and send them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from reactive_nb.models import KernelState, Redefinition, RunMode
from reactive_nb.schemas.base import NotebookId, Request, Response, Revision
from reactive_nb.schemas.cells import CellResponse, CreateCellRequest

NotebookName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    Field(description="The notebook's name; in file storage also its file's.", examples=["Prices"]),
]
ShownName = Annotated[
    str, Field(description="The notebook's name; in file storage also its file's.", examples=["Prices"])
]
KernelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._\-]{1,128}$")]


StorageProblem = Annotated[
    str | None, Field(description="Why the latest changes are kept in memory only, and not stored yet; null: they are.")
]


class SettingsModel(Response):
    """A notebook's choices about reactivity."""

    mode: RunMode = Field(RunMode.AUTO, description="`auto` runs what depends on a cell; `lazy` only marks it stale.")
    redefinition: Redefinition = Field(
        Redefinition.ALLOW, description="What to make of a name that several cells define."
    )
    restart_dead_kernel: bool = Field(False, description="Whether a kernel that died is started again unasked.")
    database: str | None = Field(
        None, description="What SQL cells run on, without its password; null: DuckDB. Set with `PUT …/db`."
    )
    equal_results: bool = Field(
        False, description="Whether cells stay fresh when what they need was made again and is equal to what it was."
    )


class SettingsRequest(Request):
    """The settings to change; what is left out stays."""

    mode: RunMode | None = None
    redefinition: Redefinition | None = None
    restart_dead_kernel: bool | None = Field(None, description="Whether a kernel that died is started again unasked.")
    equal_results: bool | None = Field(
        None, description="Whether cells stay fresh when what they need was made again and is equal to what it was."
    )
    kernel_name: KernelName | None = Field(None, description="An installed kernelspec; the old kernel is shut down.")

    @model_validator(mode="after")
    def _something(self) -> SettingsRequest:
        if not self.model_fields_set:
            raise ValueError(
                "nothing to change: give mode, redefinition, restart_dead_kernel, equal_results or kernel_name"
            )
        return self

    model_config = Request.model_config | {"json_schema_extra": {"minProperties": 1, "examples": [{"mode": "lazy"}]}}


class KernelModel(Response):
    """A notebook's kernel."""

    name: str = Field(description="Its kernelspec.", examples=["python3"])
    state: KernelState
    language: str = Field("python", description="The language it runs.")
    message: str | None = Field(
        None, description="Why it is dead or would not start, or that its cell takes no notice of an interrupt."
    )


class KernelspecModel(Response):
    """A kernel that a notebook can have."""

    name: str = Field(description="What `kernel_name` takes.", examples=["python3"])
    display_name: str = Field(description="For people.", examples=["Python 3 (ipykernel)"])
    language: str = Field(description="The language it runs.", examples=["python"])
    default: bool = Field(description="Whether notebooks that name no kernel get this one.")


class KernelspecList(Response):
    """The installed kernels, by name."""

    kernelspecs: list[KernelspecModel]


class CreateNotebookRequest(Request):
    """A notebook to make; everything has a default."""

    name: NotebookName = "Untitled"
    kernel_name: KernelName | None = Field(None, description="An installed kernelspec; left out, the default one.")
    cells: list[CreateCellRequest] = Field(default_factory=list, fail_fast=True, max_length=10_000)

    model_config = Request.model_config | {
        "json_schema_extra": {
            "examples": [{"name": "Prices", "cells": [{"source": "price = 3"}, {"source": "price * 7"}]}]
        }
    }


class RenameRequest(Request):
    """A notebook's new name."""

    name: NotebookName

    model_config = Request.model_config | {"json_schema_extra": {"examples": [{"name": "Prices 2027"}]}}


class DatabaseRequest(Request):
    """A database connection for SQL cells; `url: null` goes back to DuckDB over the notebook's dataframes."""

    url: str | None = Field(
        None,
        max_length=4_096,
        description="SQLAlchemy's form of address.",
        examples=["postgresql://reader@localhost/shop"],
    )
    test: bool = Field(False, description="Only try the connection; change nothing.")


class DatabaseResponse(Response):
    """The connection as it may be shown: never with its password."""

    url: str | None = Field(description="Without its password.")
    dialect: str = Field(description="The kind of database.", examples=["postgresql"])
    ok: bool = Field(description="Whether it could be reached.")
    message: str = Field(description="For people.")


class NotebookSummaryResponse(Response):
    """A notebook in a list."""

    id: NotebookId
    name: ShownName
    kernel_name: str = Field(description="Its kernelspec.", examples=["python3"])
    cell_count: int = Field(description="How many cells it has.", examples=[12])
    revision: Revision
    created_at: datetime = Field(description="When it was made.")
    updated_at: datetime = Field(description="When its document was last changed.")
    kernel_state: KernelState = Field(KernelState.NONE, description="Of its kernel; `none` if it has none.")


class NotebookList(Response):
    """A page of notebooks, newest first."""

    notebooks: list[NotebookSummaryResponse]
    cursor: str | None = Field(description="Pass it as `cursor` for the next page; null on the last.")


class NotebookResponse(Response):
    """A whole notebook."""

    id: NotebookId
    name: ShownName
    kernel_name: str = Field(description="Its kernelspec.", examples=["python3"])
    kernel: KernelModel
    settings: SettingsModel
    cells: list[CellResponse]
    revision: Revision
    created_at: datetime = Field(description="When it was made.")
    updated_at: datetime = Field(description="When its document was last changed.")
    storage_problem: StorageProblem = None
