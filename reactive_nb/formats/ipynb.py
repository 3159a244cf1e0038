"""Notebooks as `.ipynb` files: nbformat 4.5, both ways.

What is ours sits under `metadata.reactive_nb` and nowhere else (see `own_metadata`), and everything that other tools
keep in a notebook survives. Older versions are read, back to nbformat 1; nbformat itself is imported for those before
4 only, and there is no validation against its schema here: it takes longer than everything else together.

The rules it keeps: `read_ipynb(write_ipynb(notebook)) == notebook`; a file written by Jupyter and not edited is written
again with the same text, but for our metadata; and nothing but `FormatError` is raised, whatever the bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from reactive_nb.formats import ipynb_cells, json_text, kernelspecs, own_metadata, soundness
from reactive_nb.formats.errors import FormatError
from reactive_nb.formats.libraries import library
from reactive_nb.models import Cell, CellType, Notebook, new_notebook_id

NBFORMAT = 4
NBFORMAT_MINOR = 5
NOTEBOOK_FIELDS = frozenset({"cells", "metadata", "nbformat", "nbformat_minor"})
DEFAULT_NAME = "Untitled"


def read_ipynb(
    data: bytes | str,
    *,
    fallback_name: str | None = None,
    fallback_id: str | None = None,
    fallback_time: datetime | None = None,
) -> Notebook:
    """The notebook in the text of an `.ipynb` file.

    Args:
        data: the text, in any encoding that JSON may have.
        fallback_name: its name, if the file says none (files that we wrote do; the file's own name may be newer).
        fallback_id: its id, if the file has none of ours; made up by default.
        fallback_time: when it was made and changed, if the file does not say; now by default.

    Raises:
        FormatError: the text is no notebook, with a sentence that says why.

    """
    value = json_text.parse(data)
    return read_document(value, fallback_name=fallback_name, fallback_id=fallback_id, fallback_time=fallback_time)


def read_document(
    value: Any,
    *,
    fallback_name: str | None = None,
    fallback_id: str | None = None,
    fallback_time: datetime | None = None,
) -> Notebook:
    """The notebook in a JSON value, as `read_ipynb` finds it in the text. Raises `FormatError`."""
    document = _document(value)
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        metadata = {}
    own, metadata = own_metadata.split(soundness.notebook_metadata(metadata), own_metadata.NOTEBOOK_KEYS)
    known = own_metadata.read_notebook(own)
    fields = {key: value for key, value in document.items() if key not in NOTEBOOK_FIELDS}
    later = _is_later(document)
    if later:
        fields["nbformat_minor"] = document["nbformat_minor"]
    if fields:
        metadata = ipynb_cells.with_fields(metadata, fields)
    time = fallback_time or datetime.now(UTC)
    return Notebook(
        id=known.id or fallback_id or new_notebook_id(),
        name=known.name or fallback_name or _title(metadata),
        owner=known.owner,
        kernel_name=kernelspecs.kernel_name(metadata),
        cells=ipynb_cells.read_cells(document["cells"], _usual_type(metadata), later=later),
        settings=known.settings,
        metadata=kernelspecs.without_default_kernelspec(metadata),
        revision=known.revision,
        created_at=known.created_at or known.updated_at or time,
        updated_at=known.updated_at or time,
    )


def write_ipynb(notebook: Notebook) -> bytes:
    """The text of `notebook` as an `.ipynb` file. Raises `FormatError` if it holds what JSON cannot express."""
    written = document(notebook)
    written["cells"] = [ipynb_cells.split_lines(cell) for cell in written["cells"]]
    return json_text.dump(written)


def document(notebook: Notebook) -> dict[str, Any]:
    """`notebook` as nbformat has it in memory, text whole. Shares values with the notebook: not to be changed."""
    fields, metadata = ipynb_cells.without_fields(dict(notebook.metadata))
    later = _is_later(fields)
    if not later:
        fields, metadata = {}, dict(notebook.metadata)
    metadata = kernelspecs.with_kernelspec(metadata, notebook.kernel_name)
    usual = _usual_type(metadata)
    unknown = metadata.get(own_metadata.KEY)
    metadata[own_metadata.KEY] = {
        **(unknown if isinstance(unknown, dict) else {}),
        **own_metadata.write_notebook(notebook),
    }
    return {
        "nbformat_minor": NBFORMAT_MINOR,
        **fields,
        "nbformat": NBFORMAT,
        "metadata": metadata,
        "cells": [ipynb_cells.write_cell(cell, usual, later=later) for cell in notebook.cells],
    }


def cell_documents(head: dict[str, Any], cells: Iterable[Cell]) -> list[dict[str, Any]]:
    """`cells` as they stand in a document whose rest is `head`, for who stores them one by one."""
    usual, later = _usual_type(head["metadata"]), _is_later(head)
    return [ipynb_cells.write_cell(cell, usual, later=later) for cell in cells]


def cell_form(head: dict[str, Any]) -> str:
    """What the form of cells depends on: where it is the same, so are the documents of the same cells."""
    return f"{_usual_type(head['metadata'])} {_is_later(head)}"


def _is_later(document: Mapping[str, Any]) -> bool:
    """Whether a document is of a minor version that we don't know."""
    minor = document.get("nbformat_minor")
    return isinstance(minor, int) and minor > NBFORMAT_MINOR


def _title(metadata: dict[str, Any]) -> str:
    title = metadata.get("title")
    return title if isinstance(title, str) and title else DEFAULT_NAME


def _usual_type(metadata: dict[str, Any]) -> CellType:
    """The type of code cells that say nothing about it."""
    return CellType.PYTHON if kernelspecs.language(metadata) == "python" else CellType.CODE


def _document(value: Any) -> dict[str, Any]:
    """A JSON value as an nbformat 4 document with a list of cells."""
    if not isinstance(value, dict):
        raise FormatError("Not a notebook: the file holds JSON, but no JSON object.")
    version = value.get("nbformat")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise FormatError("Not a notebook: the JSON object has no format version ('nbformat').")
    if version > NBFORMAT:
        raise FormatError(f"The notebook's format is nbformat {version}, which is newer than {NBFORMAT}.")
    current = _upgraded(value, version) if version < NBFORMAT else value
    if not isinstance(current.get("cells"), list):
        raise FormatError("Not a notebook: it has no list of cells.")
    return current


def _upgraded(value: dict[str, Any], version: int) -> dict[str, Any]:
    """A document of nbformat 1, 2 or 3 as nbformat 4, by nbformat's own rules. Cells get no ids."""
    try:
        # Its readers take text only, and undo what each version did to multi-line text.
        older = library("nbformat.reader").reads(json_text.dump(value).decode())
        newer: dict[str, Any] = library("nbformat.converter").convert(older, NBFORMAT)
    except Exception as error:  # nbformat raises whatever comes up in a malformed old notebook
        raise FormatError(f"The notebook is not valid nbformat {version}: {type(error).__name__}: {error}.") from None
    metadata = {key: item for key, item in newer["metadata"].items() if not key.startswith("orig_nbformat")}
    cells = [{key: item for key, item in cell.items() if key != "id"} for cell in newer["cells"]]
    return {"nbformat": NBFORMAT, "nbformat_minor": NBFORMAT_MINOR, "metadata": metadata, "cells": cells}
