"""From what clients send to operations on the document: the same for REST, WebSocket and the items of a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, assert_never

from reactive_nb.execution.selection import RunScope
from reactive_nb.models import CellConfig, Kernelspec, new_cell_id
from reactive_nb.schemas.cells import CellConfigPatch, CreateCellRequest, UpdateCellRequest
from reactive_nb.schemas.commands import (
    BatchItem,
    CellAddItem,
    CellMoveItem,
    CellRemoveItem,
    CellUpdateItem,
    NotebookUpdateItem,
)
from reactive_nb.schemas.notebooks import SettingsRequest
from reactive_nb.schemas.runs import RunSelection
from reactive_nb.services.operations import AddCell, MoveCell, RemoveCell, UpdateCell, UpdateNotebook

_CLEARABLE = frozenset({"timeout", "result"})


KernelspecOf: TypeAlias = Callable[[str], Kernelspec]
"""An installed kernelspec by its name; raises InvalidOperation for one that is not installed."""


def operation(
    item: BatchItem, kernelspec_of: KernelspecOf
) -> AddCell | UpdateCell | MoveCell | RemoveCell | UpdateNotebook:
    """The operation that `item` asks for. Raises InvalidOperation for a kernel that is not installed."""
    match item:
        case CellAddItem():
            return add_cell(item.cell)
        case CellUpdateItem():
            return update_cell(item.cell_id, item.changes)
        case CellMoveItem():
            return MoveCell(item.cell_id, item.index)
        case CellRemoveItem():
            return RemoveCell(item.cell_id)
        case NotebookUpdateItem():
            return update_notebook(kernelspec_of, name=item.name, changes=item.settings)
        case _:
            assert_never(item)


def add_cell(request: CreateCellRequest) -> AddCell:
    """A new cell, under the id that the client chose or a new one."""
    return AddCell(
        cell_id=request.id or new_cell_id(),
        type=request.type,
        source=request.source,
        config=CellConfig(**_config(request.config)),
        index=request.index,
        after=request.after,
    )


def update_cell(cell_id: str, request: UpdateCellRequest) -> UpdateCell:
    """Changes of a cell; what was not sent stays."""
    return UpdateCell(
        cell_id=cell_id,
        source=request.source,
        type=request.type,
        config=_config(request.config) or None,
        index=request.index,
        base_revision=request.base_revision,
    )


def update_notebook(
    kernelspec_of: KernelspecOf, *, name: str | None = None, changes: SettingsRequest | None = None
) -> UpdateNotebook:
    """A new name, settings or kernel; what was not sent stays. Raises InvalidOperation."""
    sent = changes.model_dump(exclude_none=True) if changes else {}
    kernel_name = sent.pop("kernel_name", None)
    spec = kernelspec_of(kernel_name) if kernel_name is not None else None
    return UpdateNotebook(
        name=name,
        settings=sent or None,
        kernel_name=kernel_name,
        language=spec.language if spec else None,
        display_name=spec.display_name if spec else None,
    )


def selection(request: RunSelection) -> tuple[list[str] | None, RunScope]:
    """The cells named and what is meant by them, as the session takes it."""
    if request.from_cell is not None:
        return [request.from_cell], RunScope.FROM
    if request.up_to_cell is not None:
        return [request.up_to_cell], RunScope.UP_TO
    return request.cells, RunScope.ALL if request.all else RunScope.CELLS


def _config(patch: CellConfigPatch | None) -> dict[str, Any]:
    """The fields that were sent; null clears those that may be empty and otherwise says nothing."""
    if patch is None:
        return {}
    sent = patch.model_dump(exclude_unset=True)
    return {name: value for name, value in sent.items() if value is not None or name in _CLEARABLE}
