"""Outputs of a cell, in nbformat 4.5's own shape.

An output is a plain dictionary, never a class of ours: it goes to files, clients and back without translation.
It is never changed once it belongs to a cell; a change makes a new one.

See https://nbformat.readthedocs.io/en/latest/format_description.html#code-cell-outputs
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

Output: TypeAlias = dict[str, Any]
"""A stream, display_data, execute_result or error output."""


def stream(text: str, name: str = "stdout") -> Output:
    return {"output_type": "stream", "name": name, "text": text}


def error(ename: str, evalue: str, traceback: list[str] | None = None) -> Output:
    return {"output_type": "error", "ename": ename, "evalue": evalue, "traceback": traceback or []}


def joined(value: str | list[str]) -> str:
    """Nbformat allows any text to be stored as a list of lines; this is the text."""
    return value if isinstance(value, str) else "".join(value)


def filled_text(text: str, plain: str) -> Output:
    """What a Markdown cell shows that has values in its text: that text, marked as such."""
    data = {"text/markdown": text, "text/plain": plain}
    return {"output_type": "display_data", "data": data, "metadata": {"reactive_nb": {"text": True}}}


def text_among(outputs: Sequence[Output]) -> str | None:
    """The text of `filled_text`, if it is among a cell's outputs."""
    for output in outputs:
        metadata, data = output.get("metadata"), output.get("data")
        if isinstance(metadata, dict) and metadata.get("reactive_nb") == {"text": True} and isinstance(data, dict):
            text = data.get("text/markdown")
            if isinstance(text, str | list):
                return joined(text)
    return None
