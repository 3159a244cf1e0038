"""Open notebooks: their sessions, and what may be done with them."""

from reactive_nb.services.errors import (
    Conflict,
    InvalidOperation,
    KernelUnavailable,
    NoSuchCell,
    NoSuchVariable,
    NotebookClosed,
    SessionError,
    SourceTooLarge,
)
from reactive_nb.services.locked import locked_update_cell
from reactive_nb.services.registry import SessionRegistry
from reactive_nb.services.session import NotebookSession

__all__ = [
    "Conflict",
    "InvalidOperation",
    "KernelUnavailable",
    "NoSuchCell",
    "NoSuchVariable",
    "NotebookClosed",
    "NotebookSession",
    "SessionError",
    "SessionRegistry",
    "SourceTooLarge",
    "locked_update_cell",
]
