"""Cells between nbformat's dictionaries and ours.

It does not decide what a notebook is (see `ipynb`) nor which values are sound (see `soundness`), and it leaves alone
what it does not know: metadata, and fields of later minor versions of nbformat, pass through. Text is whole in memory
and a list of lines in files, as nbformat wants it.

The rule it keeps: every cell read has a valid id that no other cell of the notebook has, and reading the same text
twice gives the same ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from reactive_nb.formats import own_metadata, soundness
from reactive_nb.formats.errors import FormatError
from reactive_nb.models import Cell, CellType, Output

FIELDS = "fields"
"""Where fields of a cell or notebook that nbformat 4.5 does not know wait for being written again."""

CELL_FIELDS = frozenset({"cell_type", "id", "metadata", "source", "attachments", "outputs", "execution_count"})
SPLIT_MIME_TYPES = frozenset({"application/javascript", "image/svg+xml"})
"""What nbformat splits into lines besides `text/*`."""


MOST_CELLS = 100_000


def read_cells(raw_cells: Sequence[Any], usual: CellType, *, later: bool = False) -> tuple[Cell, ...]:
    """The cells of a notebook whose code cells are of the type `usual`. Raises `FormatError`.

    `later`: its minor version is newer than ours, so what we don't know may be right.
    """
    if len(raw_cells) > MOST_CELLS:
        raise FormatError(f"It has {len(raw_cells):,} cells; more than {MOST_CELLS:,} are not read.")
    ids = _ids(raw_cells)
    return tuple(
        _read_cell(raw, cell_id, place, usual, later=later)
        for place, (raw, cell_id) in enumerate(zip(raw_cells, ids, strict=True), 1)
    )


def _ids(raw_cells: Sequence[Any]) -> list[str]:
    """Each cell's own id if it is valid and the first of its kind; else one that follows from the cell's content."""
    found: list[str | None] = []
    taken: set[str] = set()
    for raw in raw_cells:
        own = own_metadata.identifier(raw.get("id")) if isinstance(raw, dict) else None
        found.append(None if own in taken else own)
        if own is not None:
            taken.add(own)
    ids: list[str] = []
    attempts: dict[str, int] = {}
    for raw, known in zip(raw_cells, found, strict=True):
        cell_id = known or _derived_id(_content(raw), taken, attempts)
        taken.add(cell_id)
        ids.append(cell_id)
    return ids


def _content(raw: Any) -> str:
    if not isinstance(raw, dict):
        return ""
    source = raw.get("source")
    text = "".join(map(str, source)) if isinstance(source, list) else source
    return f"{raw.get('cell_type')}\n{raw.get('id', '')}\n{text}"


def _derived_id(content: str, taken: set[str], attempts: dict[str, int]) -> str:
    """An id that follows from the content; `attempts` says how many cells of the same content came before."""
    while True:
        attempt = attempts.get(content, 0)
        attempts[content] = attempt + 1
        derived = hashlib.blake2b(f"{attempt}\n{content}".encode("utf-8", "replace"), digest_size=6).hexdigest()
        if derived not in taken:
            return derived


def _read_cell(raw: Any, cell_id: str, place: int, usual: CellType, *, later: bool) -> Cell:
    if not isinstance(raw, dict):
        raise FormatError(f"Cell {place} is not a JSON object.")
    kind = raw.get("cell_type")
    if kind not in ("code", "markdown", "raw"):
        raise FormatError(f"Cell {place} is of the type {kind!r}, which nbformat 4 does not have.")
    given = soundness.cell_metadata(_object(raw.get("metadata")), kind)
    own, metadata = own_metadata.split(given, own_metadata.CELL_KEYS)
    known = own_metadata.read_cell(own)
    is_code = kind == "code"
    if len(raw) > 4 and (extra := {key: value for key, value in raw.items() if key not in CELL_FIELDS}):
        metadata = with_fields(metadata, extra)
    attached = own.get("attachments") if is_code else raw.get("attachments")
    return Cell(
        id=cell_id,
        type=(known.type or usual) if is_code else CellType(kind),
        source=_read_text(raw.get("source", ""), place),
        config=known.config,
        outputs=_read_outputs(raw.get("outputs"), place, later=later) if is_code else _shown_text(kind, own),
        execution_count=soundness.count(raw.get("execution_count")) if is_code else None,
        error=known.error,
        started_at=known.started_at,
        duration_ms=known.duration_ms,
        metadata=metadata,
        attachments=soundness.attachments(attached),
        revision=known.revision,
    )


def _shown_text(kind: str, own: dict[str, Any]) -> tuple[Output, ...]:
    """What a Markdown cell with values in its text shows: nbformat has no place for it, so it is with our metadata."""
    found = own.get("outputs")
    if kind != "markdown" or not isinstance(found, list) or not all(isinstance(output, dict) for output in found):
        return ()
    return soundness.outputs(found, later=False)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def with_fields(metadata: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """`metadata` with unknown fields put aside in it."""
    return {**metadata, own_metadata.KEY: {**_object(metadata.get(own_metadata.KEY)), FIELDS: fields}}


def without_fields(metadata: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `with_fields` put aside, and the metadata without it."""
    unknown = metadata.get(own_metadata.KEY)
    if not isinstance(unknown, dict) or not isinstance(unknown.get(FIELDS), dict):
        return {}, metadata
    rest = {key: value for key, value in unknown.items() if key != FIELDS}
    others = {key: value for key, value in metadata.items() if key != own_metadata.KEY}
    return unknown[FIELDS], {**others, own_metadata.KEY: rest} if rest else others


