"""Notebooks as Markdown documents, written through nbconvert. One file: images and attachments are data URIs in it."""

from __future__ import annotations

import base64
from typing import Any

from reactive_nb.formats import exporting
from reactive_nb.formats.errors import FormatError
from reactive_nb.formats.libraries import library
from reactive_nb.models import Notebook

SVG = "image/svg+xml"

TEMPLATE = """
{%- extends 'index.md.j2' -%}
{% block data_svg %}
![svg](data:image/svg+xml;base64,{{ output.data['image/svg+xml'] }})
{% endblock data_svg %}
"""


def write_markdown(notebook: Notebook) -> bytes:
    """`notebook` as a Markdown document. Takes about a second the first time. Raises `FormatError`."""
    node = exporting.node(notebook)
    for cell in node.cells:
        if cell.cell_type == "code":
            for output in cell.outputs:
                _encode_svg(output)
    extracting = {"enabled": False}
    config = library("traitlets.config").Config(
        {"ExtractOutputPreprocessor": extracting, "ExtractAttachmentsPreprocessor": extracting}
    )
    exporter = library("nbconvert.exporters").MarkdownExporter(config=config, raw_template=TEMPLATE)
    try:
        text, _ = exporter.from_notebook_node(node)
    except Exception as error:  # templates and filters raise whatever an odd output makes them
        raise FormatError(f"The notebook cannot be written as Markdown: {type(error).__name__}: {error}.") from None
    return str(text).strip().encode("utf-8", "replace") + b"\n"


def _encode_svg(output: Any) -> None:
    data = output.get("data")
    if isinstance(data, dict) and isinstance(data.get(SVG), str):
        data[SVG] = base64.b64encode(data[SVG].encode("utf-8", "replace")).decode("ascii")
