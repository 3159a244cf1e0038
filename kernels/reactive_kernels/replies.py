"""How a run ended, as the kernel replied: what is read has its shape, whatever code in the kernel has made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .error_limits import bounded_error, named_error

_MOST_PAGES = 100
_MOST_NAMES = 10_000
_NAMES = ("bound", "kept", "deleted", "changed", "elsewhere", "missing", "read", "same", "widgets_read")


@dataclass(frozen=True)
class ExecuteReply:
    """How a run ended, as the kernel replied. `report` is what the kernel-side helper says of the namespace."""

    status: Literal["ok", "error", "aborted"]
    execution_count: int | None = None
    ename: str | None = None
    evalue: str | None = None
    traceback: list[str] = field(default_factory=list)
    payload: list[dict[str, Any]] = field(default_factory=list)
    user_expressions: dict[str, Any] = field(default_factory=dict)
    report: dict[str, Any] | None = None
    names_left_out: int = 0
    """How many of the names that it bound the report does not have, because they are too many."""
    interrupted: bool = False
    """Whether `interrupt` was called while it ran: code may raise KeyboardInterrupt by itself."""


def execute_reply(content: Mapping[str, Any], *, interrupted: bool) -> ExecuteReply:
    """The content of an `execute_reply`, never an exception."""
    status, count = content.get("status"), content.get("execution_count")
    lines = content.get("traceback")
    error = bounded_error(named_error({**content, "traceback": lines if isinstance(lines, list) else []}))
    pages, values = content.get("payload"), content.get("user_expressions")
    return ExecuteReply(
        status=status if status in ("ok", "error") else "aborted",
        execution_count=count if isinstance(count, int) else None,
        ename=error["ename"] if "ename" in content else None,
        evalue=error["evalue"] if "evalue" in content else None,
        traceback=error["traceback"],
        payload=[page for page in pages[:_MOST_PAGES] if isinstance(page, dict)] if isinstance(pages, list) else [],
        user_expressions=dict(values) if isinstance(values, dict) else {},
        report=_report(content.get("reactive_nb")),
        names_left_out=_left_out(content.get("reactive_nb")),
        interrupted=interrupted,
    )


def _report(given: Any) -> dict[str, Any] | None:
    if not isinstance(given, dict) or not isinstance(given.get("kept"), list):
        return None
    missing, widgets = given.get("name_error"), given.get("widgets")
    widgets = widgets if isinstance(widgets, dict) else {}
    return {
        **{part: _names(given.get(part)) for part in _NAMES},
        "spoiled": _pairs(given.get("spoiled")),
        "ways": _pairs(given.get("ways")),
        "name_error": missing if isinstance(missing, str) else None,
        "widgets": {name: comm for name, comm in widgets.items() if isinstance(comm, str)},
    }


def _left_out(given: Any) -> int:
    bound = given.get("bound") if isinstance(given, dict) else None
    return max(0, len(bound) - _MOST_NAMES) if isinstance(bound, list) else 0


def _pairs(given: Any) -> list[list[str]]:
    return [pair for pair in given if len(_names(pair)) == 2] if isinstance(given, list) else []


def _names(given: Any) -> list[str]:
    """Of very many names those that come first: each takes part in the graph, and nobody has ever written so many."""
    return [name for name in given[:_MOST_NAMES] if isinstance(name, str)] if isinstance(given, list) else []