def _read_text(value: Any, place: int) -> str:
    text = soundness.joined(value)
    if isinstance(text, str):
        return text
    if text is None:
        return ""
    raise FormatError(f"The source of cell {place} is neither text nor a list of lines.")


def _read_outputs(value: Any, place: int, *, later: bool) -> tuple[Output, ...]:
    if not value:
        return ()
    if not isinstance(value, list) or not all(isinstance(output, dict) for output in value):
        raise FormatError(f"The outputs of cell {place} are not a list of JSON objects.")
    return soundness.outputs(value, later=later)


def write_cell(cell: Cell, usual: CellType, *, later: bool = False) -> dict[str, Any]:
    """`cell` as nbformat has it in memory: text whole. Shares values with the cell.

    Fields that we don't know stand where they stood in a notebook of a `later` minor version, else in our metadata,
    where nbformat 4.5 allows them.
    """
    is_code = cell.type.runs
    fields, metadata = without_fields(dict(cell.metadata)) if later else ({}, dict(cell.metadata))
    own = own_metadata.write_cell(cell, usual=usual if is_code else cell.type)
    if cell.attachments and is_code:  # nbformat has no place for them, and the cell may become Markdown again
        own["attachments"] = dict(cell.attachments)
    if cell.type is CellType.MARKDOWN and cell.outputs:
        own["outputs"] = list(cell.outputs)
    if own:
        metadata[own_metadata.KEY] = {**_object(metadata.get(own_metadata.KEY)), **own}
    written: dict[str, Any] = {
        **{key: value for key, value in fields.items() if key not in CELL_FIELDS},
        "cell_type": "code" if is_code else cell.type.value,
        "id": cell.id,
        "metadata": metadata,
        "source": cell.source,
    }
    if is_code:
        written["execution_count"] = cell.execution_count
        written["outputs"] = list(cell.outputs)
    if cell.attachments and not is_code:
        written["attachments"] = dict(cell.attachments)
    return written


def split_lines(cell: dict[str, Any]) -> dict[str, Any]:
    """A cell from `write_cell` as files have it: text as lists of lines. Nothing is changed in place."""
    divided = {**cell, "source": cell["source"].splitlines(True)}
    if cell.get("outputs"):
        divided["outputs"] = [_split_output(output) for output in cell["outputs"]]
    if "attachments" in cell:
        divided["attachments"] = {name: _split_bundle(bundle) for name, bundle in cell["attachments"].items()}
    return divided


def _split_output(output: Output) -> Output:
    if isinstance(output.get("data"), dict):
        return {**output, "data": _split_bundle(output["data"])}
    if output.get("output_type") == "stream" and isinstance(output.get("text"), str):
        return {**output, "text": output["text"].splitlines(True)}
    return output


def _split_bundle(bundle: Any) -> Any:
    if not isinstance(bundle, dict):
        return bundle
    return {
        mime: value.splitlines(True)
        if isinstance(value, str) and (mime.startswith("text/") or mime in SPLIT_MIME_TYPES)
        else value
        for mime, value in bundle.items()
    }
