"""What a document may hold at most: checked before an operation is applied, so that nothing has to be undone."""

from __future__ import annotations

from collections.abc import Iterator

from reactive_nb.core.config import Settings
from reactive_nb.models import CellType
from reactive_nb.services.errors import SourceTooLarge
from reactive_nb.services.operations import AddCell, Batch, DocumentOperation, ReplaceNotebook, UpdateCell
from reactive_nb.services.state import SessionState

MANY_CHARS = 10_000
"""Analysing so much takes some tens of milliseconds."""


def check(operation: DocumentOperation, state: SessionState, settings: Settings) -> None:
    """Raises SourceTooLarge for a source, or a number of cells, beyond the settings."""
    parts = operation.operations if isinstance(operation, Batch) else (operation,)
    for part in parts:
        if isinstance(part, AddCell | UpdateCell) and part.source is not None:
            check_source(part.source, settings)
    added = sum(isinstance(part, AddCell) for part in parts)
    if added:
        check_cells(len(state.notebook.cells) + added, settings)


def sources_to_analyse(operation: DocumentOperation, state: SessionState) -> set[str]:
    """The new sources, if analysing them takes long enough to be noticed; else none."""
    new = set(_sources(operation)).difference(state.notebook.sources.values())
    return new if sum(map(len, new)) > MANY_CHARS else set()


def _sources(operation: DocumentOperation) -> Iterator[str]:
    match operation:
        case Batch(parts):
            for part in parts:
                yield from _sources(part)
        case ReplaceNotebook(notebook):
            yield from (cell.source for cell in notebook.cells if cell.type is CellType.PYTHON)
        case AddCell() | UpdateCell():
            if operation.source:
                yield operation.source


def check_source(source: str, settings: Settings) -> None:
    limit = settings.max_source_bytes
    if len(source) > limit or (len(source) * 4 > limit and len(source.encode("utf-8", "replace")) > limit):
        raise SourceTooLarge(f"The source is longer than {limit:,} bytes, the most that a cell may have.")


def check_cells(count: int, settings: Settings) -> None:
    if count > settings.max_cells:
        raise SourceTooLarge(f"A notebook may have {settings.max_cells:,} cells at most; this would make {count:,}.")
