"""A notebook as items of a DynamoDB table, and back. Pure.

One item, the head, says what the notebook is and which parts it has; each cell is a part of its own, and its outputs
are others, cut so that none comes near the limit of 400 KB an item. A part never changes: what is new gets a new key.
So a notebook changes in one moment, with its head, and a reader finds all parts of the head that it has read, or can
tell that it has to read again.
"""

from __future__ import annotations

import base64
import secrets
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from reactive_nb.formats import json_text
from reactive_nb.formats.errors import FormatError
from reactive_nb.formats.ipynb import cell_documents, cell_form, document, read_document
from reactive_nb.models import Cell, Notebook

MAX_PART_BYTES = 350_000
"""Of a part's content: DynamoDB's limit of 400 KB an item counts names and keys too."""
MAX_INLINE_BYTES = 250_000
HEAD = "head"
PART = "part#"
SECRET = "secret"  # noqa: S105 - the key of an item

Item = dict[str, Any]
"""An item in DynamoDB's own notation: name → {type: value}."""


class MissingPart(Exception):
    """A head names a part that is not there: it has been replaced since the head was read, or is damaged."""


@dataclass(frozen=True, slots=True)
class CellParts:
    """The keys of a cell's parts, in order."""

    body: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        return self.body + self.outputs


@dataclass(frozen=True, slots=True)
class Layout:
    """Where what of a notebook lies."""

    cells: tuple[CellParts, ...] = ()
    form: str = ""
    overflow: tuple[str, ...] = ()
    """The parts of a head that is too large for its item."""

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(self.overflow).union(*(cell.keys for cell in self.cells))


@dataclass(slots=True)
class Writing:
    """What is to be written for a notebook: its head, and the parts that are new."""

    head: Item
    layout: Layout
    parts: dict[str, bytes] = field(default_factory=dict)


def partition(notebook_id: str) -> str:
    return f"nb#{notebook_id}"


def key(notebook_id: str, sort: str) -> Item:
    return {"pk": {"S": partition(notebook_id)}, "sk": {"S": sort}}


def listed_at(updated_at: datetime, notebook_id: str) -> str:
    """The place of a notebook among its owner's: by time, as text that sorts like it."""
    return f"{updated_at.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%S.%fZ')}#{notebook_id}"


def written(notebook: Notebook, version: str, known: tuple[Notebook, Layout] | None = None) -> Writing:
    """What to write for `notebook`; what it shares with the `known` state of the table is not written again."""
    rest = document(replace(notebook, cells=()))
    form = cell_form(rest)
    parts: dict[str, bytes] = {}
    before: dict[str, tuple[Cell, CellParts]] = {}
    if known is not None and known[1].form == form:
        before = {cell.id: (cell, laid) for cell, laid in zip(known[0].cells, known[1].cells, strict=True)}
    cells = [_cell_parts(rest, cell, before.get(cell.id), parts) for cell in notebook.cells]
    body = {"rest": rest, "cells": [[cell.body, cell.outputs] for cell in cells]}
    packed = _packed(body)
    overflow: tuple[str, ...] = ()
    if len(packed) > MAX_INLINE_BYTES:
        overflow = _cut(packed, parts)
    layout = Layout(tuple(cells), form, overflow)
    return Writing(_head(notebook, version, layout, packed), layout, parts)


def _cell_parts(
    rest: Mapping[str, Any], cell: Cell, before: tuple[Cell, CellParts] | None, parts: dict[str, bytes]
) -> CellParts:
    old, laid = before or (None, CellParts())
    if old is cell:
        return laid
    same_outputs = old is not None and (old.outputs is cell.outputs or old.outputs == cell.outputs)
    same_body = old is not None and replace(old, outputs=()) == replace(cell, outputs=())
    if same_body and same_outputs:
        return laid
    [written_cell] = cell_documents(dict(rest), [cell])
    outputs = written_cell.pop("outputs", [])
    return CellParts(
        laid.body if same_body else _cut(_packed(written_cell), parts),
        laid.outputs if same_outputs else _cut(_packed(outputs), parts) if outputs else (),
    )


