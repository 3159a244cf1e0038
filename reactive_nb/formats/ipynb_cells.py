"""Cells between nbformat's dictionaries and ours.

It does not decide what a notebook is (see `ipynb`), and it leaves alone what it does not know: metadata, outputs of any
kind, and fields of later minor versions of nbformat pass through. Text is whole in memory and a list of lines in files,
as nbformat wants it.

The rule it keeps: every cell read has a valid id that no other cell of the notebook has, and reading the same text
twice gives the same ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from reactive_nb.formats import own_metadata
from reactive_nb.formats.errors import FormatError
from reactive_nb.models import Cell, CellType, Output

FIELDS = "fields"
"""Where fields of a cell or notebook that nbformat 4.5 does not know wait for being written again."""

CELL_FIELDS = frozenset({"cell_type", "id", "metadata", "source", "attachments", "outputs", "execution_count"})
SPLIT_MIME_TYPES = frozenset({"application/javascript", "image/svg+xml"})
"""What nbformat splits into lines besides `text/*`."""


MOST_CELLS = 100_000


def read_cells(raw_cells: Sequence[Any], usual: CellType) -> tuple[Cell, ...]:
    """The cells of a notebook whose code cells are of the type `usual`. Raises `FormatError`."""
    if len(raw_cells) > MOST_CELLS:
        raise FormatError(f"It has {len(raw_cells):,} cells; more than {MOST_CELLS:,} are not read.")
    ids = _ids(raw_cells)
    return tuple(
        _read_cell(raw, cell_id, place, usual)
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


def _read_cell(raw: Any, cell_id: str, place: int, usual: CellType) -> Cell:
    if not isinstance(raw, dict):
        raise FormatError(f"Cell {place} is not a JSON object.")
    kind = raw.get("cell_type")
    if kind not in ("code", "markdown", "raw"):
        raise FormatError(f"Cell {place} is of the type {kind!r}, which nbformat 4 does not have.")
    own, metadata = own_metadata.split(_object(raw.get("metadata")), own_metadata.CELL_KEYS)
    known = own_metadata.read_cell(own)
    is_code = kind == "code"
    if len(raw) > 4 and (extra := {key: value for key, value in raw.items() if key not in CELL_FIELDS}):
        metadata = with_fields(metadata, extra)
    count = raw.get("execution_count") if is_code else None
    return Cell(
        id=cell_id,
        type=(known.type or usual) if is_code else CellType(kind),
        source=_read_text(raw.get("source", ""), place),
        config=known.config,
        outputs=_read_outputs(raw.get("outputs"), place) if is_code else (),
        execution_count=count if isinstance(count, int) and not isinstance(count, bool) else None,
        error=known.error,
        started_at=known.started_at,
        duration_ms=known.duration_ms,
        metadata=metadata,
        attachments={name: _joined_bundle(bundle) for name, bundle in _object(raw.get("attachments")).items()},
        revision=known.revision,
    )


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
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    if value is None:
        return ""
    raise FormatError(f"The source of cell {place} is neither text nor a list of lines.")


def _read_outputs(value: Any, place: int) -> tuple[Output, ...]:
    if not value:
        return ()
    if not isinstance(value, list) or not all(isinstance(output, dict) for output in value):
        raise FormatError(f"The outputs of cell {place} are not a list of JSON objects.")
    return tuple(_read_output(output) for output in value)


def _read_output(raw: dict[str, Any]) -> Output:
    if isinstance(raw.get("data"), dict):
        return {**raw, "data": _joined_bundle(raw["data"])}
    text = raw.get("text")
    if isinstance(text, list) and all(isinstance(line, str) for line in text):
        return {**raw, "text": "".join(text)}
    return raw


def _joined_bundle(bundle: Any) -> Any:
    """A MIME bundle with its text whole. What is JSON by its type stays as it is, lists of strings included."""
    if not isinstance(bundle, dict):
        return bundle
    return {
        mime: "".join(value)
        if isinstance(value, list) and not _is_json(mime) and all(isinstance(line, str) for line in value)
        else value
        for mime, value in bundle.items()
    }


def _is_json(mime: str) -> bool:
    return mime == "application/json" or (mime.startswith("application/") and mime.endswith("+json"))


def write_cell(cell: Cell, usual: CellType) -> dict[str, Any]:
    """`cell` as nbformat 4.5 has it in memory: text whole. Shares values with the cell."""
    is_code = cell.type.runs
    fields, metadata = without_fields(dict(cell.metadata))
    own = own_metadata.write_cell(cell, usual=usual if is_code else cell.type)
    if own:
        metadata[own_metadata.KEY] = {**_object(metadata.get(own_metadata.KEY)), **own}
    written: dict[str, Any] = {
        **fields,
        "cell_type": "code" if is_code else cell.type.value,
        "id": cell.id,
        "metadata": metadata,
        "source": cell.source,
    }
    if is_code:
        written["execution_count"] = cell.execution_count
        written["outputs"] = list(cell.outputs)
    if cell.attachments:
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
