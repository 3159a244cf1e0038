"""From a request to run to the cells that it is about, as the notebook stands."""

from __future__ import annotations

from collections.abc import Collection

from reactive_nb.execution.scheduler import Situation
from reactive_nb.execution.selection import Choice, RunScope, choose
from reactive_nb.services.errors import InvalidOperation, NoSuchCell
from reactive_nb.services.state import SessionState


def choice(state: SessionState, now: Situation, scope: RunScope, cells: Collection[str] | None) -> Choice:
    """What is to run. Raises NoSuchCell, and InvalidOperation where a scope is about one cell and none is named."""
    for cell in cells or ():
        if state.notebook.cell(cell) is None:
            raise NoSuchCell(cell)
    if scope in (RunScope.FROM, RunScope.UP_TO) and len(cells or ()) != 1:
        raise InvalidOperation("One cell is needed to run from or up to.", "cells")
    return choose(now, state.stale, state.notebook.positions, scope, cells)