def _head(notebook: Notebook, version: str, layout: Layout, packed: bytes) -> Item:
    inline: Item = {"body": {"B": packed}}
    if layout.overflow:
        inline = {"overflow": {"L": [{"S": part} for part in layout.overflow]}}
    return (
        key(notebook.id, HEAD)
        | inline
        | {
            "owner": {"S": notebook.owner},
            "listed": {"S": listed_at(notebook.updated_at, notebook.id)},
            "name": {"S": notebook.name},
            "kernel_name": {"S": notebook.kernel_name},
            "cell_count": {"N": str(len(notebook.cells))},
            "revision": {"N": str(notebook.revision)},
            "created_at": {"S": notebook.created_at.isoformat()},
            "updated_at": {"S": notebook.updated_at.isoformat()},
            "version": {"S": version},
        }
    )


def overflow_of(head: Item) -> tuple[str, ...]:
    return tuple(part["S"] for part in head.get("overflow", {}).get("L", ()))


def layout_of(head: Item, parts: Mapping[str, bytes]) -> tuple[dict[str, Any], Layout]:
    """The rest of the document, and where its cells lie. Raises MissingPart, FormatError."""
    overflow = overflow_of(head)
    packed = _joined(overflow, parts) if overflow else bytes(head["body"]["B"])
    body = _unpacked(packed)
    try:
        rest = body["rest"]
        cells = tuple(CellParts(tuple(own), tuple(outputs)) for own, outputs in body["cells"])
        return rest, Layout(cells, cell_form(rest), overflow)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"The notebook's head is damaged: {type(error).__name__}.") from None


def notebook_of(rest: dict[str, Any], layout: Layout, parts: Mapping[str, bytes]) -> Notebook:
    """The notebook in these parts. Raises MissingPart, FormatError."""
    cells = []
    for laid in layout.cells:
        cell = _unpacked(_joined(laid.body, parts))
        if not isinstance(cell, dict):
            raise FormatError("A cell is damaged.")
        if cell.get("cell_type") == "code":
            cell["outputs"] = _unpacked(_joined(laid.outputs, parts)) if laid.outputs else []
        cells.append(cell)
    return read_document({**rest, "cells": cells})


def _cut(content: bytes, parts: dict[str, bytes]) -> tuple[str, ...]:
    """Put content into new parts; their keys."""
    keys = []
    for start in range(0, len(content), MAX_PART_BYTES):
        new = base64.urlsafe_b64encode(secrets.token_bytes(9)).decode()
        parts[new] = content[start : start + MAX_PART_BYTES]
        keys.append(new)
    return tuple(keys)


def _joined(keys: Sequence[str], parts: Mapping[str, bytes]) -> bytes:
    try:
        return b"".join(parts[one] for one in keys)
    except KeyError as error:
        raise MissingPart(str(error)) from None


def _packed(value: Any) -> bytes:
    return zlib.compress(json_text.dump(value), 1)


def _unpacked(content: bytes) -> Any:
    try:
        return json_text.parse(zlib.decompress(content))
    except zlib.error:
        raise FormatError("What is stored of the notebook is damaged.") from None


def put_requests(notebook_id: str, parts: Mapping[str, bytes], at: float) -> list[Item]:
    """`at`: seconds since the epoch, by which parts that no head came to name are known to be left over."""
    return [
        {"PutRequest": {"Item": key(notebook_id, PART + one) | {"content": {"B": content}, "at": {"N": str(int(at))}}}}
        for one, content in parts.items()
    ]


def delete_requests(notebook_id: str, keys: Iterable[str]) -> list[Item]:
    return [{"DeleteRequest": {"Key": key(notebook_id, PART + one)}} for one in sorted(keys)]
