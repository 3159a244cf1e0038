"""What the model can do in a notebook: a registry of typed tools.

A tool is a function with a model of its arguments; its docstring tells the language model what it is for. Tools act as
the user who chats, by operations on the session, so every client sees them live. The rule for changes: a cell can be
changed or removed only as the model has read it; if somebody else has changed it since, it has to read again.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reactive_nb.chat.reading import cell_text, run_text
from reactive_nb.models import CellType, new_cell_id
from reactive_nb.schemas.base import CellId
from reactive_nb.schemas.tables import TableQuestion
from reactive_nb.services.errors import SessionError
from reactive_nb.services.operations import AddCell, MoveCell, RemoveCell, UpdateCell
from reactive_nb.services.session import NotebookSession
from reactive_nb.storage import StorageError

MAX_WAIT_S = 120.0


class ToolError(Exception):
    """The tool could not do it; the sentence tells the model why, and what to do."""


@dataclass(slots=True)
class Desk:
    """What a model works with in one conversation."""

    session: NotebookSession
    read_at: int | None = None
    """The notebook's revision when the model last read it, or changed it itself."""
    may_change: bool = True
    """Whether it may edit and run, or only read."""


class Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


A = TypeVar("A", bound=Arguments)


@dataclass(frozen=True, slots=True)
class Tool:
    """One thing that a model can ask for."""

    name: str
    description: str
    arguments: type[Arguments]
    carry_out: Callable[[Desk, Any], Awaitable[Any]]
    changes: bool

    def schema(self) -> dict[str, Any]:
        """The tool in the form of OpenAI's function calling."""
        schema = self.arguments.model_json_schema()
        schema.pop("title", None)
        schema.pop("description", None)
        return {
            "type": "function",
            "function": {"name": self.name, "description": self.description, "parameters": schema},
        }

    async def __call__(self, desk: Desk, given: dict[str, Any]) -> Any:
        """Do it. Raises ToolError, whatever is wrong with what was given or asked."""
        if self.changes and not desk.may_change:
            raise ToolError("In this conversation the notebook may only be read.")
        try:
            return await self.carry_out(desk, self.arguments.model_validate(given))
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}" for e in error.errors()[:5])
            raise ToolError(f"The arguments are not right: {wrong}.") from None
        except (SessionError, StorageError) as error:
            raise ToolError(str(error)) from None


@dataclass(slots=True)
class ToolRegistry:
    """Tools by name."""

    tools: dict[str, Tool] = field(default_factory=dict)

    def add(
        self, arguments: type[A], *, changes: bool = False
    ) -> Callable[[Callable[[Desk, A], Awaitable[Any]]], Callable[[Desk, A], Awaitable[Any]]]:
        """Register a function under its own name, with its docstring for the model."""

        def register(target: Callable[[Desk, A], Awaitable[Any]]) -> Callable[[Desk, A], Awaitable[Any]]:
            description = inspect.getdoc(target) or ""
            self.tools[target.__name__] = Tool(target.__name__, description, arguments, target, changes)
            return target

        return register

    def schemas(self, desk: Desk) -> list[dict[str, Any]]:
        return [tool.schema() for tool in self.tools.values() if desk.may_change or not tool.changes]


TOOLS = ToolRegistry()


class ReadNotebook(Arguments):
    cells: list[CellId] | None = Field(None, description="Only these cells; left out, all.")


@TOOLS.add(ReadNotebook)
async def read_notebook(desk: Desk, given: ReadNotebook) -> Any:
    """Read the notebook: each cell's id, type, source, status, outputs and errors, and which names it defines and uses.

    Read before you change anything. Long outputs are cut.
    """
    session = desk.session
    desk.read_at = session.revision
    wanted = [cell.id for cell in session.notebook.cells if given.cells is None or cell.id in given.cells]
    cells = [cell_text(session.state, cell) for cell in wanted]
    return {"name": session.notebook.name, "revision": session.revision, "cells": cells}


class AddCellArguments(Arguments):
    source: str = Field(max_length=100_000)
    type: CellType = Field(CellType.PYTHON, description="python, sql (on dataframes or a database) or markdown.")
    after: CellId | None = Field(None, description="The cell it is to follow; left out, it goes to the end.")


