"""A cell: its source, how it is to be run, and what its last run left behind.

Values are frozen: a change makes a new cell (`dataclasses.replace`), so that a notebook of any age can be kept,
compared and saved without a copy.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from reactive_nb.models.output import Output

CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""nbformat 4.5's rule for cell ids."""


class CellType(StrEnum):
    """What a cell holds. `code` is the kernel's own language where that is not Python; `raw` is kept and never run."""

    PYTHON = "python"
    SQL = "sql"
    MARKDOWN = "markdown"
    CODE = "code"
    RAW = "raw"

    @property
    def runs(self) -> bool:
        """Whether cells of this type are executed on the kernel."""
        return self in (CellType.PYTHON, CellType.SQL, CellType.CODE)


class CellStatus(StrEnum):
    """Where a cell stands. All but `queued` and `running` follow from what its last run used."""

    IDLE = "idle"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    ERROR = "error"
    BLOCKED = "blocked"
    STALE = "stale"
    DISABLED = "disabled"


class CellMode(StrEnum):
    """`auto` runs when others ask; `manual` only when asked itself; `disabled` neither runs nor provides names."""

    AUTO = "auto"
    MANUAL = "manual"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class CellConfig:
    """How a cell is to be run and shown."""

    mode: CellMode = CellMode.AUTO
    timeout: float | None = None
    """Seconds after which the cell is interrupted; none by default."""
    continue_on_error: bool = False
    """Whether cells that depend on this one run even when it has raised."""
    result: str | None = None
    """The name that an SQL cell's result gets."""
    hide_source: bool = False
    hide_output: bool = False


@dataclass(frozen=True, slots=True)
class CellError:
    """Why a cell has no result: it raised, it does not parse, or it is blocked by another."""

    kind: str
    """`exception`, `syntax`, `blocked`, `interrupted`, `timeout` or `kernel`."""
    message: str
    names: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    """The cells to blame, nearest first; those of `roots` are the last."""
    roots: tuple[str, ...] = ()
    """Of a blocked cell: the cells that failed, or are kept from running, by themselves."""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a notebook."""

    id: str
    type: CellType = CellType.PYTHON
    source: str = ""
    config: CellConfig = CellConfig()
    outputs: tuple[Output, ...] = ()
    execution_count: int | None = None
    error: CellError | None = None
    started_at: datetime | None = None
    duration_ms: float | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """What other tools keep with the cell (tags, slideshow, …), passed through unread."""
    attachments: Mapping[str, Any] = field(default_factory=dict)
    revision: int = 0
    """The notebook's revision at which the cell's source, type, config or place was last changed."""

    def without_results(self) -> Cell:
        """This cell as if it had never run."""
        return replace(self, outputs=(), execution_count=None, error=None, started_at=None, duration_ms=None)

    @property
    def has_run(self) -> bool:
        """Whether there are traces of a run: here, or where the notebook was before."""
        return self.started_at is not None or self.execution_count is not None or bool(self.outputs)


def new_cell_id() -> str:
    return uuid.uuid4().hex[:12]
