"""What we keep in a notebook file beyond nbformat, all of it under `metadata.reactive_nb`.

Only what differs from the default is written, so that cells that use nothing of ours look like any other. Reading
believes nothing: a value of the wrong kind counts as absent. Keys that are not ours stay in the metadata under the
same name and come back when the notebook is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from reactive_nb.models import (
    CELL_ID,
    Cell,
    CellConfig,
    CellError,
    CellMode,
    CellType,
    Notebook,
    NotebookSettings,
    Redefinition,
    RunMode,
)
from reactive_nb.models.database_url import without_password
from reactive_nb.models.sql import is_result_name

KEY = "reactive_nb"
DEFAULT_OWNER = "local"
RUNNING_TYPES = {kind.value: kind for kind in CellType if kind.runs}

NOTEBOOK_KEYS = frozenset({"id", "name", "owner", "settings", "revision", "created_at", "updated_at"})
CELL_KEYS = frozenset({"type", "config", "error", "revision", "started_at", "duration_ms", "attachments", "outputs"})

PLAIN_CONFIG = CellConfig()
Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class OwnNotebook:
    """What a file says of its notebook in our own words."""

    id: str | None
    name: str | None
    owner: str
    settings: NotebookSettings
    revision: int
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnCell:
    """What a file says of a cell in our own words."""

    type: CellType | None = None
    config: CellConfig = PLAIN_CONFIG
    error: CellError | None = None
    revision: int = 0
    started_at: datetime | None = None
    duration_ms: float | None = None


PLAIN_CELL = OwnCell()


def split(metadata: dict[str, Any], ours: frozenset[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Our part of `metadata`, and the metadata without it (keys under our name that we do not know stay there)."""
    if KEY not in metadata:
        return {}, metadata
    own = metadata[KEY]
    others = {key: value for key, value in metadata.items() if key != KEY}
    if not isinstance(own, dict):
        return {}, others
    unknown = {key: value for key, value in own.items() if key not in ours}
    if unknown:
        others[KEY] = unknown
    return own, others


def read_notebook(own: Mapping[str, Any]) -> OwnNotebook:
    settings = own.get("settings")
    if not isinstance(settings, dict):
        settings = {}
    return OwnNotebook(
        id=identifier(own.get("id")),
        name=_text(own.get("name")),
        owner=_text(own.get("owner")) or DEFAULT_OWNER,
        settings=NotebookSettings(
            mode=_choice(RunMode, settings.get("mode"), RunMode.AUTO),
            redefinition=_choice(Redefinition, settings.get("redefinition"), Redefinition.ALLOW),
            restart_dead_kernel=settings.get("restart_dead_kernel") is True,
            database=without_password(_text(settings.get("database"))),
            equal_results=settings.get("equal_results") is True,
        ),
        revision=_count(own.get("revision")),
        created_at=_time(own.get("created_at")),
        updated_at=_time(own.get("updated_at")),
    )


def write_notebook(notebook: Notebook) -> dict[str, Any]:
    own: dict[str, Any] = {
        "id": notebook.id,
        "name": notebook.name,
        "revision": notebook.revision,
        "created_at": _written_time(notebook.created_at),
        "updated_at": _written_time(notebook.updated_at),
    }
    if notebook.owner != DEFAULT_OWNER:
        own["owner"] = notebook.owner
    settings: dict[str, Any] = {}
    if notebook.settings.mode is not RunMode.AUTO:
        settings["mode"] = notebook.settings.mode.value
    if notebook.settings.redefinition is not Redefinition.ALLOW:
        settings["redefinition"] = notebook.settings.redefinition.value
    if notebook.settings.restart_dead_kernel:
        settings["restart_dead_kernel"] = True
    if notebook.settings.database is not None:
        settings["database"] = without_password(notebook.settings.database)
    if notebook.settings.equal_results:
        settings["equal_results"] = True
    if settings:
        own["settings"] = settings
    return own


def read_cell(own: Mapping[str, Any]) -> OwnCell:
    if not own:
        return PLAIN_CELL
    stated = own.get("type")
    return OwnCell(
        type=RUNNING_TYPES.get(stated) if isinstance(stated, str) else None,
        config=_read_config(own.get("config")),
        error=_read_error(own.get("error")),
        revision=_count(own.get("revision")),
        started_at=_time(own.get("started_at")),
        duration_ms=_number(own.get("duration_ms")),
    )


def write_cell(cell: Cell, *, usual: CellType) -> dict[str, Any]:
    """Our metadata of `cell`; `usual` is the type that it would be read as without any."""
    own: dict[str, Any] = {}
    if cell.type is not usual:
        own["type"] = cell.type.value
    if cell.config != PLAIN_CONFIG:
        own["config"] = _written_config(cell.config)
    if cell.error is not None:
        own["error"] = _written_error(cell.error)
    if cell.revision:
        own["revision"] = cell.revision
    if cell.started_at is not None:
        own["started_at"] = _written_time(cell.started_at)
    if cell.duration_ms is not None:
        own["duration_ms"] = cell.duration_ms
    return own


def _read_config(value: Any) -> CellConfig:
    if not isinstance(value, dict):
        return PLAIN_CONFIG
    timeout = _number(value.get("timeout"))
    result = _text(value.get("result"))
    return CellConfig(
        mode=_choice(CellMode, value.get("mode"), CellMode.AUTO),
        timeout=timeout if timeout is not None and timeout > 0 else None,
        continue_on_error=value.get("continue_on_error") is True,
        result=result if result is not None and is_result_name(result) else None,
        hide_source=value.get("hide_source") is True,
        hide_output=value.get("hide_output") is True,
    )


def _written_config(config: CellConfig) -> dict[str, Any]:
    written: dict[str, Any] = {}
    if config.mode is not CellMode.AUTO:
        written["mode"] = config.mode.value
    if config.timeout is not None:
        written["timeout"] = config.timeout
    if config.result is not None:
        written["result"] = config.result
    for flag in ("continue_on_error", "hide_source", "hide_output"):
        if getattr(config, flag):
            written[flag] = True
    return written


def _read_error(value: Any) -> CellError | None:
    if not isinstance(value, dict):
        return None
    kind, message, line = value.get("kind"), value.get("message"), value.get("line")
    if not isinstance(kind, str) or not isinstance(message, str):
        return None
    return CellError(
        kind=kind,
        message=message,
        names=_texts(value.get("names")),
        cells=_texts(value.get("cells")),
        roots=_texts(value.get("roots")),
        line=line if isinstance(line, int) and not isinstance(line, bool) else None,
    )


def _written_error(error: CellError) -> dict[str, Any]:
    written: dict[str, Any] = {"kind": error.kind, "message": error.message}
    if error.names:
        written["names"] = list(error.names)
    if error.cells:
        written["cells"] = list(error.cells)
    if error.roots:
        written["roots"] = list(error.roots)
    if error.line is not None:
        written["line"] = error.line
    return written


def identifier(value: Any) -> str | None:
    return value if isinstance(value, str) and CELL_ID.fullmatch(value) else None


def _choice(kind: type[Choice], value: Any, default: Choice) -> Choice:
    try:
        return kind(value)
    except ValueError:
        return default


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else 0


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < 2**53 else None  # NaN is not less than anything


def _time(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return _in_utc(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        return None


def _written_time(value: datetime) -> str:
    return _in_utc(value).isoformat()


def _in_utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