@TOOLS.add(AddCellArguments, changes=True)
async def add_cell(desk: Desk, given: AddCellArguments) -> Any:
    """Add a cell. It does not run by itself: use run_cells."""
    cell_id = new_cell_id()
    await _change(desk, AddCell(cell_id, type=given.type, source=given.source, after=given.after))
    return {"cell_id": cell_id, "revision": desk.session.revision}


class UpdateCellArguments(Arguments):
    cell_id: CellId
    source: str = Field(max_length=100_000, description="The whole new source.")


@TOOLS.add(UpdateCellArguments, changes=True)
async def update_cell(desk: Desk, given: UpdateCellArguments) -> Any:
    """Replace a cell's source. It does not run by itself: use run_cells."""
    _check_read(desk, given.cell_id)
    await _change(desk, UpdateCell(given.cell_id, source=given.source, base_revision=desk.read_at))
    return {"revision": desk.session.revision}


class MoveCellArguments(Arguments):
    cell_id: CellId
    index: int = Field(ge=0, description="The place in the notebook, from 0.")


@TOOLS.add(MoveCellArguments, changes=True)
async def move_cell(desk: Desk, given: MoveCellArguments) -> Any:
    """Move a cell to another place."""
    _check_read(desk, given.cell_id)
    await _change(desk, MoveCell(given.cell_id, given.index))
    return {"revision": desk.session.revision}


class DeleteCellArguments(Arguments):
    cell_id: CellId


@TOOLS.add(DeleteCellArguments, changes=True)
async def delete_cell(desk: Desk, given: DeleteCellArguments) -> Any:
    """Delete a cell."""
    _check_read(desk, given.cell_id)
    await _change(desk, RemoveCell(given.cell_id))
    return {"revision": desk.session.revision}


class RunCells(Arguments):
    cells: list[CellId] | None = Field(
        None, description="These with what they need and what depends on them; left out, all that is stale."
    )
    wait_s: float = Field(30, gt=0, le=MAX_WAIT_S, description="Seconds to wait for the end.")


@TOOLS.add(RunCells, changes=True)
async def run_cells(desk: Desk, given: RunCells) -> Any:
    """Run cells and wait for their results: statuses, outputs and errors. Long outputs are cut."""
    run = await desk.session.run(given.cells, wait=given.wait_s)
    return run_text(run)


class NoArguments(Arguments):
    pass


@TOOLS.add(NoArguments)
async def list_variables(desk: Desk, given: NoArguments) -> Any:
    """List the variables in the kernel: name, type, shape and a short preview."""
    found = await desk.session.variables()
    return [one.model_dump(exclude_none=True) for one in found.variables[:500]]


class ReadVariable(Arguments):
    name: str
    offset: int = Field(0, ge=0)
    limit: int = Field(20, ge=1, le=100)


@TOOLS.add(ReadVariable)
async def read_variable(desk: Desk, given: ReadVariable) -> Any:
    """Read some rows of a table or items of a list; other values whole."""
    return (await desk.session.variable(given.name, TableQuestion(offset=given.offset, limit=given.limit))).model_dump()


@TOOLS.add(NoArguments)
async def read_graph(desk: Desk, given: NoArguments) -> Any:
    """Read which cell gets which names from which other cell."""
    return [{"from": e.provider, "to": e.user, "names": list(e.names)} for e in desk.session.state.graph.edges()]


Change = AddCell | UpdateCell | MoveCell | RemoveCell


async def _change(desk: Desk, operation: Change) -> None:
    """Apply it; what the model has read stays read if nobody else has changed anything meanwhile."""
    before = desk.session.revision
    revision = await desk.session.apply(operation)
    if desk.read_at == before:
        desk.read_at = revision


def _check_read(desk: Desk, cell_id: str) -> None:
    """Whether the model knows the cell as it is now."""
    cell = desk.session.notebook.cell(cell_id)
    if cell is None:
        raise ToolError(f"There is no cell {cell_id!r} (any more): read the notebook.")
    if desk.read_at is None:
        raise ToolError("Read the notebook first.")
    if cell.revision > desk.read_at:
        raise ToolError(f"Cell {cell_id!r} was changed by somebody else since you read it: read it again.")
