"""Notebooks as Python scripts with `# %%` cells, both ways, through jupytext.

Outputs and attachments are left out; names, ids, types, sources, configs and everyone's metadata are in the script. An
SQL cell is written the way jupytext writes a `%%sql` cell, and a cell in another language as comments, so that the
script runs. A cell that is marked `[sql]` where `[markdown]` could stand is an SQL cell too, and keeps its mark, which
jupytext takes for its title.

What is lost, by the format's nature: empty lines around a source. A line of a source that looks like the start of a
cell is written with a mark in front of it, and a cell that would not come back as it is (because it ends within a
string, say) has its source in its header line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reactive_nb.formats import ipynb, json_text, own_metadata
from reactive_nb.formats.errors import FormatError
from reactive_nb.formats.libraries import library
from reactive_nb.models import CellType, Notebook

FORMAT = "py:percent"
ATTEMPTS = 3
KEPT_OF_CELL = ("type", "config")
KEPT_OF_NOTEBOOK = ("id", "name", "owner", "settings")
JUPYTEXTS_OWN = ("text_representation", "notebook_metadata_filter", "cell_metadata_filter", "main_language")

SQL_MAGIC = "%%sql\n"
SQL_MARK = re.compile(r"(?:^|(?<=\s))\[sql\]$", re.IGNORECASE)
COMMENT = re.compile(r"^# ?", re.MULTILINE)
CELL_START = re.compile(r"^(?=[ \t]*#[ \t]*(?:%%|<codecell>|<markdowncell>|In\[|---[ \t]*$))", re.MULTILINE)
MARK = "#~"
MARKED = re.compile(rf"^{MARK}(?=[ \t]*#)", re.MULTILINE)


def read_percent(data: bytes | str, *, fallback_name: str | None = None) -> Notebook:
    """The notebook in a script, without outputs. A script without `# %%` is one cell. Raises `FormatError`."""
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data.removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise FormatError(f"The script is not UTF-8 text (byte {error.start}).") from None
    try:
        node = library("jupytext").reads(json_text.mended_text(text), fmt=FORMAT)
    except Exception as error:  # jupytext passes on what YAML, JSON and its own parsers raise
        raise FormatError(f"The script cannot be read as a notebook: {type(error).__name__}: {error}.") from None
    metadata = dict(node.metadata)
    pairing = metadata.pop("jupytext", None)
    if isinstance(pairing, dict):
        pairing = {key: value for key, value in pairing.items() if key not in JUPYTEXTS_OWN}
    if pairing:
        metadata["jupytext"] = pairing
    cells = [_read_cell(cell) for cell in node.cells]
    written = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}
    return ipynb.read_ipynb(json_text.dump(written), fallback_name=fallback_name)


def _read_cell(cell: Any) -> dict[str, Any]:
    read = {key: value for key, value in cell.items() if key != "id"}
    metadata = dict(cell.metadata)
    metadata.pop("lines_to_next_cell", None)
    own = metadata.get(own_metadata.KEY)
    if cell.cell_type == "code" and _is_marked(metadata):
        read["source"] = COMMENT.sub("", read["source"])
        own = {**(own if isinstance(own, dict) else {}), "type": CellType.SQL.value}
    if isinstance(own, dict):
        own = dict(own)
        if "id" in own:
            read["id"] = own.pop("id")
        if own.pop("marked", False):
            read["source"] = MARKED.sub("", read["source"])
        sealed = own.pop("source", None)
        if isinstance(sealed, str):
            read["source"] = sealed
        elif own.get("type") == CellType.SQL:
            read["source"] = _without_magic(read["source"])
        elif own.get("type") == CellType.CODE:
            metadata.pop("active", None)
        metadata[own_metadata.KEY] = own
        if not own:
            del metadata[own_metadata.KEY]
    read["metadata"] = metadata
    return read


def _is_marked(metadata: Mapping[str, Any]) -> bool:
    title = metadata.get("title")
    return isinstance(title, str) and SQL_MARK.search(title) is not None


def _without_magic(source: str) -> str:
    first, _, rest = source.partition("\n")
    return rest if first.strip() == SQL_MAGIC.strip() else source


def write_percent(notebook: Notebook) -> bytes:
    """`notebook` as a script. Raises `FormatError` if jupytext cannot write it."""
    sealed: set[str] = set()
    text = _script(notebook, sealed)
    for _ in range(ATTEMPTS):
        lost = _lost(notebook, text)
        if lost <= sealed:
            break
        sealed |= lost
        text = _script(notebook, sealed)
    return text


def _lost(notebook: Notebook, text: bytes) -> set[str]:
    """The cells that a script would bring back with another source, and not only because they follow such a cell."""
    read = read_percent(text)
    return {
        cell.id
        for cell in notebook.cells
        if (back := read.cell(cell.id)) is not None
        and (back.type, back.source.strip()) != (cell.type, json_text.mended_text(cell.source).strip())
    }


def _script(notebook: Notebook, sealed: set[str]) -> bytes:
    node = library("nbformat").from_dict(json_text.mended(ipynb.document(notebook)))
    own = node.metadata[own_metadata.KEY]
    node.metadata[own_metadata.KEY] = {key: value for key, value in own.items() if key in KEPT_OF_NOTEBOOK}
    pairing = node.metadata.get("jupytext")
    node.metadata["jupytext"] = {
        **(pairing if isinstance(pairing, dict) else {}),
        "notebook_metadata_filter": "all",
        "cell_metadata_filter": "all",
    }
    for cell, written in zip(notebook.cells, node.cells, strict=True):
        _write_cell(cell.type, written, sealed=cell.id in sealed)
    try:
        text: str = library("jupytext").writes(node, fmt=FORMAT)
    except Exception as error:  # as above, and for metadata that YAML cannot express
        raise FormatError(f"The notebook cannot be written as a script: {type(error).__name__}: {error}.") from None
    return text.encode("utf-8", "replace")


def _write_cell(kind: CellType, cell: Any, *, sealed: bool) -> None:
    known = cell.metadata.get(own_metadata.KEY, {})
    own: dict[str, Any] = {"id": cell.id}
    own |= {key: value for key, value in known.items() if key in KEPT_OF_CELL or key not in own_metadata.CELL_KEYS}
    marked = _is_marked(cell.metadata)
    if marked and kind.runs and kind is not CellType.SQL:
        bare = SQL_MARK.sub("", cell.metadata.pop("title")).rstrip()
        cell.metadata.update({"title": bare} if bare else {})
    if sealed:
        own |= {"type": kind.value, "source": cell.source} if kind.runs else {"source": cell.source}
        cell.source = ""
    elif kind is CellType.SQL and marked:
        cell.source = "\n".join(f"# {line}" if line else "#" for line in cell.source.split("\n"))
        del own["type"]
    elif kind is CellType.SQL:
        cell.source = SQL_MAGIC + cell.source
    elif kind is CellType.CODE:
        own["type"] = CellType.CODE.value
        cell.metadata["active"] = "ipynb"
    elif kind is CellType.PYTHON and CELL_START.search(cell.source):
        cell.source = CELL_START.sub(MARK, cell.source)
        own["marked"] = True
    cell.metadata[own_metadata.KEY] = own
    cell["outputs"] = []
