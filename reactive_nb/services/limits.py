"""What a document may hold at most: checked before an operation is applied, so that nothing has to be undone."""

from __future__ import annotations

from reactive_nb.core.config import Settings
from reactive_nb.services.errors import SourceTooLarge
from reactive_nb.services.operations import AddCell, Batch, DocumentOperation, UpdateCell
from reactive_nb.services.state import SessionState


def check(operation: DocumentOperation, state: SessionState, settings: Settings) -> None:
    """Raises SourceTooLarge for a source, or a number of cells, beyond the settings."""
    parts = operation.operations if isinstance(operation, Batch) else (operation,)
    for part in parts:
        if isinstance(part, AddCell | UpdateCell) and part.source is not None:
            check_source(part.source, settings)
    added = sum(isinstance(part, AddCell) for part in parts)
    if added:
        check_cells(len(state.notebook.cells) + added, settings)


def check_source(source: str, settings: Settings) -> None:
    limit = settings.max_source_bytes
    if len(source) > limit or (len(source) * 4 > limit and len(source.encode("utf-8", "replace")) > limit):
        raise SourceTooLarge(f"The source is longer than {limit:,} bytes, the most that a cell may have.")


def check_cells(count: int, settings: Settings) -> None:
    if count > settings.max_cells:
        raise SourceTooLarge(f"A notebook may have {settings.max_cells:,} cells at most; this would make {count:,}.")
