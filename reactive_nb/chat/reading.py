"""Cells, outputs and results as a language model reads them: as text, and never more than it can use. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

from reactive_nb.schemas.runs import RunResponse
from reactive_nb.services import views
from reactive_nb.services.state import SessionState

MAX_OUTPUT_CHARS = 2_000
MAX_RESULT_CHARS = 30_000
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_TEXTUAL = ("text/plain", "text/markdown", "text/latex", "application/json")


def cell_text(state: SessionState, cell_id: str) -> dict[str, Any]:
    """A cell with what is known of it."""
    cell = views.cell_response(state, cell_id)
    return _without_nothing(
        {
            "id": cell.id,
            "type": cell.type.value,
            "status": cell.status.value,
            "source": cell.source,
            "defines": cell.defines,
            "uses": cell.uses,
            "outputs": outputs_text(cell.outputs),
            "error": cell.error.message if cell.error else None,
        }
    )


def run_text(run: RunResponse) -> dict[str, Any]:
    """What became of a run."""
    cells = [
        _without_nothing(
            {
                "id": cell.id,
                "status": cell.status.value,
                "outputs": outputs_text(cell.outputs),
                "error": cell.error.message if cell.error else None,
            }
        )
        for cell in run.cells
    ]
    return _without_nothing({"state": run.state.value, "message": run.message, "cells": cells})


def outputs_text(outputs: list[dict[str, Any]]) -> str:
    return cut("\n".join(filter(None, map(_output_text, outputs))), MAX_OUTPUT_CHARS)


def _output_text(output: dict[str, Any]) -> str:
    match output.get("output_type"):
        case "stream":
            return str(output.get("text", ""))
        case "error":
            lines = _ANSI.sub("", "\n".join(map(str, output.get("traceback") or ())))
            return lines or f"{output.get('ename')}: {output.get('evalue')}"
    data = output.get("data") or {}
    for kind in _TEXTUAL:
        if kind in data:
            return data[kind] if isinstance(data[kind], str) else json.dumps(data[kind])
    return f"[{', '.join(data)}]"


def cut(text: str, most: int) -> str:
    """The text, its middle left out if it is long."""
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}\n[… {len(text) - most} characters left out …]\n{text[-most // 2 :]}"


def _without_nothing(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value not in (None, "", [])}
