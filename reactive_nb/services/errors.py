"""What a session refuses, in words that a caller can show.

`SessionError` is the root; the interface turns each kind into a problem document or a refused reply.
"""

from __future__ import annotations


class SessionError(Exception):
    """Something was asked of a notebook that can't be done; nothing was changed."""

    code = "invalid"


class NoSuchCell(SessionError):
    """There is no cell with that id."""

    code = "no-such-cell"

    def __init__(self, cell_id: str) -> None:
        super().__init__(f"There is no cell {cell_id!r} in this notebook.")
        self.cell_id = cell_id


class NoSuchVariable(SessionError):
    """The kernel has no variable of that name."""

    code = "no-such-variable"


class NoSuchWidget(SessionError):
    """The kernel has no widget of that name or comm."""

    code = "no-such-widget"


class NoSuchModule(SessionError):
    """No library beside the kernel has brought code of that name for browsers."""

    code = "no-such-module"


class InvalidOperation(SessionError):
    """A value that can't be accepted; `field` names it."""

    code = "invalid"

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class SourceTooLarge(SessionError):
    """A source, or a notebook, beyond the configured size."""

    code = "too-large"


class Conflict(SessionError):
    """The writer has seen an older state than the current one."""

    code = "conflict"

    def __init__(self, message: str, revision: int, cell_id: str | None = None) -> None:
        super().__init__(message)
        self.revision = revision
        self.cell_id = cell_id


class TooManyRuns(SessionError):
    """More runs wait for the notebook's kernel than anybody can want."""

    code = "too-many-runs"


class KernelUnavailable(SessionError):
    """The notebook's kernel can't be started, is dead, or is not running although it must be."""

    code = "kernel-unavailable"


class NotebookClosed(SessionError):
    """The notebook was deleted, or the service is stopping."""

    code = "notebook-closed"
