"""What another program stored and could not be merged, kept beside the notebook: in one copy, however often it happens.

The copy is the other's latest version, and has below its cells those earlier texts of theirs that the latest does not
have any more, so that none is lost. They are disabled: there to be read and copied, not to run. A copy that somebody
has given another name is theirs, and is left alone; so is one that has become long: then another copy is begun.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

from reactive_nb.models import Cell, CellMode, CellType, Notebook, new_cell_id
from reactive_nb.services.merge import same_document, woven
from reactive_nb.storage import NotebookNotFound, NotebookStorage, RevisionConflict

_log = logging.getLogger(__name__)

SUFFIX = " (changed elsewhere)"
MOST_EARLIER = 200
"""Earlier texts in one copy, at most."""
_COPIES = uuid.UUID("0b0b4f1c-7a35-5f0e-9a5e-7d8f6f1f0c35")


async def set_aside(storage: NotebookStorage, theirs: Notebook) -> Notebook:
    """Keep `theirs` in a copy of its own; the copy as stored. Raises StorageError."""
    for number in count(1):
        copy = replace(theirs, id=_id(theirs.id, number), name=theirs.name + SUFFIX)
        try:
            kept = await _kept_in(storage, copy)
        except RevisionConflict:  # somebody else writes it just now
            continue
        if kept is not None:
            _log.warning("notebook %s was also changed elsewhere: that version is kept as %r", theirs.id, kept.name)
            return kept
    raise AssertionError("numbers do not end")


async def _kept_in(storage: NotebookStorage, copy: Notebook) -> Notebook | None:
    """The copy, stored with what was in it before; None if it can't be in the one of its id."""
    try:
        before = await storage.load(copy.id)
    except NotebookNotFound:
        return await storage.create(copy)
    if SUFFIX not in before.name or before.owner != copy.owner:
        return None
    both = with_earlier(before, copy)
    if len(both.cells) - len(copy.cells) > MOST_EARLIER:
        return None
    if same_document(both, before):
        return before
    return await storage.save(both, expected=before.revision)


def with_earlier(before: Notebook, latest: Notebook) -> Notebook:
    """`latest` as the next version of `before`, with the texts that only `before` had each below its cell."""
    earlier = replace(before, cells=tuple(_earlier(before, latest)))
    kept = {**earlier.by_id, **latest.by_id}
    return replace(
        latest,
        name=before.name,
        cells=tuple(kept[cell_id] for cell_id in woven(latest, earlier)),
        revision=before.revision + 1,
        created_at=before.created_at,
        updated_at=datetime.now(UTC),
    )


def _earlier(before: Notebook, latest: Notebook) -> Iterator[Cell]:
    """Cells of `before`: those of `latest` to show the place, and each text that is not there any more."""
    there = {_text(cell) for cell in latest.cells}
    for cell in before.cells:
        if cell.id in latest.by_id:
            yield cell
        if cell.source.strip() and _text(cell) not in there:
            there.add(_text(cell))
            new_id = new_cell_id() if cell.id in latest.by_id else cell.id
            yield replace(cell, id=new_id, config=replace(cell.config, mode=CellMode.DISABLED))


def _text(cell: Cell) -> tuple[CellType, str, str]:
    return cell.type, cell.source, str(cell.attachments) if cell.attachments else ""


def _id(notebook_id: str, number: int) -> str:
    """Always the same for a notebook, so that its copy is found again by who opens it next."""
    return str(uuid.uuid5(_COPIES, f"{notebook_id} {number}"))
