"""Changes of one cell under its notebook's lock, for code that is embedded in the service or builds on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reactive_nb.models import Cell, CellType
from reactive_nb.services.errors import NoSuchCell
from reactive_nb.services.operations import UpdateCell
from reactive_nb.services.session import NotebookSession


async def locked_update_cell(
    session: NotebookSession,
    cell_id: str,
    *,
    source: str | None = None,
    type: CellType | None = None,
    config: Mapping[str, Any] | None = None,
    if_match: int | None = None,
) -> Cell:
    """Change what is given of a cell; the cell as it then is, durably stored. It runs nothing: cells become stale.

    Every client of the notebook sees the change. Raises NoSuchCell, Conflict (`if_match` is not the notebook's
    present revision) and SourceTooLarge, and then nothing has changed.
    """
    await session.apply(UpdateCell(cell_id, source=source, type=type, config=config), if_match=if_match)
    cell = session.notebook.cell(cell_id)
    if cell is None:  # removed by somebody else while the change was being stored
        raise NoSuchCell(cell_id)
    return cell
