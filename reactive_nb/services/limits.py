"""What a document may hold at most: checked before an operation is applied, so that nothing has to be undone."""

from __future__ import annotations

from reactive_nb.core.config import Settings
from reactive_nb.services.errors import SourceTooLarge
from reactive_nb.services.operations import AddCell, Batch, DocumentOperation, ReplaceNotebook, UpdateCell
from reactive_nb.services.state import SessionState

LARGE_SOURCE_CHARS = 10_000


def check(operation: DocumentOperation, state: SessionState, settings: Settings) -> None:
    """Raises SourceTooLarge for a source, or a number of cells, beyond the settings."""
    parts = operation.operations if isinstance(operation, Batch) else (operation,)
    for part in parts:
        if isinstance(part, AddCell | UpdateCell) and part.source is not None:
            check_source(part.source, settings)
    added = sum(isinstance(part, AddCell) for part in parts)
    if added:
        check_cells(len(state.notebook.cells) + added, settings)


def large_sources(operation: DocumentOperation) -> list[str]:
    """The new sources that take long enough to analyse to be noticed."""
    match operation:
        case Batch(parts):
            return [source for part in parts for source in large_sources(part)]
        case ReplaceNotebook(notebook):
            return [cell.source for cell in notebook.cells if len(cell.source) > LARGE_SOURCE_CHARS]
        case AddCell() | UpdateCell():
            return [operation.source] if operation.source and len(operation.source) > LARGE_SOURCE_CHARS else []
        case _:
            return []


def check_source(source: str, settings: Settings) -> None:
    limit = settings.max_source_bytes
    if len(source) > limit or (len(source) * 4 > limit and len(source.encode("utf-8", "replace")) > limit):
        raise SourceTooLarge(f"The source is longer than {limit:,} bytes, the most that a cell may have.")


def check_cells(count: int, settings: Settings) -> None:
    if count > settings.max_cells:
        raise SourceTooLarge(f"A notebook may have {settings.max_cells:,} cells at most; this would make {count:,}.")
