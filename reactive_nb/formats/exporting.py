"""What the formats for reading have in common: a notebook as nbconvert takes it.

Sources and outputs that are to be hidden are hidden here, attachments become data URIs, SQL is marked for highlighting,
and a cell without a result says why, so that the exporters need to know nothing of our cells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from reactive_nb.formats import ipynb, json_text, kernelspecs, own_metadata
from reactive_nb.formats.libraries import library
from reactive_nb.models import Cell, CellError, CellType, Notebook
from reactive_nb.models.output import text_among

ATTACHMENT = re.compile(r"""(\]\(\s*<?|\]:\s*<?|\bsrc\s*=\s*["']?)attachment:([^\s)"'>]+)""")
NOTHING = "data:,"


def node(notebook: Notebook) -> Any:
    """A notebook node of its own (nbconvert's preprocessors change what they are given), without our metadata."""
    made = library("nbformat").from_dict(json_text.mended(ipynb.document(notebook)))
    metadata = made.metadata
    metadata.pop(own_metadata.KEY)
    metadata.pop("widgets", None)  # the live state of widgets, which nothing in a document could show
    metadata["title"] = json_text.mended_text(notebook.name)
    stated = metadata.get("language_info")
    language = kernelspecs.language(metadata)
    metadata["language_info"] = {"name": language, **(stated if isinstance(stated, dict) else {})}
    if language == "python":
        metadata["language_info"].setdefault("pygments_lexer", "ipython3")
    for cell, written in zip(notebook.cells, made.cells, strict=True):
        _prepare(cell, written)
    return made


def _prepare(cell: Cell, written: Any) -> None:
    written.metadata.pop(own_metadata.KEY, None)
    if cell.type is CellType.SQL:
        written.metadata["magics_language"] = "sql"
    if cell.type is CellType.MARKDOWN:
        shown = None if cell.config.hide_output else text_among(cell.outputs)
        text = written.source if shown is None else json_text.mended_text(shown)
        written.source = _with_attachments(text, cell.attachments)
    if cell.config.hide_source:
        written.metadata["transient"] = {"remove_source": True}
    if not cell.type.runs:
        return
    if cell.config.hide_output:
        written.outputs = []
    elif cell.error is not None and not any(output.output_type == "error" for output in written.outputs):
        written.outputs.append(_reason(cell.error))
    for output in written.outputs:
        data = output.get("data")
        if isinstance(data, dict) and isinstance(data.get("text/markdown"), str):
            data["text/markdown"] = _with_attachments(data["text/markdown"], {})


def _reason(error: CellError) -> Any:
    """Why a cell has no result, where the kernel has not said it: a reader would look for one in vain."""
    return library("nbformat.v4").new_output(
        "error", ename=error.kind, evalue=error.message, traceback=[f"{error.kind}: {error.message}"]
    )


def _with_attachments(source: str, attachments: Mapping[str, Any]) -> str:
    """`source` with data URIs for its attachments; one that is missing becomes an empty one."""

    def address(found: re.Match[str]) -> str:
        bundle = attachments.get(found[2], attachments.get(unquote(found[2])))
        if not isinstance(bundle, Mapping) or not bundle:
            return found[1] + NOTHING
        mime, content = next(iter(bundle.items()))
        return f"{found[1]}data:{mime};base64,{content}"

    return ATTACHMENT.sub(address, source)
